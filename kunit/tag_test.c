// SPDX-License-Identifier: GPL-2.0-only
/* Cancel by tag. */
#include "bed.h"

static void cancel_tag(struct kunit *test, u32 tag, u32 cancelled, u32 stopping)
{
	struct bed *bed = test->priv;
	u32 c = U32_MAX, s = U32_MAX;

	weft_client_cancel_tag(bed->client, tag, &c, &s);
	KUNIT_EXPECT_EQ(test, cancelled, c);
	KUNIT_EXPECT_EQ(test, stopping, s);
}

static void accept_tagged(struct kunit *test, const u32 *tags, unsigned int count)
{
	struct bed *bed = test->priv;
	unsigned int i;

	bed_sleeps(bed, count);
	for (i = 0; i < count; i++)
		bed->jobs[i].tag = tags[i];
	bed_accept(test, count);
}

static void only_jobs_of_the_tag_are_cancelled(struct kunit *test)
{
	static const u32 tags[] = { 7, 8, 7, 0, U32_MAX, 7 };
	struct bed *bed = test->priv;
	unsigned int i, n;

	accept_tagged(test, tags, ARRAY_SIZE(tags));
	bed_run(bed);
	cancel_tag(test, 7, 3, 0);
	bed_run(bed);
	n = bed_reap(bed);
	KUNIT_ASSERT_EQ(test, 3U, n);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, 7U, tags[bed->out[i].user_data]);
		KUNIT_EXPECT_EQ(test, (s64)-ECANCELED, bed->out[i].result);
	}

	cancel_tag(test, 7, 0, 0);
	cancel_tag(test, U32_MAX, 1, 0);
	cancel_tag(test, 0, 1, 0);
	cancel_tag(test, 9, 0, 0);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 2U, bed_reap(bed));
}

static void ended_jobs_of_the_tag_are_not_counted(struct kunit *test)
{
	static const u32 tags[] = { 5, 5 };
	struct bed *bed = test->priv;

	bed_nops(bed, 1);
	bed->jobs[0].tag = 5;
	bed_accept(test, 1);
	bed_run(bed);
	accept_tagged(test, tags, 2);
	cancel_tag(test, 5, 2, 0);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 3U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, 0LL, bed->out[0].result);
}

static void tag_of_the_job_before_is_forgotten(struct kunit *test)
{
	static const u32 before[] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	struct bed *bed = test->priv;

	accept_tagged(test, before, CREDITS);
	cancel_tag(test, 1, CREDITS, 0);
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, (unsigned int)CREDITS, bed_reap(bed));
	bed_sleeps(bed, CREDITS);
	bed_accept(test, CREDITS);
	cancel_tag(test, 1, 0, 0);
	cancel_tag(test, 0, CREDITS, 0);
}

static struct kunit_case tag_cases[] = {
	KUNIT_CASE(only_jobs_of_the_tag_are_cancelled),
	KUNIT_CASE(ended_jobs_of_the_tag_are_not_counted),
	KUNIT_CASE(tag_of_the_job_before_is_forgotten),
	{}
};

static struct kunit_suite tag_suite = {
	.name = "weft_tag",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = tag_cases,
};

kunit_test_suite(tag_suite);
