// SPDX-License-Identifier: GPL-2.0-only
/* A client and its jobs, from submit to settled. */
#include <linux/err.h>
#include <linux/poll.h>

#include "../module/job/runtime.h"
#include "mock.h"

#define CREDITS	8

static u64 still_clock(void)
{
	return mock_now;
}

struct client_bed {
	struct weft_runtime *rt;
	struct weft_client *client;
	u64 ids[CREDITS + 1];
};

static const struct weft_job nop = { .op = WEFT_OP_NOP };
static const struct weft_job never = {
	.op = WEFT_OP_SLEEP,
	.sleep.ns = KTIME_MAX,
};

static void open_client(struct kunit *test, bool manual,
			enum weft_engine engine)
{
	const struct weft_executor_config config = {
		.name = "client",
		.workers = 1,
		.max_threads = CREDITS,
		.manual = manual,
		.clock = manual ? still_clock : NULL,
	};
	struct client_bed *bed = test->priv;

	bed->rt = weft_runtime_create(&config, CREDITS);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bed->rt));
	bed->client = weft_client_create(bed->rt, engine, CREDITS);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bed->client));
}

static int client_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct client_bed), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, test->priv);
	mock_now = 1000;
	open_client(test, true, WEFT_ASYNC);
	return 0;
}

static void close_client(struct kunit *test)
{
	struct client_bed *bed = test->priv;

	if (bed->client)
		weft_client_destroy(bed->client);
	bed->client = NULL;
	if (bed->rt)
		weft_runtime_destroy(bed->rt);
	bed->rt = NULL;
}

static unsigned int run(struct kunit *test)
{
	struct client_bed *bed = test->priv;
	struct weft_worker *worker = weft_executor_worker(bed->rt->executor, 0);
	unsigned int polls = 0;

	while (weft_worker_step(worker))
		polls++;
	return polls;
}

/* What is still asleep is ended here, for nobody drives the worker. */
static void client_exit(struct kunit *test)
{
	struct client_bed *bed = test->priv;
	u32 cancelled, stopping;

	if (bed->client && bed->rt->executor->manual) {
		weft_client_cancel_all(bed->client, &cancelled, &stopping);
		run(test);
	}
	close_client(test);
}

/* Return: what weft_submit_prepare() returned. */
static int submit(struct kunit *test, const struct weft_job *job,
		  unsigned int count, unsigned int *accepted)
{
	struct client_bed *bed = test->priv;
	struct weft_job jobs[CREDITS + 1];
	struct weft_batch batch;
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		jobs[i] = *job;
		jobs[i].user_data = i;
	}
	mutex_lock(&bed->client->submitting);
	ret = weft_submit_prepare(&batch, bed->client, jobs, count, bed->ids);
	*accepted = batch.count;
	weft_submit_publish(&batch);
	mutex_unlock(&bed->client->submitting);
	return ret;
}

static void submit_all(struct kunit *test, const struct weft_job *job,
		       unsigned int count)
{
	unsigned int accepted;

	KUNIT_ASSERT_EQ(test, 0, submit(test, job, count, &accepted));
	KUNIT_ASSERT_EQ(test, count, accepted);
}

/* Reaps up to @max completions but gives back all but @delivered. */
static unsigned int reap(struct kunit *test, struct weft_completion *out,
			 unsigned int max, unsigned int delivered)
{
	struct client_bed *bed = test->priv;
	struct weft_slots taken;
	unsigned int count;

	mutex_lock(&bed->client->reaping);
	count = weft_client_take_done(bed->client, &taken, out, max);
	weft_client_settle(bed->client, &taken, min(delivered, count));
	mutex_unlock(&bed->client->reaping);
	return count;
}

static void expect_identity(struct kunit *test, u64 accepted, u64 done)
{
	struct client_bed *bed = test->priv;
	struct weft_stats s = {};

	weft_client_stats(bed->client, &s);
	KUNIT_EXPECT_EQ(test, accepted, s.accepted);
	KUNIT_EXPECT_EQ(test, done, s.done);
	KUNIT_EXPECT_EQ(test, s.accepted,
			s.done + s.queued + s.running + s.waiting);
}

