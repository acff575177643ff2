// SPDX-License-Identifier: GPL-2.0-only
#include <linux/export.h>
#include <linux/workqueue.h>

#include "executor.h"
#include "poller.h"
#include "punt.h"

/**
 * weft_punts_init() - make a blocking pool
 * @punts: to be initialised
 * @name: what its threads are called
 * @max: most steps at once; 0 for the default
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int weft_punts_init(struct weft_punts *punts, const char *name, unsigned int max)
{
	punts->wq = alloc_workqueue("%s/punt", WQ_UNBOUND | WQ_FREEZABLE,
				    max ?: WEFT_DEFAULT_PUNTS, name);
	return punts->wq ? 0 : -ENOMEM;
}

/**
 * weft_punts_fini() - undo weft_punts_init()
 * @punts: no task uses it any more
 *
 * When it returns, none of its steps runs any more, not even its last instruction.
 *
 * Context: may sleep.
 */
void weft_punts_fini(struct weft_punts *punts)
{
	destroy_workqueue(punts->wq);
}

static void weft_punt_run(struct work_struct *work)
{
	struct weft_punt *punt = container_of(work, struct weft_punt, work);
	struct weft_waker waker;

	punt->fn(punt);
	/* Once it is done the task may be polled, and end: @punt is gone then. */
	waker = punt->waker;
	/* Pairs with smp_load_acquire() in weft_punt_poll(). */
	smp_store_release(&punt->done, true);
	weft_waker_wake(&waker);
}

/**
 * weft_punt_init() - make a punt that is not out
 * @punt: to be initialised
 */
void weft_punt_init(struct weft_punt *punt)
{
	INIT_WORK(&punt->work, weft_punt_run);
	punt->done = true;
}
EXPORT_SYMBOL_GPL(weft_punt_init);

static void weft_punt_record(struct weft_poller *p, const struct weft_task *task)
{
	trace_weft_punt(task);
	if (weft_poller_timed(p) && weft_recorder_on(p->recorder))
		weft_recorder_task(p->recorder, task, WEFT_RECORD_PUNT,
				   weft_timers_now(&p->timers), p->worker, 0);
}

/**
 * weft_punt_start() - send a step to the blocking pool
 * @punt: not out
 * @cx: the context of the poll
 * @fn: the step. Context: a kernel thread that may sleep; beside polls of the task,
 *	which are to call weft_punt_poll() and nothing else until it says that the
 *	step is over.
 *
 * Return: WEFT_PENDING, for the poll to return.
 */
enum weft_poll weft_punt_start(struct weft_punt *punt, struct weft_cx *cx,
			       void (*fn)(struct weft_punt *punt))
{
	struct weft_poller *p = container_of(cx, struct weft_poller, cx);

	punt->fn = fn;
	punt->done = false;
	weft_waker_set(&punt->waker, cx);
	/* Before the pool can wake it. */
	weft_punt_record(p, cx->task);
	cx->task->punts++;
	p->counters.punts++;
	queue_work(cx->task->group->executor->punts.wq, &punt->work);
	return weft_wait_on(cx, WEFT_WAIT_PUNT, true);
}
EXPORT_SYMBOL_GPL(weft_punt_start);

/**
 * weft_punt_poll() - wait until the step is over
 * @punt: the punt
 * @cx: the context of the poll
 *
 * Return: WEFT_READY if it is, or if none was started; what it did is seen. Else
 * WEFT_PENDING, for the poll to return.
 */
enum weft_poll weft_punt_poll(struct weft_punt *punt, struct weft_cx *cx)
{
	/* Pairs with smp_store_release() in weft_punt_run(). */
	if (smp_load_acquire(&punt->done))
		return WEFT_READY;
	return weft_wait_on(cx, WEFT_WAIT_PUNT, true);
}
EXPORT_SYMBOL_GPL(weft_punt_poll);

/**
 * weft_punt_stop() - do without the step, if it has not begun
 * @punt: the punt
 * @cx: the context of the cancel()
 *
 * Return: as weft_punt_poll(): WEFT_PENDING if it has begun and is not over.
 */
enum weft_poll weft_punt_stop(struct weft_punt *punt, struct weft_cx *cx)
{
	if (weft_punt_poll(punt, cx) == WEFT_PENDING &&
	    cancel_work(&punt->work)) {
		punt->done = true;
		weft_waker_drop(&punt->waker);
	}
	return weft_punt_poll(punt, cx);
}
EXPORT_SYMBOL_GPL(weft_punt_stop);
