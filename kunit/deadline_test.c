// SPDX-License-Identifier: GPL-2.0-only
/* Deadlines of jobs; the clock goes on by a look at it, or when a test sets it. */
#include "bed.h"

#define LATER	(1000 * 1000)

static void accept_one(struct kunit *test, u16 op, u64 deadline)
{
	struct bed *bed = test->priv;

	bed_nops(bed, 1);
	bed->jobs[0].op = op;
	if (op != WEFT_OP_NOP)
		bed->jobs[0].arg[0] = S64_MAX;
	bed->jobs[0].deadline_ns = deadline;
	bed_accept(test, 1);
}

static void expect_end(struct kunit *test, s64 result)
{
	struct bed *bed = test->priv;

	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, result, bed->out[0].result);
	weft_client_stats(bed->client, &bed->stats);
	KUNIT_EXPECT_EQ(test, (u64)(result == -ETIME), bed->stats.expired);
	KUNIT_EXPECT_EQ(test, (u64)(result == -ECANCELED), bed->stats.cancelled);
	KUNIT_EXPECT_EQ(test, (u64)(result < 0), bed->stats.failed);
	bed_expect_balance(test);
}

static void waiting_job_ends_at_its_deadline(struct kunit *test)
{
	struct bed *bed = test->priv;

	accept_one(test, WEFT_OP_SLEEP, LATER);
	bed_run(bed);
	bed_now = LATER - 3000;
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 0U, bed_reap(bed));
	bed_now = LATER;
	bed_run(bed);
	expect_end(test, -ETIME);
}

static void runnable_job_ends_at_its_deadline(struct kunit *test)
{
	struct bed *bed = test->priv;

	accept_one(test, WEFT_OP_YIELD, LATER);
	KUNIT_EXPECT_TRUE(test, bed_step(bed));
	KUNIT_EXPECT_TRUE(test, bed_step(bed));
	bed_now = LATER;
	bed_step(bed);
	expect_end(test, -ETIME);
	KUNIT_EXPECT_FALSE(test, bed_step(bed));
}

static void past_deadline_ends_the_job_at_its_first_poll(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed_now = LATER;
	accept_one(test, WEFT_OP_NOP, 1);
	KUNIT_EXPECT_EQ(test, 0U, bed_reap(bed));
	bed_step(bed);
	expect_end(test, -ETIME);
}

static void job_that_ends_before_leaves_no_timer(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct weft_timers *timers =
		&weft_executor_worker(bed->rt->executor, 0)->poller.timers;

	bed_sleeps(bed, 1);
	bed->jobs[0].sleep.ns = LATER;
	bed->jobs[0].deadline_ns = 3 * LATER;
	bed_accept(test, 1);
	bed_run(bed);
	KUNIT_EXPECT_NOT_NULL(test, timerqueue_getnext(&timers->queue));
	bed_now = 2 * LATER;
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_LE(test, 0LL, bed->out[0].result);
	KUNIT_EXPECT_NULL(test, timerqueue_getnext(&timers->queue));
}

static void cancelled_job_leaves_no_timer(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct weft_timers *timers =
		&weft_executor_worker(bed->rt->executor, 0)->poller.timers;
	enum weft_verdict verdict;

	accept_one(test, WEFT_OP_SLEEP, LATER);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 0, bed_cancel(bed, bed->ids[0], &verdict));
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, verdict);
	bed_run(bed);
	KUNIT_EXPECT_NULL(test, timerqueue_getnext(&timers->queue));
	bed_now = 2 * LATER;
	bed_run(bed);
	expect_end(test, -ECANCELED);
}

static void cancel_before_the_first_poll_wins(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum weft_verdict verdict;

	bed_now = LATER;
	accept_one(test, WEFT_OP_SLEEP, 1);
	KUNIT_EXPECT_EQ(test, 0, bed_cancel(bed, bed->ids[0], &verdict));
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, verdict);
	bed_run(bed);
	expect_end(test, -ECANCELED);
}

/* The deadline has fired, and the task is queued for it, when the cancel comes. */
static void cancel_after_the_deadline_fired_keeps_its_word(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum weft_verdict verdict;

	accept_one(test, WEFT_OP_SLEEP, LATER);
	bed_run(bed);
	bed_now = LATER;
	weft_timers_run(&weft_executor_worker(bed->rt->executor, 0)->poller.timers);
	KUNIT_EXPECT_EQ(test, 0, bed_cancel(bed, bed->ids[0], &verdict));
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, verdict);
	bed_run(bed);
	expect_end(test, -ECANCELED);
}

static void deadline_of_the_job_before_is_forgotten(struct kunit *test)
{
	struct bed *bed = test->priv;

	accept_one(test, WEFT_OP_SLEEP, LATER);
	bed_run(bed);
	bed_now = LATER;
	bed_run(bed);
	expect_end(test, -ETIME);
	bed_nops(bed, 1);
	bed_accept(test, 1);
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, 0LL, bed->out[0].result);
}

static void closing_ends_jobs_with_deadlines(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed_sleeps(bed, CREDITS);
	bed->jobs[0].deadline_ns = 1;
	bed->jobs[1].deadline_ns = LATER;
	bed->jobs[2].deadline_ns = S64_MAX;
	bed_accept(test, CREDITS);
	/* bed_exit() cancels, runs and destroys. */
}

static struct kunit_case deadline_cases[] = {
	KUNIT_CASE(waiting_job_ends_at_its_deadline),
	KUNIT_CASE(runnable_job_ends_at_its_deadline),
	KUNIT_CASE(past_deadline_ends_the_job_at_its_first_poll),
	KUNIT_CASE(job_that_ends_before_leaves_no_timer),
	KUNIT_CASE(cancelled_job_leaves_no_timer),
	KUNIT_CASE(cancel_before_the_first_poll_wins),
	KUNIT_CASE(cancel_after_the_deadline_fired_keeps_its_word),
	KUNIT_CASE(deadline_of_the_job_before_is_forgotten),
	KUNIT_CASE(closing_ends_jobs_with_deadlines),
	{}
};

static struct kunit_suite deadline_suite = {
	.name = "weft_deadline",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = deadline_cases,
};

kunit_test_suite(deadline_suite);
