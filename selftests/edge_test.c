// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers at their edges: 0, 1, the most and one more, and where a number would be
 * cut, sign-extended or wrapped, in each field that abi_test, wait_test, cancel_test
 * and job_test do not try already.
 */
#include "common.h"

#define CREDITS	8

ENGINE_FIXTURE(edge, CREDITS)

static const __u64 wild[] = { 1, 1ULL << 63, (1ULL << 63) - 1, ~0ULL - 63, ~0ULL };

TEST(credits_from_2_31_on_are_einval)
{
	const __u32 credits[] = { 1U << 31, (1U << 31) + 1, ~0U - 1 };
	int fd = open_device();
	size_t i;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(credits); i++) {
		EXPECT_EQ(-EINVAL, setup_client(fd, WEFT_ENGINE_ASYNC, credits[i]));
	}
	EXPECT_EQ(0, setup_client(fd, WEFT_ENGINE_ASYNC, 1));
	EXPECT_EQ(0, close(fd));
}

TEST_F(edge, count_from_2_31_on_is_einval)
{
	struct weft_job job = nop_job(0);

	EXPECT_EQ(-EINVAL, submit_batch(self->fd, &job, NULL, 1U << 31, NULL));
	EXPECT_EQ(-EINVAL, submit_batch(self->fd, &job, NULL, (1U << 31) + 1, NULL));
	EXPECT_EQ(0, look(self->fd));
}

TEST_F(edge, wild_jobs_are_efault)
{
	struct weft_submit submit;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wild); i++) {
		submit = (struct weft_submit){
			.size = sizeof(submit), .jobs = wild[i], .count = 1,
		};
		EXPECT_EQ(0, call(self->fd, WEFT_IOC_SUBMIT, &submit));
		EXPECT_EQ(EFAULT, submit.error) TH_LOG("address %zu", i);
	}
}

TEST_F(edge, wild_ids_are_efault)
{
	struct weft_job job = nop_job(0);
	struct weft_submit submit;
	struct weft_stats stats;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wild); i++) {
		submit = (struct weft_submit){
			.size = sizeof(submit), .jobs = (uintptr_t)&job, .ids = wild[i],
			.count = 1,
		};
		EXPECT_EQ(0, call(self->fd, WEFT_IOC_SUBMIT, &submit));
		EXPECT_EQ(EFAULT, submit.error) TH_LOG("address %zu", i);
	}
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(0, stats.accepted);
	EXPECT_EQ(CREDITS, stats.credits_free);
}

TEST_F(edge, wild_completions_are_efault_and_lose_nothing)
{
	struct weft_completion c;
	struct weft_wait wait;
	size_t i;

	ASSERT_EQ(1, submit_one(self->fd, nop_job(3), NULL));
	ASSERT_EQ(1, wait_done(self->fd, 1));
	for (i = 0; i < ARRAY_SIZE(wild); i++) {
		wait = (struct weft_wait){
			.size = sizeof(wait), .completions = wild[i], .capacity = 1,
		};
		EXPECT_EQ(-EFAULT, call(self->fd, WEFT_IOC_WAIT, &wait))
			TH_LOG("address %zu", i);
	}
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(3, c.user_data);
}

/* An address that is not used is not looked at. */
TEST_F(edge, wild_addresses_of_nothing_are_fine)
{
	struct weft_submit submit;
	struct weft_wait wait;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wild); i++) {
		submit = (struct weft_submit){
			.size = sizeof(submit), .jobs = wild[i], .ids = wild[i],
		};
		EXPECT_EQ(0, call(self->fd, WEFT_IOC_SUBMIT, &submit));
		EXPECT_EQ(0, submit.error);
		wait = (struct weft_wait){ .size = sizeof(wait), .completions = wild[i] };
		EXPECT_EQ(0, call(self->fd, WEFT_IOC_WAIT, &wait));
	}
}

TEST_F(edge, capacity_of_2_31_reaps_what_is_there)
{
	const __u32 capacities[] = { 1U << 31, (1U << 31) - 1, (1U << 31) + 1 };
	struct weft_completion *c = before_guard(sizeof(*c));
	size_t i;

	ASSERT_TRUE(c);
	for (i = 0; i < ARRAY_SIZE(capacities); i++) {
		ASSERT_EQ(1, submit_one(self->fd, nop_job(i), NULL));
		EXPECT_EQ(1, wait_until(self->fd, c, capacities[i], 1, WEFT_WAIT_FOREVER));
		EXPECT_EQ(i, c->user_data);
	}
}

TEST_F(edge, min_from_2_31_on_is_einval)
{
	EXPECT_EQ(-EINVAL, wait_until(self->fd, NULL, 0, 1U << 31, 0));
	EXPECT_EQ(-EINVAL, wait_until(self->fd, NULL, 0, (1U << 31) + 1, 0));
	EXPECT_EQ(-EINVAL, wait_until(self->fd, NULL, 0, ~0U - 1, 0));
}

TEST_F(edge, timeouts_of_32_bits_are_no_more_than_that)
{
	const __u64 ends[] = { 1ULL << 31, (1ULL << 32) - 1, 1ULL << 32 };
	size_t i;

	/* Points in time, of which the last may be a moment ahead. */
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		EXPECT_EQ(-ETIME, wait_until(self->fd, NULL, 0, 1, ends[i]));
		EXPECT_LE(ends[i], now_ns());
	}
}

