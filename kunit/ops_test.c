// SPDX-License-Identifier: GPL-2.0-only
/* The arguments of each op, and what its polls do. */
#include <linux/sched.h>

#include "../module/ops/op.h"
#include "mock.h"

#define SLACK	50000

/* More than any test has: a task that does not end fails. */
#define MAX_POLLS	10000

#define OK(_op, _job)	KUNIT_EXPECT_EQ(test, 0, prep(_op, _job))
#define WRONG(_op, _job) KUNIT_EXPECT_EQ(test, -EINVAL, prep(_op, _job))

static const struct weft_op_env env = { .slack = SLACK };

static int prep(unsigned int op, const struct weft_job *job)
{
	struct weft_op_task t = {};

	return weft_ops[op]->prep(&t, job, &env);
}

/* Words from @first on are not used by the op: each bit of them is wrong. */
static void expect_unused(struct kunit *test, unsigned int op,
			  const struct weft_job *good, unsigned int first)
{
	struct weft_job job;
	unsigned int word, bit;

	for (word = first; word < ARRAY_SIZE(job.arg); word++) {
		for (bit = 0; bit < 64; bit++) {
			job = *good;
			job.arg[word] |= BIT_ULL(bit);
			WRONG(op, &job);
		}
	}
}

/* The first word is a time in ns: up to 2^63 - 1. */
static void expect_time(struct kunit *test, unsigned int op,
			const struct weft_job *good, unsigned int word)
{
	struct weft_job job = *good;

	job.arg[word] = 0;
	OK(op, &job);
	job.arg[word] = 1;
	OK(op, &job);
	job.arg[word] = KTIME_MAX;
	OK(op, &job);
	job.arg[word] = BIT_ULL(63);
	WRONG(op, &job);
	job.arg[word] = U64_MAX;
	WRONG(op, &job);
}

static void nop_takes_no_arguments(struct kunit *test)
{
	struct weft_job job = {};

	OK(WEFT_OP_NOP, &job);
	expect_unused(test, WEFT_OP_NOP, &job, 0);
}

static void yield_takes_any_count(struct kunit *test)
{
	struct weft_job job = {};

	OK(WEFT_OP_YIELD, &job);
	job.yield.count = U64_MAX;
	OK(WEFT_OP_YIELD, &job);
	expect_unused(test, WEFT_OP_YIELD, &job, 1);
}

static void spin_takes_a_time(struct kunit *test)
{
	struct weft_job job = {};

	expect_time(test, WEFT_OP_SPIN, &job, 0);
	expect_unused(test, WEFT_OP_SPIN, &job, 1);
}

static void sleep_takes_a_time_and_a_flag(struct kunit *test)
{
	struct weft_job job = {};
	int bit;

	expect_time(test, WEFT_OP_SLEEP, &job, 0);
	expect_unused(test, WEFT_OP_SLEEP, &job, 2);
	for (bit = 0; bit < 32; bit++) {
		job.sleep.flags = BIT(bit);
		if (job.sleep.flags == WEFT_SLEEP_ABS)
			OK(WEFT_OP_SLEEP, &job);
		else
			WRONG(WEFT_OP_SLEEP, &job);
	}
	job.sleep.flags = 0;
	for (bit = 0; bit < 32; bit++) {
		job.sleep.__reserved = BIT(bit);
		WRONG(WEFT_OP_SLEEP, &job);
	}
}

static void work_takes_two_times_and_rounds(struct kunit *test)
{
	struct weft_job job = { .work.rounds = 1 };
	int bit;

	expect_time(test, WEFT_OP_WORK, &job, 0);
	expect_time(test, WEFT_OP_WORK, &job, 1);
	expect_unused(test, WEFT_OP_WORK, &job, 3);
	job.work.rounds = U32_MAX;
	OK(WEFT_OP_WORK, &job);
	job.work.rounds = 0;
	WRONG(WEFT_OP_WORK, &job);
	job.work.rounds = 1;
	for (bit = 0; bit < 32; bit++) {
		job.work.__reserved = BIT(bit);
		WRONG(WEFT_OP_WORK, &job);
	}
}

/* Polls. The clock goes on by this much each time it is read, if it does. */
static u64 tick;

