// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stepped client: what a program sees of it is in selftests/step_test.c. Here is
 * what it does not: the clock, and what is counted where.
 */
#include <kunit/test.h>
#include <linux/err.h>

#include "../module/core/executor.h"
#include "../module/job/step.h"
#include "bed.h"

struct step_bed {
	struct weft_runtime *rt;
	struct weft_client *client;
};

static int step_init(struct kunit *test)
{
	struct step_bed *bed = kunit_kzalloc(test, sizeof(*bed), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bed);
	bed->rt = bed_new_runtime(test, true);
	bed->client = weft_client_create_stepped(bed->rt, 2, true, CREDITS);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bed->client));
	test->priv = bed;
	return 0;
}

static void step_exit(struct kunit *test)
{
	struct step_bed *bed = test->priv;

	weft_client_destroy(bed->client);
	weft_runtime_destroy(bed->rt);
}

static void submit(struct kunit *test, const struct weft_job *job, u64 *id)
{
	struct step_bed *bed = test->priv;
	struct weft_batch batch;

	mutex_lock(&bed->client->submitting);
	KUNIT_EXPECT_EQ(test, 0, weft_submit_prepare(&batch, bed->client, job, 1, id));
	weft_submit_publish(&batch);
	mutex_unlock(&bed->client->submitting);
}

static struct weft_step step(struct kunit *test, u32 flags, u64 advance_ns)
{
	struct step_bed *bed = test->priv;
	struct weft_step step = {
		.flags = flags, .worker = WEFT_STEP_ANY, .advance_ns = advance_ns,
	};

	mutex_lock(&bed->client->stepper->lock);
	KUNIT_EXPECT_EQ(test, 0, weft_client_step(bed->client, &step));
	step.listed = weft_client_step_jobs(bed->client);
	mutex_unlock(&bed->client->stepper->lock);
	return step;
}

static const struct weft_job sleep_job = { .op = WEFT_OP_SLEEP, .sleep.ns = 5000000 };
static const struct weft_job yield_job = { .op = WEFT_OP_YIELD, .yield.count = 1 };

/* One look for the begin of the sleep: a bed takes no times of polls. */
static void clock_ticks_in_polls_only(struct kunit *test)
{
	struct weft_step s;
	u64 id;

	submit(test, &sleep_job, &id);
	KUNIT_EXPECT_EQ(test, 0ULL, step(test, WEFT_STEP_LOOK, 0).now_ns);
	s = step(test, 0, 0);
	KUNIT_EXPECT_EQ(test, (u32)WEFT_STEP_PENDING, s.outcome);
	KUNIT_EXPECT_LT(test, 0ULL, s.now_ns);
	KUNIT_EXPECT_EQ(test, 0ULL, s.now_ns % WEFT_STEP_TICK_NS);
	KUNIT_EXPECT_EQ(test, s.now_ns, step(test, 0, 0).now_ns);
	KUNIT_EXPECT_EQ(test, s.now_ns + 7, step(test, WEFT_STEP_LOOK, 7).now_ns);
}

static void skip_stays_where_something_is_runnable(struct kunit *test)
{
	u64 id, now;

	submit(test, &sleep_job, &id);
	step(test, 0, 0);
	submit(test, &yield_job, &id);
	now = step(test, WEFT_STEP_LOOK | WEFT_STEP_SKIP, 0).now_ns;
	KUNIT_EXPECT_LT(test, now, 5000000ULL);
	step(test, 0, 0);
	step(test, 0, 0);
	KUNIT_EXPECT_LE(test, 5000000ULL,
			step(test, WEFT_STEP_LOOK | WEFT_STEP_SKIP, 0).now_ns);
}

static void jobs_are_not_counted_with_those_of_the_runtime(struct kunit *test)
{
	struct step_bed *bed = test->priv;
	struct weft_engine_totals *totals;
	struct weft_stats stats = {};
	u64 id;

	totals = kunit_kcalloc(test, WEFT_NR_ENGINES, sizeof(*totals), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, totals);
	submit(test, &yield_job, &id);
	KUNIT_EXPECT_EQ(test, (u32)WEFT_STEP_YIELDED, step(test, 0, 0).outcome);
	KUNIT_EXPECT_EQ(test, (u32)WEFT_STEP_ENDED, step(test, 0, 0).outcome);
	weft_client_stats(bed->client, &stats);
	KUNIT_EXPECT_EQ(test, 1ULL, stats.done);
	KUNIT_EXPECT_EQ(test, 2ULL, stats.polls);
	weft_runtime_totals(bed->rt, totals);
	KUNIT_EXPECT_EQ(test, 0ULL, totals[WEFT_ASYNC].accepted);
	KUNIT_EXPECT_EQ(test, 0ULL, totals[WEFT_ASYNC].bytes);

	weft_client_destroy(bed->client);
	weft_runtime_totals(bed->rt, totals);
	KUNIT_EXPECT_EQ(test, 0ULL, totals[WEFT_ASYNC].accepted);
	bed->client = weft_client_create_stepped(bed->rt, 1, false, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bed->client));
}

static void one_user_may_have_so_many_with_the_others(struct kunit *test)
{
	struct step_bed *bed = test->priv;
	struct weft_client *second, *third, *fourth;

	second = bed_new_client(test, bed->rt, WEFT_ASYNC, 1);
	third = weft_client_create_stepped(bed->rt, 1, false, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(third));
	fourth = weft_client_create_stepped(bed->rt, 1, false, 1);
	KUNIT_EXPECT_EQ(test, -EDQUOT, (int)PTR_ERR_OR_ZERO(fourth));
	weft_client_destroy(third);
	weft_client_destroy(second);
}

static void jobs_in_each_state_end_with_the_client(struct kunit *test)
{
	const struct weft_job late = {
		.op = WEFT_OP_SLEEP, .sleep.ns = KTIME_MAX, .deadline_ns = KTIME_MAX,
	};
	u64 id;

	submit(test, &late, &id);
	submit(test, &sleep_job, &id);
	step(test, 0, 0);
	step(test, 0, 0);
	submit(test, &yield_job, &id);
	submit(test, &yield_job, &id);
	KUNIT_EXPECT_EQ(test, (u32)WEFT_STEP_YIELDED, step(test, 0, 0).outcome);
	/* step_exit() ends it. */
	KUNIT_EXPECT_EQ(test, 4U, step(test, WEFT_STEP_LOOK, 0).listed);
}

static struct kunit_case step_cases[] = {
	KUNIT_CASE(clock_ticks_in_polls_only),
	KUNIT_CASE(skip_stays_where_something_is_runnable),
	KUNIT_CASE(jobs_are_not_counted_with_those_of_the_runtime),
	KUNIT_CASE(one_user_may_have_so_many_with_the_others),
	KUNIT_CASE(jobs_in_each_state_end_with_the_client),
	{}
};

static struct kunit_suite step_suite = {
	.name = "weft_step",
	.init = step_init,
	.exit = step_exit,
	.test_cases = step_cases,
};

kunit_test_suite(step_suite);
