// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deadlines: a job that has not ended by then is ended, once.
 */
#include "common.h"

#define CREDITS	1024

ENGINE_FIXTURE(deadline, CREDITS)

static void check_expires(struct __test_metadata *_metadata, int fd,
			  struct weft_job job)
{
	__u64 when = in_ns(20 * MSEC);
	struct weft_completion c;
	struct weft_stats stats;

	ASSERT_EQ(1, run_job(fd, with_deadline(job, when), &c));
	EXPECT_LE(when, now_ns());
	EXPECT_EQ(-ETIME, c.result);
	EXPECT_EQ(job.user_data, c.user_data);
	ASSERT_EQ(0, get_stats(fd, &stats));
	EXPECT_EQ(1, stats.done);
	EXPECT_EQ(1, stats.failed);
	EXPECT_EQ(1, stats.expired);
	EXPECT_EQ(0, stats.cancelled);
	EXPECT_EQ(CREDITS, stats.credits_free);
}

TEST_F(deadline, sleeping_job_expires)
{
	check_expires(_metadata, self->fd, sleep_job(1, HOUR));
}

TEST_F(deadline, yielding_job_expires)
{
	check_expires(_metadata, self->fd, yield_job(2, ~0ULL));
}

TEST_F(deadline, spinning_job_expires)
{
	check_expires(_metadata, self->fd, spin_job(3, HOUR));
}

TEST_F(deadline, working_job_expires)
{
	check_expires(_metadata, self->fd, work_job(4, ~0U, USEC, HOUR));
}

TEST_F(deadline, one_in_the_past_ends_the_job_before_it_begins)
{
	const struct weft_job jobs[] = {
		nop_job(1), yield_job(1, 1), spin_job(1, HOUR), sleep_job(1, HOUR),
		work_job(1, 1, HOUR, 0),
	};
	struct weft_completion c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		ASSERT_EQ(1, run_job(self->fd,
				     with_receipt(with_deadline(jobs[i], 1)), &c));
		EXPECT_EQ(-ETIME, c.result);
		EXPECT_EQ(1, c.receipt.polls);
	}
}

TEST_F(deadline, zero_is_none)
{
	struct weft_completion c;

	ASSERT_EQ(1, run_job(self->fd, with_deadline(sleep_job(1, MSEC), 0), &c));
	EXPECT_LE(0, c.result);
}

TEST_F(deadline, job_that_ends_before_it_is_not_touched)
{
	const __u64 whens[] = { in_ns(HOUR), INT64_MAX };
	struct weft_completion c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(whens); i++) {
		ASSERT_EQ(1, run_job(self->fd,
				     with_deadline(sleep_job(1, MSEC), whens[i]), &c));
		EXPECT_LE(0, c.result);
	}
}

TEST_F(deadline, cancel_comes_before_a_deadline_far_away)
{
	struct weft_completion c;
	__u64 id;

	ASSERT_EQ(1, submit_one(self->fd,
				with_deadline(sleep_job(1, HOUR), in_ns(HOUR)), &id));
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(self->fd, id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(-ECANCELED, c.result);
}

/* Ends, deadlines and cancels of the same moment: each job ends once, and a cancel
 * that was promised is kept.
 */
TEST_F(deadline, races_of_end_deadline_and_cancel_end_each_job_once)
{
	enum { N = 200 };
	const int rounds = variant->engine == WEFT_ENGINE_ASYNC ? 30 : 3;
	struct weft_completion c[N];
	struct weft_job jobs[N];
	int i, round, verdict[N];
	struct weft_stats stats;
	__u64 ids[N], when;

	for (round = 0; round < rounds; round++) {
		when = in_ns(MSEC);
		for (i = 0; i < N; i++) {
			jobs[i] = sleep_until_job(i, when + i % 7 * USEC);
			jobs[i] = with_deadline(jobs[i], when + i % 5 * USEC);
		}
		ASSERT_EQ(N, submit_all(self->fd, jobs, ids, N));
		for (i = 0; i < N; i += 2)
			verdict[i] = cancel_job(self->fd, ids[i]);
		ASSERT_EQ(N, reap(self->fd, c, N));
		ASSERT_TRUE(exactly_once(c, N));
		for (i = 0; i < N; i++) {
			__u64 k = c[i].user_data;

			EXPECT_TRUE(c[i].result >= 0 || c[i].result == -ETIME ||
				    (c[i].result == -ECANCELED && !(k % 2)));
			if (!(k % 2) && verdict[k] == WEFT_CANCELLED) {
				EXPECT_EQ(-ECANCELED, c[i].result);
			}
		}
	}
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(rounds * N, stats.done);
	EXPECT_EQ(stats.failed, stats.cancelled + stats.expired);
	EXPECT_EQ(0, look(self->fd));
}

WEFT_TEST_MAIN
