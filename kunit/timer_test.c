// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ktime.h>

#include "mock.h"

#define SLEEPERS	1000

static int timer_init(struct kunit *test)
{
	test->priv = mock_bed_manual(test, 1);
	return 0;
}

static void timer_exit(struct kunit *test)
{
	struct mock_bed *bed = test->priv;

	KUNIT_EXPECT_EQ(test, 0, atomic_read(&bed->group.waiting));
	mock_bed_free(bed);
}

static struct mock *slack_sleeper(struct mock_bed *bed, char name, u64 until,
				  u32 slack)
{
	struct mock_step *steps = kunit_kcalloc(bed->test, 2, sizeof(*steps),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(bed->test, steps);
	steps[0] = (struct mock_step){ MOCK_SLEEP, until, slack };
	steps[1] = (struct mock_step){ MOCK_READY };
	return mock_spawn(bed, name, steps);
}

static struct mock *sleeper(struct mock_bed *bed, char name, u64 until)
{
	return slack_sleeper(bed, name, until, 0);
}

static void sleep_ends_at_its_time_and_not_before(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = sleeper(bed, 'a', 2000);

	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, (int)WEFT_WAIT_TIMER, (int)m->task.wait);
	mock_now = 1999;
	KUNIT_EXPECT_EQ(test, 0U, mock_run(bed));
	mock_now = 2000;
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, 1U, m->released);
	KUNIT_EXPECT_EQ(test, 1U, m->task.wakes);
}

static void sleep_until_now_or_before_is_ready_at_once(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *now = sleeper(bed, 'a', mock_now);
	struct mock *past = sleeper(bed, 'b', 0);

	KUNIT_EXPECT_EQ(test, 2U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, 1U, now->released);
	KUNIT_EXPECT_EQ(test, 1U, past->released);
}

static void earlier_deadline_wakes_first(struct kunit *test)
{
	struct mock_bed *bed = test->priv;

	sleeper(bed, 'c', 4000);
	sleeper(bed, 'a', 2000);
	sleeper(bed, 'b', 3000);
	KUNIT_EXPECT_EQ(test, 3U, mock_run(bed));
	mock_now = 3000;
	KUNIT_EXPECT_EQ(test, 2U, mock_run(bed));
	mock_now = 4000;
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	mock_expect_log(bed, 3, "abc");
}

static void equal_deadlines_wake_in_order(struct kunit *test)
{
	struct mock_bed *bed = test->priv;

	sleeper(bed, 'a', 2000);
	sleeper(bed, 'b', 2000);
	sleeper(bed, 'c', 2000);
	mock_run(bed);
	mock_now = 2000;
	KUNIT_EXPECT_EQ(test, 3U, mock_run(bed));
	mock_expect_log(bed, 3, "abc");
}

static void slack_lets_a_sleep_go_on_with_the_next(struct kunit *test)
{
	struct mock_bed *bed = test->priv;

	slack_sleeper(bed, 'a', 2000, 5000);
	sleeper(bed, 'b', 3000);
	mock_run(bed);
	mock_now = 2500;
	KUNIT_EXPECT_EQ(test, 0U, mock_run(bed));
	mock_now = 3000;
	KUNIT_EXPECT_EQ(test, 2U, mock_run(bed));
	mock_expect_log(bed, 2, "ba");
}

static u64 fixed_clock(void *arg)
{
	return mock_now;
}

static void sleep_for_counts_from_now(struct kunit *test)
{
	struct weft_timers timers;
	struct weft_cx cx = { .timers = &timers };
	struct weft_sleep sleep;

	weft_timers_init(&timers, NULL, fixed_clock, NULL);
	weft_sleep_for(&sleep, &cx, 500, 70);
	KUNIT_EXPECT_EQ(test, mock_now + 500, sleep.deadline);
	KUNIT_EXPECT_EQ(test, 70U, sleep.slack);
	weft_sleep_for(&sleep, &cx, KTIME_MAX, 0);
	KUNIT_EXPECT_EQ(test, (u64)KTIME_MAX, sleep.deadline);
	weft_sleep_for(&sleep, &cx, U64_MAX, 0);
	KUNIT_EXPECT_EQ(test, (u64)KTIME_MAX, sleep.deadline);
}

static void far_future_is_never(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = sleeper(bed, 'a', KTIME_MAX);

	mock_run(bed);
	mock_now = KTIME_MAX - 1;
	KUNIT_EXPECT_EQ(test, 0U, mock_run(bed));
	weft_cancel(&m->task);
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
}

static void deadline_and_slack_do_not_overflow(struct kunit *test)
{
	struct weft_sleep sleep = {};

	weft_sleep_until(&sleep, U64_MAX, U32_MAX);
	KUNIT_EXPECT_EQ(test, (u64)KTIME_MAX, sleep.deadline);
	KUNIT_EXPECT_EQ(test, KTIME_MAX, sleep.node.expires);
	weft_sleep_until(&sleep, 5000, 70);
	KUNIT_EXPECT_EQ(test, 5000ULL, sleep.deadline);
	KUNIT_EXPECT_EQ(test, 5070LL, sleep.node.expires);
}

