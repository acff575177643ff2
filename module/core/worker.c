// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/sched/task.h>
#include <kunit/visibility.h>

#include "../compat.h"
#include "executor.h"
#include "worker.h"

static void weft_worker_kick(struct weft_worker *worker)
{
	/*
	 * The caller's barrier and the one in weft_worker_park() see to it that
	 * either we see it parked or it sees what we did.
	 */
	if (READ_ONCE(worker->parked) && worker->thread)
		wake_up_process(worker->thread);
}

/**
 * weft_worker_queue_list() - hand tasks to a worker
 * @worker: the worker
 * @newest: the last of them to be polled; linked to the others
 * @oldest: the first of them to be polled
 *
 * Context: any but NMI; the caller has the tasks' turns.
 */
void weft_worker_queue_list(struct weft_worker *worker,
			    struct llist_node *newest,
			    struct llist_node *oldest)
{
	/* Full barrier. Whoever came first has kicked, or is about to. */
	if (llist_add_batch(newest, oldest, &worker->inbox))
		weft_worker_kick(worker);
}

/**
 * weft_worker_queue() - hand a task to a worker
 * @worker: the worker
 * @task: the task; its worker is @worker
 *
 * Context: any but NMI; the caller has the task's turn.
 */
void weft_worker_queue(struct weft_worker *worker, struct weft_task *task)
{
	if (worker->thread == current && in_task())
		weft_runqueue_push(&worker->runqueue,
				   &task->group->queues[worker->index], task);
	else
		weft_worker_queue_list(worker, &task->node, &task->node);
}

static void weft_worker_timers(struct weft_worker *worker)
{
	/* If it fires from here on it comes again. */
	WRITE_ONCE(worker->is_due, false);
	weft_timers_run(&worker->poller.timers);
}

static void weft_worker_drain(struct weft_worker *worker)
{
	struct llist_node *node, *next;
	struct weft_task *task;
	bool due = false;

	node = llist_reverse_order(llist_del_all(&worker->inbox));
	for (; node; node = next) {
		next = node->next;
		if (unlikely(node == &worker->due)) {
			due = true;
			continue;
		}
		task = llist_entry(node, struct weft_task, node);
		weft_runqueue_push(&worker->runqueue,
				   &task->group->queues[worker->index], task);
	}
	if (due)
		weft_worker_timers(worker);
	worker->poller.now = 0;
}

static void weft_worker_time(struct weft_worker *worker)
{
	struct weft_poller *p = &worker->poller;

	if (p->was_woken) {
		p->was_woken = false;
		weft_histogram_add(&worker->hists.wake_to_poll, p->wake_ns);
	}
	weft_histogram_add(&worker->hists.poll_time, p->poll_ns);
}

/* Return: false if no task is runnable. */
static __always_inline bool weft_worker_poll(struct weft_worker *worker,
					     bool timed)
{
	struct weft_runqueue *rq = &worker->runqueue;
	struct weft_group_queue *queue;
	struct weft_task *task;

	if (!llist_empty(&worker->inbox))
		weft_worker_drain(worker);
	if (weft_runqueue_empty(rq))
		return false;
	queue = weft_runqueue_next(rq);
	task = weft_runqueue_take(rq, queue);
	WRITE_ONCE(worker->queue, queue);
	if (weft_poller_poll(&worker->poller, task, timed) ==
	    WEFT_OUTCOME_AGAIN)
		weft_runqueue_push(rq, queue, task);
	if (timed)
		weft_worker_time(worker);
	return true;
}

/**
 * weft_worker_step() - poll one task, if one is runnable
 * @worker: of a manual executor
 *
 * Looks at the timers first, for no hrtimer does.
 *
 * Context: a test.
 * Return: true if a task was polled.
 */
bool weft_worker_step(struct weft_worker *worker)
{
	bool polled;

	/* The test may have slept. */
	weft_poller_sync(&worker->poller);
	weft_timers_run(&worker->poller.timers);
	polled = weft_worker_poll(worker, weft_poller_timed(&worker->poller));
	/* As if it parked: between two steps nothing is inside a poll. */
	WRITE_ONCE(worker->queue, NULL);
	return polled;
}
EXPORT_SYMBOL_IF_KUNIT(weft_worker_step);

/* Return: true if there is nothing left to poll. */
static __always_inline bool weft_worker_burst(struct weft_worker *worker,
					      bool timed)
{
	unsigned int polls;

	for (polls = 0; polls < WEFT_BURST; polls++) {
		if (!weft_worker_poll(worker, timed))
			return true;
		/* It was a long poll, or the scheduler wants the CPU. */
		if (worker->poller.cx.slice_end)
			break;
	}
	return false;
}

/*
 * Gives one task to a worker that has nothing to do. One that cannot be given away
 * must keep its turn: it is not taken out before that is known.
 */