static void each_job_completes_once_and_in_order(struct kunit *test)
{
	struct weft_completion c[CREDITS + 1];
	struct client_bed *bed = test->priv;
	unsigned int i;

	submit_all(test, &nop, CREDITS);
	expect_identity(test, CREDITS, 0);
	KUNIT_EXPECT_EQ(test, (unsigned int)CREDITS, run(test));
	expect_identity(test, CREDITS, CREDITS);
	KUNIT_EXPECT_EQ(test, (unsigned int)CREDITS,
			reap(test, c, CREDITS + 1, CREDITS));
	for (i = 0; i < CREDITS; i++) {
		KUNIT_EXPECT_EQ(test, bed->ids[i], c[i].id);
		KUNIT_EXPECT_EQ(test, (u64)i, c[i].user_data);
	}
	KUNIT_EXPECT_EQ(test, 0U, reap(test, c, CREDITS, CREDITS));
}

static void what_is_not_delivered_comes_again_first(struct kunit *test)
{
	struct weft_completion c[CREDITS];
	unsigned int i;

	submit_all(test, &nop, 5);
	run(test);
	/* Three are taken, one arrives. */
	KUNIT_EXPECT_EQ(test, 3U, reap(test, c, 3, 1));
	KUNIT_EXPECT_EQ(test, 4U, reap(test, c, CREDITS, 4));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, i + 1ULL, c[i].user_data);
}

static void credits_are_back_when_completions_are_settled(struct kunit *test)
{
	struct weft_completion c[CREDITS];
	unsigned int accepted;

	KUNIT_EXPECT_EQ(test, -EAGAIN, submit(test, &nop, CREDITS + 1,
					      &accepted));
	KUNIT_EXPECT_EQ(test, (unsigned int)CREDITS, accepted);
	run(test);
	KUNIT_EXPECT_EQ(test, -EAGAIN, submit(test, &nop, 1, &accepted));
	reap(test, c, 2, 0);
	KUNIT_EXPECT_EQ(test, -EAGAIN, submit(test, &nop, 1, &accepted));
	reap(test, c, 2, 1);
	KUNIT_EXPECT_EQ(test, -EAGAIN, submit(test, &nop, 2, &accepted));
	KUNIT_EXPECT_EQ(test, 1U, accepted);
}

static void aborted_batch_leaves_nothing(struct kunit *test)
{
	struct client_bed *bed = test->priv;
	struct weft_batch batch;

	mutex_lock(&bed->client->submitting);
	KUNIT_EXPECT_EQ(test, 0, weft_submit_prepare(&batch, bed->client, &nop,
						     1, bed->ids));
	weft_submit_abort(&batch);
	mutex_unlock(&bed->client->submitting);
	KUNIT_EXPECT_EQ(test, 0U, run(test));
	expect_identity(test, 0, 0);
	submit_all(test, &nop, CREDITS);
}

static void aborted_batch_tells_who_waits_for_credits(struct kunit *test)
{
	struct client_bed *bed = test->priv;
	struct weft_job jobs[CREDITS];
	bool readable, writable;
	struct weft_batch batch;
	unsigned int i;

	for (i = 0; i < CREDITS; i++)
		jobs[i] = nop;
	mutex_lock(&bed->client->submitting);
	weft_submit_prepare(&batch, bed->client, jobs, CREDITS, bed->ids);
	weft_client_watch(bed->client, &readable, &writable);
	KUNIT_EXPECT_FALSE(test, readable);
	KUNIT_EXPECT_FALSE(test, writable);
	KUNIT_EXPECT_TRUE(test, bed->client->want_credit);
	weft_submit_abort(&batch);
	mutex_unlock(&bed->client->submitting);
	KUNIT_EXPECT_FALSE(test, bed->client->want_credit);
	weft_client_watch(bed->client, &readable, &writable);
	KUNIT_EXPECT_TRUE(test, writable);
}

static void wrong_argument_refuses_the_job_only(struct kunit *test)
{
	struct client_bed *bed = test->priv;
	struct weft_job jobs[3] = { nop, nop, nop };
	struct weft_batch batch;

	jobs[1].arg[0] = 1;
	mutex_lock(&bed->client->submitting);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			weft_submit_prepare(&batch, bed->client, jobs, 3,
					    bed->ids));
	KUNIT_EXPECT_EQ(test, 1U, batch.count);
	weft_submit_publish(&batch);
	mutex_unlock(&bed->client->submitting);
	KUNIT_EXPECT_EQ(test, 1U, run(test));
	expect_identity(test, 1, 1);
}

