// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors change nothing: a client with jobs in each state is what it was before,
 * after every error of every call that docs/uapi.md has.
 */
#include <stddef.h>
#include "common.h"
#include "table.h"

#define PAGE		4096
#define CREDITS		8
#define SLEEPERS	2
#define DONE		2
#define LIVE_ROWS	CREDITS

/* All that can be seen of a client from outside. */
struct state {
	struct weft_stats stats;
	struct weft_query query;
	int completions;
	struct row {
		long long id, polls, tag, user_data;
		char op[16], state[16], cancelled[8];
	} rows[LIVE_ROWS];
	unsigned int live;
	long long memory[8];
};

/* Return: whether all of it could be read. */
static bool look_at(int fd, struct state *state)
{
	static struct table t;
	struct row *row;
	unsigned int i;

	memset(state, 0, sizeof(*state));
	state->completions = look(fd);
	if (state->completions < 0 || get_stats(fd, &state->stats) ||
	    get_query(fd, &state->query) || table_read(&t, "tasks"))
		return false;
	for (i = 1; i <= t.rows; i++) {
		if (table_number(&t, i, "pid") != getpid())
			continue;
		if (state->live == LIVE_ROWS)
			return false;
		row = &state->rows[state->live++];
		row->id = table_number(&t, i, "id");
		row->polls = table_number(&t, i, "polls");
		row->tag = table_number(&t, i, "tag");
		row->user_data = table_number(&t, i, "user_data");
		snprintf(row->op, sizeof(row->op), "%s", table_text(&t, i, "op"));
		snprintf(row->state, sizeof(row->state), "%s", table_text(&t, i, "state"));
		snprintf(row->cancelled, sizeof(row->cancelled), "%s",
			 table_text(&t, i, "cancelled"));
	}
	if (table_read(&t, "memory") || t.rows > ARRAY_SIZE(state->memory))
		return false;
	for (i = 1; i <= t.rows; i++)
		state->memory[i - 1] = table_number(&t, i, "bytes");
	return true;
}

union argument {
	__u32 words[PAGE / 4];
	struct weft_query query;
	struct weft_setup setup;
	struct weft_submit submit;
	struct weft_wait wait;
	struct weft_cancel cancel;
	struct weft_stats stats;
	struct weft_restrict narrow;
};

/* What the waiting jobs are: ids[0] and ids[1], with the tag 5. */
FIXTURE(error) {
	int fd;
	char *page;		/* two pages, then one without access */
	__u64 ids[SLEEPERS];
	__u64 reaped_id;
	unsigned int sleepers;
	unsigned int done;
	struct state before;
};

FIXTURE_VARIANT(error) {
	__u32 engine;
};

FIXTURE_VARIANT_ADD(error, async) {
	.engine = WEFT_ENGINE_ASYNC,
};

FIXTURE_VARIANT_ADD(error, threads) {
	.engine = WEFT_ENGINE_THREADS,
};

