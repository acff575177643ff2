// SPDX-License-Identifier: GPL-2.0-only
#include <linux/printk.h>

#include "poller.h"

/**
 * weft_poller_init() - nothing polled yet
 * @p: to be initialised
 * @hrtimer: for its timers, or NULL, see weft_timers_init()
 * @clock: what is the time, or NULL for CLOCK_MONOTONIC
 * @timing: take times
 */
void weft_poller_init(struct weft_poller *p, struct hrtimer *hrtimer,
		      u64 (*clock)(void), bool timing)
{
	weft_timers_init(&p->timers, hrtimer, clock);
	p->cx.timers = &p->timers;
	p->timing = timing;
	seqcount_init(&p->seq);
	/* No thread has so many: the first poll is no coop switch. */
	p->switches = ULONG_MAX;
}

/**
 * weft_poller_lost_waker() - is a task pending with nothing to wake it
 * @p: who polled
 * @task: the task, whose poll returned WEFT_PENDING
 *
 * Return: true if so; its result is set, and it must end.
 */
bool weft_poller_lost_waker(const struct weft_poller *p, struct weft_task *task)
{
	if (p->cx.wait != WEFT_WAIT_NONE || weft_state_notified(task))
		return false;
	pr_warn_ratelimited("weft: task %llu (%s) is pending but waits for nothing: ended\n",
			    task->id, task->ops->name);
	task->result = -EDEADLK;
	return true;
}

/**
 * weft_poller_cancel() - what is done in place of a poll of a cancelled task
 * @p: who polls
 * @task: the task; the state is RUNNING
 *
 * Return: as a poll.
 */
enum weft_poll weft_poller_cancel(struct weft_poller *p, struct weft_task *task)
{
	task->result = -ECANCELED;
	return task->ops->cancel ? task->ops->cancel(task, &p->cx) : WEFT_READY;
}

/**
 * weft_poller_count_rare() - count what is special about a poll
 * @p: who polled
 * @task: what was polled
 * @switches: context switches of this thread so far
 * @outcome: the one of @p->counters that says what came of it
 */
void weft_poller_count_rare(struct weft_poller *p, struct weft_task *task,
			    unsigned long switches, u64 *outcome)
{
	bool wake = task->woken && task->polls;

	raw_write_seqcount_begin(&p->seq);
	p->counters.resumes += p->last == task || p->switches != switches;
	p->counters.wakes += wake;
	(*outcome)++;
	raw_write_seqcount_end(&p->seq);
	p->switches = switches;
	p->was_woken |= !!task->woken;
	task->wakes += wake;
	task->woken = WEFT_WOKEN_NOT;
}
