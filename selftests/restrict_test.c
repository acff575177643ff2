// SPDX-License-Identifier: GPL-2.0-only
/*
 * Restrict: an op that was taken from a client does not come back.
 */
#include "common.h"

#define ALL_OPS	KNOWN_OPS

ENGINE_FIXTURE(narrow, 8)

static int refused_with(int fd, struct weft_job job)
{
	__u32 error = 0;
	int ret = submit_batch(fd, &job, NULL, 1, &error);

	return ret ? ret : -(int)error;
}

TEST_F(narrow, op_that_was_taken_is_eopnotsupp)
{
	const struct weft_job jobs[] = {
		nop_job(1), yield_job(1, 1), spin_job(1, 1), sleep_job(1, 1),
		work_job(1, 1, 1, 1),
	};
	__u64 left, ops = ALL_OPS;
	struct weft_completion c;
	struct weft_stats stats;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		ops &= ~(1ULL << jobs[i].op);
		ASSERT_EQ(0, restrict_ops(self->fd, ops, &left));
		EXPECT_EQ(ops, left);
		for (k = 0; k < ARRAY_SIZE(jobs); k++) {
			if (k <= i) {
				EXPECT_EQ(-EOPNOTSUPP, refused_with(self->fd, jobs[k]));
			} else {
				EXPECT_EQ(1, run_job(self->fd, jobs[k], &c));
			}
		}
	}
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(8, stats.credits_free);
	EXPECT_EQ(stats.accepted, stats.done);
}

TEST_F(narrow, no_call_gives_an_op_back)
{
	__u64 left;

	ASSERT_EQ(0, restrict_ops(self->fd, 1ULL << WEFT_OP_SLEEP, &left));
	EXPECT_EQ(1ULL << WEFT_OP_SLEEP, left);
	ASSERT_EQ(0, restrict_ops(self->fd, ~0ULL, &left));
	EXPECT_EQ(1ULL << WEFT_OP_SLEEP, left);
	ASSERT_EQ(0, restrict_ops(self->fd, 1ULL << WEFT_OP_NOP, &left));
	EXPECT_EQ(0, left);
	EXPECT_EQ(-EOPNOTSUPP, refused_with(self->fd, nop_job(1)));
	EXPECT_EQ(-EOPNOTSUPP, refused_with(self->fd, sleep_job(1, 1)));
}

TEST_F(narrow, query_tells_what_is_left)
{
	struct weft_query query;
	__u64 left;

	ASSERT_EQ(0, get_query(self->fd, &query));
	EXPECT_EQ(ALL_OPS, query.ops);
	ASSERT_EQ(0, restrict_ops(self->fd, 3, &left));
	ASSERT_EQ(0, get_query(self->fd, &query));
	EXPECT_EQ(3, query.ops);
}

TEST_F(narrow, unknown_op_stays_einval)
{
	__u64 left;

	ASSERT_EQ(0, restrict_ops(self->fd, 0, &left));
	EXPECT_EQ(-EINVAL, refused_with(self->fd,
					(struct weft_job){ .op = LAST_OP + 1 }));
	EXPECT_EQ(-EINVAL, refused_with(self->fd, (struct weft_job){ .flags = 2 }));
}

TEST_F(narrow, accepted_jobs_go_on)
{
	struct weft_completion c;
	__u64 left;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, 20 * MSEC), NULL));
	ASSERT_EQ(0, restrict_ops(self->fd, 0, &left));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_LE(0, c.result);
}

TEST_F(narrow, others_are_not_touched)
{
	int other = open_client(variant->engine, 1);
	struct weft_completion c;
	__u64 left;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, restrict_ops(self->fd, 0, &left));
	EXPECT_EQ(1, run_job(other, nop_job(1), &c));
	EXPECT_EQ(0, close(other));
}

/* The one that a fork inherits is the same client. */
TEST_F(narrow, holds_for_whoever_holds_the_client)
{
	__u64 left;
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(restrict_ops(self->fd, 0, &left) ? 1 : 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-EOPNOTSUPP, refused_with(self->fd, nop_job(1)));
}

WEFT_TEST_MAIN
