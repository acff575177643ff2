// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each op does on each engine, and what its completion and receipt say.
 */
#include "common.h"

#define CREDITS	256

ENGINE_FIXTURE(job, CREDITS)

/* Runs @job and checks what every good completion has in common. */
static struct weft_completion run_well(struct __test_metadata *_metadata, int fd,
				       struct weft_job job)
{
	struct weft_completion c = { 0 };
	__u64 id = 0;

	ASSERT_EQ(1, submit_one(fd, job, &id));
	ASSERT_EQ(1, reap(fd, &c, 1));
	EXPECT_EQ(id, c.id);
	EXPECT_EQ(job.user_data, c.user_data);
	EXPECT_EQ(job.op, c.op);
	EXPECT_EQ(0, c.__reserved);
	EXPECT_EQ(0, look(fd));
	return c;
}

static bool has_times(int fd)
{
	struct weft_query query;

	return !get_query(fd, &query) && (query.features & WEFT_FEATURE_TIMING);
}

TEST_F(job, nop_ends_with_zero)
{
	struct weft_completion c = run_well(_metadata, self->fd, nop_job(1));

	EXPECT_EQ(0, c.result);
}

TEST_F(job, yield_ends_with_zero)
{
	struct weft_completion c = run_well(_metadata, self->fd, yield_job(1, 10));

	EXPECT_EQ(0, c.result);
}

TEST_F(job, spin_ends_with_zero)
{
	struct weft_completion c = run_well(_metadata, self->fd, spin_job(1, USEC));

	EXPECT_EQ(0, c.result);
}

TEST_F(job, work_ends_with_zero)
{
	struct weft_completion c = run_well(_metadata, self->fd,
					    work_job(1, 3, USEC, USEC));

	EXPECT_EQ(0, c.result);
}

TEST_F(job, user_data_comes_back_untouched)
{
	const __u64 data[] = { 0, 1, 1ULL << 32, 1ULL << 63, 0x0123456789abcdefULL, ~0ULL };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(data); i++)
		run_well(_metadata, self->fd, nop_job(data[i]));
}

TEST_F(job, receipt_is_zero_unless_asked_for)
{
	const struct weft_receipt zero = { 0 };
	struct weft_completion c = run_well(_metadata, self->fd, work_job(1, 2, USEC, USEC));

	EXPECT_EQ(0, c.flags);
	EXPECT_EQ(0, memcmp(&zero, &c.receipt, sizeof(zero)));
}

TEST_F(job, receipt_has_times_if_the_query_says_so)
{
	struct weft_completion c = run_well(_metadata, self->fd, with_receipt(nop_job(1)));

	EXPECT_EQ(has_times(self->fd) ? WEFT_COMPLETION_RECEIPT | WEFT_COMPLETION_TIMED :
					WEFT_COMPLETION_RECEIPT, c.flags);
}

TEST_F(job, nop_is_polled_once)
{
	struct weft_completion c = run_well(_metadata, self->fd, with_receipt(nop_job(1)));

	EXPECT_EQ(1, c.receipt.polls);
	EXPECT_EQ(0, c.receipt.wakes);
	EXPECT_EQ(0, c.receipt.moves);
	EXPECT_EQ(0, c.receipt.punts);
}

TEST_F(job, nop_blocks_for_no_time)
{
	struct weft_completion c = run_well(_metadata, self->fd, with_receipt(nop_job(1)));

	EXPECT_EQ(0, c.receipt.blocked_ns);
}

TEST_F(job, yield_is_polled_once_more_than_it_yields)
{
	const __u64 counts[] = { 0, 1, 2, 1000 };
	struct weft_completion c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		c = run_well(_metadata, self->fd, with_receipt(yield_job(i, counts[i])));
		EXPECT_EQ(0, c.result);
		EXPECT_EQ(counts[i] + 1, c.receipt.polls);
	}
}

