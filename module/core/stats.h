/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is counted. Each set of counters has one writer; readers retry while it
 * writes, so that what they get belongs together.
 */
#ifndef WEFT_CORE_STATS_H
#define WEFT_CORE_STATS_H

#include <linux/bitops.h>
#include <linux/jump_label.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/types.h>
#include <linux/weft.h>

/**
 * struct weft_counters - What a worker, or a job's thread, has done
 * @yields: polls that ended in a yield
 * @pends: polls after which the task was pending, or would have been but for a
 *	wake during the poll
 * @ends: polls that ended the task
 * @resumes: polls of the same task as the one before, or with a context switch
 *	in between: all but the coop switches
 * @wakes: polls after a wake; for each task, as in its receipt
 * @parks: times it went to sleep for want of a runnable task
 * @moves: tasks given to another worker
 * @punts: steps of tasks that went to the blocking pool
 * @timer_interrupts: times its hrtimer fired
 *
 * A poll that follows another task's without a context switch, the normal case,
 * counts in one of the first three only: that is the whole cost of counting.
 */
struct weft_counters {
	u64 yields;
	u64 pends;
	u64 ends;
	u64 resumes;
	u64 wakes;
	u64 parks;
	u64 moves;
	u64 punts;
	u64 timer_interrupts;
};

/**
 * weft_counters_polls() - how many polls there were
 * @c: the counters
 *
 * Return: their number.
 */
static inline u64 weft_counters_polls(const struct weft_counters *c)
{
	return c->yields + c->pends + c->ends;
}

/**
 * weft_counters_coop_switches() - how many coop switches there were
 * @c: the counters
 *
 * Return: polls of another task than the one before, without a context switch in
 * between.
 */
static inline u64 weft_counters_coop_switches(const struct weft_counters *c)
{
	u64 polls = weft_counters_polls(c);

	/* Read without their @seq, as those of threads are, they may not fit. */
	return polls > c->resumes ? polls - c->resumes : 0;
}

/* Bucket 0 counts 0 ns, bucket n counts 2^(n-1) to 2^n - 1 ns: any time has one. */
#define WEFT_BUCKETS	65

/**
 * struct weft_histogram - How often a time of each size was seen
 * @bucket: by log2 of the time in ns
 */
struct weft_histogram {
	u64 bucket[WEFT_BUCKETS];
};

/**
 * struct weft_histograms - What is timed
 * @wake_to_poll: from spawn or wake to the poll
 * @poll_time: inside a poll
 */
struct weft_histograms {
	struct weft_histogram wake_to_poll;
	struct weft_histogram poll_time;
};

/**
 * struct weft_worker_stats - A worker, as it was at one moment
 * @pid: of its kernel thread, 0 if it has none
 * @voluntary: context switches of its thread, as the scheduler counts them
 * @involuntary: likewise
 * @counters: what it has done
 */
struct weft_worker_stats {
	pid_t pid;
	u64 voluntary;
	u64 involuntary;
	struct weft_counters counters;
};

/**
 * struct weft_engine_stats - All workers, or all threads
 * @threads: kernel threads there are now
 * @threads_created: kernel threads there ever were
 * @threads_peak: most kernel threads there were at once
 * @voluntary: context switches of all of them, as the scheduler counts them
 * @involuntary: likewise
 * @counters: what they have done
 */
struct weft_engine_stats {
	u64 threads;
	u64 threads_created;
	u64 threads_peak;
	u64 voluntary;
	u64 involuntary;
	struct weft_counters counters;
};

/* On while any executor takes times: the cost of timing is a nop while off. */
DECLARE_STATIC_KEY_FALSE(weft_timing_key);

static inline void weft_histogram_add(struct weft_histogram *h, u64 ns)
{
	h->bucket[fls64(ns)]++;
}

/* Adds the context switches of a thread, as the scheduler counts them. */
static inline void weft_switches_add(const struct task_struct *thread,
				     u64 *voluntary, u64 *involuntary)
{
	/* The scheduler counts on; any recent number is right. */
	*voluntary += data_race(thread->nvcsw);
	/* Likewise. */
	*involuntary += data_race(thread->nivcsw);
}

void weft_counters_add(struct weft_counters *sum, const struct weft_counters *c);
void weft_histogram_sum(struct weft_histogram *sum,
			const struct weft_histogram *h);
void weft_counters_read(struct weft_counters *out,
			const struct weft_counters *c,
			const seqcount_t *seq);

u64 weft_bucket_floor(unsigned int bucket);
u64 weft_bucket_ceiling(unsigned int bucket);

/**
 * struct weft_task_look - A task that runs, seen from outside
 * @state: enum weft_state, without the flags
 * @cancelled: it was cancelled
 * @wait: enum weft_wait_source, if it is pending
 * @since_ns: for how long it has been so; 0 if times are not taken
 * @polls: how often it was polled
 * @worker: number of its worker, -1 if it has a thread of its own or was not
 *	spawned yet
 * @pid: of its kernel thread or its worker's; 0 if there is none yet
 */
struct weft_task_look {
	u8 state;
	bool cancelled;
	u8 wait;
	u64 since_ns;
	u32 polls;
	int worker;
	pid_t pid;
};

void weft_task_look(const struct weft_task *task, struct weft_task_look *look);

void weft_executor_worker_stats(struct weft_executor *ex, unsigned int index,
				struct weft_worker_stats *stats);
void weft_executor_engine_stats(struct weft_executor *ex,
				enum weft_engine engine,
				struct weft_engine_stats *stats);
void weft_executor_histograms(struct weft_executor *ex, enum weft_engine engine,
			      struct weft_histograms *sum);
unsigned int weft_group_running(const struct weft_group *group);

#endif /* WEFT_CORE_STATS_H */