FIXTURE_SETUP(error)
{
	struct weft_completion c;
	__u64 left;
	int i;

	self->page = before_guard(2 * PAGE);
	ASSERT_TRUE(self->page);
	self->fd = open_client(variant->engine, CREDITS);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(1, submit_one(self->fd, nop_job(0), &self->reaped_id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	self->sleepers = SLEEPERS;
	for (i = 0; i < SLEEPERS; i++) {
		ASSERT_EQ(1, submit_one(self->fd, with_tag(sleep_job(i, HOUR), 5),
					&self->ids[i]));
	}
	ASSERT_EQ(true, until_waiting(self->fd, SLEEPERS));
	self->done = DONE;
	for (i = 0; i < DONE; i++) {
		ASSERT_EQ(1, submit_one(self->fd, nop_job(SLEEPERS + i), NULL));
	}
	ASSERT_EQ(DONE, wait_done(self->fd, DONE));
	ASSERT_EQ(0, restrict_ops(self->fd, ~(1ULL << WEFT_OP_WORK), &left));
}

/* All that it had is still there, once, and it goes on. */
FIXTURE_TEARDOWN(error)
{
	unsigned int n = self->sleepers + self->done;
	struct weft_completion c[CREDITS];
	struct weft_stats stats;

	ASSERT_EQ(n, cancel_and_reap(self->fd, c, n));
	EXPECT_TRUE(exactly_once(c, n));
	EXPECT_EQ(self->sleepers, count_result(c, n, -ECANCELED));
	EXPECT_EQ(0, look(self->fd));
	EXPECT_EQ(1, run_job(self->fd, nop_job(77), c));
	EXPECT_EQ(77, c[0].user_data);
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(CREDITS, stats.credits_free);
	EXPECT_EQ(0, close(self->fd));
}

/*
 * Nothing may move by itself: the thread of a job that has ended still counts for a
 * moment, and the worker of a job that waits is still on its way to sleep.
 */
static void remember(struct __test_metadata *_metadata, FIXTURE_DATA(error) *self)
{
	__u64 end = in_ns(PATIENCE);
	struct state again;

	ASSERT_EQ(true, until_waiting(self->fd, self->sleepers));
	ASSERT_TRUE(look_at(self->fd, &self->before));
	do {
		again = self->before;
		sched_yield();
		ASSERT_TRUE(look_at(self->fd, &self->before));
	} while (memcmp(&again, &self->before, sizeof(again)) && now_ns() < end);
	EXPECT_EQ(self->done, self->before.completions);
	EXPECT_EQ(self->sleepers, self->before.live);
}

/* @refused submits more than before were refused, and that is all. */
static void expect_unchanged(struct __test_metadata *_metadata, FIXTURE_DATA(error) *self,
			     unsigned int refused, const char *what)
{
	struct state after;

	ASSERT_TRUE(look_at(self->fd, &after));
	self->before.stats.refused += refused;
	EXPECT_EQ(0, memcmp(&self->before, &after, sizeof(after)))
		TH_LOG("changed by: %s", what);
}

/* The call fails with @error, and leaves the argument and the client alone. */
static void expect_error(struct __test_metadata *_metadata, FIXTURE_DATA(error) *self,
			 unsigned long nr, void *arg, size_t size, int error,
			 const char *what)
{
	char copy[2 * PAGE];

	memcpy(copy, arg, size);
	EXPECT_EQ(-error, call(self->fd, nr, arg)) TH_LOG("call: %s", what);
	EXPECT_EQ(0, memcmp(copy, arg, size)) TH_LOG("argument of: %s", what);
	expect_unchanged(_metadata, self, 0, what);
}

static const struct kind {
	const char *name;
	unsigned long nr;
	__u32 size;
	bool has_flags;
	__u32 reserved;		/* offset, 0 if none */
} kinds[] = {
	{
		.name = "query",
		.nr = WEFT_IOC_QUERY,
		.size = sizeof(struct weft_query),
	},
	{
		.name = "setup",
		.nr = WEFT_IOC_SETUP,
		.size = sizeof(struct weft_setup),
		.has_flags = true,
	},
	{
		.name = "submit",
		.nr = WEFT_IOC_SUBMIT,
		.size = sizeof(struct weft_submit),
		.has_flags = true,
		.reserved = offsetof(struct weft_submit, __reserved),
	},
	{
		.name = "wait",
		.nr = WEFT_IOC_WAIT,
		.size = sizeof(struct weft_wait),
		.has_flags = true,
		.reserved = offsetof(struct weft_wait, __reserved),
	},
	{
		.name = "cancel",
		.nr = WEFT_IOC_CANCEL,
		.size = sizeof(struct weft_cancel),
		.has_flags = true,
	},
	{
		.name = "stats",
		.nr = WEFT_IOC_STATS,
		.size = sizeof(struct weft_stats),
		.has_flags = true,
	},
	{
		.name = "restrict",
		.nr = WEFT_IOC_RESTRICT,
		.size = sizeof(struct weft_restrict),
		.has_flags = true,
	},
};

/* An argument that would do something: filled with ones but for its size. */
static __u32 *fill(FIXTURE_DATA(error) *self, const struct kind *kind, __u32 size)
{
	__u32 *words = (__u32 *)self->page;

	memset(words, 0, 2 * PAGE);
	memset(words, 1, kind->size);
	words[0] = size;
	return words;
}

TEST_F(error, wrong_size_changes_nothing)
{
	const struct kind *k;
	__u32 *words;

	remember(_metadata, self);
	for (k = kinds; k < kinds + ARRAY_SIZE(kinds); k++) {
		words = fill(self, k, 0);
		expect_error(_metadata, self, k->nr, words, PAGE, EINVAL, k->name);
		words = fill(self, k, k->size - 1);
		expect_error(_metadata, self, k->nr, words, PAGE, EINVAL, k->name);
		words = fill(self, k, PAGE + 1);
		expect_error(_metadata, self, k->nr, words, 2 * PAGE, E2BIG, k->name);
		words = fill(self, k, k->size + 4);
		words[k->size / 4] = 1;
		expect_error(_metadata, self, k->nr, words, PAGE, E2BIG, k->name);
	}
}

TEST_F(error, bad_address_changes_nothing)
{
	const struct kind *k;
	char *half;

	remember(_metadata, self);
	for (k = kinds; k < kinds + ARRAY_SIZE(kinds); k++) {
		EXPECT_EQ(-EFAULT, call(self->fd, k->nr, NULL));
		EXPECT_EQ(-EFAULT, call(self->fd, k->nr, self->page + 2 * PAGE));
		expect_unchanged(_metadata, self, 0, k->name);
		half = self->page + 2 * PAGE - k->size / 2;
		memmove(half, fill(self, k, k->size), k->size / 2);
		expect_error(_metadata, self, k->nr, half, k->size / 2, EFAULT, k->name);
		fill(self, k, k->size);
		ASSERT_EQ(0, mprotect(self->page, PAGE, PROT_READ));
		expect_error(_metadata, self, k->nr, self->page, k->size, EFAULT, k->name);
		ASSERT_EQ(0, mprotect(self->page, PAGE, PROT_READ | PROT_WRITE));
	}
}

TEST_F(error, unknown_ioctl_changes_nothing)
{
	const struct kind *k;

	remember(_metadata, self);
	for (k = kinds; k < kinds + ARRAY_SIZE(kinds); k++) {
		expect_error(_metadata, self, k->nr | 3UL << 30, fill(self, k, k->size),
			     PAGE, ENOTTY, k->name);
		expect_error(_metadata, self, k->nr + _IOC_NR(WEFT_IOC_STEP) + 1,
			     fill(self, k, k->size), PAGE, ENOTTY, k->name);
	}
}

TEST_F(error, wrong_flags_and_reserved_fields_change_nothing)
{
	const struct kind *k;
	__u32 *words;

	remember(_metadata, self);
	for (k = kinds; k < kinds + ARRAY_SIZE(kinds); k++) {
		if (k->has_flags) {
			words = fill(self, k, k->size);
			words[1] = 1U << 31;
			expect_error(_metadata, self, k->nr, words, PAGE, EINVAL, k->name);
		}
		if (k->reserved) {
			words = fill(self, k, k->size);
			memset(words + 1, 0, k->size - 4);
			words[k->reserved / 4] = 1;
			expect_error(_metadata, self, k->nr, words, PAGE, EINVAL, k->name);
		}
	}
}

/* One wrong value each; the rest is well and would do something. */
TEST_F(error, wrong_value_changes_nothing)
{
	struct weft_job job = nop_job(9);
	struct weft_completion c[CREDITS];
	struct weft_wait wait = {
		.size = sizeof(wait), .completions = (uintptr_t)c, .capacity = CREDITS,
	};
	const struct {
		const char *name;
		unsigned long nr;
		int error;
		union argument arg;
	} tries[] = {
		{ "setup, known engine, again", WEFT_IOC_SETUP, EBADFD,
		  { .setup = { sizeof(struct weft_setup), 0, 1, 1 } } },
		{ "setup, unknown engine", WEFT_IOC_SETUP, EINVAL,
		  { .setup = { sizeof(struct weft_setup), 0, 2, 1 } } },
		{ "setup, too many credits", WEFT_IOC_SETUP, EINVAL,
		  { .setup = { sizeof(struct weft_setup), 0, 0, ~0U } } },
		{ "submit, too many", WEFT_IOC_SUBMIT, EINVAL,
		  { .submit = { .size = sizeof(struct weft_submit),
				.jobs = (uintptr_t)&job, .count = 65537 } } },
		{ "cancel, no such id", WEFT_IOC_CANCEL, ENOENT,
		  { .cancel = { .size = sizeof(struct weft_cancel), .id = 1ULL << 40 } } },
		{ "cancel, reaped id", WEFT_IOC_CANCEL, ENOENT,
		  { .cancel = { .size = sizeof(struct weft_cancel),
				.id = self->reaped_id } } },
		{ "cancel, id with a tag", WEFT_IOC_CANCEL, EINVAL,
		  { .cancel = { .size = sizeof(struct weft_cancel), .id = self->ids[0],
				.tag = 5 } } },
		{ "cancel, all with an id", WEFT_IOC_CANCEL, EINVAL,
		  { .cancel = { .size = sizeof(struct weft_cancel), .id = self->ids[0],
				.flags = WEFT_CANCEL_ALL } } },
		{ "cancel, all with a tag", WEFT_IOC_CANCEL, EINVAL,
		  { .cancel = { .size = sizeof(struct weft_cancel), .tag = 5,
				.flags = WEFT_CANCEL_ALL } } },
		{ "cancel, tag with an id", WEFT_IOC_CANCEL, EINVAL,
		  { .cancel = { .size = sizeof(struct weft_cancel), .id = self->ids[0],
				.tag = 5, .flags = WEFT_CANCEL_TAG } } },
		{ "cancel, both flags", WEFT_IOC_CANCEL, EINVAL,
		  { .cancel = { .size = sizeof(struct weft_cancel),
				.flags = WEFT_CANCEL_ALL | WEFT_CANCEL_TAG } } },
	};
	size_t i;

	remember(_metadata, self);
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		memcpy(self->page, &tries[i].arg, sizeof(tries[i].arg));
		expect_error(_metadata, self, tries[i].nr, self->page, PAGE,
			     tries[i].error, tries[i].name);
	}
	wait.min = CREDITS + 1;
	expect_error(_metadata, self, WEFT_IOC_WAIT, &wait, sizeof(wait), EINVAL,
		     "wait, more than credits");
	wait.min = 1;
	wait.completions = (uintptr_t)self->page + 2 * PAGE - 71;
	expect_error(_metadata, self, WEFT_IOC_WAIT, &wait, sizeof(wait), EFAULT,
		     "wait, no room");
	wait.completions = 0;
	expect_error(_metadata, self, WEFT_IOC_WAIT, &wait, sizeof(wait), EFAULT,
		     "wait, no address");
}

/* The job is refused for @error, and only that is counted. */
static void expect_refused(struct __test_metadata *_metadata, FIXTURE_DATA(error) *self,
			   const struct weft_job *job, __u64 *ids, __u32 error,
			   const char *what)
{
	struct weft_submit submit = {
		.size = sizeof(submit),
		.jobs = (uintptr_t)job,
		.ids = (uintptr_t)ids,
		.count = 1,
		.accepted = ~0U,
		.error = ~0U,
	};

	EXPECT_EQ(0, call(self->fd, WEFT_IOC_SUBMIT, &submit)) TH_LOG("%s", what);
	EXPECT_EQ(0, submit.accepted) TH_LOG("%s", what);
	EXPECT_EQ(error, submit.error) TH_LOG("%s", what);
	expect_unchanged(_metadata, self, 1, what);
}

TEST_F(error, refused_job_changes_only_that_count)
{
	struct weft_job bad, job = sleep_job(9, HOUR);
	static const __u64 read_only;

	remember(_metadata, self);
	bad = job;
	bad.op = LAST_OP + 1;
	expect_refused(_metadata, self, &bad, NULL, EINVAL, "unknown op");
	bad = job;
	bad.flags = 2;
	expect_refused(_metadata, self, &bad, NULL, EINVAL, "unknown flag");
	bad = with_deadline(job, 1ULL << 63);
	expect_refused(_metadata, self, &bad, NULL, EINVAL, "deadline");
	bad = sleep_job(9, 1ULL << 63);
	expect_refused(_metadata, self, &bad, NULL, EINVAL, "argument");
	bad = work_job(9, 1, 1, 1);
	expect_refused(_metadata, self, &bad, NULL, EOPNOTSUPP, "op that was taken");
	expect_refused(_metadata, self, NULL, NULL, EFAULT, "jobs at NULL");
	expect_refused(_metadata, self, before_guard(63), NULL, EFAULT, "short job");
	expect_refused(_metadata, self, &job, before_guard(0), EFAULT, "no room for ids");
	expect_refused(_metadata, self, &job, (__u64 *)&read_only, EFAULT, "ids");
}

TEST_F(error, refusal_for_want_of_a_credit_changes_only_that_count)
{
	struct weft_job job = nop_job(9);

	while (self->sleepers + self->done < CREDITS) {
		job.user_data = self->sleepers + self->done;
		ASSERT_EQ(1, submit_one(self->fd, job, NULL));
		ASSERT_EQ(++self->done, wait_done(self->fd, self->done));
	}
	remember(_metadata, self);
	EXPECT_EQ(0, self->before.stats.credits_free);
	expect_refused(_metadata, self, &job, NULL, EAGAIN, "no credit");
}

TEST_F(error, failing_read_changes_nothing)
{
	struct weft_completion c;

	remember(_metadata, self);
	EXPECT_EQ(-EINVAL, read_completions(self->fd, &c, 0));
	EXPECT_EQ(-EINVAL, read_completions(self->fd, &c, sizeof(c) - 1));
	EXPECT_EQ(-EFAULT, read_completions(self->fd, before_guard(0), sizeof(c)));
	EXPECT_EQ(-EFAULT, read_completions(self->fd, before_guard(71), sizeof(c)));
	expect_unchanged(_metadata, self, 0, "read");
}

TEST_F(error, calls_that_are_not_there_change_nothing)
{
	struct weft_completion c;

	remember(_metadata, self);
	EXPECT_EQ(-1, write(self->fd, &c, sizeof(c)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pread(self->fd, &c, sizeof(c), 0));
	EXPECT_EQ(ESPIPE, errno);
	/* There is no buffer. */
	EXPECT_TRUE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0) == MAP_FAILED);
	EXPECT_EQ(EINVAL, errno);
	expect_unchanged(_metadata, self, 0, "write, lseek, pread, mmap");
}

