/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A worker: a kernel thread that polls tasks.
 *
 * Others hand it tasks through its inbox, a lock-free list that can be added to
 * from any context. The one who finds the inbox empty looks whether the worker
 * is parked, and if so wakes it. The worker empties the inbox into its run
 * queue, which is its own. That a timer is due also comes through the inbox.
 */
#ifndef WEFT_CORE_WORKER_H
#define WEFT_CORE_WORKER_H

#include <linux/cache.h>
#include <linux/hrtimer.h>
#include <linux/llist.h>

#include "poller.h"
#include "runqueue.h"

struct weft_executor;

/**
 * struct weft_worker - A worker
 * @poller: polls the tasks; its counters are the worker's
 * @runqueue: runnable tasks
 * @queue: where the task came from that is polled now, or NULL; never followed
 * @executor: where it belongs
 * @index: its number there
 * @thread: its kernel thread; NULL on a manual executor
 * @witness: sees what its polls do
 * @watch: records the context switches of its thread
 * @hists: how long things took
 * @hrtimer: fires for the first of its sleeping tasks
 * @due: in the inbox, says that @hrtimer fired
 * @is_due: @due is in the inbox
 * @inbox: tasks that others made runnable, newest first
 * @parked: it sleeps or is about to
 *
 * All up to @hrtimer is the worker's own.
 */
struct weft_worker {
	struct weft_poller poller;
	struct weft_runqueue runqueue;
	const struct weft_group_queue *queue;
	struct weft_executor *executor;
	unsigned int index;
	struct task_struct *thread;
	struct weft_witness witness;
	struct weft_watch watch;
	struct weft_histograms hists;
	struct hrtimer hrtimer;
	struct llist_node due;
	bool is_due;
	struct llist_head inbox ____cacheline_aligned_in_smp;
	bool parked;
};

int __must_check weft_worker_start(struct weft_worker *worker,
				   struct weft_executor *ex,
				   unsigned int index);
void weft_worker_stop(struct weft_worker *worker);
struct weft_task *weft_worker_next(struct weft_worker *worker);
void weft_worker_poll_next(struct weft_worker *worker);
bool weft_worker_step(struct weft_worker *worker);
void weft_worker_each(struct weft_worker *worker,
		      void (*each)(struct weft_task *task, void *arg), void *arg);
void weft_worker_queue(struct weft_worker *worker, struct weft_task *task);
void weft_worker_queue_list(struct weft_worker *worker,
			    struct llist_node *newest,
			    struct llist_node *oldest);

#endif /* WEFT_CORE_WORKER_H */
