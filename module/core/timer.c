// SPDX-License-Identifier: GPL-2.0-only
#include <linux/export.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>
#include <kunit/visibility.h>

#include "task.h"
#include "timer.h"

/* How long a poll may go on before weft_slice_spent() says so, in ns. */
#define WEFT_SLICE_NS	(100 * NSEC_PER_USEC)

/**
 * weft_timers_init() - no sleeping tasks yet
 * @timers: to be initialised
 * @hrtimer: set up by the caller, or NULL
 * @clock: what is the time, or NULL for CLOCK_MONOTONIC
 * @clock_arg: handed to @clock
 */
void weft_timers_init(struct weft_timers *timers, struct hrtimer *hrtimer,
		      u64 (*clock)(void *arg), void *clock_arg)
{
	timerqueue_init_head(&timers->queue);
	timers->hrtimer = hrtimer;
	timers->clock = clock;
	timers->clock_arg = clock_arg;
}
EXPORT_SYMBOL_IF_KUNIT(weft_timers_init);

/**
 * weft_timers_first() - who must be woken first
 * @timers: the timers
 *
 * Return: the sleep whose latest time comes first, or NULL if there is none.
 */
struct weft_sleep *weft_timers_first(struct weft_timers *timers)
{
	struct timerqueue_node *node = timerqueue_getnext(&timers->queue);

	return node ? container_of(node, struct weft_sleep, node) : NULL;
}

/**
 * weft_timers_each() - look at all who sleep
 * @timers: the timers
 * @each: called for each, by latest time of expiry
 * @arg: handed to @each
 *
 * Context: the owner of the timers, outside of polls.
 */
void weft_timers_each(struct weft_timers *timers,
		      void (*each)(struct weft_sleep *sleep, void *arg), void *arg)
{
	struct timerqueue_node *node;

	for (node = timerqueue_getnext(&timers->queue); node;
	     node = timerqueue_iterate_next(node))
		each(container_of(node, struct weft_sleep, node), arg);
}

static void weft_timers_arm(struct weft_timers *timers)
{
	struct weft_sleep *first = weft_timers_first(timers);

	if (first && timers->hrtimer)
		hrtimer_start_range_ns(timers->hrtimer,
				       ns_to_ktime(first->deadline),
				       first->slack, HRTIMER_MODE_ABS);
}

static void weft_sleep_disarm(struct weft_sleep *sleep,
			      struct weft_timers *timers)
{
	timerqueue_del(&timers->queue, &sleep->node);
	sleep->armed = false;
	sleep->task->pins--;
}

/**
 * weft_timers_run() - wake the tasks whose time has come
 * @timers: the timers
 *
 * Context: the owner of the timers, outside of polls.
 */
void weft_timers_run(struct weft_timers *timers)
{
	struct weft_sleep *sleep;
	u64 now;

	if (!timerqueue_getnext(&timers->queue))
		return;

	now = weft_timers_now(timers);
	while ((sleep = weft_timers_first(timers)) && sleep->deadline <= now) {
		weft_sleep_disarm(sleep, timers);
		weft_task_wake(sleep->task, WEFT_BY_TIMER);
	}
	weft_timers_arm(timers);
}
EXPORT_SYMBOL_IF_KUNIT(weft_timers_run);

/**
 * weft_now() - what is the time
 * @cx: the context of the poll
 *
 * Return: the executor's clock, CLOCK_MONOTONIC, in ns.
 */
u64 weft_now(struct weft_cx *cx)
{
	return weft_timers_now(cx->timers);
}
EXPORT_SYMBOL_GPL(weft_now);

/**
 * weft_slice_spent() - should the poll give way
 * @cx: the context of the poll
 *
 * For polls that compute: asked from time to time, it says when the poll should
 * return weft_yield(): after 100 us, or when the scheduler wants the CPU, unless
 * the executor has a clock of its own. The slice begins with the first question.
 *
 * Return: true if the slice is over.
 */
