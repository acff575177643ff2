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

#include "../compat.h"
#include "offence.h"
#include "recorder.h"
#include "stats.h"
#include "task.h"
#include "timer.h"
#include "trace.h"
#include "witness.h"

/* Units of weft_budget() that a poll has. */
#define WEFT_POLL_BUDGET	128

/* Another task may live at its address by now. */
#define WEFT_LAST_ENDED		((const struct weft_task *)1)

/* Polls between two looks at what else a kernel thread must look at. */
#define WEFT_BURST	64

/**
 * struct weft_poller - Who polls tasks
 * @cx: handed to the poll
 * @timers: the sleeping tasks
 * @counters: what was done
 * @seq: covers @counters
 * @last: the task polled before, never followed; WEFT_LAST_ENDED if it has ended
 * @switches: context switches of this thread at the end of the poll before; cut to
 *	32 bits, for it is only compared
 * @now: the time at the end of the poll before, 0 if that is too long ago
 * @wake_ns: time from wake to the last poll
 * @poll_ns: time of the last poll
 * @was_woken: the last poll came after a wake or spawn, so @wake_ns counts; its
 *	reader resets it
 * @timing: take times
 * @offences: where offences are counted
 * @witness: of a worker; NULL for a job's own thread, which may sleep and take long
 * @budget_ns: how long a poll may take
 * @nvcsw: voluntary context switches of this thread, all polls and parks but this
 * @nivcsw: involuntary ones, likewise, but for a few between two polls
 * @locks: locks held as the poll began; lockdep tells
 * @recorder: where polls are recorded, if times are taken
 * @brief_ns: polls that yield sooner are counted in @brief
 * @brief_from: when the first of these began, or would have
 * @brief: how many there are that were not recorded yet
 * @pid: of its thread, for the recorder
 * @worker: which worker it is, or WEFT_RECORD_NO_WORKER
 */
struct weft_poller {
	struct weft_cx cx;
	struct weft_timers timers;
	struct weft_counters counters;
	seqcount_t seq;
	const struct weft_task *last;
	u32 switches;
	u64 now;
	u64 wake_ns;
	u64 poll_ns;
	bool was_woken;
	bool timing;
	struct weft_offences *offences;
	struct weft_witness *witness;
	u64 budget_ns;
	unsigned long nvcsw;
	unsigned long nivcsw;
	int locks;
	struct weft_recorder *recorder;
	u64 brief_ns;
	u64 brief_from;
	u32 brief;
	u32 pid;
	u8 worker;
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

void weft_poller_init(struct weft_poller *p, struct weft_executor *ex,
		      struct hrtimer *hrtimer, struct weft_witness *witness,
		      u8 worker);
enum weft_pend weft_poller_pend(struct weft_poller *p, struct weft_task *task,
				bool held);
enum weft_poll weft_poller_end(struct weft_poller *p, struct weft_task *task,
			       s64 result);
enum weft_poll weft_poller_lost(struct weft_poller *p, struct weft_task *task);
void weft_poller_long(struct weft_poller *p, const struct weft_task *task);
void weft_poller_slept(struct weft_poller *p, const char *name);
void weft_poller_count_rare(struct weft_poller *p, struct weft_task *task,
			    u64 *outcome);
void weft_poller_record(struct weft_poller *p, const struct weft_task *task,
			u64 took, u8 detail);
void weft_poller_record_long(struct weft_poller *p, const struct weft_task *task);
void weft_poller_record_brief(struct weft_poller *p, u64 until);
void weft_poller_judge(struct weft_poller *p, const struct weft_task *task);
void weft_poller_record_park(struct weft_poller *p,
			     const struct weft_task *task);

static inline bool weft_poller_timed(const struct weft_poller *p)
{
	return static_branch_unlikely(&weft_timing_key) && p->timing;
}

static inline void weft_poller_time_begin(struct weft_poller *p,
					  struct weft_task *task)
{
	u64 waited;