static void spurious_wake_does_not_end_a_sleep(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = sleeper(bed, 'a', 2000);

	mock_run(bed);
	KUNIT_EXPECT_TRUE(test, weft_wake(&m->task));
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, WEFT_STATE_PENDING, mock_state(m));
	KUNIT_EXPECT_EQ(test, 1U, m->task.pins);
	mock_now = 2000;
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, 1U, m->released);
	KUNIT_EXPECT_EQ(test, 0U, m->task.pins);
}

/* First, middle and last of three: the others must still wake. */
static void cancelled_sleeper_leaves_the_others(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	int victim, i;

	for (victim = 0; victim < 3; victim++) {
		u64 begin = mock_now;
		struct mock *m[3];

		for (i = 0; i < 3; i++)
			m[i] = sleeper(bed, 'a' + i, begin + 1000 * (i + 1));
		KUNIT_EXPECT_EQ(test, 3U, mock_run(bed));
		weft_cancel(&m[victim]->task);
		KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
		KUNIT_EXPECT_EQ(test, (s64)-ECANCELED, m[victim]->task.result);
		mock_now = begin + 3000;
		KUNIT_EXPECT_EQ(test, 2U, mock_run(bed));
		for (i = 0; i < 3; i++)
			KUNIT_EXPECT_EQ(test, 1U, m[i]->released);
	}
}

static void sleep_can_be_used_again(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_SLEEP, 2000 },
						    { MOCK_SLEEP, 3000 },
						    { MOCK_SLEEP, 2500 },
						    { MOCK_READY }));

	mock_run(bed);
	mock_now = 2000;
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, WEFT_STATE_PENDING, mock_state(m));
	mock_now = 3000;
	/* The third one is over when it begins. */
	KUNIT_EXPECT_EQ(test, 1U, mock_run(bed));
	KUNIT_EXPECT_EQ(test, 1U, m->released);
}

/* The same numbers each time, up to @max. */
static u64 next_random(u64 *seed, u64 max)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed % max;
}

static void many_sleepers_wake_when_due(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	u64 seed = 88172645463325252ULL;
	struct mock **m;
	int i;

	m = kunit_kcalloc(test, SLEEPERS, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	for (i = 0; i < SLEEPERS; i++)
		m[i] = sleeper(bed, 'x', 1001 + next_random(&seed, 100000));
	KUNIT_EXPECT_EQ(test, (unsigned int)SLEEPERS, mock_run(bed));
	while (mock_now < 101001) {
		mock_now += 500;
		mock_run(bed);
		for (i = 0; i < SLEEPERS; i++) {
			bool due = m[i]->steps->arg <= mock_now;

			if (m[i]->released != due)
				break;
		}
		KUNIT_ASSERT_EQ(test, SLEEPERS, i);
	}
}

/* The deadline of the sleeper before. */
static s64 last_deadline;

static void expect_later_deadline(struct mock *m)
{
	KUNIT_EXPECT_LE(m->bed->test, last_deadline, m->steps->arg);
	last_deadline = m->steps->arg;
}

static void many_sleepers_wake_in_order(struct kunit *test)
{
	struct mock_bed *bed = test->priv;
	u64 seed = 88172645463325252ULL;
	struct mock_step (*steps)[2];
	int i;

	steps = kunit_kcalloc(test, SLEEPERS, sizeof(*steps), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, steps);
	last_deadline = 0;
	for (i = 0; i < SLEEPERS; i++) {
		steps[i][0].act = MOCK_SLEEP;
		steps[i][0].arg = 1001 + next_random(&seed, 100000);
		steps[i][1].after = expect_later_deadline;
		mock_spawn(bed, 'x', steps[i]);
	}
	KUNIT_EXPECT_EQ(test, (unsigned int)SLEEPERS, mock_run(bed));
	mock_now = 101001;
	KUNIT_EXPECT_EQ(test, (unsigned int)SLEEPERS, mock_run(bed));
	KUNIT_EXPECT_GT(test, last_deadline, 0LL);
}

/* In real time. */
static void real_sleep_is_not_early(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	u64 until = ktime_get_ns() + 5 * NSEC_PER_MSEC;

	mock_expect(bed, 1);
	sleeper(bed, 'a', until);
	mock_wait(bed);
	KUNIT_EXPECT_GE(test, ktime_get_ns(), until);
	mock_bed_free(bed);
}

static u64 timer_interrupts(struct mock_bed *bed)
{
	struct weft_engine_stats stats;

	weft_executor_engine_stats(bed->ex, WEFT_ASYNC, &stats);
	return stats.counters.timer_interrupts;
}

/* Return: false if it came too late: one did not sleep before the first was due. */
static bool all_sleep(struct mock **m, unsigned int count, u64 first)
{
	while (count--)
		mock_wait_polled(m[count]);
	return ktime_get_ns() < first;
}

static bool one_interrupt_for_all(struct kunit *test, u64 moment)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	u64 now = ktime_get_ns();
	struct mock *m[6];
	bool in_time;
	int i;

	mock_expect(bed, ARRAY_SIZE(m));
	for (i = 0; i < 5; i++)
		m[i] = sleeper(bed, 'b', now + moment + MOCK_MOMENT);
	m[5] = slack_sleeper(bed, 'a', now + moment, 5 * MOCK_MOMENT);
	in_time = all_sleep(m, ARRAY_SIZE(m), now + moment);
	mock_wait(bed);
	if (in_time)
		KUNIT_EXPECT_EQ(test, 1ULL, timer_interrupts(bed));
	mock_bed_free(bed);
	return in_time;
}