TEST_F(job, spin_runs_as_long_as_asked)
{
	const __u64 times[] = { 0, 1, USEC, MSEC, 20 * MSEC };
	struct weft_completion c;
	__u64 start, elapsed;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		start = now_ns();
		c = run_well(_metadata, self->fd, with_receipt(spin_job(i, times[i])));
		elapsed = now_ns() - start;
		EXPECT_EQ(0, c.result);
		EXPECT_LE(times[i], elapsed);
		if (c.flags & WEFT_COMPLETION_TIMED) {
			EXPECT_LE(times[i], c.receipt.run_ns);
			EXPECT_GE(elapsed, c.receipt.run_ns);
		}
	}
}

/*
 * A slice that ends only with the scheduler's tick would take 4 ms and more. An
 * emulated CPU may stand still inside of a poll, and to the guest that is time like
 * any other: then try again.
 */
TEST_F(job, spin_gives_way_within_a_millisecond)
{
	__u64 end = in_ns(PATIENCE);
	struct weft_completion c;

	do {
		c = run_well(_metadata, self->fd, with_receipt(spin_job(1, 20 * MSEC)));
	} while (c.receipt.polls < 20 && now_ns() < end);
	EXPECT_LE(20, c.receipt.polls);
}

TEST_F(job, sleep_is_not_early)
{
	const __u64 times[] = { 0, 1, USEC, MSEC, 10 * MSEC };
	struct weft_completion c;
	__u64 start, elapsed;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		start = now_ns();
		c = run_well(_metadata, self->fd, sleep_job(i, times[i]));
		elapsed = now_ns() - start;
		EXPECT_LE(0, c.result);
		EXPECT_LE(times[i] + c.result, elapsed);
	}
}

TEST_F(job, sleep_is_polled_twice_and_woken_once)
{
	struct weft_completion c;

	c = run_well(_metadata, self->fd, with_receipt(sleep_job(1, 10 * MSEC)));
	EXPECT_EQ(2, c.receipt.polls);
	EXPECT_EQ(1, c.receipt.wakes);
	EXPECT_EQ(0, c.receipt.punts);
}

TEST_F(job, sleep_blocks_for_its_time)
{
	struct weft_completion c;

	c = run_well(_metadata, self->fd, with_receipt(sleep_job(1, 10 * MSEC)));
	if (c.flags & WEFT_COMPLETION_TIMED) {
		EXPECT_LE(10 * MSEC, c.receipt.blocked_ns + c.receipt.run_ns);
	}
}

TEST_F(job, sleep_until_is_not_early)
{
	__u64 when = in_ns(10 * MSEC), now;
	struct weft_completion c;

	c = run_well(_metadata, self->fd, sleep_until_job(1, when));
	now = now_ns();
	EXPECT_LE(0, c.result);
	EXPECT_LE(when + c.result, now);
}

/* The result tells how late: between the submit and the reap. */
static void check_past(struct __test_metadata *_metadata, int fd, __u64 when)
{
	__u64 start = now_ns();
	struct weft_completion c;

	c = run_well(_metadata, fd, with_receipt(sleep_until_job(1, when)));
	EXPECT_LE(0, c.result);
	EXPECT_LE(start, when + c.result);
	EXPECT_GE(now_ns(), when + c.result);
	EXPECT_EQ(1, c.receipt.polls);
	EXPECT_EQ(0, c.receipt.wakes);
}

TEST_F(job, sleep_until_the_past_ends_at_the_first_poll)
{
	check_past(_metadata, self->fd, now_ns() - 1);
}

TEST_F(job, sleep_until_the_boot_ends_at_the_first_poll)
{
	check_past(_metadata, self->fd, 0);
	check_past(_metadata, self->fd, 1);
}