	if (!p->now) {
		p->now = weft_timers_now(&p->timers);
		if (!p->brief)
			p->brief_from = p->now;
	}
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
	if (unlikely(p->poll_ns > p->budget_ns))
		weft_poller_long(p, task);
}

static inline void weft_poller_record_poll(struct weft_poller *p,
					   const struct weft_task *task, u64 took,
					   u8 detail)
{
	if (!weft_recorder_on(p->recorder))
		return;
	/* These came before. */
	if (unlikely(p->brief))
		weft_poller_record_brief(p, p->now - took);
	weft_poller_record(p, task, took, detail);
}

/*
 * A poll that yields is recorded if it took long. The many that do not take long
 * would leave no place for anything else, and cost more to record than to run.
 */
static inline void weft_poller_record_yield(struct weft_poller *p,
					    const struct weft_task *task)
{
	if (likely(p->poll_ns < p->brief_ns))
		p->brief++;
	else
		weft_poller_record_long(p, task);
}

/* This thread may have been switched out between two polls, and rightly so. */
static inline void weft_poller_sync(struct weft_poller *p)
{
	p->nvcsw = current->nvcsw;
	p->nivcsw = current->nivcsw;
	p->pid = current->pid;
	p->now = 0;
}

/* The poll left with other locks than it came with. */
static inline bool weft_poller_locks(const struct weft_poller *p)
{
	return IS_ENABLED(CONFIG_LOCKDEP) && lockdep_depth(current) != p->locks;
}

/* Counts a poll; @outcome is the one of @p->counters that says what came of it. */
static __always_inline void weft_poller_count(struct weft_poller *p,
					      struct weft_task *task,
					      u64 *outcome)
{
	/* An open RCU section shows as another context switch would. */
	u32 switches = (u32)current->nvcsw + (u32)current->nivcsw +
		       weft_rcu_depth();

	if (unlikely(task->woken || p->last == task ||
		     p->switches != switches || !weft_cpu_is_free() ||
		     weft_poller_locks(p)))
		weft_poller_count_rare(p, task, outcome);
	else
		/* One number by itself needs no @seq. */
		(*outcome)++;
	p->last = task;
	task->polls++;
}

/* What the task waits for, to show it: the poll may have registered it long ago. */
static inline u8 weft_poller_wait(const struct weft_poller *p,
				  const struct weft_task *task)
{
	if (p->cx.wait != WEFT_WAIT_NONE)
		return p->cx.wait & ~WEFT_WAIT_HELD;
	return task->pins ? WEFT_WAIT_TIMER : WEFT_WAIT_WAKER;
}

static __always_inline enum weft_poll weft_poller_call(struct weft_poller *p,
						       struct weft_task *task)
{
	switch (weft_state_begin(task)) {
	case WEFT_BEGIN_POLL:
		return task->ops->poll(task, &p->cx);
	case WEFT_BEGIN_LOST:
		return weft_poller_lost(p, task);
	default:
		return weft_poller_end(p, task, -ECANCELED);
	}
}

/* Drops the executor's reference: release() may take its time as a poll may. */
static inline void weft_poller_put(struct weft_poller *p, struct weft_task *task)
{
	const char *name = task->ops->name;

	weft_task_put(task);
	if (unlikely(p->nvcsw != current->nvcsw))
		weft_poller_slept(p, name);
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
	enum weft_pend pend;
	u64 took;

	p->cx.task = task;
	p->cx.budget = WEFT_POLL_BUDGET;
	p->cx.slice_end = 0;
	p->cx.wait = WEFT_WAIT_NONE;
	if (IS_ENABLED(CONFIG_LOCKDEP))
		p->locks = lockdep_depth(current);
	if (timed)
		weft_poller_time_begin(p, task);

	trace_weft_poll_begin(task);
	ret = weft_poller_call(p, task);
	trace_weft_poll_end(task, &p->cx, ret);

	if (timed)
		weft_poller_time_end(p, task);
	took = p->poll_ns;
again:
	if (likely(ret == WEFT_PENDING && p->cx.wait == WEFT_WAIT_YIELD)) {
		if (timed)
			weft_poller_record_yield(p, task);
		weft_poller_count(p, task, &p->counters.yields);
		weft_state_again(task);
		return WEFT_OUTCOME_AGAIN;
	}
	if (ret == WEFT_PENDING) {
		if (timed)
			weft_poller_record_poll(p, task, took,
						weft_poller_wait(p, task));
		weft_poller_count(p, task, &p->counters.pends);
		task->wait = weft_poller_wait(p, task);
		pend = weft_poller_pend(p, task, p->cx.wait & WEFT_WAIT_HELD);
		if (likely(pend == WEFT_PEND_GONE))
			return WEFT_OUTCOME_GONE;
		if (pend == WEFT_PEND_AGAIN)
			return WEFT_OUTCOME_AGAIN;
		ret = weft_poller_lost(p, task);
		/* Part of the poll before. */
		took = 0;
		goto again;
	}
	if (timed) {
		weft_poller_record_poll(p, task, took, WEFT_RECORD_READY);
		if (unlikely(READ_ONCE(p->recorder->slow_ns) != U64_MAX))
			weft_poller_judge(p, task);
	}
	trace_weft_complete(task);
	weft_poller_count(p, task, &p->counters.ends);
	p->last = WEFT_LAST_ENDED;
	weft_state_end(task);
	weft_poller_put(p, task);
	return WEFT_OUTCOME_DONE;
}

#endif /* WEFT_CORE_POLLER_H */
