/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timers of one worker or thread: all its sleeping tasks, ordered by the
 * latest time they may be woken, and one hrtimer for the first of them. Only
 * their owner touches them, so they need no lock, and no timer can fire for a
 * task that has ended. What the hrtimer does in interrupt context is to tell the
 * owner to call weft_timers_run().
 */
#ifndef WEFT_CORE_TIMER_H
#define WEFT_CORE_TIMER_H

#include <linux/ktime.h>
#include <linux/timerqueue.h>
#include <linux/weft.h>

/**
 * struct weft_timers - Sleeping tasks
 * @queue: their &struct weft_sleep
 * @hrtimer: fires for the first; NULL if the owner looks by itself
 * @clock: what is the time; NULL for CLOCK_MONOTONIC
 * @clock_arg: handed to @clock
 */
struct weft_timers {
	struct timerqueue_head queue;
	struct hrtimer *hrtimer;
	u64 (*clock)(void *arg);
	void *clock_arg;
};

static inline u64 weft_timers_now(const struct weft_timers *timers)
{
	return unlikely(timers->clock) ? timers->clock(timers->clock_arg) :
					 ktime_get_ns();
}

void weft_timers_init(struct weft_timers *timers, struct hrtimer *hrtimer,
		      u64 (*clock)(void *arg), void *clock_arg);
void weft_timers_run(struct weft_timers *timers);
void weft_timers_each(struct weft_timers *timers,
		      void (*each)(struct weft_sleep *sleep, void *arg), void *arg);
struct weft_sleep *weft_timers_first(struct weft_timers *timers);

#endif /* WEFT_CORE_TIMER_H */
