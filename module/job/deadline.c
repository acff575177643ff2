// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deadlines: what is put around the functions of an op for a job that has one.
 * A job without one does not come by here.
 */
#include "client.h"

/* The op gives up what it waits for; so do we, once it has ended. */
enum weft_poll weft_deadline_cancel(struct weft_task *task, struct weft_cx *cx)
{
	struct weft_slot *slot = weft_slot_of(&task->node);
	const struct weft_op *op = weft_ops[slot->op];
	enum weft_poll ret = op->cancel ? op->cancel(task, cx) : WEFT_READY;

	if (ret == WEFT_READY)
		weft_sleep_stop(&slot->deadline, cx);
	return ret;
}

/*
 * The timer is there to wake a task that waits. The clock is asked at each poll,
 * for a task that is always runnable needs no wake, and its thread no timer.
 */
enum weft_poll weft_deadline_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct weft_slot *slot = weft_slot_of(&task->node);
	enum weft_poll ret;

	if (weft_now(cx) >= slot->deadline.deadline) {
		task->result = -ETIME;
		return weft_deadline_cancel(task, cx);
	}

	weft_sleep_start(&slot->deadline, cx);
	ret = weft_ops[slot->op]->poll(task, cx);
	if (ret == WEFT_READY)
		weft_sleep_stop(&slot->deadline, cx);
	return ret;
}
