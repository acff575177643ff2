// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shape of the interface: layouts, sizes, and what every ioctl refuses.
 */
#include <assert.h>
#include <stddef.h>
#include "common.h"

#define PAGE	4096
#define CREDITS	256

#define CHECK_FIELD(_type, _field, _offset, _size) \
	static_assert(offsetof(struct _type, _field) == (_offset) && \
		      sizeof(((struct _type *)0)->_field) == (_size), \
		      #_type "." #_field)
#define CHECK_SIZE(_type, _size) \
	static_assert(sizeof(struct _type) == (_size) && \
		      !(sizeof(struct _type) % 8), #_type)

CHECK_SIZE(weft_job, 64);
CHECK_FIELD(weft_job, op, 0, 2);
CHECK_FIELD(weft_job, flags, 2, 2);
CHECK_FIELD(weft_job, tag, 4, 4);
CHECK_FIELD(weft_job, user_data, 8, 8);
CHECK_FIELD(weft_job, deadline_ns, 16, 8);
CHECK_FIELD(weft_job, arg, 24, 40);
CHECK_FIELD(weft_job, yield.count, 24, 8);
CHECK_FIELD(weft_job, spin.ns, 24, 8);
CHECK_FIELD(weft_job, sleep.ns, 24, 8);
CHECK_FIELD(weft_job, sleep.flags, 32, 4);
CHECK_FIELD(weft_job, sleep.__reserved, 36, 4);
CHECK_FIELD(weft_job, work.work_ns, 24, 8);
CHECK_FIELD(weft_job, work.wait_ns, 32, 8);
CHECK_FIELD(weft_job, work.rounds, 40, 4);
CHECK_FIELD(weft_job, work.__reserved, 44, 4);

CHECK_SIZE(weft_receipt, 40);
CHECK_FIELD(weft_receipt, queued_ns, 0, 8);
CHECK_FIELD(weft_receipt, run_ns, 8, 8);
CHECK_FIELD(weft_receipt, blocked_ns, 16, 8);
CHECK_FIELD(weft_receipt, polls, 24, 4);
CHECK_FIELD(weft_receipt, wakes, 28, 4);
CHECK_FIELD(weft_receipt, moves, 32, 4);
CHECK_FIELD(weft_receipt, punts, 36, 4);

CHECK_SIZE(weft_completion, 72);
CHECK_FIELD(weft_completion, id, 0, 8);
CHECK_FIELD(weft_completion, user_data, 8, 8);
CHECK_FIELD(weft_completion, result, 16, 8);
CHECK_FIELD(weft_completion, op, 24, 2);
CHECK_FIELD(weft_completion, flags, 26, 2);
CHECK_FIELD(weft_completion, __reserved, 28, 4);
CHECK_FIELD(weft_completion, receipt, 32, 40);

CHECK_SIZE(weft_query, 56);
CHECK_FIELD(weft_query, size, 0, 4);
CHECK_FIELD(weft_query, abi_version, 4, 4);
CHECK_FIELD(weft_query, ops, 8, 8);
CHECK_FIELD(weft_query, engines, 16, 4);
CHECK_FIELD(weft_query, features, 20, 4);
CHECK_FIELD(weft_query, max_credits, 24, 4);
CHECK_FIELD(weft_query, default_credits, 28, 4);
CHECK_FIELD(weft_query, max_batch, 32, 4);
CHECK_FIELD(weft_query, max_threads, 36, 4);
CHECK_FIELD(weft_query, workers, 40, 4);
CHECK_FIELD(weft_query, job_size, 44, 4);
CHECK_FIELD(weft_query, completion_size, 48, 4);
CHECK_FIELD(weft_query, job_bytes, 52, 4);

CHECK_SIZE(weft_setup, 24);
CHECK_FIELD(weft_setup, size, 0, 4);
CHECK_FIELD(weft_setup, flags, 4, 4);
CHECK_FIELD(weft_setup, engine, 8, 4);
CHECK_FIELD(weft_setup, credits, 12, 4);
CHECK_FIELD(weft_setup, workers, 16, 4);
CHECK_FIELD(weft_setup, __reserved, 20, 4);

CHECK_SIZE(weft_submit, 40);
CHECK_FIELD(weft_submit, size, 0, 4);
CHECK_FIELD(weft_submit, flags, 4, 4);
CHECK_FIELD(weft_submit, jobs, 8, 8);
CHECK_FIELD(weft_submit, ids, 16, 8);
CHECK_FIELD(weft_submit, count, 24, 4);
CHECK_FIELD(weft_submit, accepted, 28, 4);
CHECK_FIELD(weft_submit, error, 32, 4);
CHECK_FIELD(weft_submit, __reserved, 36, 4);

CHECK_SIZE(weft_wait, 40);
CHECK_FIELD(weft_wait, size, 0, 4);
CHECK_FIELD(weft_wait, flags, 4, 4);
CHECK_FIELD(weft_wait, completions, 8, 8);
CHECK_FIELD(weft_wait, timeout_ns, 16, 8);
CHECK_FIELD(weft_wait, capacity, 24, 4);
CHECK_FIELD(weft_wait, min, 28, 4);
CHECK_FIELD(weft_wait, count, 32, 4);
CHECK_FIELD(weft_wait, __reserved, 36, 4);

CHECK_SIZE(weft_cancel, 32);
CHECK_FIELD(weft_cancel, size, 0, 4);
CHECK_FIELD(weft_cancel, flags, 4, 4);
CHECK_FIELD(weft_cancel, id, 8, 8);
CHECK_FIELD(weft_cancel, verdict, 16, 4);
CHECK_FIELD(weft_cancel, cancelled, 20, 4);
CHECK_FIELD(weft_cancel, stopping, 24, 4);
CHECK_FIELD(weft_cancel, tag, 28, 4);

CHECK_SIZE(weft_stats, 160);
CHECK_FIELD(weft_stats, size, 0, 4);
CHECK_FIELD(weft_stats, flags, 4, 4);
CHECK_FIELD(weft_stats, accepted, 8, 8);
CHECK_FIELD(weft_stats, refused, 16, 8);
CHECK_FIELD(weft_stats, done, 24, 8);
CHECK_FIELD(weft_stats, failed, 32, 8);
CHECK_FIELD(weft_stats, cancelled, 40, 8);
CHECK_FIELD(weft_stats, reaped, 48, 8);
CHECK_FIELD(weft_stats, queued, 56, 8);
CHECK_FIELD(weft_stats, running, 64, 8);
CHECK_FIELD(weft_stats, waiting, 72, 8);
CHECK_FIELD(weft_stats, polls, 80, 8);
CHECK_FIELD(weft_stats, wakes, 88, 8);
CHECK_FIELD(weft_stats, moves, 96, 8);
CHECK_FIELD(weft_stats, punts, 104, 8);
CHECK_FIELD(weft_stats, queued_ns, 112, 8);
CHECK_FIELD(weft_stats, run_ns, 120, 8);
CHECK_FIELD(weft_stats, blocked_ns, 128, 8);
CHECK_FIELD(weft_stats, bytes, 136, 8);
CHECK_FIELD(weft_stats, credits, 144, 4);
CHECK_FIELD(weft_stats, credits_free, 148, 4);
CHECK_FIELD(weft_stats, expired, 152, 8);

CHECK_SIZE(weft_restrict, 16);
CHECK_FIELD(weft_restrict, size, 0, 4);
CHECK_FIELD(weft_restrict, flags, 4, 4);
CHECK_FIELD(weft_restrict, ops, 8, 8);

CHECK_SIZE(weft_step_job, 48);
CHECK_FIELD(weft_step_job, id, 0, 8);
CHECK_FIELD(weft_step_job, user_data, 8, 8);
CHECK_FIELD(weft_step_job, due_ns, 16, 8);
CHECK_FIELD(weft_step_job, polls, 24, 4);
CHECK_FIELD(weft_step_job, wakes, 28, 4);
CHECK_FIELD(weft_step_job, worker, 32, 4);
CHECK_FIELD(weft_step_job, place, 36, 4);
CHECK_FIELD(weft_step_job, op, 40, 2);
CHECK_FIELD(weft_step_job, state, 42, 2);
CHECK_FIELD(weft_step_job, waits, 44, 2);
CHECK_FIELD(weft_step_job, __reserved, 46, 2);

CHECK_SIZE(weft_step, 72);
CHECK_FIELD(weft_step, size, 0, 4);
CHECK_FIELD(weft_step, flags, 4, 4);
CHECK_FIELD(weft_step, jobs, 8, 8);
CHECK_FIELD(weft_step, capacity, 16, 4);
CHECK_FIELD(weft_step, listed, 20, 4);
CHECK_FIELD(weft_step, worker, 24, 4);
CHECK_FIELD(weft_step, outcome, 28, 4);
CHECK_FIELD(weft_step, advance_ns, 32, 8);
CHECK_FIELD(weft_step, id, 40, 8);
CHECK_FIELD(weft_step, now_ns, 48, 8);
CHECK_FIELD(weft_step, next_ns, 56, 8);
CHECK_FIELD(weft_step, queued, 64, 4);
CHECK_FIELD(weft_step, waiting, 68, 4);

static_assert(sizeof(struct weft_buffer) == 32, "size");
CHECK_FIELD(weft_buffer, size, 0, 4);
CHECK_FIELD(weft_buffer, flags, 4, 4);
CHECK_FIELD(weft_buffer, bytes, 8, 8);
CHECK_FIELD(weft_buffer, offset, 16, 8);
CHECK_FIELD(weft_buffer, index, 24, 4);
CHECK_FIELD(weft_buffer, __reserved, 28, 4);

static_assert(sizeof(struct weft_progress) == 40, "size");
CHECK_FIELD(weft_progress, size, 0, 4);
CHECK_FIELD(weft_progress, flags, 4, 4);
CHECK_FIELD(weft_progress, id, 8, 8);
CHECK_FIELD(weft_progress, done, 16, 8);
CHECK_FIELD(weft_progress, total, 24, 8);
CHECK_FIELD(weft_progress, ended, 32, 4);
CHECK_FIELD(weft_progress, __reserved, 36, 4);

static_assert(WEFT_IOC_QUERY == 0xbf00, "WEFT_IOC_QUERY");
static_assert(WEFT_IOC_SETUP == 0xbf01, "WEFT_IOC_SETUP");
static_assert(WEFT_IOC_SUBMIT == 0xbf02, "WEFT_IOC_SUBMIT");
static_assert(WEFT_IOC_WAIT == 0xbf03, "WEFT_IOC_WAIT");
static_assert(WEFT_IOC_CANCEL == 0xbf04, "WEFT_IOC_CANCEL");
static_assert(WEFT_IOC_STATS == 0xbf05, "WEFT_IOC_STATS");
static_assert(WEFT_IOC_RESTRICT == 0xbf06, "WEFT_IOC_RESTRICT");
static_assert(WEFT_IOC_STEP == 0xbf10, "WEFT_IOC_STEP");
static_assert(WEFT_IOC_BUFFER == 0xbf07, "WEFT_IOC_BUFFER");
static_assert(WEFT_IOC_PROGRESS == 0xbf08, "WEFT_IOC_PROGRESS");
static_assert(WEFT_IOC_GRAPH == 0xbf09, "WEFT_IOC_GRAPH");
static_assert(WEFT_IOC_GRAPH_RESULT == 0xbf0a, "WEFT_IOC_GRAPH_RESULT");
static_assert(WEFT_IOC_TEMPLATE == 0xbf0b, "WEFT_IOC_TEMPLATE");
static_assert(WEFT_IOC_RUN == 0xbf0c, "WEFT_IOC_RUN");

/* What the sizes, tails and addresses of every ioctl argument are tried on. */
FIXTURE(argument) {
	int fd;
	char *page;	/* two pages, then one without access */
};

FIXTURE_VARIANT(argument) {
	unsigned long nr;
	__u32 size;
	__u32 first_size;	/* as it first was, 0 if that is the same */
	__u32 flags;		/* that make a struct of zeros valid and harmless */
	__u32 bad_flags;
	__u32 reserved;		/* offset of the reserved word, 0 if none */
	__u32 out_from, out_to;	/* offsets of the fields that are out only */
};

FIXTURE_VARIANT_ADD(argument, query) {
	.nr = WEFT_IOC_QUERY,
	.size = sizeof(struct weft_query),
	.out_from = offsetof(struct weft_query, abi_version),
	.out_to = sizeof(struct weft_query),
};

FIXTURE_VARIANT_ADD(argument, setup) {
	.nr = WEFT_IOC_SETUP,
	.size = sizeof(struct weft_setup),
	.first_size = offsetof(struct weft_setup, workers),
	.bad_flags = ~0U,
	.reserved = offsetof(struct weft_setup, __reserved),
};

FIXTURE_VARIANT_ADD(argument, submit) {
	.nr = WEFT_IOC_SUBMIT,
	.size = sizeof(struct weft_submit),
	.bad_flags = ~0U,
	.reserved = offsetof(struct weft_submit, __reserved),
	.out_from = offsetof(struct weft_submit, accepted),
	.out_to = offsetof(struct weft_submit, __reserved),
};

FIXTURE_VARIANT_ADD(argument, wait) {
	.nr = WEFT_IOC_WAIT,
	.size = sizeof(struct weft_wait),
	.bad_flags = ~0U,
	.reserved = offsetof(struct weft_wait, __reserved),
	.out_from = offsetof(struct weft_wait, count),
	.out_to = offsetof(struct weft_wait, __reserved),
};

FIXTURE_VARIANT_ADD(argument, cancel) {
	.nr = WEFT_IOC_CANCEL,
	.size = sizeof(struct weft_cancel),
	.flags = WEFT_CANCEL_ALL,
	.bad_flags = ~WEFT_CANCEL_ALL,
	.reserved = offsetof(struct weft_cancel, tag),
	.out_from = offsetof(struct weft_cancel, verdict),
	.out_to = offsetof(struct weft_cancel, tag),
};

FIXTURE_VARIANT_ADD(argument, stats) {
	.nr = WEFT_IOC_STATS,
	.size = sizeof(struct weft_stats),
	.bad_flags = ~0U,
	.out_from = offsetof(struct weft_stats, accepted),
	.out_to = sizeof(struct weft_stats),
};

FIXTURE_VARIANT_ADD(argument, restrict_ops) {
	.nr = WEFT_IOC_RESTRICT,
	.size = sizeof(struct weft_restrict),
	.bad_flags = ~0U,
};

FIXTURE_VARIANT_ADD(argument, step) {
	.nr = WEFT_IOC_STEP,
	.size = sizeof(struct weft_step),
	.bad_flags = ~(WEFT_STEP_LOOK | WEFT_STEP_SKIP),
	.out_from = offsetof(struct weft_step, id),
	.out_to = sizeof(struct weft_step),
};

FIXTURE_VARIANT_ADD(argument, run) {
	.nr = WEFT_IOC_RUN,
	.size = sizeof(struct weft_run),
	.bad_flags = ~(WEFT_GRAPH_RECEIPT | WEFT_GRAPH_KEEP),
	.reserved = offsetof(struct weft_run, __reserved),
	.out_from = offsetof(struct weft_run, id),
	.out_to = sizeof(struct weft_run),
};

static bool wants_client(const FIXTURE_VARIANT(argument) *variant)
{
	return variant->nr != WEFT_IOC_SETUP;
}

FIXTURE_SETUP(argument)
{
	self->page = before_guard(2 * PAGE);
	ASSERT_TRUE(self->page);
	self->fd = open_device();
	ASSERT_LE(0, self->fd);
	if (variant->nr == WEFT_IOC_STEP) {
		ASSERT_EQ(0, setup_stepped(self->fd, 1, WEFT_SETUP_VIRTUAL, CREDITS));
	} else if (wants_client(variant)) {
		ASSERT_EQ(0, setup_client(self->fd, WEFT_ENGINE_ASYNC, CREDITS));
	}
}

FIXTURE_TEARDOWN(argument)
{
	EXPECT_EQ(0, close(self->fd));
}

/* A valid argument of @size at the start of the pages. */
static void *valid_argument(FIXTURE_DATA(argument) *self,
			    const FIXTURE_VARIANT(argument) *variant, __u32 size)
{
	__u32 *words = (__u32 *)self->page;

	memset(words, 0, 2 * PAGE);
	words[0] = size;
	words[1] = variant->flags;
	return words;
}

static int try_size(FIXTURE_DATA(argument) *self,
		    const FIXTURE_VARIANT(argument) *variant, __u32 size)
{
	return call(self->fd, variant->nr, valid_argument(self, variant, size));
}

/* A set-up works once: it shows that the client was still in its first state. */
static bool is_untouched(FIXTURE_DATA(argument) *self,
			 const FIXTURE_VARIANT(argument) *variant)
{
	struct weft_stats stats;

	if (!wants_client(variant))
		return !setup_client(self->fd, WEFT_ENGINE_ASYNC, CREDITS);
	return !get_stats(self->fd, &stats) && !stats.accepted && !stats.refused &&
	       !stats.done && !stats.reaped && stats.credits_free == CREDITS;
}

TEST_F(argument, exact_size_is_accepted)
{
	EXPECT_EQ(0, try_size(self, variant, variant->size));
}

TEST_F(argument, every_smaller_size_is_einval)
{
	__u32 size;

	for (size = 0; size < (variant->first_size ?: variant->size); size++) {
		EXPECT_EQ(-EINVAL, try_size(self, variant, size))
			TH_LOG("size %u", size);
	}
	EXPECT_TRUE(is_untouched(self, variant));
}

/* A program that was built before the struct grew. */
TEST_F(argument, first_size_is_accepted_and_no_more_is_written)
{
	if (!variant->first_size)
		return;
	valid_argument(self, variant, variant->first_size);
	memset(self->page + variant->first_size, 0xff, PAGE);
	EXPECT_EQ(0, call(self->fd, variant->nr, self->page));
	EXPECT_EQ(0xff, (unsigned char)self->page[variant->first_size]);
}

static void check_zero_tail(struct __test_metadata *_metadata,
			    FIXTURE_DATA(argument) *self,
			    const FIXTURE_VARIANT(argument) *variant, __u32 size)
{
	__u32 i;

	EXPECT_EQ(0, try_size(self, variant, size)) TH_LOG("size %u", size);
	for (i = variant->size; i < 2 * PAGE; i++) {
		EXPECT_EQ(0, self->page[i]) TH_LOG("byte %u was written", i);
	}
}

TEST_F(argument, tail_of_one_zero_byte_is_accepted)
{
	check_zero_tail(_metadata, self, variant, variant->size + 1);
}

TEST_F(argument, tail_of_eight_zero_bytes_is_accepted)
{
	check_zero_tail(_metadata, self, variant, variant->size + 8);
}

TEST_F(argument, page_with_zero_tail_is_accepted)
{
	check_zero_tail(_metadata, self, variant, PAGE);
}

TEST_F(argument, every_dirty_tail_byte_is_e2big)
{
	__u32 i;

	for (i = variant->size; i < PAGE; i++) {
		valid_argument(self, variant, PAGE);
		self->page[i] = 1;
		EXPECT_EQ(-E2BIG, call(self->fd, variant->nr, self->page))
			TH_LOG("byte %u", i);
	}
	EXPECT_TRUE(is_untouched(self, variant));
}

TEST_F(argument, dirt_after_the_size_is_not_looked_at)
{
	valid_argument(self, variant, variant->size);
	memset(self->page + variant->size, 0xff, PAGE);
	EXPECT_EQ(0, call(self->fd, variant->nr, self->page));
}

TEST_F(argument, more_than_a_page_is_e2big)
{
	const __u32 sizes[] = { PAGE + 1, 2 * PAGE, 1U << 20, 1U << 31, ~0U };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(-E2BIG, try_size(self, variant, sizes[i]))
			TH_LOG("size %u", sizes[i]);
	}
	EXPECT_TRUE(is_untouched(self, variant));
}

TEST_F(argument, null_is_efault)
{
	EXPECT_EQ(-EFAULT, call(self->fd, variant->nr, NULL));
	EXPECT_TRUE(is_untouched(self, variant));
}

TEST_F(argument, page_without_access_is_efault)
{
	EXPECT_EQ(-EFAULT, call(self->fd, variant->nr, self->page + 2 * PAGE));
	EXPECT_TRUE(is_untouched(self, variant));
}

/* What comes back has nowhere to go, so nothing may happen. */
TEST_F(argument, read_only_page_is_efault)
{
	valid_argument(self, variant, variant->size);
	ASSERT_EQ(0, mprotect(self->page, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, call(self->fd, variant->nr, self->page));
	EXPECT_TRUE(is_untouched(self, variant));
}

TEST_F(argument, kernel_address_is_efault)
{
	const uintptr_t last_page = -(uintptr_t)PAGE;

	EXPECT_EQ(-EFAULT, call(self->fd, variant->nr, (void *)last_page));
	EXPECT_TRUE(is_untouched(self, variant));
}

TEST_F(argument, struct_that_ends_without_access_is_efault)
{
	char *edge = self->page + 2 * PAGE;
	__u32 have;

	for (have = 4; have < variant->size; have += 4) {
		valid_argument(self, variant, variant->size);
		memmove(edge - have, self->page, have);
		EXPECT_EQ(-EFAULT, call(self->fd, variant->nr, edge - have))
			TH_LOG("%u readable bytes", have);
	}
	EXPECT_TRUE(is_untouched(self, variant));
}

TEST_F(argument, struct_that_starts_unaligned_is_accepted)
{
	valid_argument(self, variant, variant->size);
	memmove(self->page + 1, self->page, variant->size);
	EXPECT_EQ(0, call(self->fd, variant->nr, self->page + 1));
}

static void check_bad_word(struct __test_metadata *_metadata,
			   FIXTURE_DATA(argument) *self,
			   const FIXTURE_VARIANT(argument) *variant, __u32 offset,
			   __u32 bits)
{
	__u32 bit;

	for (bit = 0; bit < 32; bit++) {
		if (!(bits & (1U << bit)))
			continue;
		valid_argument(self, variant, variant->size);
		*(__u32 *)(self->page + offset) |= 1U << bit;
		EXPECT_EQ(-EINVAL, call(self->fd, variant->nr, self->page))
			TH_LOG("bit %u at %u", bit, offset);
	}
	EXPECT_TRUE(is_untouched(self, variant));
}

TEST_F(argument, every_unknown_flag_is_einval)
{
	check_bad_word(_metadata, self, variant, 4, variant->bad_flags);
}

TEST_F(argument, every_reserved_bit_is_einval)
{
	if (variant->reserved)
		check_bad_word(_metadata, self, variant, variant->reserved, ~0U);
}

TEST_F(argument, out_fields_are_ignored_on_the_way_in)
{
	valid_argument(self, variant, variant->size);
	memset(self->page + variant->out_from, 0xff, variant->out_to - variant->out_from);
	EXPECT_EQ(0, call(self->fd, variant->nr, self->page));
}

/* A byte that is not written still has what it was filled with. */
TEST_F(argument, out_fields_are_written)
{
	size_t len = variant->out_to - variant->out_from;
	char *out = self->page + variant->out_from;
	char first[PAGE];

	if (!len)
		return;
	valid_argument(self, variant, variant->size);
	ASSERT_EQ(0, call(self->fd, variant->nr, self->page));
	memcpy(first, out, len);
	valid_argument(self, variant, variant->size);
	memset(out, 0xff, len);
	ASSERT_EQ(0, call(self->fd, variant->nr, self->page));
	EXPECT_EQ(0, memcmp(first, out, len));
}

TEST_F(argument, direction_bits_are_enotty)
{
	valid_argument(self, variant, variant->size);
	EXPECT_EQ(-ENOTTY, call(self->fd, variant->nr | 3UL << 30, self->page));
	EXPECT_EQ(-ENOTTY, call(self->fd, variant->nr | 56UL << 16, self->page));
	EXPECT_TRUE(is_untouched(self, variant));
}

FIXTURE(device) {
	int fd;
};

FIXTURE_SETUP(device)
{
	self->fd = open_device();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(device)
{
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(device, unknown_number_is_enotty)
{
	struct weft_query query = { .size = sizeof(query) };
	int nr;

	for (nr = LAST_IOCTL + 1; nr < 256; nr++) {
		if (nr == _IOC_NR(WEFT_IOC_STEP))
			continue;
		EXPECT_EQ(-ENOTTY, call(self->fd, _IO(WEFT_IOC_TYPE, nr), &query))
			TH_LOG("nr %d", nr);
	}
}

TEST_F(device, unknown_type_is_enotty)
{
	struct weft_query query = { .size = sizeof(query) };

	EXPECT_EQ(-ENOTTY, call(self->fd, _IO(WEFT_IOC_TYPE - 1, 0), &query));
	EXPECT_EQ(-ENOTTY, call(self->fd, _IO(WEFT_IOC_TYPE + 1, 0), &query));
	EXPECT_EQ(-ENOTTY, call(self->fd, _IO(0, 0), &query));
}

TEST_F(device, query_tells_this_abi)
{
	struct weft_query query;

	ASSERT_EQ(0, get_query(self->fd, &query));
	EXPECT_EQ(sizeof(query), query.size);
	EXPECT_EQ(WEFT_ABI_VERSION, query.abi_version);
	EXPECT_EQ(KNOWN_OPS, query.ops);
	EXPECT_EQ(0x3, query.engines);
	EXPECT_EQ(WEFT_FEATURE_GRAPHS | WEFT_FEATURE_STEP,
		  query.features & ~WEFT_FEATURE_TIMING);
	EXPECT_EQ(sizeof(struct weft_job), query.job_size);
	EXPECT_EQ(sizeof(struct weft_completion), query.completion_size);
}

TEST_F(device, query_tells_sane_limits)
{
	struct weft_query query;

	ASSERT_EQ(0, get_query(self->fd, &query));
	EXPECT_LT(0, query.default_credits);
	EXPECT_LE(query.default_credits, query.max_credits);
	EXPECT_LT(0, query.max_batch);
	EXPECT_LT(0, query.max_threads);
	EXPECT_LT(0, query.workers);
	EXPECT_LE(sizeof(struct weft_completion), query.job_bytes);
}

TEST_F(device, query_is_the_same_after_setup)
{
	struct weft_query before, after;

	ASSERT_EQ(0, get_query(self->fd, &before));
	ASSERT_EQ(0, setup_client(self->fd, WEFT_ENGINE_THREADS, 1));
	ASSERT_EQ(0, get_query(self->fd, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(device, write_is_einval)
{
	struct weft_job job = nop_job(0);

	EXPECT_EQ(-EINVAL, write(self->fd, &job, sizeof(job)) < 0 ? -errno : 0);
}

TEST_F(device, mmap_before_setup_is_ebadfd)
{
	EXPECT_TRUE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0) == MAP_FAILED);
	EXPECT_EQ(EBADFD, errno);
}

TEST_F(device, submit_before_setup_is_ebadfd)
{
	struct weft_job job = nop_job(0);

	EXPECT_EQ(-EBADFD, submit_batch(self->fd, &job, NULL, 1, NULL));
}

TEST_F(device, wait_before_setup_is_ebadfd)
{
	EXPECT_EQ(-EBADFD, look(self->fd));
}

TEST_F(device, cancel_before_setup_is_ebadfd)
{
	EXPECT_EQ(-EBADFD, cancel_job(self->fd, 1));
}

TEST_F(device, stats_before_setup_is_ebadfd)
{
	struct weft_stats stats;

	EXPECT_EQ(-EBADFD, get_stats(self->fd, &stats));
}

TEST_F(device, restrict_before_setup_holds_after_it)
{
	struct weft_job job = nop_job(0);
	__u64 left;
	__u32 error;

	ASSERT_EQ(0, restrict_ops(self->fd, ~(1ULL << WEFT_OP_NOP), &left));
	EXPECT_EQ(KNOWN_OPS & ~(1ULL << WEFT_OP_NOP), left);
	ASSERT_EQ(0, setup_client(self->fd, WEFT_ENGINE_ASYNC, 1));
	EXPECT_EQ(0, submit_batch(self->fd, &job, NULL, 1, &error));
	EXPECT_EQ(EOPNOTSUPP, error);
}

TEST_F(device, read_before_setup_is_ebadfd)
{
	struct weft_completion c;

	EXPECT_EQ(-EBADFD, read_completions(self->fd, &c, sizeof(c)));
}

TEST_F(device, second_setup_is_ebadfd)
{
	ASSERT_EQ(0, setup_client(self->fd, WEFT_ENGINE_ASYNC, 1));
	EXPECT_EQ(-EBADFD, setup_client(self->fd, WEFT_ENGINE_ASYNC, 1));
	EXPECT_EQ(-EBADFD, setup_client(self->fd, WEFT_ENGINE_THREADS, 2));
}

TEST_F(device, unknown_engine_is_einval)
{
	int bit;

	for (bit = 1; bit < 32; bit++) {
		EXPECT_EQ(-EINVAL, setup_client(self->fd, 1U << bit, 1))
			TH_LOG("engine %u", 1U << bit);
	}
	EXPECT_EQ(-EINVAL, setup_client(self->fd, ~0U, 1));
	EXPECT_EQ(0, setup_client(self->fd, WEFT_ENGINE_ASYNC, 1));
}

TEST_F(device, more_than_max_credits_is_einval)
{
	struct weft_query query;

	ASSERT_EQ(0, get_query(self->fd, &query));
	EXPECT_EQ(-EINVAL,
		  setup_client(self->fd, WEFT_ENGINE_ASYNC, query.max_credits + 1));
	EXPECT_EQ(-EINVAL, setup_client(self->fd, WEFT_ENGINE_ASYNC, ~0U));
	EXPECT_EQ(0, setup_client(self->fd, WEFT_ENGINE_ASYNC, query.max_credits));
}

TEST_F(device, setup_gives_the_credits_asked_for)
{
	struct weft_setup setup = { .size = sizeof(setup), .credits = 7 };
	struct weft_stats stats;

	ASSERT_EQ(0, call(self->fd, WEFT_IOC_SETUP, &setup));
	EXPECT_EQ(7, setup.credits);
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(7, stats.credits);
	EXPECT_EQ(7, stats.credits_free);
}

TEST_F(device, setup_of_zero_credits_gives_the_default)
{
	struct weft_setup setup = { .size = sizeof(setup) };
	struct weft_query query;

	ASSERT_EQ(0, get_query(self->fd, &query));
	ASSERT_EQ(0, call(self->fd, WEFT_IOC_SETUP, &setup));
	EXPECT_EQ(query.default_credits, setup.credits);
}

static void *setup_in_thread(void *arg)
{
	int *fd = arg;

	*fd = setup_client(*fd, WEFT_ENGINE_ASYNC, 1);
	return NULL;
}

TEST(racing_setups_of_a_file_succeed_once)
{
	int i, j, fd, ret[3], done;
	pthread_t threads[3];

	for (i = 0; i < 100; i++) {
		fd = open_device();
		ASSERT_LE(0, fd);
		for (j = 0; j < 3; j++) {
			ret[j] = fd;
			ASSERT_EQ(0, pthread_create(&threads[j], NULL, setup_in_thread,
						    &ret[j]));
		}
		for (done = 0, j = 0; j < 3; j++) {
			pthread_join(threads[j], NULL);
			EXPECT_TRUE(!ret[j] || ret[j] == -EBADFD);
			done += !ret[j];
		}
		EXPECT_EQ(1, done);
		EXPECT_EQ(0, close(fd));
	}
}

TEST_F(device, two_opens_are_two_clients)
{
	int other = open_client(WEFT_ENGINE_ASYNC, 3);
	struct weft_stats stats;

	ASSERT_LE(0, other);
	EXPECT_EQ(-EBADFD, get_stats(self->fd, &stats));
	ASSERT_EQ(0, setup_client(self->fd, WEFT_ENGINE_ASYNC, 5));
	ASSERT_EQ(0, get_stats(other, &stats));
	EXPECT_EQ(3, stats.credits);
	EXPECT_EQ(0, close(other));
}

/* Memory of the slots is made at their first use: let that be before the tests. */
static int use_all_credits(int fd)
{
	struct weft_job *jobs = many_jobs(nop_job(0), CREDITS);
	struct weft_completion c[CREDITS];
	int ret = submit_all(fd, jobs, NULL, CREDITS);

	free(jobs);
	return ret < 0 ? ret : reap(fd, c, CREDITS);
}

/* What a submit refuses; nothing of it may leave a trace but its count. */
FIXTURE(submit) {
	int fd;
	struct weft_stats before;
};

FIXTURE_VARIANT(submit) {
	__u32 engine;
};

FIXTURE_VARIANT_ADD(submit, async) {
	.engine = WEFT_ENGINE_ASYNC,
};

FIXTURE_VARIANT_ADD(submit, threads) {
	.engine = WEFT_ENGINE_THREADS,
};

FIXTURE_SETUP(submit)
{
	self->fd = open_client(variant->engine, CREDITS);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(CREDITS, use_all_credits(self->fd));
	ASSERT_EQ(0, get_stats(self->fd, &self->before));
}

FIXTURE_TEARDOWN(submit)
{
	EXPECT_EQ(0, close(self->fd));
}

static bool only_refused(FIXTURE_DATA(submit) *self, __u64 refused)
{
	struct weft_stats after;

	if (get_stats(self->fd, &after) || after.refused != self->before.refused + refused)
		return false;
	after.refused = self->before.refused;
	return !memcmp(&self->before, &after, sizeof(after));
}

TEST_F(submit, count_of_zero_returns_zero)
{
	__u32 error = ~0U;

	EXPECT_EQ(0, submit_batch(self->fd, NULL, NULL, 0, &error));
	EXPECT_EQ(0, error);
	EXPECT_TRUE(only_refused(self, 0));
}

TEST_F(submit, more_than_max_batch_is_einval)
{
	struct weft_query query;
	struct weft_job *jobs;

	ASSERT_EQ(0, get_query(self->fd, &query));
	jobs = many_jobs(nop_job(0), query.max_batch + 1);
	ASSERT_TRUE(jobs);
	EXPECT_EQ(-EINVAL,
		  submit_batch(self->fd, jobs, NULL, query.max_batch + 1, NULL));
	EXPECT_EQ(-EINVAL, submit_batch(self->fd, jobs, NULL, ~0U, NULL));
	EXPECT_TRUE(only_refused(self, 0));
	free(jobs);
}

static void check_bad_jobs(struct __test_metadata *_metadata,
			   FIXTURE_DATA(submit) *self, __u64 address)
{
	struct weft_submit submit = {
		.size = sizeof(submit),
		.jobs = address,
		.count = 1,
		.accepted = ~0U,
	};

	EXPECT_EQ(0, call(self->fd, WEFT_IOC_SUBMIT, &submit));
	EXPECT_EQ(0, submit.accepted);
	EXPECT_EQ(EFAULT, submit.error);
	EXPECT_TRUE(only_refused(self, 1));
}

TEST_F(submit, jobs_at_null_are_efault)
{
	check_bad_jobs(_metadata, self, 0);
}

TEST_F(submit, jobs_without_access_are_efault)
{
	check_bad_jobs(_metadata, self, (uintptr_t)before_guard(0));
}

TEST_F(submit, jobs_that_end_without_access_are_efault)
{
	check_bad_jobs(_metadata, self, (uintptr_t)before_guard(63));
}

TEST_F(submit, jobs_in_kernel_memory_are_efault)
{
	check_bad_jobs(_metadata, self, 0xffff888000001000ULL);
}

TEST_F(submit, jobs_at_the_end_of_addresses_are_efault)
{
	check_bad_jobs(_metadata, self, ~0ULL);
}

/* With 32 bits the high half of an address must not be cut off. */
TEST_F(submit, jobs_beyond_32_bits_are_efault)
{
	static struct weft_job job;

	if (sizeof(void *) == 4)
		check_bad_jobs(_metadata, self, (uintptr_t)&job | 1ULL << 32);
}

static void check_short_jobs(struct __test_metadata *_metadata, int fd, int good)
{
	struct weft_job *jobs = before_guard(good * sizeof(*jobs) + 63);
	struct weft_completion c[CREDITS];
	__u32 error;
	int i;

	ASSERT_TRUE(jobs);
	for (i = 0; i < good; i++)
		jobs[i] = nop_job(i);
	ASSERT_EQ(good, submit_batch(fd, jobs, NULL, CREDITS, &error));
	EXPECT_EQ(EFAULT, error);
	ASSERT_EQ(good, reap(fd, c, good));
	EXPECT_TRUE(exactly_once(c, good));
	EXPECT_EQ(0, look(fd));
}

TEST_F(submit, few_jobs_before_the_bad_address_are_accepted)
{
	check_short_jobs(_metadata, self->fd, 1);
	check_short_jobs(_metadata, self->fd, 3);
}

TEST_F(submit, many_jobs_before_the_bad_address_are_accepted)
{
	check_short_jobs(_metadata, self->fd, 128);
	check_short_jobs(_metadata, self->fd, 199);
}

TEST_F(submit, ids_without_access_are_efault)
{
	struct weft_job job = nop_job(0);
	__u32 error;

	EXPECT_EQ(0, submit_batch(self->fd, &job, before_guard(0), 1, &error));
	EXPECT_EQ(EFAULT, error);
	EXPECT_TRUE(only_refused(self, 1));
	EXPECT_EQ(0, look(self->fd));
}

TEST_F(submit, ids_in_read_only_memory_are_efault)
{
	static const __u64 id;
	struct weft_job job = nop_job(0);
	__u32 error;

	EXPECT_EQ(0, submit_batch(self->fd, &job, (__u64 *)&id, 1, &error));
	EXPECT_EQ(EFAULT, error);
	EXPECT_TRUE(only_refused(self, 1));
}

/* How many are accepted is the kernel's choice, but each one has its id. */
static void check_short_ids(struct __test_metadata *_metadata, int fd, int room)
{
	struct weft_job *jobs = many_jobs(nop_job(0), CREDITS);
	__u64 *ids = before_guard(room * sizeof(*ids));
	struct weft_completion c[CREDITS];
	__u32 error;
	int ret, i;

	ASSERT_TRUE(jobs && ids);
	ret = submit_batch(fd, jobs, ids, CREDITS, &error);
	ASSERT_LE(0, ret);
	ASSERT_GE(room, ret);
	EXPECT_EQ(EFAULT, error);
	EXPECT_EQ(ret, reap(fd, c, ret));
	EXPECT_TRUE(exactly_once(c, ret));
	for (i = 0; i < ret; i++) {
		EXPECT_EQ(c[i].id, ids[c[i].user_data]);
	}
	EXPECT_EQ(0, look(fd));
	free(jobs);
}

TEST_F(submit, jobs_without_room_for_their_id_are_not_accepted)
{
	check_short_ids(_metadata, self->fd, 5);
	check_short_ids(_metadata, self->fd, 200);
}

TEST_F(submit, ids_name_the_accepted_jobs)
{
	struct weft_job *jobs = many_jobs(nop_job(0), CREDITS);
	struct weft_completion c[CREDITS];
	__u64 ids[CREDITS] = { 0 };
	int i;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(CREDITS, submit_all(self->fd, jobs, ids, CREDITS));
	ASSERT_EQ(CREDITS, reap(self->fd, c, CREDITS));
	EXPECT_TRUE(exactly_once(c, CREDITS));
	for (i = 0; i < CREDITS; i++) {
		EXPECT_NE(0, c[i].id);
		EXPECT_EQ(c[i].id, ids[c[i].user_data]);
	}
	free(jobs);
}

static int compare_ids(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

TEST_F(submit, ids_never_repeat)
{
	static __u64 ids[25 * CREDITS];
	const int rounds = scaled(25, 2);
	struct weft_job *jobs = many_jobs(nop_job(0), CREDITS);
	struct weft_completion c[CREDITS];
	int i;

	ASSERT_TRUE(jobs);
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(CREDITS,
			  submit_all(self->fd, jobs, ids + i * CREDITS, CREDITS));
		ASSERT_EQ(CREDITS, reap(self->fd, c, CREDITS));
	}
	qsort(ids, rounds * CREDITS, sizeof(*ids), compare_ids);
	EXPECT_NE(0, ids[0]);
	for (i = 1; i < rounds * CREDITS; i++) {
		EXPECT_LT(ids[i - 1], ids[i]);
	}
	free(jobs);
}

TEST_F(submit, jobs_before_a_bad_one_run_and_none_after_it)
{
	struct weft_job jobs[5];
	struct weft_completion c[3];
	struct weft_stats stats;
	__u32 error;
	int i;

	for (i = 0; i < 5; i++)
		jobs[i] = nop_job(i);
	jobs[3].deadline_ns = 1ULL << 63;
	ASSERT_EQ(3, submit_batch(self->fd, jobs, NULL, 5, &error));
	EXPECT_EQ(EINVAL, error);
	ASSERT_EQ(3, reap(self->fd, c, 3));
	EXPECT_TRUE(exactly_once(c, 3));
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(self->before.accepted + 3, stats.accepted);
	EXPECT_EQ(self->before.refused + 1, stats.refused);
	EXPECT_EQ(CREDITS, stats.credits_free);
}

/* Of each op the bits that may be set, by 64-bit word of the job. */
FIXTURE(bits) {
	int fd;
	struct weft_stats before;
};

FIXTURE_VARIANT(bits) {
	struct weft_job job;
	__u64 arg[5];
};

FIXTURE_VARIANT_ADD(bits, nop) {
	.job = { .op = WEFT_OP_NOP },
};

FIXTURE_VARIANT_ADD(bits, yield) {
	.job = { .op = WEFT_OP_YIELD },
	.arg = { ~0ULL },
};

FIXTURE_VARIANT_ADD(bits, spin) {
	.job = { .op = WEFT_OP_SPIN },
	.arg = { ~0ULL >> 1 },
};

FIXTURE_VARIANT_ADD(bits, sleep) {
	.job = { .op = WEFT_OP_SLEEP },
	.arg = { ~0ULL >> 1, WEFT_SLEEP_ABS },
};

FIXTURE_VARIANT_ADD(bits, work) {
	.job = { .op = WEFT_OP_WORK, .work.rounds = 1 },
	.arg = { ~0ULL >> 1, ~0ULL >> 1, ~0U },
};

FIXTURE_SETUP(bits)
{
	self->fd = open_client(WEFT_ENGINE_ASYNC, CREDITS);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(CREDITS, use_all_credits(self->fd));
	ASSERT_EQ(0, get_stats(self->fd, &self->before));
}

FIXTURE_TEARDOWN(bits)
{
	EXPECT_EQ(0, close(self->fd));
}

static void check_bad_bits(struct __test_metadata *_metadata,
			   FIXTURE_DATA(bits) *self,
			   const FIXTURE_VARIANT(bits) *variant, int word, __u64 bits)
{
	struct weft_stats after;
	__u64 words[8];
	__u32 error;
	int bit;

	for (bit = 0; bit < 64; bit++) {
		if (!(bits & (1ULL << bit)))
			continue;
		memcpy(words, &variant->job, sizeof(words));
		words[word] |= 1ULL << bit;
		EXPECT_EQ(0, submit_batch(self->fd, (struct weft_job *)words, NULL, 1,
					  &error));
		EXPECT_EQ(EINVAL, error) TH_LOG("bit %d of word %d", bit, word);
		self->before.refused++;
	}
	ASSERT_EQ(0, get_stats(self->fd, &after));
	EXPECT_EQ(0, memcmp(&self->before, &after, sizeof(after)));
}

TEST_F(bits, unchanged_job_is_accepted)
{
	struct weft_completion c;

	ASSERT_EQ(1, run_job(self->fd, variant->job, &c));
	EXPECT_LE(0, c.result);
	EXPECT_EQ(variant->job.op, c.op);
}

TEST_F(bits, every_unknown_op_bit_is_einval)
{
	check_bad_bits(_metadata, self, variant, 0, 0xfff0ULL);
}

TEST_F(bits, every_unknown_job_flag_is_einval)
{
	check_bad_bits(_metadata, self, variant, 0, 0xfffe0000ULL);
}

TEST_F(bits, deadline_from_2_63_on_is_einval)
{
	check_bad_bits(_metadata, self, variant, 2, 1ULL << 63);
}

TEST_F(bits, last_tag_and_last_deadline_are_accepted)
{
	struct weft_job job = variant->job;
	struct weft_completion c;

	job.tag = ~0U;
	job.deadline_ns = INT64_MAX;
	ASSERT_EQ(1, run_job(self->fd, job, &c));
	EXPECT_LE(0, c.result);
}

TEST_F(bits, every_unused_argument_bit_is_einval)
{
	int i;

	for (i = 0; i < 5; i++)
		check_bad_bits(_metadata, self, variant, 3 + i, ~variant->arg[i]);
}

static void check_bad_job(struct __test_metadata *_metadata, struct weft_job job)
{
	int fd = open_client(WEFT_ENGINE_ASYNC, 1);
	struct weft_stats stats;
	__u32 error;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, submit_batch(fd, &job, NULL, 1, &error));
	EXPECT_EQ(EINVAL, error);
	ASSERT_EQ(0, get_stats(fd, &stats));
	EXPECT_EQ(0, stats.accepted);
	EXPECT_EQ(1, stats.credits_free);
	EXPECT_EQ(0, close(fd));
}

TEST(first_unknown_op_is_einval)
{
	check_bad_job(_metadata, (struct weft_job){ .op = LAST_OP + 1 });
}

TEST(last_unknown_op_is_einval)
{
	check_bad_job(_metadata, (struct weft_job){ .op = 0xffff });
}

TEST(spin_of_all_ones_is_einval)
{
	check_bad_job(_metadata, spin_job(0, ~0ULL));
}

TEST(sleep_of_all_ones_is_einval)
{
	check_bad_job(_metadata, sleep_job(0, ~0ULL));
}

TEST(sleep_until_2_63_is_einval)
{
	check_bad_job(_metadata, sleep_until_job(0, 1ULL << 63));
}

TEST(sleep_until_all_ones_is_einval)
{
	check_bad_job(_metadata, sleep_until_job(0, ~0ULL));
}

TEST(work_of_no_rounds_is_einval)
{
	check_bad_job(_metadata, work_job(0, 0, 1, 1));
}

TEST(work_of_all_ones_is_einval)
{
	check_bad_job(_metadata, work_job(0, 1, ~0ULL, 0));
}

TEST(work_wait_of_all_ones_is_einval)
{
	check_bad_job(_metadata, work_job(0, 1, 0, ~0ULL));
}

WEFT_TEST_MAIN