/* There is nothing to return: no completion, and no room for another end. */
TEST_F(error, wait_that_ends_with_nothing_changes_nothing)
{
	struct weft_completion c[CREDITS];
	struct weft_wait wait = {
		.size = sizeof(wait), .completions = (uintptr_t)c, .capacity = CREDITS,
		.min = 1,
	};

	ASSERT_EQ(DONE, reap(self->fd, c, DONE));
	self->done = 0;
	remember(_metadata, self);
	expect_error(_metadata, self, WEFT_IOC_WAIT, &wait, sizeof(wait), ETIME, "timeout");
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, read_completions(self->fd, c, sizeof(c)));
	expect_unchanged(_metadata, self, 0, "nonblocking read");
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	ASSERT_EQ(0, start_alarms(5000));
	wait.timeout_ns = WEFT_WAIT_FOREVER;
	expect_error(_metadata, self, WEFT_IOC_WAIT, &wait, sizeof(wait), EINTR, "signal");
	EXPECT_EQ(-EINTR, read_completions(self->fd, c, sizeof(c)));
	stop_alarms();
	expect_unchanged(_metadata, self, 0, "interrupted read");
}

/* Before the set-up each call but query and restrict is too early. */
TEST(errors_before_the_setup_change_nothing)
{
	struct weft_stats stats = { .size = sizeof(stats) };
	struct weft_setup setup = { .size = sizeof(setup), .engine = 2 };
	struct weft_completion c = { 0 };
	struct weft_job job = nop_job(1);
	struct weft_cancel cancel;
	int fd = open_device();

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADFD, submit_batch(fd, &job, NULL, 1, NULL));
	EXPECT_EQ(-EBADFD, look(fd));
	EXPECT_EQ(-EBADFD, cancel_job(fd, 1));
	EXPECT_EQ(-EBADFD, cancel_all(fd, &cancel));
	EXPECT_EQ(-EBADFD, call(fd, WEFT_IOC_STATS, &stats));
	EXPECT_EQ(-EBADFD, read_completions(fd, &c, sizeof(c)));
	EXPECT_EQ(-EINVAL, call(fd, WEFT_IOC_SETUP, &setup));
	EXPECT_FALSE(client_exists(getpid()));
	EXPECT_EQ(0, stats.accepted + stats.credits);
	ASSERT_EQ(0, setup_client(fd, WEFT_ENGINE_ASYNC, 1));
	ASSERT_EQ(1, run_job(fd, job, &c));
	EXPECT_EQ(0, close(fd));
}