bool weft_slice_spent(struct weft_cx *cx)
{
	u64 now;

	/* By a clock that is set by hand a poll takes as long each time. */
	if (!cx->timers->clock && need_resched())
		return true;
	now = weft_now(cx);
	if (!cx->slice_end)
		cx->slice_end = now + WEFT_SLICE_NS;
	return now >= cx->slice_end;
}
EXPORT_SYMBOL_GPL(weft_slice_spent);

/**
 * weft_sleep_until() - set a sleep to a point in time
 * @sleep: a sleep that is not armed
 * @deadline: not before this, in ns of the executor's clock
 * @slack: but at most so much later, in ns, as far as timers go
 *
 * Then weft_sleep_poll() waits for it.
 */
void weft_sleep_until(struct weft_sleep *sleep, u64 deadline, u32 slack)
{
	timerqueue_init(&sleep->node);
	sleep->deadline = min_t(u64, deadline, KTIME_MAX);
	sleep->node.expires = ktime_add_safe(ns_to_ktime(sleep->deadline),
					     ns_to_ktime(slack));
	sleep->slack = slack;
	sleep->task = NULL;
	sleep->armed = false;
}
EXPORT_SYMBOL_GPL(weft_sleep_until);

/**
 * weft_sleep_for() - set a sleep to a time from now on
 * @sleep: a sleep that is not armed
 * @cx: the context of the poll
 * @ns: not before so many ns have passed
 * @slack: see weft_sleep_until()
 */
void weft_sleep_for(struct weft_sleep *sleep, struct weft_cx *cx, u64 ns,
		    u32 slack)
{
	u64 now = weft_now(cx);

	weft_sleep_until(sleep, ns < KTIME_MAX - now ? now + ns : KTIME_MAX,
			 slack);
}
EXPORT_SYMBOL_GPL(weft_sleep_for);

static void weft_sleep_arm(struct weft_sleep *sleep, struct weft_cx *cx)
{
	struct weft_timers *timers = cx->timers;

	sleep->task = cx->task;
	sleep->armed = true;
	cx->task->pins++;
	if (timerqueue_add(&timers->queue, &sleep->node))
		weft_timers_arm(timers);
}

/**
 * weft_sleep_start() - have the task woken at the time, whatever else it waits for
 * @sleep: set by weft_sleep_until() or weft_sleep_for()
 * @cx: the context of the poll
 *
 * Does so once; what the task waits for otherwise it must register itself.
 */
void weft_sleep_start(struct weft_sleep *sleep, struct weft_cx *cx)
{
	if (!sleep->task)
		weft_sleep_arm(sleep, cx);
}
EXPORT_SYMBOL_GPL(weft_sleep_start);

/**
 * weft_sleep_poll() - wait until the time has come
 * @sleep: set by weft_sleep_until() or weft_sleep_for()
 * @cx: the context of the poll
 *
 * Return: WEFT_READY if it has come; else WEFT_PENDING, for the poll to return.
 */
enum weft_poll weft_sleep_poll(struct weft_sleep *sleep, struct weft_cx *cx)
{
	if (!sleep->armed) {
		/* It was armed, and weft_timers_run() found it due. */
		if (sleep->task)
			return WEFT_READY;
		if (weft_now(cx) >= sleep->deadline)
			return WEFT_READY;
		weft_sleep_arm(sleep, cx);
	}
	cx->wait = WEFT_WAIT_TIMER;
	return WEFT_PENDING;
}
EXPORT_SYMBOL_GPL(weft_sleep_poll);

/**
 * weft_sleep_stop() - wait no longer
 * @sleep: a sleep, armed or not
 * @cx: the context of the poll
 *
 * Must have been called, or weft_sleep_poll() have been ready, before the task
 * returns WEFT_READY; after weft_sleep_start() in any case.
 */
void weft_sleep_stop(struct weft_sleep *sleep, struct weft_cx *cx)
{
	if (sleep->armed)
		weft_sleep_disarm(sleep, cx->timers);
}
EXPORT_SYMBOL_GPL(weft_sleep_stop);
