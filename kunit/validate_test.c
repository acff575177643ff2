// SPDX-License-Identifier: GPL-2.0-only
/* Every field of every ioctl and job, right and wrong. */
#include <kunit/test.h>

#include "../module/front/front.h"

#define OK(_call)	KUNIT_EXPECT_EQ(test, 0, _call)
#define WRONG(_call)	KUNIT_EXPECT_EQ(test, -EINVAL, _call)

#define ALL_OPS	(BIT_ULL(WEFT_NR_OPS) - 1)
#define MAX_CREDITS	100

static void setup_is_checked(struct kunit *test)
{
	static const struct weft_setup good = { .size = sizeof(good) };
	struct weft_setup s = good;
	int bit;

	OK(weft_validate_setup(&s, MAX_CREDITS));
	s.engine = WEFT_ENGINE_THREADS;
	OK(weft_validate_setup(&s, MAX_CREDITS));
	s.engine = WEFT_ENGINE_THREADS + 1;
	WRONG(weft_validate_setup(&s, MAX_CREDITS));
	s.engine = U32_MAX;
	WRONG(weft_validate_setup(&s, MAX_CREDITS));

	s = good;
	s.credits = MAX_CREDITS;
	OK(weft_validate_setup(&s, MAX_CREDITS));
	s.credits = MAX_CREDITS + 1;
	WRONG(weft_validate_setup(&s, MAX_CREDITS));
	s.credits = U32_MAX;
	WRONG(weft_validate_setup(&s, MAX_CREDITS));

	for (bit = 0; bit < 32; bit++) {
		s = good;
		s.flags = BIT(bit);
		WRONG(weft_validate_setup(&s, MAX_CREDITS));
		s = good;
		s.workers = BIT(bit);
		WRONG(weft_validate_setup(&s, MAX_CREDITS));
		s = good;
		s.__reserved = BIT(bit);
		WRONG(weft_validate_setup(&s, MAX_CREDITS));
	}
}

static void stepped_setup_is_checked(struct kunit *test)
{
	static const struct weft_setup good = {
		.size = sizeof(good),
		.flags = WEFT_SETUP_STEP,
		.workers = 1,
	};
	struct weft_setup s = good;
	u32 all = WEFT_MAX_CREDITS;
	int bit;

	OK(weft_validate_setup(&s, all));
	s.flags |= WEFT_SETUP_VIRTUAL;
	OK(weft_validate_setup(&s, all));
	s.flags = WEFT_SETUP_VIRTUAL;
	WRONG(weft_validate_setup(&s, all));

	s = good;
	s.workers = WEFT_STEP_MAX_WORKERS;
	OK(weft_validate_setup(&s, all));
	s.workers++;
	WRONG(weft_validate_setup(&s, all));
	s.workers = 0;
	WRONG(weft_validate_setup(&s, all));

	s = good;
	s.credits = WEFT_STEP_MAX_CREDITS;
	OK(weft_validate_setup(&s, all));
	WRONG(weft_validate_setup(&s, MAX_CREDITS));
	s.credits++;
	WRONG(weft_validate_setup(&s, all));
	s = good;
	s.engine = WEFT_ENGINE_THREADS;
	WRONG(weft_validate_setup(&s, all));
	for (bit = 2; bit < 32; bit++) {
		s = good;
		s.flags |= BIT(bit);
		WRONG(weft_validate_setup(&s, all));
	}
}

static void step_is_checked(struct kunit *test)
{
	static const struct weft_step good = { .size = sizeof(good) };
	struct weft_step s = good;
	int bit;

	s.flags = WEFT_STEP_LOOK | WEFT_STEP_SKIP;
	s.capacity = WEFT_STEP_MAX_CREDITS;
	s.jobs = U64_MAX;
	s.worker = U32_MAX;
	s.advance_ns = U64_MAX;
	OK(weft_validate_step(&s));
	s.capacity++;
	WRONG(weft_validate_step(&s));
	s.capacity = U32_MAX;
	WRONG(weft_validate_step(&s));
	for (bit = 2; bit < 32; bit++) {
		s = good;
		s.flags = BIT(bit);
		WRONG(weft_validate_step(&s));
	}
}

static void submit_is_checked(struct kunit *test)
{
	static const struct weft_submit good = { .size = sizeof(good) };
	struct weft_submit s = good;
	int bit;

	OK(weft_validate_submit(&s));
	s.count = WEFT_MAX_BATCH;
	s.jobs = U64_MAX;
	s.ids = U64_MAX;
	OK(weft_validate_submit(&s));
	s.count = WEFT_MAX_BATCH + 1;
	WRONG(weft_validate_submit(&s));
	s.count = U32_MAX;
	WRONG(weft_validate_submit(&s));
	/* What is out is not looked at. */
	s = good;
	s.accepted = U32_MAX;
	s.error = U32_MAX;
	OK(weft_validate_submit(&s));

	for (bit = 0; bit < 32; bit++) {
		s = good;
		s.flags = BIT(bit);
		WRONG(weft_validate_submit(&s));
		s = good;
		s.__reserved = BIT(bit);
		WRONG(weft_validate_submit(&s));
	}
}