TEST_F(job, work_takes_its_rounds_and_the_waits_between)
{
	__u64 start = now_ns(), elapsed;
	struct weft_completion c;

	c = run_well(_metadata, self->fd, with_receipt(work_job(1, 4, MSEC, 5 * MSEC)));
	elapsed = now_ns() - start;
	EXPECT_EQ(0, c.result);
	EXPECT_LE(4 * MSEC + 3 * 5 * MSEC, elapsed);
	EXPECT_LE(4, c.receipt.polls);
	EXPECT_EQ(3, c.receipt.wakes);
	if (c.flags & WEFT_COMPLETION_TIMED) {
		EXPECT_LE(4 * MSEC, c.receipt.run_ns);
		EXPECT_LE(4 * MSEC + 15 * MSEC,
			  c.receipt.run_ns + c.receipt.blocked_ns + c.receipt.queued_ns);
	}
}

TEST_F(job, work_of_one_round_does_not_wait)
{
	struct weft_completion c;

	c = run_well(_metadata, self->fd, with_receipt(work_job(1, 1, USEC, HOUR)));
	EXPECT_EQ(0, c.result);
	EXPECT_EQ(0, c.receipt.wakes);
	EXPECT_EQ(0, c.receipt.blocked_ns);
}

TEST_F(job, receipt_times_fit_into_the_elapsed_time)
{
	const struct weft_job jobs[] = {
		nop_job(1), yield_job(1, 100), spin_job(1, 5 * MSEC),
		sleep_job(1, 5 * MSEC), work_job(1, 3, MSEC, MSEC),
	};
	struct weft_completion c;
	__u64 start;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		start = now_ns();
		c = run_well(_metadata, self->fd, with_receipt(jobs[i]));
		EXPECT_GE(now_ns() - start, c.receipt.queued_ns + c.receipt.run_ns +
						    c.receipt.blocked_ns);
	}
}

/*
 * A value that was cut or wrapped would end its job before the sleep that is
 * submitted after it.
 */
static void check_endless(struct __test_metadata *_metadata, int fd, struct weft_job job)
{
	struct weft_completion c = { 0 };
	__u64 id = 0;

	job.user_data = 1;
	ASSERT_EQ(1, submit_one(fd, job, &id));
	ASSERT_EQ(1, submit_one(fd, sleep_job(2, 5 * MSEC), NULL));
	ASSERT_EQ(1, reap(fd, &c, 1));
	EXPECT_EQ(2, c.user_data);
	EXPECT_LE(0, c.result);
	EXPECT_LT(0, cancel_job(fd, id));
	ASSERT_EQ(1, reap(fd, &c, 1));
	EXPECT_EQ(1, c.user_data);
	EXPECT_EQ(-ECANCELED, c.result);
}

TEST_F(job, yield_of_all_ones_goes_on)
{
	check_endless(_metadata, self->fd, yield_job(0, ~0ULL));
}

TEST_F(job, yield_of_2_32_goes_on)
{
	check_endless(_metadata, self->fd, yield_job(0, 1ULL << 32));
}

TEST_F(job, longest_spin_goes_on)
{
	check_endless(_metadata, self->fd, spin_job(0, ~0ULL >> 1));
}

TEST_F(job, longest_sleep_goes_on)
{
	check_endless(_metadata, self->fd, sleep_job(0, ~0ULL >> 1));
}

TEST_F(job, sleep_beyond_the_end_of_time_goes_on)
{
	check_endless(_metadata, self->fd, sleep_job(0, (~0ULL >> 1) - now_ns()));
	check_endless(_metadata, self->fd, sleep_job(0, (~0ULL >> 1) - now_ns() + MSEC));
}

TEST_F(job, sleep_until_the_end_of_time_goes_on)
{
	check_endless(_metadata, self->fd, sleep_until_job(0, ~0ULL >> 1));
}

TEST_F(job, longest_work_goes_on)
{
	check_endless(_metadata, self->fd, work_job(0, 1, ~0ULL >> 1, 0));
}

TEST_F(job, longest_wait_of_work_goes_on)
{
	check_endless(_metadata, self->fd, work_job(0, 2, 0, ~0ULL >> 1));
}

