// SPDX-License-Identifier: GPL-2.0-only
/*
 * From some allocation on, all of them fail: what has a second way to get its
 * memory must fail cleanly, too. And what was accepted needs none.
 */
#include <kunit/test.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/sched.h>

#include "../module/core/executor.h"
#include "../module/job/client.h"
#include "../module/job/runtime.h"

/* More allocations than any of these calls makes. */
#define SWEEP	200

#define CREDITS	8

struct outage_bed {
	struct weft_runtime *rt;
	struct weft_client *client;
	enum weft_engine engine;
};

static u64 still_clock(void *arg)
{
	return 1000;
}

static const struct weft_limits limits = {
	.max_credits = CREDITS,
	.max_user_clients = 10,
	.max_user_credits = 10 * CREDITS,
};

static const struct weft_executor_config manual = {
	.name = "outage",
	.workers = 1,
	.max_threads = CREDITS,
	.manual = true,
	.clock = still_clock,
};

#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
/*
 * The settings of fault injection belong to debugfs: a module gets at them as
 * what stands behind its files.
 */
static void *knob(const char *dir_name, const char *name)
{
	struct dentry *dir, *file;
	void *data = NULL;

	dir = debugfs_lookup(dir_name, NULL);
	if (!dir)
		return NULL;
	file = debugfs_lookup(name, dir);
	if (file)
		data = d_inode(file)->i_private;
	dput(file);
	dput(dir);
	return data;
}

struct fault_knobs {
	const char *dir;
	bool *ignore_wait, *task_filter;
	unsigned long *probability, *verbose;
	atomic_t *times;
	bool old_ignore_wait, old_task_filter;
	unsigned long old_probability, old_verbose;
	int old_times;
};

static struct fault_knobs knobs[] = {
	{ .dir = "failslab" },
	{ .dir = "fail_page_alloc" },
};

static bool knobs_find(struct fault_knobs *k)
{
	k->ignore_wait = knob(k->dir, "ignore-gfp-wait");
	k->task_filter = knob(k->dir, "task-filter");
	k->probability = knob(k->dir, "probability");
	k->verbose = knob(k->dir, "verbose");
	k->times = knob(k->dir, "times");
	return k->ignore_wait && k->task_filter && k->probability &&
	       k->verbose && k->times;
}

static void knobs_turn(struct fault_knobs *k)
{
	k->old_ignore_wait = *k->ignore_wait;
	k->old_task_filter = *k->task_filter;
	k->old_probability = *k->probability;
	k->old_verbose = *k->verbose;
	k->old_times = atomic_read(k->times);
	*k->ignore_wait = false;
	*k->task_filter = true;
	*k->verbose = 0;
	atomic_set(k->times, -1);
	/* Last: from here on a task that is marked gets nothing. */
	*k->probability = 100;
}

static void knobs_turn_back(struct fault_knobs *k)
{
	*k->probability = k->old_probability;
	atomic_set(k->times, k->old_times);
	*k->verbose = k->old_verbose;
	*k->task_filter = k->old_task_filter;
	*k->ignore_wait = k->old_ignore_wait;
}

static bool knobs_are_there(void)
{
	return knobs_find(&knobs[0]) && knobs_find(&knobs[1]);
}

/* The @nth allocation fails, and all that follow. */
static void outage_begin(int nth)
{
	knobs_turn(&knobs[0]);
	knobs_turn(&knobs[1]);
	current->fail_nth = nth;
	current->make_it_fail = 1;
}

/* Return: how many more allocations there had to be until one fails. */
static int outage_end(void)
{
	int left = current->fail_nth;

	current->make_it_fail = 0;
	current->fail_nth = 0;
	knobs_turn_back(&knobs[1]);
	knobs_turn_back(&knobs[0]);
	return left;
}
#else
static bool knobs_are_there(void)
{
	return false;
}

static void outage_begin(int nth)
{
}

static int outage_end(void)
{
	return 0;
}
#endif

static int outage_init(struct kunit *test)
{
	struct outage_bed *bed = kunit_kzalloc(test, sizeof(*bed), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bed);
	test->priv = bed;
	if (!knobs_are_there())
		kunit_skip(test, "no CONFIG_FAULT_INJECTION_DEBUG_FS");
	bed->rt = weft_runtime_create(&manual, &limits);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bed->rt));
	return 0;
}

static void outage_exit(struct kunit *test)
{
	struct outage_bed *bed = test->priv;

	if (!IS_ERR_OR_NULL(bed->rt))
		weft_runtime_destroy(bed->rt);
}

