// SPDX-License-Identifier: GPL-2.0-only
/* Where the time of a task goes. */
#include <linux/delay.h>
#include <linux/ktime.h>

#include "mock.h"

static void times_add_up(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct mock *m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT },
						    { MOCK_READY }));

	mock_now += 10;
	mock_run(bed);
	mock_now += 200;
	weft_wake(&m->task);
	mock_now += 3000;
	mock_run(bed);
	KUNIT_EXPECT_EQ(test, 3010ULL, m->task.queued_ns);
	KUNIT_EXPECT_EQ(test, 200ULL, m->task.blocked_ns);
	KUNIT_EXPECT_EQ(test, 0ULL, m->task.run_ns);
	mock_bed_free(bed);
}

static void time_passes_in_a_poll(struct mock *m)
{
	mock_now += 40;
}

static void time_in_polls_is_run_time(struct kunit *test)
{
	const struct mock_step *steps =
		STEPS({ MOCK_YIELD, .before = time_passes_in_a_poll },
		      { MOCK_READY, .before = time_passes_in_a_poll });
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct mock *m = mock_spawn(bed, 'a', steps);

	mock_run(bed);
	KUNIT_EXPECT_EQ(test, 80ULL, m->task.run_ns);
	KUNIT_EXPECT_EQ(test, 0ULL, m->task.queued_ns);
	mock_bed_free(bed);
}

static u64 histogram_total(const struct weft_histogram *h)
{
	unsigned int i;
	u64 total = 0;

	for (i = 0; i < WEFT_BUCKETS; i++)
		total += h->bucket[i];
	return total;
}

static void histograms_count_polls_and_wakes(struct kunit *test)
{
	const struct mock_step *steps =
		STEPS({ MOCK_YIELD, .before = time_passes_in_a_poll },
		      { MOCK_WAIT, .before = time_passes_in_a_poll },
		      { MOCK_READY, .before = time_passes_in_a_poll });
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct weft_histograms *h = &weft_executor_worker(bed->ex, 0)->hists;
	struct mock *m = mock_spawn(bed, 'a', steps);

	mock_now += 5;
	mock_run(bed);
	weft_wake(&m->task);
	mock_now += 1000;
	mock_run(bed);
	/* 40 ns are in 32 to 63, 5 ns in 4 to 7, 1000 ns in 512 to 1023. */
	KUNIT_EXPECT_EQ(test, 3ULL, h->poll_time.bucket[6]);
	KUNIT_EXPECT_EQ(test, 3ULL, histogram_total(&h->poll_time));
	KUNIT_EXPECT_EQ(test, 1ULL, h->wake_to_poll.bucket[3]);
	KUNIT_EXPECT_EQ(test, 1ULL, h->wake_to_poll.bucket[10]);
	KUNIT_EXPECT_EQ(test, 2ULL, histogram_total(&h->wake_to_poll));
	mock_bed_free(bed);
}

static void wait_for_a_turn_is_queued_time(struct kunit *test)
{
	const struct mock_step *steps =
		STEPS({ MOCK_YIELD, .before = time_passes_in_a_poll },
		      { MOCK_READY, .before = time_passes_in_a_poll });
	struct mock_bed *bed = mock_bed_manual(test, 1);
	struct mock *a = mock_spawn(bed, 'a', steps);
	struct mock *b = mock_spawn(bed, 'b', steps);

	mock_run(bed);
	KUNIT_EXPECT_EQ(test, 40ULL, a->task.queued_ns);
	KUNIT_EXPECT_EQ(test, 80ULL, b->task.queued_ns);
	KUNIT_EXPECT_EQ(test, 80ULL, a->task.run_ns);
	KUNIT_EXPECT_EQ(test, 0ULL, a->task.blocked_ns);
	mock_bed_free(bed);
}

