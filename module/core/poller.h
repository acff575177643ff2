/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One poll, with all that is done before and after it. A worker and a job's own
 * thread differ in where they take a task from and what they do when it waits;
 * this is what they share, so that both engines run the same code.
 */
#ifndef WEFT_CORE_POLLER_H
#define WEFT_CORE_POLLER_H

#include <linux/errno.h>
#include <linux/sched.h>

#include "stats.h"
#include "task.h"
#include "timer.h"
#include "trace.h"

/* Units of weft_budget() that a poll has. */
#define WEFT_POLL_BUDGET	128

/* Another task may live at its address by now. */
#define WEFT_LAST_ENDED		((const struct weft_task *)1)

/**
 * struct weft_poller - Who polls tasks
 * @cx: handed to the poll
 * @timers: the sleeping tasks
 * @counters: what was done
 * @seq: covers @counters
 * @last: the task polled before, never followed; WEFT_LAST_ENDED if it has ended
 * @switches: context switches of this thread at the end of the poll before
 * @now: the time at the end of the poll before, 0 if that is too long ago
 * @wake_ns: time from wake to the last poll
 * @poll_ns: time of the last poll
 * @was_woken: the last poll came after a wake or spawn, so @wake_ns counts; its
 *	reader resets it
 * @timing: take times
 */
struct weft_poller {
	struct weft_cx cx;
	struct weft_timers timers;
	struct weft_counters counters;
	seqcount_t seq;
	const struct weft_task *last;
	unsigned long switches;
	u64 now;
	u64 wake_ns;
	u64 poll_ns;
	bool was_woken;
	bool timing;
};

/**
 * enum weft_outcome - What became of the task
 * @WEFT_OUTCOME_DONE: it has ended and was released: do not touch it
 * @WEFT_OUTCOME_GONE: it is pending: do not touch it
 * @WEFT_OUTCOME_AGAIN: it is queued, and the caller has the turn
 */
enum weft_outcome {
	WEFT_OUTCOME_DONE,
	WEFT_OUTCOME_GONE,
	WEFT_OUTCOME_AGAIN,
};

void weft_poller_init(struct weft_poller *p, struct hrtimer *hrtimer,
		      u64 (*clock)(void), bool timing);
bool weft_poller_lost_waker(const struct weft_poller *p, struct weft_task *task);
enum weft_poll weft_poller_cancel(struct weft_poller *p,
				  struct weft_task *task);
void weft_poller_count_rare(struct weft_poller *p, struct weft_task *task,
			    unsigned long switches, u64 *outcome);

static inline bool weft_poller_timed(const struct weft_poller *p)
{
	return static_branch_unlikely(&weft_timing_key) && p->timing;
}

static inline void weft_poller_time_begin(struct weft_poller *p,
					  struct weft_task *task)
{
	u64 waited;

	if (!p->now)
		p->now = weft_timers_now(&p->timers);
	/* A wake on another CPU may have read the clock a moment later. */
	waited = p->now > task->stamp ? p->now - task->stamp : 0;
	task->queued_ns += waited;
	p->wake_ns = waited;
}

static inline void weft_poller_time_end(struct weft_poller *p,
					struct weft_task *task)
{
	u64 now = weft_timers_now(&p->timers);

	p->poll_ns = now - p->now;
	p->now = now;
	task->run_ns += p->poll_ns;
	task->stamp = now;
}

/* Counts a poll; @outcome is the one of @p->counters that says what came of it. */
static __always_inline void weft_poller_count(struct weft_poller *p,
					      struct weft_task *task,
					      u64 *outcome)
{
	unsigned long switches = current->nvcsw + current->nivcsw;

	if (unlikely(task->woken || p->last == task ||
		     p->switches != switches))
		weft_poller_count_rare(p, task, switches, outcome);
	else
		/* One number by itself needs no @seq. */
		(*outcome)++;
	p->last = task;
	task->polls++;
}

static inline enum weft_outcome weft_poller_pend(struct weft_task *task)
{
	struct weft_group *group = task->group;

	/* First, for a waker counts it down as soon as the turn is gone. */
	atomic_inc(&group->waiting);
	if (weft_state_pend(task))
		return WEFT_OUTCOME_GONE;
	atomic_dec(&group->waiting);
	task->woken = WEFT_WOKEN_WAKE;
	return WEFT_OUTCOME_AGAIN;
}

/**
 * weft_poller_poll() - poll a task once
 * @p: who polls
 * @task: in no run queue, the caller has the turn
 * @timed: weft_poller_timed(p)
 *
 * Return: see &enum weft_outcome.
 */
static __always_inline enum weft_outcome
weft_poller_poll(struct weft_poller *p, struct weft_task *task, bool timed)
{
	enum weft_poll ret;

	p->cx.task = task;
	p->cx.budget = WEFT_POLL_BUDGET;
	p->cx.slice_end = 0;
	p->cx.wait = WEFT_WAIT_NONE;
	if (timed)
		weft_poller_time_begin(p, task);

	trace_weft_poll_begin(task);
	if (likely(weft_state_begin(task)))
		ret = task->ops->poll(task, &p->cx);
	else
		ret = weft_poller_cancel(p, task);
	trace_weft_poll_end(task, &p->cx, ret);

	if (timed)
		weft_poller_time_end(p, task);
	if (likely(ret == WEFT_PENDING && p->cx.wait == WEFT_WAIT_YIELD)) {
		weft_poller_count(p, task, &p->counters.yields);
		weft_state_again(task);
		return WEFT_OUTCOME_AGAIN;
	}
	if (ret == WEFT_PENDING && likely(!weft_poller_lost_waker(p, task))) {
		weft_poller_count(p, task, &p->counters.pends);
		task->wait = p->cx.wait;
		return weft_poller_pend(task);
	}
	weft_poller_count(p, task, &p->counters.ends);
	p->last = WEFT_LAST_ENDED;
	weft_state_end(task);
	weft_task_put(task);
	return WEFT_OUTCOME_DONE;
}

#endif /* WEFT_CORE_POLLER_H */
