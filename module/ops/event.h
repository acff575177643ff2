/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An event that comes from a callback, in any context, and wakes a job.
 *
 * The callback's last touch of the job is inside the lock, and a poll learns of the
 * event under the lock. So a job that ends no sooner than its poll has seen the
 * event, or has disarmed it, is not touched afterwards, and the reference of its
 * waker is never the last one: nothing is released in the callback's context.
 */
#ifndef WEFT_OPS_EVENT_H
#define WEFT_OPS_EVENT_H

#include <linux/spinlock.h>
#include <linux/weft.h>

/**
 * struct weft_event - An event
 * @lock: protects the others; taken in any context
 * @armed: it has not come, and @waker is set
 * @fired: it has come
 * @waker: whom to wake
 */
struct weft_event {
	spinlock_t lock;
	bool armed;
	bool fired;
	struct weft_waker waker;
};

static inline void weft_event_init(struct weft_event *event)
{
	spin_lock_init(&event->lock);
	event->armed = false;
	event->fired = false;
}

/* Waits for the next event; does so once. */
static inline void weft_event_arm(struct weft_event *event, struct weft_cx *cx)
{
	spin_lock_irq(&event->lock);
	event->fired = false;
	if (!event->armed) {
		event->armed = true;
		weft_waker_set(&event->waker, cx);
	}
	spin_unlock_irq(&event->lock);
}

/* The event has come. Context: any but NMI. */
static inline void weft_event_fire(struct weft_event *event)
{
	unsigned long flags;

	spin_lock_irqsave(&event->lock, flags);
	event->fired = true;
	if (event->armed) {
		event->armed = false;
		weft_waker_wake(&event->waker);
	}
	spin_unlock_irqrestore(&event->lock, flags);
}

/* Has it come since it was armed. */
static inline bool weft_event_fired(struct weft_event *event)
{
	bool fired;

	spin_lock_irq(&event->lock);
	fired = event->fired;
	spin_unlock_irq(&event->lock);
	return fired;
}

/* Waits no longer. The caller knows that no callback comes any more. */
static inline void weft_event_disarm(struct weft_event *event)
{
	spin_lock_irq(&event->lock);
	if (event->armed) {
		event->armed = false;
		weft_waker_drop(&event->waker);
	}
	spin_unlock_irq(&event->lock);
}

#endif /* WEFT_OPS_EVENT_H */
