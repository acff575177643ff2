// SPDX-License-Identifier: GPL-2.0-only
/* work: works, waits, works again; the smallest op that does both. */
#include <linux/ktime.h>

#include "op.h"

static int weft_work_prep(struct weft_op_task *t, const struct weft_job *job,
			  const struct weft_op_env *env)
{
	struct weft_work_state *s = &t->work;

	if (job->work.work_ns > KTIME_MAX || job->work.wait_ns > KTIME_MAX ||
	    !job->work.rounds || job->work.__reserved ||
	    !weft_op_args_zero(job, 3))
		return -EINVAL;

	s->work_ns = job->work.work_ns;
	s->wait_ns = job->work.wait_ns;
	s->left = s->work_ns;
	s->rounds = job->work.rounds;
	s->slack = env->slack;
	s->waits = false;
	weft_sleep_until(&s->sleep, 0, 0);
	return 0;
}

static int weft_work_bind(struct weft_op_task *t, unsigned int at, u64 value)
{
	struct weft_work_state *s = &t->work;

	if (at == WEFT_ARG_AT(work.rounds)) {
		if (!value || value > U32_MAX)
			return -EINVAL;
		s->rounds = value;
		return 0;
	}
	if (value > KTIME_MAX)
		return -EINVAL;
	if (at == WEFT_ARG_AT(work.wait_ns))
		s->wait_ns = value;
	else
		s->work_ns = value;
	s->left = s->work_ns;
	return 0;
}

static const struct weft_op_arg weft_work_args[] = {
	{ WEFT_ARG_AT(work.work_ns), WEFT_TYPE_NS },
	{ WEFT_ARG_AT(work.wait_ns), WEFT_TYPE_NS },
	{ WEFT_ARG_AT(work.rounds), WEFT_TYPE_COUNT },
	{}
};

static enum weft_poll weft_work_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct weft_work_state *s = &weft_op_task(task)->work;

	for (;;) {
		if (s->waits && weft_sleep_poll(&s->sleep, cx) == WEFT_PENDING)
			return WEFT_PENDING;
		s->waits = false;
		if (!weft_budget(cx) || !weft_op_burn(&s->left, cx))
			return weft_yield(cx);
		if (!--s->rounds)
			return WEFT_READY;

		s->left = s->work_ns;
		s->waits = true;
		weft_sleep_for(&s->sleep, cx, s->wait_ns, s->slack);
	}
}

static enum weft_poll weft_work_cancel(struct weft_task *task,
				       struct weft_cx *cx)
{
	weft_sleep_stop(&weft_op_task(task)->work.sleep, cx);
	return WEFT_READY;
}

const struct weft_op weft_op_work = {
	.name = "work",
	.prep = weft_work_prep,
	.poll = weft_work_poll,
	.cancel = weft_work_cancel,
	.bind = weft_work_bind,
	.args = weft_work_args,
};
