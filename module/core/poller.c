// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rcupdate.h>

#include "executor.h"
#include "poller.h"

/**
 * weft_poller_init() - nothing polled yet
 * @p: to be initialised
 * @ex: the executor
 * @hrtimer: for its timers, or NULL, see weft_timers_init()
 * @witness: of a worker, or NULL
 */
void weft_poller_init(struct weft_poller *p, struct weft_executor *ex,
		      struct hrtimer *hrtimer, struct weft_witness *witness)
{
	weft_timers_init(&p->timers, hrtimer, ex->clock);
	p->cx.timers = &p->timers;
	p->cx.may_block = !witness;
	p->timing = ex->timing;
	p->offences = &ex->offences;
	p->witness = witness;
	p->budget_ns = witness && ex->budget_ns ? ex->budget_ns : U64_MAX;
	seqcount_init(&p->seq);
	/* No thread has so many: the first poll is no coop switch. */
	p->switches = U32_MAX;
}

/**
 * weft_poller_pend() - a task was pending after its poll
 * @task: the task
 * @held: what it waits for cannot be given up
 *
 * Return: see &enum weft_pend.
 */
enum weft_pend weft_poller_pend(struct weft_task *task, bool held)
{
	struct weft_group *group = task->group;
	enum weft_pend pend;

	/* First, for a waker counts it down as soon as the turn is gone. */
	atomic_inc(&group->waiting);
	pend = weft_state_pend(task, held);
	if (likely(pend == WEFT_PEND_GONE))
		return pend;
	atomic_dec(&group->waiting);
	if (pend == WEFT_PEND_AGAIN)
		task->woken = WEFT_WOKEN_WAKE;
	return pend;
}

/**
 * weft_poller_end() - what is done in place of a poll of a task that is to end
 * @p: who polls
 * @task: the task; the state is RUNNING
 * @result: of the task
 *
 * Return: as a poll.
 */
enum weft_poll weft_poller_end(struct weft_poller *p, struct weft_task *task,
			       s64 result)
{
	task->result = result;
	p->cx.wait = WEFT_WAIT_NONE;
	return task->ops->cancel ? task->ops->cancel(task, &p->cx) : WEFT_READY;
}

/**
 * weft_poller_lost() - end a task that nothing can wake
 * @p: who polls
 * @task: the task; the state is RUNNING
 *
 * Return: as a poll, but never pending with nothing to wake it again.
 */
enum weft_poll weft_poller_lost(struct weft_poller *p, struct weft_task *task)
{
	enum weft_poll ret;

	weft_offences_add(p->offences, task->ops->name, WEFT_LOST, NULL);
	/* A cancel() that loses its waker as well is not called for ever. */
	ret = task->result == -EDEADLK ? WEFT_READY :
					 weft_poller_end(p, task, -EDEADLK);
	return ret;
}

/**
 * weft_poller_long() - a poll took too long
 * @p: who polled
 * @task: what was polled
 *
 * If others had the CPU meanwhile that may be why: such a poll is let off, and one
 * that slept has another name for it.
 */
void weft_poller_long(struct weft_poller *p, const struct weft_task *task)
{
	if (p->nivcsw != current->nivcsw || p->nvcsw != current->nvcsw)
		return;
	weft_offences_add(p->offences, task->ops->name, WEFT_LONG,
			  weft_witness_busy(p->witness));
}

/**
 * weft_poller_slept() - this thread slept in a poll
 * @p: who polled
 * @name: of the op
 */
void weft_poller_slept(struct weft_poller *p, const char *name)
{
	struct weft_witness *w = p->witness;

	if (w) {
		weft_offences_add(p->offences, name, WEFT_SLEPT,
				  weft_witness_slept(w));
		w->slept.nr = 0;
	}
	/* To tell of it may have meant to sleep once more. */
	p->nvcsw = current->nvcsw;
}

/* Names what the poll left behind, and cleans it up as far as can be. */
static void weft_poller_leaks(struct weft_poller *p, const char *name)
{
	if (unlikely(preempt_count())) {
		/* Before anything that may want to sleep or be preempted. */
		preempt_count_set(0);
		weft_offences_add(p->offences, name, WEFT_PREEMPT, NULL);
	}
	if (unlikely(weft_rcu_depth())) {
		while (weft_rcu_depth() > 0) {
			/* The poll did, but sparse did not see it. */
			__acquire(RCU);
			rcu_read_unlock();
		}
		weft_offences_add(p->offences, name, WEFT_RCU, NULL);
	}
	if (unlikely(weft_poller_locks(p))) {
		weft_offences_add(p->offences, name, WEFT_LOCK, NULL);
		debug_show_held_locks(current);
		p->locks = lockdep_depth(current);
	}
}

/**
 * weft_poller_count_rare() - count what is special about a poll
 * @p: who polled
 * @task: what was polled
 * @outcome: the one of @p->counters that says what came of it
 */
void weft_poller_count_rare(struct weft_poller *p, struct weft_task *task,
			    u64 *outcome)
{
	bool wake = task->woken && task->polls;
	u32 switches;

	weft_poller_leaks(p, task->ops->name);
	if (unlikely(p->nvcsw != current->nvcsw))
		weft_poller_slept(p, task->ops->name);
	p->nivcsw = current->nivcsw;
	/* Ends the burst. */
	if (need_resched() && !p->cx.slice_end)
		p->cx.slice_end = 1;

	switches = current->nvcsw + current->nivcsw;
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
