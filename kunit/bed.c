// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/err.h>

#include "bed.h"

u64 bed_now;
void (*bed_hook)(struct bed *bed);
struct bed *bed_hooked;

u64 bed_clock(void *arg)
{
	void (*once)(struct bed *bed) = bed_hook;

	bed_hook = NULL;
	if (once)
		once(bed_hooked);
	bed_now += 1000;
	return bed_now;
}

struct weft_client *bed_new_client(struct kunit *test, struct weft_runtime *rt,
				   enum weft_engine engine, u32 credits)
{
	struct weft_client *client = weft_client_create(rt, engine, credits);

	KUNIT_ASSERT_FALSE(test, IS_ERR(client));
	return client;
}

static const struct weft_limits limits = {
	.max_credits = WEFT_MAX_CREDITS,
	.max_user_clients = 3,
	.max_user_credits = 2 * WEFT_MAX_CREDITS,
	.max_buffer_bytes = 64 * PAGE_SIZE,
	.max_user_buffer_bytes = 80 * PAGE_SIZE,
	.max_templates = 3,
};

struct weft_runtime *bed_new_runtime(struct kunit *test, bool manual)
{
	const struct weft_executor_config config = {
		.name = "bed",
		.workers = 1,
		.max_threads = MAX_JOBS,
		.manual = manual,
		.clock = manual ? bed_clock : NULL,
	};
	struct weft_runtime *rt = weft_runtime_create(&config, &limits);

	KUNIT_ASSERT_FALSE(test, IS_ERR(rt));
	return rt;
}

int bed_init(struct kunit *test)
{
	struct bed *bed = kunit_kzalloc(test, sizeof(*bed), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bed);
	bed_now = 0;
	bed_hook = NULL;
	bed->rt = bed_new_runtime(test, true);
	bed->client = bed_new_client(test, bed->rt, WEFT_ASYNC, CREDITS);
	test->priv = bed;
	return 0;
}

bool bed_step(struct bed *bed)
{
	return weft_worker_step(weft_executor_worker(bed->rt->executor, 0));
}

void bed_run(struct bed *bed)
{
	while (bed_step(bed))
		;
}

void bed_exit(struct kunit *test)
{
	struct bed *bed = test->priv;
	u32 cancelled, stopping;

	if (bed->client) {
		weft_client_cancel_all(bed->client, &cancelled, &stopping);
		bed_run(bed);
		weft_client_destroy(bed->client);
	}
	weft_runtime_destroy(bed->rt);
}

void bed_nops(struct bed *bed, unsigned int count)
{
	unsigned int i;

	memset(bed->jobs, 0, sizeof(bed->jobs));
	for (i = 0; i < count; i++)
		bed->jobs[i].user_data = i;
}

void bed_sleeps(struct bed *bed, unsigned int count)
{
	unsigned int i;

	bed_nops(bed, count);
	for (i = 0; i < count; i++) {
		bed->jobs[i].op = WEFT_OP_SLEEP;
		bed->jobs[i].sleep.ns = S64_MAX;
	}
}

int bed_submit(struct bed *bed, unsigned int count)
{
	int ret;

	mutex_lock(&bed->client->submitting);
	ret = weft_submit_prepare(&bed->batch, bed->client, bed->jobs, count,
				  bed->ids);
	weft_submit_publish(&bed->batch);
	mutex_unlock(&bed->client->submitting);
	return ret;
}

int bed_abort(struct bed *bed, unsigned int count)
{
	int ret;

	mutex_lock(&bed->client->submitting);
	ret = weft_submit_prepare(&bed->batch, bed->client, bed->jobs, count,
				  bed->ids);
	weft_submit_abort(&bed->batch);
	mutex_unlock(&bed->client->submitting);
	return ret;
}

unsigned int bed_reap_some(struct bed *bed, unsigned int max,
			   unsigned int delivered)
{
	unsigned int count;

	mutex_lock(&bed->client->reaping);
	count = weft_client_take_done(bed->client, &bed->taken, bed->out, max);
	weft_client_settle(bed->client, &bed->taken, min(count, delivered));
	mutex_unlock(&bed->client->reaping);
	return count;
}

unsigned int bed_reap(struct bed *bed)
{
	return bed_reap_some(bed, MAX_JOBS, MAX_JOBS);
}

int bed_cancel(struct bed *bed, u64 id, enum weft_verdict *verdict)
{
	*verdict = 0;
	return weft_client_cancel(bed->client, id, verdict);
}

u32 bed_credits_free(struct bed *bed)
{
	weft_client_stats(bed->client, &bed->stats);
	return bed->stats.credits_free;
}

void bed_expect_balance(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct weft_stats *s = &bed->stats;

	weft_client_stats(bed->client, s);
	KUNIT_EXPECT_EQ(test, s->accepted,
			s->done + s->queued + s->running + s->waiting);
	/* A credit is free, or its job is live, or its completion is there. */
	KUNIT_EXPECT_EQ(test, (u64)s->credits,
			s->credits_free + s->accepted - s->reaped);
}

void bed_accept(struct kunit *test, unsigned int count)
{
	struct bed *bed = test->priv;

	KUNIT_ASSERT_EQ(test, 0, bed_submit(bed, count));
	KUNIT_ASSERT_EQ(test, count, bed->batch.count);
	bed_expect_balance(test);
}