static void one_interrupt_wakes_all_that_are_due(struct kunit *test)
{
	mock_in_time(test, one_interrupt_for_all);
}

/* One on each: where there are more, one of them may move as it wakes. */
static bool each_worker_has_a_timer(struct kunit *test, u64 moment)
{
	struct mock_bed *bed = mock_bed_live(test, 4, WEFT_ASYNC, 1);
	u64 until = ktime_get_ns() + moment;
	struct mock *m[4];
	bool in_time;
	int i;

	mock_expect(bed, ARRAY_SIZE(m));
	for (i = 0; i < ARRAY_SIZE(m); i++)
		m[i] = sleeper(bed, 'a', until);
	in_time = all_sleep(m, ARRAY_SIZE(m), until);
	mock_wait(bed);
	for (i = 0; in_time && i < ARRAY_SIZE(m); i++) {
		KUNIT_EXPECT_EQ(test, 0U, m[i]->task.moves);
		KUNIT_EXPECT_EQ(test, 1U, m[i]->task.wakes);
	}
	if (in_time)
		KUNIT_EXPECT_EQ(test, 4ULL, timer_interrupts(bed));
	mock_bed_free(bed);
	return in_time;
}

static void workers_have_timers_of_their_own(struct kunit *test)
{
	mock_in_time(test, each_worker_has_a_timer);
}

static bool earlier_sleeper_is_first(struct kunit *test, u64 moment)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	struct mock *late, *early;
	bool in_time;
	u64 until;

	mock_expect(bed, 1);
	late = sleeper(bed, 'b', ktime_get_ns() + 3600 * NSEC_PER_SEC);
	mock_wait_state(late, WEFT_STATE_PENDING);
	until = ktime_get_ns() + moment;
	early = sleeper(bed, 'a', until);
	in_time = all_sleep(&early, 1, until);
	mock_wait(bed);
	mock_expect(bed, 1);
	weft_cancel(&late->task);
	mock_wait(bed);
	if (in_time)
		KUNIT_EXPECT_EQ(test, 1ULL, timer_interrupts(bed));
	mock_bed_free(bed);
	return in_time;
}

static void earlier_sleeper_brings_the_hrtimer_forward(struct kunit *test)
{
	mock_in_time(test, earlier_sleeper_is_first);
}

static bool sleepers_follow(struct kunit *test, u64 moment)
{
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	u64 now = ktime_get_ns();
	struct mock *m[3];
	bool in_time;

	mock_expect(bed, ARRAY_SIZE(m));
	m[0] = sleeper(bed, 'b', now + 2 * moment);
	m[1] = sleeper(bed, 'a', now + moment);
	m[2] = sleeper(bed, 'c', now + 3 * moment);
	in_time = all_sleep(m, ARRAY_SIZE(m), now + moment);
	mock_wait(bed);
	if (in_time)
		mock_expect_log(bed, 0, "bacabc");
	mock_bed_free(bed);
	return in_time;
}

static void hrtimer_goes_on_to_the_next_sleeper(struct kunit *test)
{
	mock_in_time(test, sleepers_follow);
}

static struct kunit_case timer_cases[] = {
	KUNIT_CASE(sleep_ends_at_its_time_and_not_before),
	KUNIT_CASE(sleep_until_now_or_before_is_ready_at_once),
	KUNIT_CASE(earlier_deadline_wakes_first),
	KUNIT_CASE(equal_deadlines_wake_in_order),
	KUNIT_CASE(slack_lets_a_sleep_go_on_with_the_next),
	KUNIT_CASE(sleep_for_counts_from_now),
	KUNIT_CASE(far_future_is_never),
	KUNIT_CASE(deadline_and_slack_do_not_overflow),
	KUNIT_CASE(spurious_wake_does_not_end_a_sleep),
	KUNIT_CASE(cancelled_sleeper_leaves_the_others),
	KUNIT_CASE(sleep_can_be_used_again),
	KUNIT_CASE(many_sleepers_wake_when_due),
	KUNIT_CASE(many_sleepers_wake_in_order),
	KUNIT_CASE(real_sleep_is_not_early),
	KUNIT_CASE(one_interrupt_wakes_all_that_are_due),
	KUNIT_CASE(workers_have_timers_of_their_own),
	KUNIT_CASE(earlier_sleeper_brings_the_hrtimer_forward),
	KUNIT_CASE(hrtimer_goes_on_to_the_next_sleeper),
	{}
};

static struct kunit_suite timer_suite = {
	.name = "weft_timer",
	.init = timer_init,
	.exit = timer_exit,
	.test_cases = timer_cases,
};

kunit_test_suite(timer_suite);