static void ids_are_not_used_twice(struct kunit *test)
{
	struct weft_completion c[CREDITS];
	struct client_bed *bed = test->priv;
	u64 *seen = kunit_kcalloc(test, 30 * CREDITS, sizeof(*seen),
				  GFP_KERNEL);
	unsigned int round, i, j, n = 0;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (round = 0; round < 30; round++) {
		submit_all(test, &nop, CREDITS);
		for (i = 0; i < CREDITS; i++) {
			KUNIT_EXPECT_NE(test, 0ULL, bed->ids[i]);
			for (j = 0; j < n; j++)
				KUNIT_EXPECT_NE(test, seen[j], bed->ids[i]);
			seen[n++] = bed->ids[i];
		}
		run(test);
		reap(test, c, CREDITS, CREDITS);
	}
}

/* The last id of a slot is used, and then the slot is not used any more. */
static void slot_whose_ids_are_used_up_retires(struct kunit *test)
{
	struct weft_completion c[CREDITS];
	struct client_bed *bed = test->priv;
	struct weft_stats s = {};
	unsigned int accepted;

	submit_all(test, &nop, 1);
	run(test);
	reap(test, c, 1, 1);
	bed->client->chunks[0][0].id = U64_MAX - 2 * WEFT_ID_STEP + 1;

	/* All others first: the slot is the last in the queue. */
	submit_all(test, &nop, CREDITS);
	run(test);
	KUNIT_EXPECT_EQ(test, (unsigned int)CREDITS,
			reap(test, c, CREDITS, CREDITS));
	KUNIT_EXPECT_EQ(test, 1U, bed->client->retired);
	weft_client_stats(bed->client, &s);
	KUNIT_EXPECT_EQ(test, CREDITS - 1U, s.credits_free);
	KUNIT_EXPECT_EQ(test, -EAGAIN, submit(test, &nop, CREDITS, &accepted));
	KUNIT_EXPECT_EQ(test, CREDITS - 1U, accepted);
}

static void expect_verdict(struct kunit *test, u64 id, int ret,
			   enum weft_verdict expected)
{
	struct client_bed *bed = test->priv;
	enum weft_verdict verdict = 0;

	KUNIT_EXPECT_EQ(test, ret, weft_client_cancel(bed->client, id,
						      &verdict));
	KUNIT_EXPECT_EQ(test, (int)expected, (int)verdict);
}

static void cancel_has_a_verdict_at_each_stage(struct kunit *test)
{
	struct weft_completion c;
	struct client_bed *bed = test->priv;
	u64 id;

	submit_all(test, &never, 1);
	id = bed->ids[0];
	run(test);
	expect_verdict(test, id + WEFT_ID_STEP, -ENOENT, 0);
	expect_verdict(test, id - WEFT_ID_STEP, -ENOENT, 0);
	expect_verdict(test, id + 1, -ENOENT, 0);
	expect_verdict(test, 0, -ENOENT, 0);
	expect_verdict(test, U64_MAX, -ENOENT, 0);
	expect_verdict(test, id, 0, WEFT_WILL_CANCEL);
	run(test);
	expect_verdict(test, id, 0, WEFT_WAS_DONE);
	KUNIT_EXPECT_EQ(test, 1U, reap(test, &c, 1, 1));
	KUNIT_EXPECT_EQ(test, (s64)-ECANCELED, c.result);
	expect_verdict(test, id, -ENOENT, 0);
}

static void cancel_all_spares_what_is_done(struct kunit *test)
{
	struct client_bed *bed = test->priv;
	u32 cancelled, stopping;
	struct weft_stats s = {};

	submit_all(test, &nop, 2);
	run(test);
	submit_all(test, &never, 3);
	run(test);
	weft_client_cancel_all(bed->client, &cancelled, &stopping);
	KUNIT_EXPECT_EQ(test, 3U, cancelled);
	KUNIT_EXPECT_EQ(test, 0U, stopping);
	run(test);
	weft_client_stats(bed->client, &s);
	KUNIT_EXPECT_EQ(test, 5ULL, s.done);
	KUNIT_EXPECT_EQ(test, 3ULL, s.cancelled);
	KUNIT_EXPECT_EQ(test, 3ULL, s.failed);
}

