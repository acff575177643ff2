// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation and each copy of user memory fails once: in every call, for every
 * op, and in the kernel threads that run the jobs. Nothing is lost by it, and what
 * comes after it works. A round sweeps one call on one engine, to its end.
 */
#include <poll.h>
#include "soak.h"

#define SELF	"/proc/thread-self/fail-nth"
#define MOST	400
#define CREDITS	64

/* Debugging makes allocations of its own now and then: they shift the count. */
#define TRIES	3

struct try {
	struct rng *rng;
	__u32 engine;
	int fd;
	__u64 id;
	const char *table;
};

static const char *no_faults(void)
{
	return access(SELF, W_OK) ? "the kernel has no fault injection" : NULL;
}

static int call_open(struct try *t)
{
	int fd = open_device();

	if (fd >= 0)
		close(fd);
	(void)t;
	return fd < 0 ? fd : 0;
}

static int call_setup(struct try *t)
{
	return setup_client(t->fd, t->engine, CREDITS);
}

static int call_query(struct try *t)
{
	struct weft_query query;

	return get_query(t->fd, &query);
}

static int call_stats(struct try *t)
{
	struct weft_stats stats;

	return get_stats(t->fd, &stats);
}

static int call_restrict(struct try *t)
{
	__u64 ops;

	return restrict_ops(t->fd, ~0ULL, &ops);
}

static int submit_two(struct try *t, struct weft_job job)
{
	struct weft_job jobs[2] = { job, job };
	__u64 ids[2];
	__u32 error = 0;
	int ret = submit_batch(t->fd, jobs, ids, 2, &error);

	return ret >= 0 && error ? -(int)error : ret;
}

static int call_submit_nop(struct try *t)
{
	return submit_two(t, nop_job(1));
}

static int call_submit_yield(struct try *t)
{
	return submit_two(t, yield_job(1, 3));
}

static int call_submit_spin(struct try *t)
{
	return submit_two(t, spin_job(1, 20 * USEC));
}

static int call_submit_sleep(struct try *t)
{
	return submit_two(t, sleep_job(1, 50 * USEC));
}

static int call_submit_work(struct try *t)
{
	return submit_two(t, with_deadline(work_job(1, 3, USEC, 20 * USEC), in_ns(HOUR)));
}

static int call_wait(struct try *t)
{
	struct weft_completion c[2];

	return wait_until(t->fd, c, 2, 1, in_ns(PATIENCE));
}

static int call_read(struct try *t)
{
	struct weft_completion c[2];

	return read_completions(t->fd, c, sizeof(c));
}

static int call_poll(struct try *t)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? -errno : 0;
}

static int call_cancel(struct try *t)
{
	return cancel_job(t->fd, t->id);
}

static int call_cancel_all(struct try *t)
{
	struct weft_cancel cancel;

	return cancel_all(t->fd, &cancel);
}

static int call_tables(struct try *t)
{
	static struct table table;

	return table_read(&table, t->table);
}

/* Two jobs are under way in a call, unless it is @early; or are @done. */
static const struct call {
	const char *name;
	int (*call)(struct try *t);
	bool is_setup;
	bool early;
	bool done;
} calls[] = {
	{ .name = "open", .call = call_open, .early = true },
	{ .name = "setup", .call = call_setup, .is_setup = true },
	{ .name = "query", .call = call_query },
	{ .name = "stats", .call = call_stats },
	{ .name = "restrict", .call = call_restrict },
	{ .name = "submit nop", .call = call_submit_nop, .early = true },
	{ .name = "submit yield", .call = call_submit_yield, .early = true },
	{ .name = "submit spin", .call = call_submit_spin, .early = true },
	{ .name = "submit sleep", .call = call_submit_sleep, .early = true },
	{ .name = "submit work", .call = call_submit_work, .early = true },
	{ .name = "wait", .call = call_wait, .done = true },
	{ .name = "read", .call = call_read, .done = true },
	{ .name = "poll", .call = call_poll },
	{ .name = "cancel", .call = call_cancel },
	{ .name = "cancel all", .call = call_cancel_all },
};

/* Beside the calls: the debugfs files, and the threads that run the jobs. */
#define SWEEPS	(ARRAY_SIZE(calls) + 1)
#define CELLS	(2 * SWEEPS)

_Static_assert(CELLS <= MAX_CELLS, "a cell for each sweep");