static u64 ticking_clock(void *arg)
{
	mock_now += tick;
	return mock_now;
}

struct op_bed {
	struct weft_executor *ex;
	struct weft_group group;
	struct weft_task_ops ops;
	struct weft_op_task t;
	unsigned int released;
};

static void op_release(struct weft_task *task)
{
	struct op_bed *bed = container_of(task, struct op_bed, t.task);

	bed->released++;
}

static int ops_init(struct kunit *test)
{
	const struct weft_executor_config config = {
		.name = "ops",
		.workers = 1,
		.manual = true,
		.clock = ticking_clock,
	};
	struct op_bed *bed = kunit_kzalloc(test, sizeof(*bed), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bed);
	bed->ex = weft_executor_create(&config);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bed->ex));
	KUNIT_ASSERT_EQ(test, 0, weft_group_init(&bed->group, bed->ex,
						 WEFT_ASYNC));
	mock_now = 1000000;
	tick = 0;
	test->priv = bed;
	return 0;
}

static void ops_exit(struct kunit *test)
{
	struct op_bed *bed = test->priv;

	weft_group_fini(&bed->group);
	weft_executor_destroy(bed->ex);
}

static void start(struct kunit *test, unsigned int op,
		  const struct weft_job *job)
{
	struct op_bed *bed = test->priv;

	bed->ops.name = weft_ops[op]->name;
	bed->ops.poll = weft_ops[op]->poll;
	bed->ops.cancel = weft_ops[op]->cancel;
	bed->ops.release = op_release;
	bed->released = 0;
	KUNIT_ASSERT_EQ(test, 0, weft_ops[op]->prep(&bed->t, job, &env));
	KUNIT_ASSERT_EQ(test, 0, weft_task_init(&bed->t.task, &bed->ops,
						&bed->group));
	weft_spawn(&bed->t.task);
}

/* Return: polls until nothing is runnable. */
static unsigned int run(struct kunit *test)
{
	struct op_bed *bed = test->priv;
	unsigned int polls = 0;

	while (polls < MAX_POLLS &&
	       weft_worker_step(weft_executor_worker(bed->ex, 0)))
		polls++;
	KUNIT_ASSERT_LT(test, polls, MAX_POLLS);
	return polls;
}

static void expect_end(struct kunit *test, s64 result)
{
	struct op_bed *bed = test->priv;

	KUNIT_EXPECT_EQ(test, 1U, bed->released);
	KUNIT_EXPECT_EQ(test, result, bed->t.task.result);
}

static void expect_asleep(struct kunit *test)
{
	struct op_bed *bed = test->priv;

	KUNIT_EXPECT_EQ(test, 0U, bed->released);
	KUNIT_EXPECT_EQ(test, (int)WEFT_WAIT_TIMER, (int)bed->t.task.wait);
}

static void nop_is_one_poll(struct kunit *test)
{
	start(test, WEFT_OP_NOP, &(struct weft_job){});
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, 0);
}

static void yield_is_one_poll_more_than_it_yields(struct kunit *test)
{
	start(test, WEFT_OP_YIELD, &(struct weft_job){ .yield.count = 5 });
	KUNIT_EXPECT_EQ(test, 6U, run(test));
	expect_end(test, 0);
	start(test, WEFT_OP_YIELD, &(struct weft_job){});
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, 0);
}

static void spin_of_nothing_is_one_poll(struct kunit *test)
{
	start(test, WEFT_OP_SPIN, &(struct weft_job){});
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, 0);
}

static void spin_yields_after_each_slice(struct kunit *test)
{
	u64 begin = mock_now;
	unsigned int polls;

	tick = 1000;
	start(test, WEFT_OP_SPIN, &(struct weft_job){ .spin.ns = 1000000 });
	polls = run(test);
	expect_end(test, 0);
	/* A slice is 100 us and the clock takes part of each. */
	KUNIT_EXPECT_GE(test, polls, 8U);
	KUNIT_EXPECT_LE(test, polls, 12U);
	KUNIT_EXPECT_GE(test, mock_now - begin, 1000000ULL);
}