static void wait_is_checked(struct kunit *test)
{
	static const struct weft_wait good = { .size = sizeof(good) };
	struct weft_wait w = good;
	int bit;

	OK(weft_validate_wait(&w, MAX_CREDITS));
	w.min = MAX_CREDITS;
	w.capacity = U32_MAX;
	w.timeout_ns = WEFT_WAIT_FOREVER;
	w.count = U32_MAX;
	OK(weft_validate_wait(&w, MAX_CREDITS));
	w.min = MAX_CREDITS + 1;
	WRONG(weft_validate_wait(&w, MAX_CREDITS));
	w.min = U32_MAX;
	WRONG(weft_validate_wait(&w, MAX_CREDITS));

	for (bit = 0; bit < 32; bit++) {
		w = good;
		w.flags = BIT(bit);
		WRONG(weft_validate_wait(&w, MAX_CREDITS));
		w = good;
		w.__reserved = BIT(bit);
		WRONG(weft_validate_wait(&w, MAX_CREDITS));
	}
}

static void cancel_is_checked(struct kunit *test)
{
	static const struct weft_cancel good = { .size = sizeof(good) };
	struct weft_cancel c = good;
	int bit;

	c.id = U64_MAX;
	c.verdict = U32_MAX;
	c.cancelled = U32_MAX;
	c.stopping = U32_MAX;
	OK(weft_validate_cancel(&c));
	c.flags = WEFT_CANCEL_ALL;
	WRONG(weft_validate_cancel(&c));
	c.id = 0;
	OK(weft_validate_cancel(&c));
	c.flags = WEFT_CANCEL_ALL | WEFT_CANCEL_TAG;
	WRONG(weft_validate_cancel(&c));
	c.flags = WEFT_CANCEL_TAG;
	c.tag = U32_MAX;
	OK(weft_validate_cancel(&c));
	c.id = 1;
	WRONG(weft_validate_cancel(&c));

	for (bit = 0; bit < 32; bit++) {
		c = good;
		c.flags = BIT(bit);
		if (c.flags & (WEFT_CANCEL_ALL | WEFT_CANCEL_TAG))
			OK(weft_validate_cancel(&c));
		else
			WRONG(weft_validate_cancel(&c));
		c.tag = 1;
		if (c.flags == WEFT_CANCEL_TAG)
			OK(weft_validate_cancel(&c));
		else
			WRONG(weft_validate_cancel(&c));
		c = good;
		c.tag = BIT(bit);
		WRONG(weft_validate_cancel(&c));
	}
}

static void stats_is_checked(struct kunit *test)
{
	struct weft_stats s = { .size = sizeof(s) };
	int bit;

	OK(weft_validate_stats(&s));
	s.done = U64_MAX;
	OK(weft_validate_stats(&s));
	for (bit = 0; bit < 32; bit++) {
		s.flags = BIT(bit);
		WRONG(weft_validate_stats(&s));
	}
}

static void job_is_checked(struct kunit *test)
{
	static const struct weft_job good = { .user_data = U64_MAX };
	struct weft_job j = good;
	int bit;

	for (j.op = 0; j.op < WEFT_NR_OPS; j.op++)
		OK(weft_validate_job(&j, ALL_OPS));
	WRONG(weft_validate_job(&j, ALL_OPS));
	j.op = U16_MAX;
	WRONG(weft_validate_job(&j, ALL_OPS));

	for (bit = 0; bit < 16; bit++) {
		j = good;
		j.flags = BIT(bit);
		if (j.flags == WEFT_JOB_RECEIPT)
			OK(weft_validate_job(&j, ALL_OPS));
		else
			WRONG(weft_validate_job(&j, ALL_OPS));
	}
	for (bit = 0; bit < 32; bit++) {
		j = good;
		j.tag = BIT(bit);
		OK(weft_validate_job(&j, ALL_OPS));
	}
	for (bit = 0; bit < 64; bit++) {
		j = good;
		j.deadline_ns = BIT_ULL(bit);
		if (bit < 63)
			OK(weft_validate_job(&j, ALL_OPS));
		else
			WRONG(weft_validate_job(&j, ALL_OPS));
	}
	j.deadline_ns = S64_MAX;
	OK(weft_validate_job(&j, ALL_OPS));
	j.deadline_ns = U64_MAX;
	WRONG(weft_validate_job(&j, ALL_OPS));
}

static void op_that_was_taken_is_not_supported(struct kunit *test)
{
	struct weft_job j = {};

	for (j.op = 0; j.op < WEFT_NR_OPS; j.op++) {
		OK(weft_validate_job(&j, BIT_ULL(j.op)));
		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
				weft_validate_job(&j, ~BIT_ULL(j.op)));
	}
	/* What is unknown is wrong, and what is wrong comes first. */
	WRONG(weft_validate_job(&j, U64_MAX));
	j = (struct weft_job){ .flags = U16_MAX };
	WRONG(weft_validate_job(&j, 0));
}

static void restrict_is_checked(struct kunit *test)
{
	struct weft_restrict r = { .size = sizeof(r), .ops = U64_MAX };
	int bit;

	OK(weft_validate_restrict(&r));
	for (bit = 0; bit < 32; bit++) {
		r.flags = BIT(bit);
		WRONG(weft_validate_restrict(&r));
	}
}

static struct kunit_case validate_cases[] = {
	KUNIT_CASE(setup_is_checked),
	KUNIT_CASE(stepped_setup_is_checked),
	KUNIT_CASE(step_is_checked),
	KUNIT_CASE(submit_is_checked),
	KUNIT_CASE(wait_is_checked),
	KUNIT_CASE(cancel_is_checked),
	KUNIT_CASE(stats_is_checked),
	KUNIT_CASE(job_is_checked),
	KUNIT_CASE(op_that_was_taken_is_not_supported),
	KUNIT_CASE(restrict_is_checked),
	{}
};

static struct kunit_suite validate_suite = {
	.name = "weft_validate",
	.test_cases = validate_cases,
};

kunit_test_suite(validate_suite);