static void weft_worker_share(struct weft_worker *worker)
{
	struct weft_task *task = weft_runqueue_spare(&worker->runqueue);
	struct weft_worker *other;

	if (!task || task->pins)
		return;
	other = weft_executor_claim_parked(worker->executor);
	if (!other)
		return;

	weft_runqueue_pop(&worker->runqueue);
	task->worker = other;
	task->moves++;
	raw_write_seqcount_begin(&worker->poller.seq);
	worker->poller.counters.moves++;
	raw_write_seqcount_end(&worker->poller.seq);
	weft_worker_queue_list(other, &task->node, &task->node);
}

static void weft_worker_park(struct weft_worker *worker)
{
	struct weft_poller *p = &worker->poller;

	WRITE_ONCE(worker->queue, NULL);
	/* Nobody sleeps here any more: an idle worker must not be woken. */
	if (!weft_timers_first(&p->timers))
		hrtimer_cancel(&worker->hrtimer);

	WRITE_ONCE(worker->parked, true);
	weft_executor_set_parked(worker->executor, worker->index, true);
	/* Full barrier; pairs with the one before weft_worker_kick(). */
	set_current_state(TASK_IDLE | TASK_FREEZABLE);
	if (llist_empty(&worker->inbox) && !kthread_should_stop()) {
		raw_write_seqcount_begin(&p->seq);
		p->counters.parks++;
		raw_write_seqcount_end(&p->seq);
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	weft_executor_set_parked(worker->executor, worker->index, false);
	WRITE_ONCE(worker->parked, false);
	/* To sleep here is right. */
	weft_poller_sync(p);
}

static int weft_worker_run(void *data)
{
	struct weft_worker *worker = data;

	set_freezable();
	weft_witness_attach(&worker->witness);
	weft_poller_sync(&worker->poller);
	while (!kthread_should_stop()) {
		bool idle;

		weft_witness_start(&worker->witness);
		idle = weft_poller_timed(&worker->poller) ?
		       weft_worker_burst(worker, true) :
		       weft_worker_burst(worker, false);

		if (idle) {
			weft_worker_park(worker);
		} else {
			if (weft_executor_has_parked(worker->executor))
				weft_worker_share(worker);
			if (cond_resched())
				weft_poller_sync(&worker->poller);
		}
		if (try_to_freeze())
			weft_poller_sync(&worker->poller);
	}
	weft_witness_detach(&worker->witness);
	return 0;
}

static enum hrtimer_restart weft_worker_fired(struct hrtimer *hrtimer)
{
	struct weft_worker *worker = container_of(hrtimer, struct weft_worker,
						  hrtimer);

	worker->poller.counters.timer_interrupts++;
	if (!xchg(&worker->is_due, true))
		weft_worker_queue_list(worker, &worker->due, &worker->due);
	return HRTIMER_NORESTART;
}

/**
 * weft_worker_start() - make a worker
 * @worker: zeroed
 * @ex: where it belongs
 * @index: its number there
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, -EAGAIN or -EINTR.
 */
int weft_worker_start(struct weft_worker *worker, struct weft_executor *ex,
		      unsigned int index)
{
	struct task_struct *thread;

	weft_hrtimer_setup(&worker->hrtimer, weft_worker_fired, CLOCK_MONOTONIC,
			   HRTIMER_MODE_ABS);
	weft_witness_init(&worker->witness, &worker->poller.counters,
			  &worker->queue, ex->timing ? ex->budget_ns : 0);
	weft_poller_init(&worker->poller, ex,
			 ex->manual ? NULL : &worker->hrtimer,
			 &worker->witness);
	weft_runqueue_init(&worker->runqueue);
	init_llist_head(&worker->inbox);
	worker->executor = ex;
	worker->index = index;
	if (ex->manual)
		return 0;

	thread = kthread_create(weft_worker_run, worker, "%s/%u", ex->name,
				index);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	/* The statistics look at it for as long as the worker exists. */
	worker->thread = get_task_struct(thread);
	wake_up_process(thread);
	return 0;
}

/**
 * weft_worker_stop() - end a worker
 * @worker: made by weft_worker_start(); all its tasks have ended
 *
 * Context: may sleep.
 */
void weft_worker_stop(struct weft_worker *worker)
{
	struct llist_node *left;

	if (worker->thread)
		kthread_stop(worker->thread);
	hrtimer_cancel(&worker->hrtimer);
	weft_witness_fini(&worker->witness);
	if (worker->thread)
		put_task_struct(worker->thread);
	/* Only the news of a timer that nobody waits for may be left. */
	left = llist_del_all(&worker->inbox);
	WARN_ON_ONCE(left && (left != &worker->due || left->next));
	WARN_ON_ONCE(!weft_runqueue_empty(&worker->runqueue));
	WARN_ON_ONCE(weft_timers_first(&worker->poller.timers));
}