/* The scheduler wants the CPU now and then, more often on a busy machine. */
static void slice_by_a_clock_set_by_hand_heeds_no_scheduler(struct kunit *test)
{
	tick = 1000;
	start(test, WEFT_OP_SPIN, &(struct weft_job){ .spin.ns = 50000 });
	set_tsk_need_resched(current);
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, 0);
}

static void spin_may_overshoot(struct kunit *test)
{
	tick = 1000;
	start(test, WEFT_OP_SPIN, &(struct weft_job){ .spin.ns = 1 });
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, 0);
}

static void spin_is_cancelled_between_its_slices(struct kunit *test)
{
	struct op_bed *bed = test->priv;

	tick = 1000;
	start(test, WEFT_OP_SPIN, &(struct weft_job){ .spin.ns = KTIME_MAX });
	KUNIT_EXPECT_TRUE(test, weft_worker_step(weft_executor_worker(bed->ex,
								      0)));
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&bed->t.task));
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, -ECANCELED);
}

static void sleep_ends_with_its_lateness(struct kunit *test)
{
	start(test, WEFT_OP_SLEEP, &(struct weft_job){ .sleep.ns = 500 });
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_asleep(test);
	mock_now += 499;
	KUNIT_EXPECT_EQ(test, 0U, run(test));
	mock_now += 31;
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, 30);
}

static void sleep_counts_from_its_first_poll(struct kunit *test)
{
	start(test, WEFT_OP_SLEEP, &(struct weft_job){ .sleep.ns = 500 });
	mock_now += 10000;
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_asleep(test);
	mock_now += 500;
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, 0);
}

static void absolute_sleep_ends_at_its_point(struct kunit *test)
{
	struct weft_job job = {
		.sleep.ns = mock_now + 500,
		.sleep.flags = WEFT_SLEEP_ABS,
	};

	start(test, WEFT_OP_SLEEP, &job);
	mock_now += 100;
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_asleep(test);
	mock_now += 400;
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, 0);
	/* That point is past now. */
	mock_now += 7;
	start(test, WEFT_OP_SLEEP, &job);
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, 7);
}

static void cancelled_sleep_leaves_no_timer(struct kunit *test)
{
	struct op_bed *bed = test->priv;

	start(test, WEFT_OP_SLEEP, &(struct weft_job){ .sleep.ns = 500 });
	run(test);
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, weft_cancel(&bed->t.task));
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, -ECANCELED);
	KUNIT_EXPECT_EQ(test, 0U, bed->t.task.pins);
	mock_now += 500;
	KUNIT_EXPECT_EQ(test, 0U, run(test));
}

static void longest_sleep_does_not_end(struct kunit *test)
{
	struct op_bed *bed = test->priv;

	/* Now and the time to sleep together would be in the past. */
	start(test, WEFT_OP_SLEEP, &(struct weft_job){ .sleep.ns = KTIME_MAX });
	run(test);
	expect_asleep(test);
	mock_now += 1000000 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, 0U, run(test));
	weft_cancel(&bed->t.task);
	run(test);
	expect_end(test, -ECANCELED);
}

static void sleep_has_the_slack_of_the_submitter(struct kunit *test)
{
	struct op_bed *bed = test->priv;

	start(test, WEFT_OP_SLEEP, &(struct weft_job){ .sleep.ns = 500 });
	run(test);
	KUNIT_EXPECT_EQ(test, (u32)SLACK, bed->t.sleep.sleep.slack);
	weft_cancel(&bed->t.task);
	run(test);

	start(test, WEFT_OP_SLEEP, &(struct weft_job){
		.sleep.ns = mock_now + 500,
		.sleep.flags = WEFT_SLEEP_ABS });
	run(test);
	KUNIT_EXPECT_EQ(test, (u32)SLACK, bed->t.sleep.sleep.slack);
	weft_cancel(&bed->t.task);
	run(test);
}

static const struct weft_job three_rounds = {
	.work.work_ns = 3000,
	.work.wait_ns = 500,
	.work.rounds = 3,
};

static void work_waits_between_its_rounds(struct kunit *test)
{
	int round;

	tick = 100;
	start(test, WEFT_OP_WORK, &three_rounds);
	for (round = 0; round < 2; round++) {
		KUNIT_EXPECT_EQ(test, 1U, run(test));
		expect_asleep(test);
		mock_now += 500;
	}
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, 0);
}

