/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The threads engine: each task in a kernel thread of its own. It runs the same
 * polls; where a task is pending its thread sleeps in schedule().
 */
#ifndef WEFT_CORE_THREAD_H
#define WEFT_CORE_THREAD_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "stats.h"

struct weft_thread;

/**
 * struct weft_threads - The threads of an executor
 * @max: most threads at once; constant
 * @reaping: held by the one who reaps; @lock is taken inside it
 * @lock: protects what follows but @idle; taken in process context only
 * @live: &struct weft_thread that have not ended
 * @ended: &struct weft_thread that are in their last steps, or gone
 * @nr_live: how many are in @live
 * @nr_ended: how many are in @ended
 * @created: how many there ever were
 * @peak: most there were at once
 * @retired: sum over those that were reaped
 * @hists: how long things took
 * @idle: woken when @nr_live becomes 0
 */
struct weft_threads {
	unsigned int max;
	struct mutex reaping;
	spinlock_t lock;
	struct list_head live;
	struct list_head ended;
	unsigned int nr_live;
	unsigned int nr_ended;
	u64 created;
	unsigned int peak;
	struct weft_engine_stats retired;
	struct weft_histograms hists;
	wait_queue_head_t idle;
};

void weft_threads_init(struct weft_threads *threads, unsigned int max);
void weft_threads_fini(struct weft_threads *threads);
void weft_threads_reap(struct weft_threads *threads);
void weft_threads_stats(struct weft_threads *threads,
			struct weft_engine_stats *stats);
void weft_threads_histograms(struct weft_threads *threads,
			     struct weft_histograms *sum);
unsigned int weft_threads_running(struct weft_threads *threads,
				  const struct weft_group *group);
size_t weft_thread_bytes(void);
size_t weft_threads_bytes(struct weft_threads *threads);

pid_t weft_thread_pid(const struct weft_thread *thread);
u64 weft_thread_poll_begin(const struct weft_thread *thread);
int __must_check weft_thread_create(struct weft_task *task);
void weft_thread_abort(struct weft_thread *thread);
void weft_thread_queue(struct weft_thread *thread);

#endif /* WEFT_CORE_THREAD_H */