TEST_F(edge, ids_that_are_cut_are_enoent)
{
	const __u64 bits[] = { 1ULL << 31, 1ULL << 32, 1ULL << 63, ~0ULL << 32 };
	struct weft_completion c;
	__u64 id;
	size_t i;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), &id));
	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		EXPECT_EQ(-ENOENT, cancel_job(self->fd, id ^ bits[i]));
		EXPECT_EQ(-ENOENT, cancel_job(self->fd, bits[i]));
	}
	EXPECT_EQ(0, look(self->fd));
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
	EXPECT_EQ(id, c.id);
}

TEST_F(edge, each_tag_is_one_of_its_own)
{
	const __u32 tags[] = { 0, 1, (1U << 31) - 1, 1U << 31, ~0U };
	struct weft_completion c[ARRAY_SIZE(tags)];
	struct weft_cancel cancel;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		ASSERT_EQ(1, submit_one(self->fd, with_tag(sleep_job(i, HOUR), tags[i]),
					NULL));
	}
	ASSERT_EQ(true, until_waiting(self->fd, ARRAY_SIZE(tags)));
	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		ASSERT_EQ(0, cancel_tag(self->fd, tags[i], &cancel));
		EXPECT_EQ(1, cancel.cancelled);
		ASSERT_EQ(1, reap(self->fd, &c[i], 1));
		EXPECT_EQ(i, c[i].user_data);
	}
}

/* Each is accepted, does not end by itself before its cancel, and ends once. */
TEST_F(edge, long_arguments_are_not_cut)
{
	const struct weft_job jobs[] = {
		yield_job(0, 1ULL << 63), yield_job(0, (1ULL << 63) - 1),
		spin_job(0, 1ULL << 62), spin_job(0, 1ULL << 48),
		sleep_job(0, 1ULL << 62), sleep_job(0, 1ULL << 48),
		sleep_until_job(0, 1ULL << 62),
		work_job(0, 1, 1ULL << 48, 0), work_job(0, 2, 0, 1ULL << 48),
		work_job(0, 1U << 31, USEC, HOUR), work_job(0, (1U << 31) + 1, 0, HOUR),
		with_deadline(sleep_job(0, HOUR), 1ULL << 62),
	};
	struct weft_completion c[2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		ASSERT_EQ(1, submit_one(self->fd, jobs[i], NULL));
		ASSERT_EQ(1, run_job(self->fd, sleep_job(1, MSEC), c));
		EXPECT_EQ(1, c[0].user_data) TH_LOG("job %zu", i);
		ASSERT_EQ(1, cancel_and_reap(self->fd, c, 1));
		EXPECT_EQ(-ECANCELED, c[0].result) TH_LOG("job %zu", i);
		EXPECT_EQ(0, look(self->fd));
	}
}

/* Cut to 32 bits, each would be 0 or small. */
TEST_F(edge, arguments_from_2_63_on_are_einval)
{
	const struct weft_job jobs[] = {
		spin_job(0, 1ULL << 63), spin_job(0, ~0ULL - 1),
		sleep_job(0, 1ULL << 63), sleep_job(0, ~0ULL - 1),
		sleep_until_job(0, ~0ULL - 1), work_job(0, 1, 1ULL << 63, 0),
		work_job(0, 1, 0, 1ULL << 63), work_job(0, 1, ~0ULL - 1, 0),
		with_deadline(nop_job(0), 1ULL << 63), with_deadline(nop_job(0), ~0ULL),
	};
	__u32 error;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		EXPECT_EQ(0, submit_batch(self->fd, &jobs[i], NULL, 1, &error));
		EXPECT_EQ(EINVAL, error) TH_LOG("job %zu", i);
	}
	EXPECT_EQ(0, look(self->fd));
}

TEST_F(edge, any_mask_of_ops_keeps_what_it_has)
{
	const __u64 masks[] = { ~0ULL, (1ULL << 63) | 0x1f, (1ULL << 32) | 0xf,
				(1ULL << 31) | 7, 3, 1, 1ULL << 63 };
	const __u64 lefts[] = { KNOWN_OPS, 0x1f, 0xf, 7, 3, 1, 0 };
	__u64 left;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		ASSERT_EQ(0, restrict_ops(self->fd, masks[i], &left));
		EXPECT_EQ(lefts[i], left) TH_LOG("mask %zu", i);
	}
}

/* The kernel cuts what is too long for any read. */
TEST_F(edge, longest_read_takes_what_is_there)
{
	const size_t sizes[] = { INT32_MAX, (size_t)INT32_MAX - 71 };
	struct weft_completion *c = before_guard(sizeof(*c));
	size_t i;

	ASSERT_TRUE(c);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(1, submit_one(self->fd, nop_job(i), NULL));
		ASSERT_EQ(1, wait_done(self->fd, 1));
		EXPECT_EQ((int)sizeof(*c), read_completions(self->fd, c, sizes[i]));
		EXPECT_EQ(i, c->user_data);
	}
}

/* A 32-bit program has no size that is beyond all addresses of a 64-bit kernel. */
TEST_F(edge, read_beyond_all_addresses_is_efault)
{
	/* Or the compiler would not have it. */
	volatile size_t most = SIZE_MAX, half = SIZE_MAX / 2;
	struct weft_completion c;

	if (sizeof(void *) == 4)
		return;
	ASSERT_EQ(1, submit_one(self->fd, nop_job(3), NULL));
	ASSERT_EQ(1, wait_done(self->fd, 1));
	EXPECT_EQ(-EFAULT, read_completions(self->fd, &c, half));
	EXPECT_EQ(-EFAULT, read_completions(self->fd, &c, half + 1));
	EXPECT_EQ(-EFAULT, read_completions(self->fd, &c, most));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(3, c.user_data);
}

WEFT_TEST_MAIN
