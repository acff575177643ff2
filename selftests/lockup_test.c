// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load without end: nothing locks up, and whoever has little to do gets a turn
 * beside who has much.
 */
#include "common.h"
#include "table.h"

/* From linux/membarrier.h, which not every libc has. */
#define MEMBARRIER_CMD_GLOBAL	1

#define CREDITS		4096
#define ENDLESS		64

static struct table table;

/* A client whose jobs never end. */
static int open_endless(__u32 engine, struct weft_job job, unsigned int n)
{
	struct weft_job *jobs = many_jobs(job, n);
	int fd = open_client(engine, n);
	int ret = fd < 0 ? fd : submit_all(fd, jobs, NULL, n);

	free(jobs);
	return ret < 0 ? ret : fd;
}

static bool end_endless(int fd, unsigned int n)
{
	struct weft_completion *c = calloc(n, sizeof(*c));
	bool ok = c && cancel_and_reap(fd, c, n) == (int)n && exactly_once(c, n) &&
		  count_result(c, n, -ECANCELED) == n;

	free(c);
	return !close(fd) && ok;
}

ENGINE_FIXTURE(load, CREDITS)

/*
 * Tasks that queue themselves again at once never leave their worker, or their
 * thread, without work. Others get theirs done all the same, and so does the kernel:
 * each CPU still comes to where RCU waits for it.
 */
TEST_F(load, endless_yields_hold_up_neither_jobs_nor_rcu)
{
	unsigned int n = variant->engine == WEFT_ENGINE_ASYNC ?
			 scaled(50000, 5000) : scaled(200, 50);
	unsigned int hogs = variant->engine == WEFT_ENGINE_ASYNC ? ENDLESS : 2;
	struct weft_job *jobs = many_jobs(yield_job(0, 3), n);
	struct weft_completion *c = calloc(n, sizeof(*c));
	struct weft_stats stats;
	int other;

	ASSERT_TRUE(jobs && c);
	other = open_endless(variant->engine, yield_job(0, ~0ULL), hogs);
	ASSERT_LE(0, other);
	EXPECT_EQ(n, pump(self->fd, jobs, c, n));
	EXPECT_TRUE(exactly_once(c, n));
	EXPECT_EQ(n, count_result(c, n, 0));
	EXPECT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0));
	ASSERT_EQ(0, get_stats(other, &stats));
	EXPECT_EQ(hogs, stats.queued + stats.running + stats.waiting);
	EXPECT_TRUE(end_endless(other, hogs));
	free(jobs);
	free(c);
}

/* A chain: each job is submitted by who reaped the one before. */
TEST_F(load, chain_of_jobs_goes_on_beside_endless_jobs)
{
	unsigned int i, links = scaled(200, 50);
	struct weft_completion c;
	int other;

	other = open_endless(variant->engine, spin_job(0, HOUR), 2);
	ASSERT_LE(0, other);
	for (i = 0; i < links; i++) {
		ASSERT_EQ(1, run_job(self->fd, nop_job(i), &c));
		ASSERT_EQ(i, c.user_data);
	}
	EXPECT_TRUE(end_endless(other, 2));
}

/* Polls so far of jobs that have not ended. */
struct polls {
	long long victim;
	long long flooder;
	unsigned int workers;	/* a bit for each that has one of the victim's jobs */
};

static bool count_polls(struct polls *p, __u32 victim_tag, __u32 flooder_tag)
{
	unsigned int row;

	*p = (struct polls){ 0 };
	if (table_read(&table, "tasks"))
		return false;
	for (row = 1; row <= table.rows; row++) {
		long long polls = table_number(&table, row, "polls");

		if (table_number(&table, row, "tag") == victim_tag) {
			p->victim += polls;
			p->workers |= 1U << table_number(&table, row, "worker");
		} else if (table_number(&table, row, "tag") == flooder_tag) {
			p->flooder += polls;
		}
	}
	return true;
}

#define VICTIM		1
#define FLOODER		2
#define FLOOD		100

FIXTURE(fair) { };

FIXTURE_VARIANT(fair) {
	struct weft_job job;
	unsigned int polls;	/* so many that reading them takes no time beside */
};

FIXTURE_VARIANT_ADD(fair, yields) {
	.job = { .op = WEFT_OP_YIELD, .yield.count = ~0ULL, .tag = FLOODER },
	.polls = 1000000,
};

FIXTURE_VARIANT_ADD(fair, spins) {
	.job = { .op = WEFT_OP_SPIN, .spin.ns = HOUR, .tag = FLOODER },
	.polls = 20000,
};

FIXTURE_SETUP(fair) { }

FIXTURE_TEARDOWN(fair) { }

/*
 * Both have jobs on each worker all of the time. The promise is 40 % of the polls for
 * who has few jobs; turn by turn it is one half.
 */
TEST_F(fair, client_with_few_jobs_gets_its_share_of_the_polls)
{
	unsigned int want = scaled(variant->polls, 2000), workers, jobs;
	__u64 end = in_ns(PATIENCE);
	struct polls before, now;
	int flooder, victim;

	ASSERT_EQ(0, table_read(&table, "workers"));
	workers = table.rows;
	jobs = 2 * workers;
	flooder = open_endless(WEFT_ENGINE_ASYNC, variant->job, FLOOD);
	victim = open_endless(WEFT_ENGINE_ASYNC,
			      with_tag(yield_job(0, ~0ULL), VICTIM), jobs);
	ASSERT_LE(0, flooder);
	ASSERT_LE(0, victim);
	do {
		ASSERT_EQ(true, count_polls(&before, VICTIM, FLOODER));
	} while (!before.victim && now_ns() < end);
	EXPECT_EQ((1ULL << workers) - 1, before.workers);
	do {
		ASSERT_EQ(true, count_polls(&now, VICTIM, FLOODER));
		now.victim -= before.victim;
		now.flooder -= before.flooder;
	} while (now.victim + now.flooder < want && now_ns() < end);
	EXPECT_LE(want, now.victim + now.flooder);
	EXPECT_LE(40, 100 * now.victim / (now.victim + now.flooder));
	TH_LOG("%lld polls of %lld", now.victim, now.victim + now.flooder);
	EXPECT_TRUE(end_endless(flooder, FLOOD));
	EXPECT_TRUE(end_endless(victim, jobs));
}

WEFT_TEST_MAIN
