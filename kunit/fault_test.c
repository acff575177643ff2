// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation fails once: the call returns a clean error, leaves nothing
 * behind (kmemleak looks after the run), and works when nothing fails.
 */
#include <linux/err.h>
#include <linux/sched.h>

#include "../module/job/runtime.h"
#include "mock.h"

/* More allocations than any of these calls makes. */
#define SWEEP	200

/* Debugging makes allocations of its own now and then: they shift the count. */
#define TRIES	4

#ifdef CONFIG_FAULT_INJECTION
/* Return: whether an allocation was to fail that was not made. */
static bool fail_one(struct kunit *test, int (*fn)(void *arg), void *arg,
		     int nth, int *failures)
{
	int ret, left;

	current->fail_nth = nth;
	ret = fn(arg);
	left = current->fail_nth;
	current->fail_nth = 0;
	/* Not every one fails the call: some are tried in another way. */
	if (ret) {
		KUNIT_EXPECT_EQ(test, -ENOMEM, ret);
		++*failures;
	}
	return left;
}
#endif

/*
 * Calls @fn with the first, second ... allocation failing, until all are made.
 * Return: how often it failed.
 */
static int sweep(struct kunit *test, int (*fn)(void *arg), void *arg)
{
	int failures = 0;
#ifdef CONFIG_FAULT_INJECTION
	int n, i, left = 0;

	for (n = 1; n < SWEEP && left < TRIES; n++) {
		left = 0;
		for (i = 0; i < TRIES; i++)
			left += fail_one(test, fn, arg, n, &failures);
	}
	KUNIT_EXPECT_LT(test, n, SWEEP);
	KUNIT_EXPECT_EQ(test, 0, fn(arg));
#else
	kunit_skip(test, "no CONFIG_FAULT_INJECTION");
#endif
	return failures;
}

static const struct weft_limits small = {
	.max_credits = 1,
	.max_user_clients = 1,
	.max_user_credits = 1,
};

static const struct weft_limits large = {
	.max_credits = 100,
	.max_user_clients = 100,
	.max_user_credits = 10000,
};

static int create_runtime(void *arg)
{
	struct weft_runtime *rt = weft_runtime_create(arg, &small);

	if (IS_ERR(rt))
		return PTR_ERR(rt);
	weft_runtime_destroy(rt);
	return 0;
}

static const struct weft_executor_config config = {
	.name = "fault",
	.workers = 2,
	.max_threads = 100,
};

static void runtime_without_memory(struct kunit *test)
{
	KUNIT_EXPECT_GE(test, sweep(test, create_runtime, (void *)&config),
			TRIES);
}

struct engine_of {
	struct weft_runtime *rt;
	enum weft_engine engine;
};

static int create_client(void *arg)
{
	struct engine_of *e = arg;
	struct weft_client *client = weft_client_create(e->rt, e->engine, 100);

	if (IS_ERR(client))
		return PTR_ERR(client);
	weft_client_destroy(client);
	return 0;
}

/* A job that is accepted must end, whatever fails meanwhile. */
static int run_job(void *arg)
{
	static const struct weft_job job = {
		.op = WEFT_OP_SLEEP,
		.sleep.ns = 1000,
	};
	struct engine_of *e = arg;
	struct weft_client *client;
	struct weft_batch batch;
	int ret;
	u64 id;

	client = weft_client_create(e->rt, e->engine, 100);
	if (IS_ERR(client))
		return PTR_ERR(client);

	mutex_lock(&client->submitting);
	ret = weft_submit_prepare(&batch, client, &job, 1, &id);
	weft_submit_publish(&batch);
	mutex_unlock(&client->submitting);
	if (!ret)
		ret = weft_client_wait(client, 1, U64_MAX);
	weft_client_destroy(client);
	return ret;
}

static void sweep_engine(struct kunit *test, enum weft_engine engine,
			 int (*fn)(void *arg), int least)
{
	struct engine_of e = { .engine = engine };

	e.rt = weft_runtime_create(&config, &large);
	KUNIT_ASSERT_FALSE(test, IS_ERR(e.rt));
	KUNIT_EXPECT_GE(test, sweep(test, fn, &e), least);
	weft_runtime_destroy(e.rt);
}

static void client_on_async_without_memory(struct kunit *test)
{
	sweep_engine(test, WEFT_ASYNC, create_client, TRIES);
}

static void client_on_threads_without_memory(struct kunit *test)
{
	sweep_engine(test, WEFT_THREADS, create_client, TRIES);
}

static void job_on_async_without_memory(struct kunit *test)
{
	sweep_engine(test, WEFT_ASYNC, run_job, TRIES);
}

static void job_on_threads_without_memory(struct kunit *test)
{
	sweep_engine(test, WEFT_THREADS, run_job, 2 * TRIES);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(runtime_without_memory),
	KUNIT_CASE(client_on_async_without_memory),
	KUNIT_CASE(client_on_threads_without_memory),
	KUNIT_CASE(job_on_async_without_memory),
	KUNIT_CASE(job_on_threads_without_memory),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "weft_fault",
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
