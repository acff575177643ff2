/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A runtime and a client with a few credits, driven by hand: no thread but the
 * test polls, and the clock goes on by 1000 ns a look. For tests of jobs.
 */
#ifndef WEFT_KUNIT_BED_H
#define WEFT_KUNIT_BED_H

#include <kunit/test.h>

#include "../module/core/executor.h"
#include "../module/job/client.h"
#include "../module/job/runtime.h"

#define MAX_JOBS	64
#define CREDITS		8

struct bed {
	struct weft_runtime *rt;
	struct weft_client *client;
	struct weft_batch batch;
	struct weft_job jobs[MAX_JOBS];
	u64 ids[MAX_JOBS];
	struct weft_slots taken;
	struct weft_completion out[MAX_JOBS];
	struct weft_stats stats;
};

/* The time at the last look. */
extern u64 bed_now;

/* What is done at a look at the clock inside a poll, to @bed_hooked; once. */
extern void (*bed_hook)(struct bed *bed);
extern struct bed *bed_hooked;

/* init and exit of a suite; test->priv is the bed. */
int bed_init(struct kunit *test);
void bed_exit(struct kunit *test);

u64 bed_clock(void *arg);
struct weft_runtime *bed_new_runtime(struct kunit *test, bool manual);
struct weft_client *bed_new_client(struct kunit *test, struct weft_runtime *rt,
				   enum weft_engine engine, u32 credits);

/* One poll, or all there are. */
bool bed_step(struct bed *bed);
void bed_run(struct bed *bed);

/* Jobs that end at their first poll, and such that never end by themselves. */
void bed_nops(struct bed *bed, unsigned int count);
void bed_sleeps(struct bed *bed, unsigned int count);

/* Submits what is in @jobs; the batch says how much was accepted. */
int bed_submit(struct bed *bed, unsigned int count);
int bed_abort(struct bed *bed, unsigned int count);
void bed_accept(struct kunit *test, unsigned int count);

/* Takes up to @max completions, and delivers @delivered of them. */
unsigned int bed_reap_some(struct bed *bed, unsigned int max,
			   unsigned int delivered);
unsigned int bed_reap(struct bed *bed);

int bed_cancel(struct bed *bed, u64 id, enum weft_verdict *verdict);
u32 bed_credits_free(struct bed *bed);
void bed_expect_balance(struct kunit *test);

#endif /* WEFT_KUNIT_BED_H */
