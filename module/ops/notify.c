// SPDX-License-Identifier: GPL-2.0-only
/* notify and await: one job of a client tells another. */
#include <linux/errno.h>

#include "op.h"
#include "space.h"

static int weft_notify_prep(struct weft_op_task *t, const struct weft_job *job,
			    const struct weft_op_env *env)
{
	if (job->notify.value > S64_MAX || !weft_op_args_zero(job, 2))
		return -EINVAL;
	t->notify.space = env->space;
	t->notify.id = job->notify.id;
	t->notify.value = job->notify.value;
	return 0;
}

static enum weft_poll weft_notify_poll(struct weft_task *task,
				       struct weft_cx *cx)
{
	struct weft_notify_state *s = &weft_op_task(task)->notify;

	task->result = s->space->notify(s->space, s->id, s->value);
	return WEFT_READY;
}

static int weft_notify_bind(struct weft_op_task *t, unsigned int at, u64 value)
{
	if (at == WEFT_ARG_AT(notify.id)) {
		t->notify.id = value;
		return 0;
	}
	if (value > S64_MAX)
		return -EINVAL;
	t->notify.value = value;
	return 0;
}

static const struct weft_op_arg weft_notify_args[] = {
	{ WEFT_ARG_AT(notify.id), WEFT_TYPE_ID },
	{ WEFT_ARG_AT(notify.value), WEFT_TYPE_VALUE },
	{}
};

const struct weft_op weft_op_notify = {
	.name = "notify",
	.prep = weft_notify_prep,
	.poll = weft_notify_poll,
	.bind = weft_notify_bind,
	.args = weft_notify_args,
};

static int weft_await_prep(struct weft_op_task *t, const struct weft_job *job,
			   const struct weft_op_env *env)
{
	if (!job->await.count || !weft_op_args_zero(job, 1))
		return -EINVAL;
	weft_event_init(&t->await.event);
	t->await.left = job->await.count;
	t->await.sum = 0;
	return 0;
}

/**
 * weft_await_notify() - tell a job that awaits it
 * @t: the job's task; has been prepared, and is not released before we return
 * @value: is added to its result
 *
 * Return: 0, or -EALREADY if it awaits no more.
 */
int weft_await_notify(struct weft_op_task *t, u64 value)
{
	struct weft_await_state *s = &t->await;
	bool last = false;
	int ret = 0;

	spin_lock_irq(&s->event.lock);
	if (s->left) {
		s->sum = min_t(u64, s->sum + value, S64_MAX);
		last = !--s->left;
	} else {
		ret = -EALREADY;
	}
	spin_unlock_irq(&s->event.lock);
	if (last)
		weft_event_fire(&s->event);
	return ret;
}

static enum weft_poll weft_await_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct weft_await_state *s = &weft_op_task(task)->await;
	u64 left;

	weft_event_arm(&s->event, cx);
	spin_lock_irq(&s->event.lock);
	left = s->left;
	task->result = s->sum;
	spin_unlock_irq(&s->event.lock);
	if (left)
		return weft_wait_on(cx, WEFT_WAIT_JOB, false);
	weft_event_disarm(&s->event);
	return WEFT_READY;
}

static enum weft_poll weft_await_cancel(struct weft_task *task,
					struct weft_cx *cx)
{
	struct weft_await_state *s = &weft_op_task(task)->await;

	spin_lock_irq(&s->event.lock);
	/* Who comes from now on is told that it is too late. */
	s->left = 0;
	spin_unlock_irq(&s->event.lock);
	weft_event_disarm(&s->event);
	return WEFT_READY;
}

const struct weft_op weft_op_await = {
	.name = "await",
	.prep = weft_await_prep,
	.poll = weft_await_poll,
	.cancel = weft_await_cancel,
	.result = WEFT_TYPE_VALUE,
};
