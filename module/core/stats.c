// SPDX-License-Identifier: GPL-2.0-only
#include <linux/export.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "stats.h"

DEFINE_STATIC_KEY_FALSE(weft_timing_key);

/* After so many failed tries a reader takes what it has; see below. */
#define WEFT_READ_TRIES	10000

/**
 * weft_counters_add() - sum up
 * @sum: grows by @c
 * @c: a copy
 */
void weft_counters_add(struct weft_counters *sum, const struct weft_counters *c)
{
	sum->yields += c->yields;
	sum->pends += c->pends;
	sum->ends += c->ends;
	sum->resumes += c->resumes;
	sum->wakes += c->wakes;
	sum->parks += c->parks;
	sum->moves += c->moves;
	sum->punts += c->punts;
	sum->timer_interrupts += c->timer_interrupts;
}

/**
 * weft_counters_read() - take a copy whose numbers belong together
 * @out: the copy
 * @c: counters that their owner may be writing
 * @seq: covers @c
 *
 * A writer that was preempted in the middle lets the reader wait; after many
 * tries the reader goes on with a copy that may be off by one poll.
 *
 * Context: may sleep.
 */
void weft_counters_read(struct weft_counters *out,
			const struct weft_counters *c, const seqcount_t *seq)
{
	unsigned int tries;

	for (tries = 0; tries < WEFT_READ_TRIES; tries++) {
		unsigned int start = raw_read_seqcount(seq);

		/* A copy taken while the owner writes is thrown away. */
		*out = data_race(*c);
		if (!(start & 1) && !read_seqcount_retry(seq, start))
			return;
		cond_resched();
	}
}
EXPORT_SYMBOL_IF_KUNIT(weft_counters_read);

/**
 * weft_histogram_sum() - sum up
 * @sum: grows by @h
 * @h: a histogram that its owner may be writing: each bucket is right by itself
 */
void weft_histogram_sum(struct weft_histogram *sum,
			const struct weft_histogram *h)
{
	unsigned int i;

	for (i = 0; i < WEFT_BUCKETS; i++)
		/* The owner counts on; any recent number is right. */
		sum->bucket[i] += data_race(h->bucket[i]);
}

/**
 * weft_bucket_floor() - the shortest time that a bucket counts
 * @bucket: its number
 *
 * Return: ns.
 */
u64 weft_bucket_floor(unsigned int bucket)
{
	return bucket ? 1ULL << (bucket - 1) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_bucket_floor);

/**
 * weft_bucket_ceiling() - the longest time that a bucket counts
 * @bucket: its number
 *
 * Return: ns.
 */
u64 weft_bucket_ceiling(unsigned int bucket)
{
	return bucket < 64 ? (1ULL << bucket) - 1 : U64_MAX;
}
EXPORT_SYMBOL_IF_KUNIT(weft_bucket_ceiling);