/* Without memory @fn fails with -ENOMEM; with some, at last, it does not. */
static void sweep(struct kunit *test, int (*fn)(struct outage_bed *bed))
{
	int n, ret, left = 0, failures = 0;

	for (n = 1; n < SWEEP && !left; n++) {
		outage_begin(n);
		ret = fn(test->priv);
		left = outage_end();
		if (left)
			KUNIT_EXPECT_EQ(test, 0, ret);
		if (ret)
			failures++;
		if (ret)
			KUNIT_EXPECT_EQ(test, -ENOMEM, ret);
	}
	KUNIT_EXPECT_NE(test, 0, left);
	KUNIT_EXPECT_GE(test, failures, 1);
	KUNIT_EXPECT_EQ(test, 0, fn(test->priv));
}

static int create_executor(struct outage_bed *bed)
{
	const struct weft_executor_config live = {
		.name = "outage",
		.workers = 3,
	};
	struct weft_executor *ex = weft_executor_create(&live);

	if (IS_ERR(ex))
		return PTR_ERR(ex);
	weft_executor_destroy(ex);
	return 0;
}

static void executor_fails_cleanly(struct kunit *test)
{
	sweep(test, create_executor);
}

static int create_runtime(struct outage_bed *bed)
{
	struct weft_runtime *rt = weft_runtime_create(&manual, &limits);

	if (IS_ERR(rt))
		return PTR_ERR(rt);
	weft_runtime_destroy(rt);
	return 0;
}

static void runtime_fails_cleanly(struct kunit *test)
{
	sweep(test, create_runtime);
}

static int init_group(struct outage_bed *bed)
{
	struct weft_group group;
	int ret = weft_group_init(&group, bed->rt->executor, WEFT_ASYNC);

	if (!ret)
		weft_group_fini(&group);
	return ret;
}

static void async_group_fails_cleanly(struct kunit *test)
{
	sweep(test, init_group);
}

static void threads_group_needs_no_memory(struct kunit *test)
{
	struct outage_bed *bed = test->priv;
	struct weft_group group;
	int ret;

	outage_begin(1);
	ret = weft_group_init(&group, bed->rt->executor, WEFT_THREADS);
	KUNIT_EXPECT_EQ(test, 1, outage_end());
	KUNIT_ASSERT_EQ(test, 0, ret);
	weft_group_fini(&group);
}

static int create_client(struct outage_bed *bed)
{
	struct weft_client *client = weft_client_create(bed->rt, bed->engine,
							CREDITS);

	if (IS_ERR(client))
		return PTR_ERR(client);
	weft_client_destroy(client);
	return 0;
}

static void client_fails_cleanly(struct kunit *test)
{
	struct outage_bed *bed = test->priv;

	sweep(test, create_client);
	bed->engine = WEFT_THREADS;
	sweep(test, create_client);
	KUNIT_EXPECT_TRUE(test, list_empty(&bed->rt->clients));
}

static const struct weft_task_ops no_ops = { .name = "none" };

static int init_thread(struct outage_bed *bed)
{
	struct weft_group group;
	struct weft_task task;
	int ret;

	ret = weft_group_init(&group, bed->rt->executor, WEFT_THREADS);
	if (ret)
		return ret;
	ret = weft_task_init(&task, &no_ops, &group);
	if (!ret)
		weft_task_fini(&task);
	weft_group_fini(&group);
	return ret;
}

static void thread_fails_cleanly(struct kunit *test)
{
	struct outage_bed *bed = test->priv;

	sweep(test, init_thread);
	KUNIT_EXPECT_EQ(test, 0U, bed->rt->executor->threads.nr_live);
}

/* One job, prepared by a new client, in the outage only from here on. */
static void submit_fails_cleanly(struct kunit *test)
{
	const struct weft_job nop = {};
	struct outage_bed *bed = test->priv;
	struct weft_client *client;
	struct weft_stats stats;
	struct weft_batch batch;
	u64 id;
	int ret;

	client = weft_client_create(bed->rt, WEFT_ASYNC, CREDITS);
	KUNIT_ASSERT_FALSE(test, IS_ERR(client));
	mutex_lock(&client->submitting);
	outage_begin(1);
	ret = weft_submit_prepare(&batch, client, &nop, 1, &id);
	weft_submit_publish(&batch);
	outage_end();
	KUNIT_EXPECT_EQ(test, -ENOMEM, ret);
	KUNIT_EXPECT_EQ(test, 0U, batch.count);
	weft_client_stats(client, &stats);
	KUNIT_EXPECT_EQ(test, 0ULL, stats.accepted);
	KUNIT_EXPECT_EQ(test, (u32)CREDITS, stats.credits_free);

	KUNIT_EXPECT_EQ(test, 0, weft_submit_prepare(&batch, client, &nop, 1,
						     &id));
	weft_submit_abort(&batch);
	mutex_unlock(&client->submitting);
	weft_client_destroy(client);
}