static void jobs_are_counted_by_state(struct kunit *test)
{
	struct client_bed *bed = test->priv;
	struct weft_stats s = {};

	submit_all(test, &never, 2);
	run(test);
	submit_all(test, &nop, 3);
	weft_client_stats(bed->client, &s);
	KUNIT_EXPECT_EQ(test, 2ULL, s.waiting);
	KUNIT_EXPECT_EQ(test, 3ULL, s.queued + s.running);
	KUNIT_EXPECT_EQ(test, CREDITS - 5U, s.credits_free);
	expect_identity(test, 5, 0);
}

static void runtime_keeps_what_a_client_did(struct kunit *test)
{
	struct client_bed *bed = test->priv;
	struct weft_engine_totals *totals;

	totals = kunit_kcalloc(test, WEFT_NR_ENGINES, sizeof(*totals),
			       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, totals);
	submit_all(test, &nop, 3);
	run(test);
	weft_client_destroy(bed->client);
	bed->client = NULL;
	weft_runtime_totals(bed->rt, totals);
	KUNIT_EXPECT_EQ(test, 3ULL, totals[WEFT_ASYNC].accepted);
	KUNIT_EXPECT_EQ(test, 3ULL, totals[WEFT_ASYNC].done);
	KUNIT_EXPECT_EQ(test, 0ULL, totals[WEFT_ASYNC].bytes);
	KUNIT_EXPECT_EQ(test, 3ULL, totals[WEFT_ASYNC].ops[WEFT_OP_NOP].polls);
	KUNIT_EXPECT_EQ(test, 0ULL, totals[WEFT_THREADS].accepted);
}

/* With workers, or threads, of its own, and jobs that would never end. */
static void destroy_ends_what_is_under_way(struct kunit *test,
					   enum weft_engine engine)
{
	struct client_bed *bed = test->priv;
	struct weft_engine_totals *totals;

	totals = kunit_kcalloc(test, WEFT_NR_ENGINES, sizeof(*totals),
			       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, totals);
	close_client(test);
	open_client(test, false, engine);
	submit_all(test, &never, CREDITS);
	weft_client_destroy(bed->client);
	bed->client = NULL;
	weft_runtime_totals(bed->rt, totals);
	KUNIT_EXPECT_EQ(test, (u64)CREDITS, totals[engine].done);
	KUNIT_EXPECT_EQ(test, (u64)CREDITS,
			totals[engine].ops[WEFT_OP_SLEEP].cancelled);
}

static void destroy_ends_tasks(struct kunit *test)
{
	destroy_ends_what_is_under_way(test, WEFT_ASYNC);
}

static void destroy_ends_threads(struct kunit *test)
{
	destroy_ends_what_is_under_way(test, WEFT_THREADS);
}

static struct kunit_case client_cases[] = {
	KUNIT_CASE(each_job_completes_once_and_in_order),
	KUNIT_CASE(what_is_not_delivered_comes_again_first),
	KUNIT_CASE(credits_are_back_when_completions_are_settled),
	KUNIT_CASE(aborted_batch_leaves_nothing),
	KUNIT_CASE(aborted_batch_tells_who_waits_for_credits),
	KUNIT_CASE(wrong_argument_refuses_the_job_only),
	KUNIT_CASE(ids_are_not_used_twice),
	KUNIT_CASE(slot_whose_ids_are_used_up_retires),
	KUNIT_CASE(cancel_has_a_verdict_at_each_stage),
	KUNIT_CASE(cancel_all_spares_what_is_done),
	KUNIT_CASE(jobs_are_counted_by_state),
	KUNIT_CASE(runtime_keeps_what_a_client_did),
	KUNIT_CASE(destroy_ends_tasks),
	KUNIT_CASE(destroy_ends_threads),
	{}
};

static struct kunit_suite client_suite = {
	.name = "weft_client",
	.init = client_init,
	.exit = client_exit,
	.test_cases = client_cases,
};

kunit_test_suite(client_suite);
