/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sees where a poll sleeps, and where it is when it has been going on for long:
 * when the poll has returned it is too late to ask. The scheduler tells us that the
 * worker goes to sleep (preempt notifiers, which a kernel with KVM has); a timer
 * looks in on a busy worker twice in the budget of a poll.
 */
#ifndef WEFT_CORE_WITNESS_H
#define WEFT_CORE_WITNESS_H

#include <linux/hrtimer.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "offence.h"
#include "stats.h"

/**
 * struct weft_witness - The witness of a worker
 * @slept: where the poll slept, if it did; who reads it empties it
 * @busy: where a poll was
 * @busy_poll: which one, see weft_witness_poll()
 * @timer: looks in
 * @period: of @timer, in ns; 0 for never
 * @running: @timer runs, or is about to
 * @seen_poll: the poll that @timer saw the last time
 * @thread: the worker's; NULL while it does not run
 * @counters: of the worker
 * @queue: the worker's; NULL while it does not poll
 * @notifier: tells that the worker is switched out
 *
 * @slept is the worker's thread's alone, @busy, @busy_poll and @seen_poll are
 * @timer's.
 */
struct weft_witness {
	struct weft_stack slept;
	struct weft_stack busy;
	u64 busy_poll;
	struct hrtimer timer;
	u64 period;
	bool running;
	u64 seen_poll;
	const struct task_struct *thread;
	const struct weft_counters *counters;
	const struct weft_group_queue *const *queue;
#ifdef CONFIG_PREEMPT_NOTIFIERS
	struct preempt_notifier notifier;
#endif
};

/* Numbers the poll that is under way. */
static inline u64 weft_witness_poll(const struct weft_witness *w)
{
	/* They only go up, one by one: any recent value names a poll. */
	return data_race(weft_counters_polls(w->counters));
}

/* Where the poll under way was when it was looked at; NULL if it was not. */
static inline const struct weft_stack *
weft_witness_busy(const struct weft_witness *w)
{
	/* Pairs with the release in weft_witness_look(). */
	return smp_load_acquire(&w->busy_poll) == weft_witness_poll(w) ?
	       &w->busy : NULL;
}

/* Where the poll slept; NULL if that is not known. */
static inline const struct weft_stack *
weft_witness_slept(const struct weft_witness *w)
{
	return w->slept.nr ? &w->slept : NULL;
}

void weft_witness_init(struct weft_witness *w,
		       const struct weft_counters *counters,
		       const struct weft_group_queue *const *queue,
		       u64 budget_ns);
void weft_witness_fini(struct weft_witness *w);
void weft_witness_attach(struct weft_witness *w);
void weft_witness_detach(struct weft_witness *w);
void weft_witness_start(struct weft_witness *w);

#endif /* WEFT_CORE_WITNESS_H */
