// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ktime.h>

#include "../compat.h"
#include "witness.h"

#ifdef CONFIG_PREEMPT_NOTIFIERS
/* Context: the scheduler switches out the worker, which is still current. */
static void weft_witness_out(struct preempt_notifier *notifier,
			     struct task_struct *next)
{
	struct weft_witness *w = container_of(notifier, struct weft_witness,
					      notifier);

	/* Preempted is not asleep, also not on its way there. */
	if (*w->queue && !weft_task_is_runnable(current) && !w->slept.nr)
		weft_stack_save(&w->slept);
}

static void weft_witness_in(struct preempt_notifier *notifier, int cpu)
{
}

static struct preempt_ops weft_witness_ops = {
	.sched_in = weft_witness_in,
	.sched_out = weft_witness_out,
};
#endif

static enum hrtimer_restart weft_witness_look(struct hrtimer *timer)
{
	struct weft_witness *w = container_of(timer, struct weft_witness, timer);
	u64 poll = weft_witness_poll(w);

	if (!READ_ONCE(*w->queue)) {
		/* An idle worker is left alone. Pairs with weft_witness_start(). */
		WRITE_ONCE(w->running, false);
		return HRTIMER_NORESTART;
	}
	/* On the CPU that started the timer, where the worker mostly is. */
	if (poll == w->seen_poll && current == READ_ONCE(w->thread) &&
	    w->busy_poll != poll) {
		weft_stack_save(&w->busy);
		/* Pairs with the acquire in weft_witness_busy(). */
		smp_store_release(&w->busy_poll, poll);
	}
	w->seen_poll = poll;
	hrtimer_forward_now(timer, ns_to_ktime(w->period));
	return HRTIMER_RESTART;
}

/**
 * weft_witness_init() - a witness that sees nothing yet
 * @w: zeroed
 * @counters: of its worker
 * @queue: NULL in it says that the worker does not poll
 * @budget_ns: how long a poll may take; 0 for as long as it likes
 */
void weft_witness_init(struct weft_witness *w,
		       const struct weft_counters *counters,
		       const struct weft_group_queue *const *queue,
		       u64 budget_ns)
{
	weft_hrtimer_setup(&w->timer, weft_witness_look, CLOCK_MONOTONIC,
			   HRTIMER_MODE_REL_PINNED);
	w->period = budget_ns / 2;
	w->busy_poll = U64_MAX;
	w->seen_poll = U64_MAX;
	w->counters = counters;
	w->queue = queue;
}

/**
 * weft_witness_fini() - undo weft_witness_init()
 * @w: the witness; its worker's thread is gone
 */
void weft_witness_fini(struct weft_witness *w)
{
	hrtimer_cancel(&w->timer);
}

/**
 * weft_witness_attach() - watch the calling thread
 * @w: the witness; the worker's thread calls
 *
 * From here on the scheduler tells where a poll sleeps, from the first time on.
 *
 * Context: may sleep, for the scheduler's code is patched.
 */
void weft_witness_attach(struct weft_witness *w)
{
	WRITE_ONCE(w->thread, current);
#ifdef CONFIG_PREEMPT_NOTIFIERS
	preempt_notifier_inc();
	preempt_notifier_init(&w->notifier, &weft_witness_ops);
	preempt_notifier_register(&w->notifier);
#endif
}

/**
 * weft_witness_detach() - undo weft_witness_attach(), in the same thread
 * @w: the witness
 */
void weft_witness_detach(struct weft_witness *w)
{
#ifdef CONFIG_PREEMPT_NOTIFIERS
	preempt_notifier_unregister(&w->notifier);
	preempt_notifier_dec();
#endif
	WRITE_ONCE(w->thread, NULL);
}

/**
 * weft_witness_start() - look in while the worker is busy
 * @w: the witness of the calling thread
 */
void weft_witness_start(struct weft_witness *w)
{
	/* Missed as it stops itself, it is started the next time. */
	if (!w->period || READ_ONCE(w->running))
		return;
	WRITE_ONCE(w->running, true);
	hrtimer_start(&w->timer, ns_to_ktime(w->period),
		      HRTIMER_MODE_REL_PINNED);
}
