// SPDX-License-Identifier: GPL-2.0-only
/* sleep: waits for a point in time, or for some time. */
#include <linux/ktime.h>

#include "op.h"

static int weft_sleep_prep(struct weft_op_task *t, const struct weft_job *job,
			   const struct weft_op_env *env)
{
	struct weft_sleep_state *s = &t->sleep;

	if (job->sleep.ns > KTIME_MAX || job->sleep.__reserved ||
	    (job->sleep.flags & ~WEFT_SLEEP_ABS) || !weft_op_args_zero(job, 2))
		return -EINVAL;

	s->relative = !(job->sleep.flags & WEFT_SLEEP_ABS);
	s->ns = job->sleep.ns;
	s->slack = env->slack;
	weft_sleep_until(&s->sleep, job->sleep.ns, env->slack);
	return 0;
}

static int weft_sleep_bind(struct weft_op_task *t, unsigned int at, u64 value)
{
	struct weft_sleep_state *s = &t->sleep;

	if (value > KTIME_MAX)
		return -EINVAL;
	s->ns = value;
	weft_sleep_until(&s->sleep, value, s->slack);
	return 0;
}

static const struct weft_op_arg weft_sleep_args[] = {
	{ WEFT_ARG_AT(sleep.ns), WEFT_TYPE_NS },
	{}
};

static enum weft_poll weft_sleep_op_poll(struct weft_task *task,
					 struct weft_cx *cx)
{
	struct weft_sleep_state *s = &weft_op_task(task)->sleep;

	if (s->relative) {
		weft_sleep_for(&s->sleep, cx, s->ns, s->slack);
		s->relative = false;
	}
	if (weft_sleep_poll(&s->sleep, cx) == WEFT_PENDING)
		return WEFT_PENDING;
	task->result = weft_now(cx) - s->sleep.deadline;
	return WEFT_READY;
}

static enum weft_poll weft_sleep_op_cancel(struct weft_task *task,
					   struct weft_cx *cx)
{
	weft_sleep_stop(&weft_op_task(task)->sleep.sleep, cx);
	return WEFT_READY;
}

const struct weft_op weft_op_sleep = {
	.name = "sleep",
	.prep = weft_sleep_prep,
	.poll = weft_sleep_op_poll,
	.cancel = weft_sleep_op_cancel,
	.bind = weft_sleep_bind,
	.args = weft_sleep_args,
	.result = WEFT_TYPE_NS,
};