/* What it made fail the kernel prints with a call trace; that is no news here. */
static void be_quiet(void)
{
	static const char *const what[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
	char path[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(what); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/verbose", what[i]);
		write_file(path, "0");
		/* Also those that may wait for memory. */
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/ignore-gfp-wait", what[i]);
		write_file(path, "N");
	}
	write_file("/sys/kernel/debug/fail_page_alloc/min-order", "0");
}

static bool arm(int nth, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	return pwrite(nth, text, len, 0) == len;
}

/* Return: whether what was to fail has. The end of it may be this call, once. */
static bool disarm(int nth)
{
	char text[16] = "";
	bool failed = pread(nth, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	if (!arm(nth, 0) && !arm(nth, 0))
		fail("fail-nth cannot be reset");
	return failed;
}

static void prepare(struct try *t, const struct call *call)
{
	struct weft_job job = call->done ? nop_job(1) : sleep_job(1, HOUR);

	t->fd = call->is_setup ? open_device() : must_open(t->engine, CREDITS);
	if (t->fd < 0)
		fail("an open: %s", strerror(-t->fd));
	if (call->early || call->is_setup)
		return;
	if (submit_one(t->fd, job, &t->id) != 1 || submit_one(t->fd, job, NULL) != 1)
		fail("a job was not accepted");
	if (call->done && wait_done(t->fd, 2) != 2)
		fail("two jobs do not end");
}

/* The client works, and all that it ever accepted completes. */
static void must_work(struct try *t)
{
	struct weft_completion c[CREDITS];
	struct weft_cancel cancel;
	struct weft_stats stats;
	__u32 left;

	if (cancel_all(t->fd, &cancel) || get_stats(t->fd, &stats))
		fail("a client does not answer");
	left = stats.accepted - stats.reaped;
	reap_exactly(t->fd, c, left);
	if (run_job(t->fd, nop_job(7), c) != 1 || c[0].user_data != 7)
		fail("a job does not work after a failure");
	close(t->fd);
}

/* Return: whether there was an @n-th thing to fail. */
static bool try_call(struct try *t, const struct call *call, int nth, unsigned int n)
{
	bool failed;
	int ret;

	prepare(t, call);
	if (!arm(nth, n))
		fail("fail-nth cannot be set");
	ret = call->call(t);
	failed = disarm(nth);
	if (ret < 0 && ret != -ENOMEM && ret != -EFAULT && ret != -EAGAIN)
		fail("%s with failure %u: %s", call->name, n, strerror(-ret));
	if (ret < 0 && !failed)
		fail("%s without a failure: %s", call->name, strerror(-ret));
	if (call->is_setup && ret) {
		ret = setup_client(t->fd, t->engine, CREDITS);
		/* Only its answer was lost. */
		if (ret && ret != -EBADFD)
			fail("a setup after one that failed: %s", strerror(-ret));
	}
	must_work(t);
	return failed;
}

static void sweep_call(struct try *t, const struct call *call)
{
	int nth = open(SELF, O_RDWR | O_CLOEXEC);
	unsigned int n, i, failed = 1, sum = 0;

	if (nth < 0)
		fail(SELF ": %s", strerror(errno));
	for (n = 1; n < MOST && failed; n++) {
		failed = 0;
		for (i = 0; i < TRIES; i++)
			failed += try_call(t, call, nth, n);
		sum += failed;
		beat();
	}
	close(nth);
	if (n == MOST || !sum)
		fail("%s: the failures do not end, or do not begin: %u", call->name, sum);
	reach(1, sum);
}

/* Who polls the jobs of @engine now: a worker, or the thread of the one job. */
static int find_thread(__u32 engine)
{
	static struct table table;
	bool async = engine == WEFT_ENGINE_ASYNC;

	if (table_read(&table, async ? "workers" : "tasks") || !table.rows)
		return -1;
	return table_number(&table, 1, async ? "pid" : "tid");
}

/* Runs jobs of each op while the @n-th thing fails in a thread that polls them. */
static bool try_thread(struct try *t, unsigned int n)
{
	struct weft_completion c[CREDITS];
	struct weft_job *jobs = mixed_jobs(CREDITS / 4);
	bool failed;
	char path[64];
	int nth;

	t->fd = must_open(t->engine, CREDITS);
	if (submit_one(t->fd, sleep_job(0, HOUR), &t->id) != 1)
		fail("a job was not accepted");
	snprintf(path, sizeof(path), "/proc/%d/fail-nth", find_thread(t->engine));
	nth = open(path, O_RDWR | O_CLOEXEC);
	if (nth < 0 || !arm(nth, n))
		fail("%s: %s", path, strerror(errno));
	if (pump(t->fd, jobs, c, CREDITS / 4) != CREDITS / 4 ||
	    !exactly_once(c, CREDITS / 4))
		fail("jobs are lost by failure %u of the thread that polls them", n);
	if (cancel_job(t->fd, t->id) < 0)
		fail("a cancel failed");
	reap_exactly(t->fd, c, 1);
	/* The thread of a job is gone by now. */
	failed = t->engine == WEFT_ENGINE_ASYNC && disarm(nth);
	close(nth);
	free(jobs);
	must_work(t);
	return failed;
}

static void sweep_thread(struct try *t)
{
	static const struct call tables = { .name = "debugfs", .call = call_tables };
	unsigned int n, failed = 1, sum = 0;

	for (n = 1; n < MOST && failed; n++) {
		failed = try_thread(t, n);
		sum += failed;
		beat();
	}
	if (n == MOST)
		fail("the failures of a thread do not end");
	reach(1, sum);
	t->table = table_files[rng_below(t->rng, ARRAY_SIZE(table_files))];
	sweep_call(t, &tables);
}

static void round_fault(struct round *round)
{
	unsigned int cell = round->seed % CELLS, which = cell / 2;
	struct try t = { .rng = &round->rng, .engine = cell % 2 };

	be_quiet();
	if (which < ARRAY_SIZE(calls))
		sweep_call(&t, &calls[which]);
	else
		sweep_thread(&t);
	must_be_idle(PATIENCE);
	reach_cell(cell, CELLS, 1);
}

const struct storm storm_fault = {
	.name = "fault",
	.share = 50,
	.figures = { { "fault_sweeps", 6, 1 }, { "faults", 6, 0 } },
	.missing = no_faults,
	.round = round_fault,
};
