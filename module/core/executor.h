/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An executor: workers, and the threads of the groups that want threads. Nothing
 * here is global; a test makes executors of its own.
 */
#ifndef WEFT_CORE_EXECUTOR_H
#define WEFT_CORE_EXECUTOR_H

#include <linux/weft.h>

#include "offence.h"
#include "punt.h"
#include "recorder.h"
#include "thread.h"
#include "worker.h"

/* One bit of weft_executor.parked each. */
#define WEFT_MAX_WORKERS	BITS_PER_LONG

/**
 * struct weft_executor - An executor
 * @name: what its kernel threads are called
 * @nr_workers: how many workers
 * @timing: take the time of each poll
 * @manual: the workers have no kernel threads
 * @clock: what is the time; NULL for CLOCK_MONOTONIC
 * @clock_arg: handed to @clock
 * @budget_ns: how long a poll on a worker may take; 0 for any time
 * @offences: what polls did that they must not
 * @recorder: the flight recorder
 * @brief_ns: polls that yield sooner are not recorded one by one
 * @threads: the threads engine
 * @punts: the blocking pool
 * @next: the worker that gets the next task; atomic, a hint
 * @parked: bit n is set while worker n is parked; a hint for others
 * @workers: the workers
 *
 * All but @offences, @recorder, @threads, @punts, @next, @parked and what is in the
 * workers is constant.
 */
struct weft_executor {
	char name[9];
	unsigned int nr_workers;
	bool timing;
	bool manual;
	u64 (*clock)(void *arg);
	void *clock_arg;
	u64 budget_ns;
	struct weft_offences offences;
	struct weft_recorder recorder;
	u64 brief_ns;
	struct weft_threads threads;
	struct weft_punts punts;
	atomic_t next;
	unsigned long parked;
	struct weft_worker workers[];
};

static inline u64 weft_executor_now(const struct weft_executor *ex)
{
	return unlikely(ex->clock) ? ex->clock(ex->clock_arg) : ktime_get_ns();
}

/* Are there events to record? They take the times that are taken anyway. */
static inline bool weft_executor_records(const struct weft_executor *ex)
{
	return ex->timing && weft_recorder_on(&ex->recorder);
}

static inline bool weft_executor_has_parked(const struct weft_executor *ex)
{
	return READ_ONCE(ex->parked);
}

static inline void weft_executor_set_parked(struct weft_executor *ex,
					    unsigned int index, bool parked)
{
	if (parked)
		set_bit(index, &ex->parked);
	else
		clear_bit(index, &ex->parked);
}

struct weft_worker *weft_executor_claim_parked(struct weft_executor *ex);
struct weft_worker *weft_executor_worker(struct weft_executor *ex,
					 unsigned int index);
void weft_spawn_at(struct weft_task *task, struct weft_worker *worker);
size_t weft_executor_bytes(const struct weft_executor *ex);
size_t weft_group_bytes(const struct weft_group *group);

#endif /* WEFT_CORE_EXECUTOR_H */