/* Of a batch on the threads engine, the first jobs have got their threads. */
static void batch_keeps_the_jobs_before_the_outage(struct kunit *test)
{
	static const struct weft_job nops[CREDITS];
	struct outage_bed *bed = test->priv;
	struct weft_client *client;
	struct weft_stats stats;
	struct weft_batch batch;
	u64 ids[CREDITS];
	int n, ret, left = 0;
	bool some = false;

	client = weft_client_create(bed->rt, WEFT_THREADS, CREDITS);
	KUNIT_ASSERT_FALSE(test, IS_ERR(client));
	for (n = 1; n < SWEEP && !left; n++) {
		mutex_lock(&client->submitting);
		outage_begin(n);
		ret = weft_submit_prepare(&batch, client, nops, CREDITS, ids);
		left = outage_end();
		KUNIT_EXPECT_TRUE(test, ret == -ENOMEM ||
				  (!ret && batch.count == CREDITS));
		some |= ret && batch.count;
		weft_submit_abort(&batch);
		mutex_unlock(&client->submitting);
		weft_client_stats(client, &stats);
		KUNIT_EXPECT_EQ(test, (u32)CREDITS, stats.credits_free);
		KUNIT_EXPECT_EQ(test, 0U, bed->rt->executor->threads.nr_live);
	}
	KUNIT_EXPECT_NE(test, 0, left);
	KUNIT_EXPECT_TRUE(test, some);
	weft_client_destroy(client);
}

static unsigned int run(struct outage_bed *bed)
{
	unsigned int polls = 0;

	while (weft_worker_step(weft_executor_worker(bed->rt->executor, 0)))
		polls++;
	return polls;
}

/* Not one allocation is even tried once a job is accepted. */
static void accepted_jobs_need_no_memory(struct kunit *test)
{
	static const struct weft_job jobs[] = {
		{ .op = WEFT_OP_NOP },
		{ .op = WEFT_OP_YIELD, .yield.count = 3 },
		{ .op = WEFT_OP_SLEEP, .sleep.ns = S64_MAX },
		{ .op = WEFT_OP_WORK, .work.rounds = 2,
		  .work.wait_ns = S64_MAX },
	};
	struct weft_completion out[ARRAY_SIZE(jobs)];
	struct outage_bed *bed = test->priv;
	struct weft_client *client;
	struct weft_slots taken;
	struct weft_batch batch;
	u64 ids[ARRAY_SIZE(jobs)];
	u32 cancelled, stopping;
	unsigned int count;
	int left;

	client = weft_client_create(bed->rt, WEFT_ASYNC, CREDITS);
	KUNIT_ASSERT_FALSE(test, IS_ERR(client));
	mutex_lock(&client->submitting);
	KUNIT_EXPECT_EQ(test, 0, weft_submit_prepare(&batch, client, jobs,
						     ARRAY_SIZE(jobs), ids));
	outage_begin(1);
	weft_submit_publish(&batch);
	run(bed);
	weft_client_cancel_all(client, &cancelled, &stopping);
	run(bed);
	mutex_lock(&client->reaping);
	count = weft_client_take_done(client, &taken, out, ARRAY_SIZE(out));
	weft_client_settle(client, &taken, count);
	mutex_unlock(&client->reaping);
	left = outage_end();
	mutex_unlock(&client->submitting);
	KUNIT_EXPECT_EQ(test, 1, left);
	KUNIT_EXPECT_EQ(test, 2U, cancelled);
	KUNIT_EXPECT_EQ(test, (unsigned int)ARRAY_SIZE(jobs), count);
	weft_client_destroy(client);
}

static struct kunit_case outage_cases[] = {
	KUNIT_CASE(executor_fails_cleanly),
	KUNIT_CASE(runtime_fails_cleanly),
	KUNIT_CASE(async_group_fails_cleanly),
	KUNIT_CASE(threads_group_needs_no_memory),
	KUNIT_CASE(client_fails_cleanly),
	KUNIT_CASE(thread_fails_cleanly),
	KUNIT_CASE(submit_fails_cleanly),
	KUNIT_CASE(batch_keeps_the_jobs_before_the_outage),
	KUNIT_CASE(accepted_jobs_need_no_memory),
	{}
};

static struct kunit_suite outage_suite = {
	.name = "weft_outage",
	.init = outage_init,
	.exit = outage_exit,
	.test_cases = outage_cases,
};

kunit_test_suite(outage_suite);