/* What others of the user have, they keep; and who was refused can go on. */
TEST(setup_beyond_the_quota_changes_nothing)
{
	enum { MOST = 64 };
	struct weft_setup setup = { .size = sizeof(setup) }, before;
	struct weft_stats stats;
	struct weft_query query;
	int fds[MOST], n = 0, ret = 0, fd = open_device();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, get_query(fd, &query));
	while (n < MOST && !ret) {
		fds[n] = open_device();
		ASSERT_LE(0, fds[n]);
		ret = setup_client(fds[n], WEFT_ENGINE_ASYNC, query.max_credits);
		n++;
	}
	ASSERT_EQ(-EDQUOT, ret);
	setup.credits = query.max_credits;
	before = setup;
	EXPECT_EQ(-EDQUOT, call(fd, WEFT_IOC_SETUP, &setup));
	EXPECT_EQ(0, memcmp(&before, &setup, sizeof(setup)));
	EXPECT_EQ(-EBADFD, get_stats(fd, &stats));
	ASSERT_EQ(0, get_stats(fds[0], &stats));
	EXPECT_EQ(query.max_credits, stats.credits_free);
	EXPECT_EQ(0, close(fds[0]));
	EXPECT_EQ(0, call(fd, WEFT_IOC_SETUP, &setup));
	while (n-- > 1)
		EXPECT_EQ(0, close(fds[n]));
	EXPECT_EQ(0, close(fd));
}

WEFT_TEST_MAIN