static void wait_is_blocked_time(struct kunit *test, enum weft_engine engine)
{
	struct mock_bed *bed = mock_bed_timed(test, 1, engine, 1);
	u64 spawned = ktime_get_ns(), pending, woken, ended;
	struct mock *m;

	mock_expect(bed, 1);
	m = mock_spawn(bed, 'a', STEPS({ MOCK_WAIT }, { MOCK_READY }));
	mock_wait_state(m, WEFT_STATE_PENDING);
	pending = ktime_get_ns();
	msleep(1000);
	woken = ktime_get_ns();
	weft_wake(&m->task);
	mock_wait(bed);
	ended = ktime_get_ns();
	/* The time in which it waited is no time in a queue or a poll. */
	KUNIT_EXPECT_GE(test, m->task.blocked_ns, woken - pending);
	KUNIT_EXPECT_LE(test, m->task.queued_ns + m->task.run_ns,
			ended - spawned - m->task.blocked_ns);
	mock_bed_free(bed);
}

static void wait_of_a_task_is_blocked_time(struct kunit *test)
{
	wait_is_blocked_time(test, WEFT_ASYNC);
}

static void wait_of_a_thread_is_blocked_time(struct kunit *test)
{
	wait_is_blocked_time(test, WEFT_THREADS);
}

static void threads_have_histograms(struct kunit *test)
{
	struct mock_bed *bed = mock_bed_timed(test, 1, WEFT_THREADS, 1);
	struct weft_threads *threads = &bed->ex->threads;
	struct mock *m;

	mock_expect(bed, 1);
	m = mock_spawn(bed, 'a', STEPS({ MOCK_YIELD }, { MOCK_WAIT },
				       { MOCK_READY }));
	mock_wait_state(m, WEFT_STATE_PENDING);
	weft_wake(&m->task);
	mock_wait(bed);
	weft_threads_fini(threads);
	KUNIT_EXPECT_EQ(test, 3ULL, histogram_total(&threads->hists.poll_time));
	KUNIT_EXPECT_EQ(test, 2ULL,
			histogram_total(&threads->hists.wake_to_poll));
	mock_bed_free(bed);
}

static void untimed_executor_takes_no_times(struct kunit *test)
{
	struct mock_bed *timed = mock_bed_timed(test, 1, WEFT_ASYNC, 1);
	struct mock_bed *bed = mock_bed_live(test, 1, WEFT_ASYNC, 1);
	struct mock *m;

	mock_expect(bed, 1);
	m = mock_spawn(bed, 'a', STEPS({ MOCK_SLEEP, ktime_get_ns() + 1000000 },
				       { MOCK_READY }));
	mock_wait(bed);
	KUNIT_EXPECT_EQ(test, 0ULL, m->task.queued_ns);
	KUNIT_EXPECT_EQ(test, 0ULL, m->task.run_ns);
	KUNIT_EXPECT_EQ(test, 0ULL, m->task.blocked_ns);
	mock_bed_free(bed);
	mock_bed_free(timed);
}

static void histogram_has_a_bucket_for_any_time(struct kunit *test)
{
	struct weft_histogram *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, h);
	for (i = 0; i < WEFT_BUCKETS; i++) {
		weft_histogram_add(h, weft_bucket_floor(i));
		weft_histogram_add(h, weft_bucket_ceiling(i));
		KUNIT_EXPECT_EQ(test, 2ULL, h->bucket[i]);
	}
	KUNIT_EXPECT_EQ(test, 0ULL, weft_bucket_ceiling(0));
	KUNIT_EXPECT_EQ(test, U64_MAX, weft_bucket_ceiling(WEFT_BUCKETS - 1));
}

static struct kunit_case time_cases[] = {
	KUNIT_CASE(times_add_up),
	KUNIT_CASE(time_in_polls_is_run_time),
	KUNIT_CASE(histograms_count_polls_and_wakes),
	KUNIT_CASE(wait_for_a_turn_is_queued_time),
	KUNIT_CASE(wait_of_a_task_is_blocked_time),
	KUNIT_CASE(wait_of_a_thread_is_blocked_time),
	KUNIT_CASE(threads_have_histograms),
	KUNIT_CASE(untimed_executor_takes_no_times),
	KUNIT_CASE(histogram_has_a_bucket_for_any_time),
	{}
};

static struct kunit_suite time_suite = {
	.name = "weft_time",
	.test_cases = time_cases,
};

kunit_test_suite(time_suite);