TEST_F(job, most_rounds_go_on)
{
	check_endless(_metadata, self->fd, work_job(0, ~0U, USEC, USEC));
}

/* Endless jobs on every worker, and twice: another one still gets its turn. */
static void check_fair(struct __test_metadata *_metadata, int fd, struct weft_job hog)
{
	struct weft_completion c[CREDITS];
	struct weft_query query;
	struct weft_job *jobs;
	unsigned int n;

	ASSERT_EQ(0, get_query(fd, &query));
	n = query.workers * 2;
	ASSERT_GT(CREDITS, n);
	jobs = many_jobs(hog, n);
	ASSERT_TRUE(jobs);
	ASSERT_EQ(n, submit_all(fd, jobs, NULL, n));
	ASSERT_EQ(1, run_job(fd, nop_job(n), c));
	EXPECT_EQ(n, c[0].user_data);
	EXPECT_EQ(0, c[0].result);
	ASSERT_EQ(1, run_job(fd, sleep_job(n, MSEC), c));
	EXPECT_EQ(n, c[0].user_data);
	ASSERT_EQ(n, cancel_and_reap(fd, c, n));
	EXPECT_TRUE(exactly_once(c, n));
	EXPECT_EQ(n, count_result(c, n, -ECANCELED));
	free(jobs);
}

TEST_F(job, endless_yields_starve_nobody)
{
	check_fair(_metadata, self->fd, yield_job(0, ~0ULL));
}

TEST_F(job, endless_spins_starve_nobody)
{
	check_fair(_metadata, self->fd, spin_job(0, HOUR));
}

TEST_F(job, endless_work_starves_nobody)
{
	check_fair(_metadata, self->fd, work_job(0, ~0U, 0, 0));
}

TEST_F(job, mixed_load_completes_each_job_once)
{
	enum { N = 2000 };
	struct weft_completion *c = calloc(N, sizeof(*c));
	struct weft_job *jobs = mixed_jobs(N);
	struct weft_stats stats;
	int i;

	ASSERT_TRUE(jobs && c);
	ASSERT_EQ(N, pump(self->fd, jobs, c, N));
	EXPECT_TRUE(exactly_once(c, N));
	for (i = 0; i < N; i++) {
		EXPECT_LE(0, c[i].result);
		EXPECT_EQ(jobs[c[i].user_data].op, c[i].op);
	}
	EXPECT_EQ(0, look(self->fd));
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(N, stats.accepted);
	EXPECT_EQ(N, stats.done);
	EXPECT_EQ(N, stats.reaped);
	EXPECT_EQ(0, stats.failed);
	free(jobs);
	free(c);
}

struct flipper {
	__u16 *op;
	bool stop;
};

static void *flip(void *arg)
{
	struct flipper *flipper = arg;

	while (!__atomic_load_n(&flipper->stop, __ATOMIC_RELAXED)) {
		__atomic_store_n(flipper->op, WEFT_OP_NOP, __ATOMIC_SEQ_CST);
		__atomic_store_n(flipper->op, 0xffff, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* The job is read once: what was validated is what runs. */
TEST_F(job, flipping_op_runs_as_it_was_validated)
{
	const int rounds = scaled(20000, 1000);
	struct weft_job job = nop_job(1);
	struct flipper flipper = { .op = &job.op };
	struct weft_completion c;
	pthread_t thread;
	__u32 error;
	int i, ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, flip, &flipper));
	for (i = 0; i < rounds; i++) {
		ret = submit_batch(self->fd, &job, NULL, 1, &error);
		ASSERT_LE(0, ret);
		EXPECT_EQ(ret ? 0 : EINVAL, error);
		if (!ret)
			continue;
		ASSERT_EQ(1, reap(self->fd, &c, 1));
		EXPECT_EQ(WEFT_OP_NOP, c.op);
		EXPECT_EQ(0, c.result);
	}
	__atomic_store_n(&flipper.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

WEFT_TEST_MAIN