static void work_has_the_slack_of_the_submitter(struct kunit *test)
{
	struct op_bed *bed = test->priv;

	tick = 100;
	start(test, WEFT_OP_WORK, &three_rounds);
	run(test);
	expect_asleep(test);
	KUNIT_EXPECT_EQ(test, (u32)SLACK, bed->t.work.sleep.slack);
	weft_cancel(&bed->t.task);
	run(test);
}

static void each_round_works_as_long(struct kunit *test)
{
	u64 begin;
	int round;

	tick = 100;
	start(test, WEFT_OP_WORK, &three_rounds);
	for (round = 0; round < 3; round++) {
		begin = mock_now;
		run(test);
		KUNIT_EXPECT_GE(test, mock_now - begin, 3000ULL);
		/* The clock is also read beside the work. */
		KUNIT_EXPECT_LT(test, mock_now - begin, 4000ULL);
		mock_now += 500;
	}
	expect_end(test, 0);
}

static void long_work_yields_after_each_slice(struct kunit *test)
{
	struct weft_job job = three_rounds;
	unsigned int polls;

	tick = 1000;
	job.work.work_ns = 1000000;
	job.work.rounds = 1;
	start(test, WEFT_OP_WORK, &job);
	polls = run(test);
	expect_end(test, 0);
	KUNIT_EXPECT_GE(test, polls, 8U);
	KUNIT_EXPECT_LE(test, polls, 12U);
}

static void work_is_cancelled_while_it_waits(struct kunit *test)
{
	struct op_bed *bed = test->priv;

	tick = 100;
	start(test, WEFT_OP_WORK, &three_rounds);
	run(test);
	expect_asleep(test);
	weft_cancel(&bed->t.task);
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, -ECANCELED);
	KUNIT_EXPECT_EQ(test, 0U, bed->t.task.pins);
}

static void endless_work_gives_way(struct kunit *test)
{
	struct op_bed *bed = test->priv;
	struct weft_job job = { .work.rounds = U32_MAX };

	/* No work and no wait: only the budget ends a poll. */
	start(test, WEFT_OP_WORK, &job);
	KUNIT_EXPECT_TRUE(test, weft_worker_step(weft_executor_worker(bed->ex,
								      0)));
	KUNIT_EXPECT_EQ(test, 0U, bed->released);
	weft_cancel(&bed->t.task);
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_end(test, -ECANCELED);
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE(nop_takes_no_arguments),
	KUNIT_CASE(yield_takes_any_count),
	KUNIT_CASE(spin_takes_a_time),
	KUNIT_CASE(sleep_takes_a_time_and_a_flag),
	KUNIT_CASE(work_takes_two_times_and_rounds),
	KUNIT_CASE(nop_is_one_poll),
	KUNIT_CASE(yield_is_one_poll_more_than_it_yields),
	KUNIT_CASE(spin_of_nothing_is_one_poll),
	KUNIT_CASE(spin_yields_after_each_slice),
	KUNIT_CASE(slice_by_a_clock_set_by_hand_heeds_no_scheduler),
	KUNIT_CASE(spin_may_overshoot),
	KUNIT_CASE(spin_is_cancelled_between_its_slices),
	KUNIT_CASE(sleep_ends_with_its_lateness),
	KUNIT_CASE(sleep_counts_from_its_first_poll),
	KUNIT_CASE(absolute_sleep_ends_at_its_point),
	KUNIT_CASE(cancelled_sleep_leaves_no_timer),
	KUNIT_CASE(longest_sleep_does_not_end),
	KUNIT_CASE(sleep_has_the_slack_of_the_submitter),
	KUNIT_CASE(work_waits_between_its_rounds),
	KUNIT_CASE(work_has_the_slack_of_the_submitter),
	KUNIT_CASE(each_round_works_as_long),
	KUNIT_CASE(long_work_yields_after_each_slice),
	KUNIT_CASE(work_is_cancelled_while_it_waits),
	KUNIT_CASE(endless_work_gives_way),
	{}
};

static struct kunit_suite ops_suite = {
	.name = "weft_ops",
	.init = ops_init,
	.exit = ops_exit,
	.test_cases = ops_cases,
};

kunit_test_suite(ops_suite);
