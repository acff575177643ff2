// SPDX-License-Identifier: GPL-2.0-only
/* nop and yield: no work of their own, to measure everything around it. */
#include "op.h"

static int weft_nop_prep(struct weft_op_task *t, const struct weft_job *job,
			 const struct weft_op_env *env)
{
	return weft_op_args_zero(job, 0) ? 0 : -EINVAL;
}

static enum weft_poll weft_nop_poll(struct weft_task *task, struct weft_cx *cx)
{
	return WEFT_READY;
}

const struct weft_op weft_op_nop = {
	.name = "nop",
	.prep = weft_nop_prep,
	.poll = weft_nop_poll,
};

static int weft_yield_prep(struct weft_op_task *t, const struct weft_job *job,
			   const struct weft_op_env *env)
{
	if (!weft_op_args_zero(job, 1))
		return -EINVAL;
	t->yields = job->yield.count;
	return 0;
}

static int weft_yield_bind(struct weft_op_task *t, unsigned int at, u64 value)
{
	t->yields = value;
	return 0;
}

static const struct weft_op_arg weft_yield_args[] = {
	{ WEFT_ARG_AT(yield.count), WEFT_TYPE_COUNT },
	{}
};

static enum weft_poll weft_yield_poll(struct weft_task *task,
				      struct weft_cx *cx)
{
	struct weft_op_task *t = weft_op_task(task);

	if (!t->yields)
		return WEFT_READY;
	t->yields--;
	return weft_yield(cx);
}

const struct weft_op weft_op_yield = {
	.name = "yield",
	.prep = weft_yield_prep,
	.poll = weft_yield_poll,
	.bind = weft_yield_bind,
	.args = weft_yield_args,
};
