// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs from submit to reap, on a runtime that is driven by hand: ids, credits,
 * completions, cancels and counts.
 */
#include <linux/err.h>
#include <linux/poll.h>
#include <linux/wait.h>

#include "bed.h"

/* What a hook found out. */
static int hook_ret;
static enum weft_verdict hook_verdict;
static u32 hook_cancelled, hook_stopping;

/* Makes another client, with so many credits. */
static void replace_client(struct kunit *test, u32 credits)
{
	struct bed *bed = test->priv;

	weft_client_destroy(bed->client);
	bed->client = NULL;
	bed->client = bed_new_client(test, bed->rt, WEFT_ASYNC, credits);
}

static void each_job_has_one_completion(struct kunit *test)
{
	struct bed *bed = test->priv;
	unsigned int i, seen = 0;

	bed_nops(bed, CREDITS);
	for (i = 0; i < CREDITS; i += 2) {
		bed->jobs[i].op = WEFT_OP_YIELD;
		bed->jobs[i].yield.count = i;
	}
	bed_accept(test, CREDITS);
	KUNIT_EXPECT_EQ(test, 0U, bed_reap(bed));
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, (unsigned int)CREDITS,
			weft_client_ready(bed->client));

	KUNIT_ASSERT_EQ(test, (unsigned int)CREDITS, bed_reap(bed));
	for (i = 0; i < CREDITS; i++) {
		struct weft_completion *c = &bed->out[i];

		KUNIT_ASSERT_LT(test, c->user_data, (u64)CREDITS);
		seen |= BIT(c->user_data);
		KUNIT_EXPECT_EQ(test, bed->ids[c->user_data], c->id);
		KUNIT_EXPECT_EQ(test, bed->jobs[c->user_data].op, c->op);
		KUNIT_EXPECT_EQ(test, 0LL, c->result);
	}
	KUNIT_EXPECT_EQ(test, (unsigned int)BIT(CREDITS) - 1, seen);
	KUNIT_EXPECT_EQ(test, 0U, bed_reap(bed));
}

static void completions_come_in_the_order_of_the_ends(struct kunit *test)
{
	struct bed *bed = test->priv;
	unsigned int i;

	bed_nops(bed, 4);
	for (i = 0; i < 4; i++) {
		bed->jobs[i].op = WEFT_OP_YIELD;
		bed->jobs[i].yield.count = 3 - i;
	}
	bed_accept(test, 4);
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 4U, bed_reap(bed));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, 3ULL - i, bed->out[i].user_data);
}

static void receipt_is_there_if_asked_for(struct kunit *test)
{
	struct bed *bed = test->priv;
	const struct weft_receipt none = {};

	bed_nops(bed, 2);
	bed->jobs[0].op = WEFT_OP_YIELD;
	bed->jobs[0].flags = WEFT_JOB_RECEIPT;
	bed->jobs[0].yield.count = 6;
	bed_accept(test, 2);
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 2U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, 0, (int)bed->out[0].flags);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&none, &bed->out[0].receipt,
					sizeof(none)));
	/* Without the times, for the executor takes none. */
	KUNIT_EXPECT_EQ(test, WEFT_COMPLETION_RECEIPT, bed->out[1].flags);
	KUNIT_EXPECT_EQ(test, 7U, bed->out[1].receipt.polls);
	KUNIT_EXPECT_EQ(test, 0ULL, bed->out[1].receipt.run_ns);
}

static bool is_new_id(const u64 *ids, unsigned int count, u64 id)
{
	while (count--)
		if (ids[count] == id)
			return false;
	return id;
}

static void ids_are_never_used_again(struct kunit *test)
{
	struct bed *bed = test->priv;
	unsigned int round, i, count = 0;
	u64 *ids = kunit_kcalloc(test, 20 * CREDITS, sizeof(*ids), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ids);
	bed_nops(bed, CREDITS);
	for (round = 0; round < 20; round++) {
		unsigned int jobs = 1 + round % CREDITS;

		if (round % 3 == 2)
			KUNIT_ASSERT_EQ(test, 0, bed_abort(bed, jobs));
		else
			bed_accept(test, jobs);
		for (i = 0; i < jobs; i++) {
			KUNIT_EXPECT_TRUE(test, is_new_id(ids, count,
							  bed->ids[i]));
			ids[count++] = bed->ids[i];
		}
		bed_run(bed);
		bed_reap(bed);
	}
}

/* Makes the next id of a free slot its last one. Return: that id. */
static u64 wear_out(struct bed *bed, unsigned int index)
{
	struct weft_slot *slot = weft_client_slot(bed->client, index);
	u64 last = (U64_MAX & ~(WEFT_ID_STEP - 1)) | index;

	slot->id = last - WEFT_ID_STEP;
	return last;
}

static void slot_retires_when_its_ids_are_used_up(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum weft_verdict verdict;
	u64 last;

	replace_client(test, 2);
	bed_nops(bed, 2);
	KUNIT_ASSERT_EQ(test, 0, bed_abort(bed, 2));
	last = wear_out(bed, 0);

	bed_accept(test, 2);
	bed_run(bed);
	KUNIT_EXPECT_TRUE(test, bed->ids[0] == last || bed->ids[1] == last);
	KUNIT_ASSERT_EQ(test, 0, bed_cancel(bed, last, &verdict));
	KUNIT_EXPECT_EQ(test, WEFT_WAS_DONE, verdict);
	KUNIT_EXPECT_EQ(test, 2U, bed_reap(bed));

	KUNIT_EXPECT_EQ(test, 1U, bed->client->retired);
	KUNIT_EXPECT_EQ(test, 1U, bed_credits_free(bed));
	KUNIT_EXPECT_EQ(test, -EAGAIN, bed_submit(bed, 2));
	KUNIT_EXPECT_EQ(test, 1U, bed->batch.count);
	KUNIT_EXPECT_NE(test, 0ULL, bed->ids[0] >> WEFT_SLOT_BITS);
	KUNIT_EXPECT_EQ(test, 1U, (u32)bed->ids[0] & (WEFT_MAX_CREDITS - 1));
	KUNIT_EXPECT_EQ(test, -ENOENT, bed_cancel(bed, last, &verdict));
}

static void slot_has_one_id_left_before_it_retires(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 last;

	replace_client(test, 1);
	bed_nops(bed, 1);
	KUNIT_ASSERT_EQ(test, 0, bed_abort(bed, 1));
	last = wear_out(bed, 0);
	weft_client_slot(bed->client, 0)->id -= WEFT_ID_STEP;

	bed_accept(test, 1);
	KUNIT_EXPECT_EQ(test, last - WEFT_ID_STEP, bed->ids[0]);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, 0U, bed->client->retired);
	KUNIT_EXPECT_EQ(test, 0, bed_abort(bed, 1));
	KUNIT_EXPECT_EQ(test, last, bed->ids[0]);
	KUNIT_EXPECT_EQ(test, 1U, bed->client->retired);
	KUNIT_EXPECT_EQ(test, 0U, bed_credits_free(bed));
	KUNIT_EXPECT_EQ(test, -EAGAIN, bed_submit(bed, 1));
}

static void aborted_jobs_leave_nothing_behind(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum weft_verdict verdict;
	unsigned int i;

	bed_nops(bed, CREDITS);
	KUNIT_EXPECT_EQ(test, 0, bed_abort(bed, CREDITS));
	KUNIT_EXPECT_EQ(test, (unsigned int)CREDITS, bed->batch.count);
	KUNIT_EXPECT_FALSE(test, bed_step(bed));
	KUNIT_EXPECT_EQ(test, 0U, bed_reap(bed));
	for (i = 0; i < CREDITS; i++)
		KUNIT_EXPECT_EQ(test, -ENOENT,
				bed_cancel(bed, bed->ids[i], &verdict));
	bed_expect_balance(test);
	KUNIT_EXPECT_EQ(test, 0ULL, bed->stats.accepted);
	KUNIT_EXPECT_EQ(test, (u32)CREDITS, bed->stats.credits_free);
	bed_accept(test, CREDITS);
}

static void prepared_jobs_cannot_be_seen(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum weft_verdict verdict;
	u32 cancelled, stopping;

	bed_nops(bed, 1);
	mutex_lock(&bed->client->submitting);
	KUNIT_EXPECT_EQ(test, 0, weft_submit_prepare(&bed->batch, bed->client,
						     bed->jobs, 1, bed->ids));
	KUNIT_EXPECT_FALSE(test, bed_step(bed));
	KUNIT_EXPECT_EQ(test, -ENOENT, bed_cancel(bed, bed->ids[0], &verdict));
	weft_client_cancel_all(bed->client, &cancelled, &stopping);
	KUNIT_EXPECT_EQ(test, 0U, cancelled + stopping);
	weft_submit_publish(&bed->batch);
	mutex_unlock(&bed->client->submitting);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, 0LL, bed->out[0].result);
}

static void batch_ends_at_the_first_refused_job(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed_nops(bed, 4);
	bed->jobs[2].op = WEFT_OP_SPIN;
	bed->jobs[2].spin.ns = 1ULL << 63;
	KUNIT_EXPECT_EQ(test, -EINVAL, bed_submit(bed, 4));
	KUNIT_EXPECT_EQ(test, 2U, bed->batch.count);
	bed_expect_balance(test);
	KUNIT_EXPECT_EQ(test, 2ULL, bed->stats.accepted);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 2U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, (u32)CREDITS, bed_credits_free(bed));
}

static void refusals_are_counted(struct kunit *test)
{
	struct bed *bed = test->priv;

	weft_client_refuse(bed->client);
	weft_client_refuse(bed->client);
	weft_client_stats(bed->client, &bed->stats);
	KUNIT_EXPECT_EQ(test, 2ULL, bed->stats.refused);
}

static void credit_comes_back_when_the_completion_is_reaped(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed_nops(bed, CREDITS + 1);
	KUNIT_EXPECT_EQ(test, -EAGAIN, bed_submit(bed, CREDITS + 1));
	KUNIT_EXPECT_EQ(test, (unsigned int)CREDITS, bed->batch.count);
	KUNIT_EXPECT_EQ(test, 0U, bed_credits_free(bed));
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, -EAGAIN, bed_submit(bed, 1));
	KUNIT_EXPECT_EQ(test, 0U, bed->batch.count);
	KUNIT_EXPECT_EQ(test, 3U, bed_reap_some(bed, 3, 3));
	KUNIT_EXPECT_EQ(test, 3U, bed_credits_free(bed));
	KUNIT_EXPECT_EQ(test, -EAGAIN, bed_submit(bed, 4));
	KUNIT_EXPECT_EQ(test, 3U, bed->batch.count);
	bed_expect_balance(test);
}

static void slots_grow_over_several_chunks(struct kunit *test)
{
	const unsigned int credits = 2 * WEFT_CHUNK_SLOTS + 1;
	struct bed *bed = test->priv;
	unsigned int i;
	u64 bytes;

	replace_client(test, credits);
	bed_nops(bed, 1);
	weft_client_stats(bed->client, &bed->stats);
	bytes = bed->stats.bytes;
	for (i = 0; i < credits; i++) {
		bed_accept(test, 1);
		KUNIT_EXPECT_EQ(test, i, (u32)bed->ids[0] &
				(WEFT_MAX_CREDITS - 1));
	}
	KUNIT_EXPECT_EQ(test, -EAGAIN, bed_submit(bed, 1));
	weft_client_stats(bed->client, &bed->stats);
	KUNIT_EXPECT_EQ(test, bytes + 3 * WEFT_CHUNK_BYTES, bed->stats.bytes);
	bed_run(bed);
	for (i = 0; i < credits; )
		i += bed_reap(bed);
	KUNIT_EXPECT_EQ(test, credits, bed_credits_free(bed));
}

static void undelivered_completions_stay_in_front(struct kunit *test)
{
	struct bed *bed = test->priv;
	unsigned int i;

	bed_nops(bed, 5);
	bed_accept(test, 5);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 4U, bed_reap_some(bed, 4, 1));
	KUNIT_EXPECT_EQ(test, 4U, weft_client_ready(bed->client));
	bed_expect_balance(test);
	KUNIT_EXPECT_EQ(test, 1ULL, bed->stats.reaped);
	bed->jobs[0].user_data = 5;
	bed_accept(test, 1);
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 5U, bed_reap(bed));
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, i + 1ULL, bed->out[i].user_data);
	KUNIT_EXPECT_EQ(test, (u32)CREDITS, bed_credits_free(bed));
}

static void completions_can_end_while_others_are_delivered(struct kunit *test)
{
	struct bed *bed = test->priv;
	unsigned int i;

	bed_nops(bed, 6);
	bed_accept(test, 6);
	for (i = 0; i < 3; i++)
		bed_step(bed);
	mutex_lock(&bed->client->reaping);
	KUNIT_EXPECT_EQ(test, 3U, weft_client_take_done(bed->client,
							&bed->taken, bed->out,
							MAX_JOBS));
	KUNIT_EXPECT_EQ(test, 0U, weft_client_ready(bed->client));
	bed_step(bed);
	weft_client_settle(bed->client, &bed->taken, 0);
	mutex_unlock(&bed->client->reaping);
	bed_run(bed);

	KUNIT_ASSERT_EQ(test, 6U, bed_reap(bed));
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test, (u64)i, bed->out[i].user_data);
}

/* The queue of completions was empty meanwhile: its tail is the taken one's. */
static void completions_follow_those_put_back(struct kunit *test)
{
	struct bed *bed = test->priv;
	unsigned int i;

	bed_nops(bed, 4);
	bed_accept(test, 4);
	bed_step(bed);
	bed_step(bed);
	KUNIT_EXPECT_EQ(test, 2U, bed_reap_some(bed, MAX_JOBS, 0));
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 4U, bed_reap(bed));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, (u64)i, bed->out[i].user_data);
}

static void cancelled_job_ends_with_ecanceled(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum weft_verdict verdict;

	bed_sleeps(bed, 3);
	bed_accept(test, 3);
	bed_step(bed);
	/* One waits, the others are queued. */
	KUNIT_EXPECT_EQ(test, 0, bed_cancel(bed, bed->ids[0], &verdict));
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, verdict);
	KUNIT_EXPECT_EQ(test, 0, bed_cancel(bed, bed->ids[1], &verdict));
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, verdict);
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 2U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, (s64)-ECANCELED, bed->out[0].result);
	KUNIT_EXPECT_EQ(test, (s64)-ECANCELED, bed->out[1].result);
	bed_expect_balance(test);
	KUNIT_EXPECT_EQ(test, 2ULL, bed->stats.cancelled);
	KUNIT_EXPECT_EQ(test, 2ULL, bed->stats.failed);
	KUNIT_EXPECT_EQ(test, 1ULL, bed->stats.waiting);
}

static void cancel_of_an_ended_job_changes_nothing(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum weft_verdict verdict;

	bed_nops(bed, 1);
	bed_accept(test, 1);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 0, bed_cancel(bed, bed->ids[0], &verdict));
	KUNIT_EXPECT_EQ(test, WEFT_WAS_DONE, verdict);
	KUNIT_EXPECT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, 0LL, bed->out[0].result);
}

static void cancel_inside(struct bed *bed)
{
	hook_ret = bed_cancel(bed, bed->ids[0], &hook_verdict);
}

static void running_job_is_cancelled_at_its_next_step(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed_nops(bed, 1);
	bed->jobs[0].op = WEFT_OP_SPIN;
	bed->jobs[0].spin.ns = NSEC_PER_SEC;
	bed->jobs[0].flags = WEFT_JOB_RECEIPT;
	bed_accept(test, 1);
	bed_hooked = bed;
	hook_ret = 1;
	bed_hook = cancel_inside;
	KUNIT_EXPECT_TRUE(test, bed_step(bed));
	KUNIT_EXPECT_EQ(test, 0, hook_ret);
	KUNIT_EXPECT_EQ(test, WEFT_IS_RUNNING, hook_verdict);
	KUNIT_EXPECT_EQ(test, 0U, weft_client_ready(bed->client));
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, (s64)-ECANCELED, bed->out[0].result);
	KUNIT_EXPECT_EQ(test, 2U, bed->out[0].receipt.polls);
}

static void unknown_ids_are_not_found(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum weft_verdict verdict;
	u64 id;

	/* Before there is any slot. */
	KUNIT_EXPECT_EQ(test, -ENOENT, bed_cancel(bed, 0, &verdict));
	bed_nops(bed, 1);
	bed_accept(test, 1);
	id = bed->ids[0];
	KUNIT_EXPECT_EQ(test, -ENOENT, bed_cancel(bed, 0, &verdict));
	KUNIT_EXPECT_EQ(test, -ENOENT, bed_cancel(bed, U64_MAX, &verdict));
	/* A slot that was never used, one that does not exist. */
	KUNIT_EXPECT_EQ(test, -ENOENT, bed_cancel(bed, 1, &verdict));
	KUNIT_EXPECT_EQ(test, -ENOENT, bed_cancel(bed, id + 1, &verdict));
	KUNIT_EXPECT_EQ(test, -ENOENT, bed_cancel(bed, id + CREDITS, &verdict));
	/* Another use of the slot. */
	KUNIT_EXPECT_EQ(test, -ENOENT,
			bed_cancel(bed, id + WEFT_ID_STEP, &verdict));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			bed_cancel(bed, id - WEFT_ID_STEP, &verdict));
	KUNIT_EXPECT_EQ(test, 0, bed_cancel(bed, id, &verdict));
	KUNIT_EXPECT_EQ(test, WEFT_WILL_CANCEL, verdict);
}

static void reaped_id_is_not_found(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum weft_verdict verdict;
	u64 id;

	replace_client(test, 1);
	bed_nops(bed, 1);
	bed_accept(test, 1);
	id = bed->ids[0];
	bed_run(bed);
	bed_reap(bed);
	KUNIT_EXPECT_EQ(test, -ENOENT, bed_cancel(bed, id, &verdict));
	/* Nor does it hit the next user of the slot. */
	bed_accept(test, 1);
	KUNIT_EXPECT_EQ(test, -ENOENT, bed_cancel(bed, id, &verdict));
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, 0LL, bed->out[0].result);
}

static void cancel_all_ends_what_has_not_ended(struct kunit *test)
{
	struct bed *bed = test->priv;
	u32 cancelled, stopping;
	unsigned int i;

	bed_sleeps(bed, 6);
	bed->jobs[0].op = WEFT_OP_NOP;
	bed->jobs[0].sleep.ns = 0;
	bed_accept(test, 6);
	for (i = 0; i < 4; i++)
		bed_step(bed);
	/* One is done, three wait, two are queued. */
	weft_client_cancel_all(bed->client, &cancelled, &stopping);
	KUNIT_EXPECT_EQ(test, 5U, cancelled);
	KUNIT_EXPECT_EQ(test, 0U, stopping);
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 6U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, 0LL, bed->out[0].result);
	for (i = 1; i < 6; i++)
		KUNIT_EXPECT_EQ(test, (s64)-ECANCELED, bed->out[i].result);
}

static void cancel_all_inside(struct bed *bed)
{
	weft_client_cancel_all(bed->client, &hook_cancelled, &hook_stopping);
	weft_client_stats(bed->client, &bed->stats);
}

static void cancel_all_tells_the_running_from_the_others(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed_nops(bed, 3);
	bed->jobs[0].op = WEFT_OP_SPIN;
	bed->jobs[0].spin.ns = NSEC_PER_SEC;
	bed_accept(test, 3);
	bed_hooked = bed;
	hook_stopping = 0;
	bed_hook = cancel_all_inside;
	KUNIT_EXPECT_TRUE(test, bed_step(bed));
	KUNIT_EXPECT_EQ(test, 2U, hook_cancelled);
	KUNIT_EXPECT_EQ(test, 1U, hook_stopping);
	KUNIT_EXPECT_EQ(test, 1ULL, bed->stats.running);
	KUNIT_EXPECT_EQ(test, 2ULL, bed->stats.queued);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 3U, bed_reap(bed));
}

/* The last step of a poll that will wait: it is counted, but has not ended. */
static void about_to_wait(struct bed *bed)
{
	atomic_inc(&bed->client->group.waiting);
	hook_ret = bed_cancel(bed, bed->ids[0], &hook_verdict);
	weft_client_stats(bed->client, &bed->stats);
	atomic_dec(&bed->client->group.waiting);
}

/* Who saw a job waiting relies on it: its cancel finds it outside of a poll. */
static void job_that_is_about_to_wait_is_running(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed_sleeps(bed, 1);
	bed_accept(test, 1);
	bed_hooked = bed;
	bed_hook = about_to_wait;
	KUNIT_EXPECT_TRUE(test, bed_step(bed));
	KUNIT_EXPECT_EQ(test, 0, hook_ret);
	KUNIT_EXPECT_EQ(test, WEFT_IS_RUNNING, hook_verdict);
	KUNIT_EXPECT_EQ(test, 1ULL, bed->stats.running);
	KUNIT_EXPECT_EQ(test, 0ULL, bed->stats.queued + bed->stats.waiting);
	bed_run(bed);
	KUNIT_ASSERT_EQ(test, 1U, bed_reap(bed));
	KUNIT_EXPECT_EQ(test, (s64)-ECANCELED, bed->out[0].result);
}

static void cancel_all_passes_over_many_slots(struct kunit *test)
{
	struct bed *bed = test->priv;
	u32 cancelled, stopping;
	unsigned int i;

	replace_client(test, 4 * MAX_JOBS);
	bed_sleeps(bed, MAX_JOBS);
	for (i = 0; i < 4; i++)
		bed_accept(test, MAX_JOBS);
	weft_client_cancel_all(bed->client, &cancelled, &stopping);
	KUNIT_EXPECT_EQ(test, 4U * MAX_JOBS, cancelled);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 4U * MAX_JOBS, weft_client_ready(bed->client));
}

static void counts_add_up_at_each_step(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct weft_stats *s = &bed->stats;
	unsigned int steps = 0;

	bed_nops(bed, CREDITS);
	bed->jobs[1].op = WEFT_OP_YIELD;
	bed->jobs[1].yield.count = 3;
	bed->jobs[2].op = WEFT_OP_SLEEP;
	bed->jobs[2].sleep.ns = S64_MAX;
	bed->jobs[3].op = WEFT_OP_WORK;
	bed->jobs[3].work.rounds = 2;
	bed->jobs[3].work.wait_ns = S64_MAX;
	bed_accept(test, CREDITS);
	KUNIT_EXPECT_EQ(test, (u64)CREDITS, s->queued + s->running);
	while (bed_step(bed)) {
		steps++;
		bed_expect_balance(test);
		if (steps == 5)
			bed_reap_some(bed, 1, 1);
	}
	bed_expect_balance(test);
	KUNIT_EXPECT_EQ(test, 2ULL, s->waiting);
	KUNIT_EXPECT_EQ(test, CREDITS - 2ULL, s->done);
	KUNIT_EXPECT_EQ(test, 1ULL, s->reaped);
	KUNIT_EXPECT_EQ(test, CREDITS + 3U, steps);
	/* The receipts of the jobs that ended. */
	KUNIT_EXPECT_EQ(test, CREDITS - 2ULL + 3, s->polls);
}

/* Somebody in the client's wait queue who remembers how he was woken. */
struct listener {
	struct wait_queue_entry entry;
	unsigned int wakes;
	__poll_t events;
};

static int listener_wake(struct wait_queue_entry *entry, unsigned int mode,
			 int flags, void *key)
{
	struct listener *l = container_of(entry, struct listener, entry);

	l->wakes++;
	l->events = key_to_poll(key);
	return 0;
}

static void listen(struct bed *bed, struct listener *l)
{
	init_waitqueue_func_entry(&l->entry, listener_wake);
	add_wait_queue(&bed->client->wait, &l->entry);
}

static void watcher_hears_of_a_credit_once(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct listener l = {};
	bool readable, writable;

	bed_nops(bed, CREDITS);
	bed_accept(test, CREDITS);
	bed_run(bed);
	listen(bed, &l);
	weft_client_watch(bed->client, &readable, &writable);
	KUNIT_EXPECT_TRUE(test, readable);
	KUNIT_EXPECT_FALSE(test, writable);
	KUNIT_EXPECT_TRUE(test, bed->client->want_credit);
	/* One completion is left: that is news, too. */
	bed_reap_some(bed, CREDITS - 1, CREDITS - 1);
	KUNIT_EXPECT_EQ(test, 1U, l.wakes);
	KUNIT_EXPECT_TRUE(test, l.events & EPOLLOUT);
	KUNIT_EXPECT_TRUE(test, l.events & EPOLLIN);
	KUNIT_EXPECT_FALSE(test, bed->client->want_credit);
	bed_reap(bed);
	KUNIT_EXPECT_EQ(test, 1U, l.wakes);
	weft_client_watch(bed->client, &readable, &writable);
	KUNIT_EXPECT_FALSE(test, readable);
	KUNIT_EXPECT_TRUE(test, writable);
	remove_wait_queue(&bed->client->wait, &l.entry);
}

static void watcher_hears_of_an_aborted_credit(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct listener l = {};
	bool readable, writable;

	replace_client(test, 1);
	bed_nops(bed, 1);
	listen(bed, &l);
	mutex_lock(&bed->client->submitting);
	KUNIT_EXPECT_EQ(test, 0, weft_submit_prepare(&bed->batch, bed->client,
						     bed->jobs, 1, bed->ids));
	weft_client_watch(bed->client, &readable, &writable);
	KUNIT_EXPECT_FALSE(test, writable);
	KUNIT_EXPECT_EQ(test, 0U, l.wakes);
	weft_submit_abort(&bed->batch);
	mutex_unlock(&bed->client->submitting);
	KUNIT_EXPECT_EQ(test, 1U, l.wakes);
	KUNIT_EXPECT_TRUE(test, l.events & EPOLLOUT);
	remove_wait_queue(&bed->client->wait, &l.entry);
}

static void watcher_hears_of_the_first_completion_only(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct listener l = {};
	bool readable, writable;

	bed_nops(bed, 3);
	bed_accept(test, 3);
	listen(bed, &l);
	weft_client_watch(bed->client, &readable, &writable);
	KUNIT_EXPECT_FALSE(test, readable);
	KUNIT_EXPECT_TRUE(test, writable);
	bed_step(bed);
	KUNIT_EXPECT_EQ(test, 1U, l.wakes);
	KUNIT_EXPECT_TRUE(test, l.events & EPOLLIN);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 1U, l.wakes);
	remove_wait_queue(&bed->client->wait, &l.entry);
}

static void wait_returns_when_enough_is_there(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed_nops(bed, 2);
	bed_accept(test, 2);
	KUNIT_EXPECT_EQ(test, -ETIME, weft_client_wait(bed->client, 1, 0));
	KUNIT_EXPECT_EQ(test, 0, weft_client_wait(bed->client, 0, 0));
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 0, weft_client_wait(bed->client, 2, U64_MAX));
	KUNIT_EXPECT_EQ(test, -ETIME, weft_client_wait(bed->client, 3, 0));
}

static void totals(struct weft_runtime *rt, enum weft_engine engine,
		   struct weft_engine_totals *out)
{
	struct weft_engine_totals all[WEFT_NR_ENGINES];

	weft_runtime_totals(rt, all);
	*out = all[engine];
}

static void totals_keep_what_a_gone_client_did(struct kunit *test)
{
	struct weft_engine_totals before, after;
	struct bed *bed = test->priv;
	enum weft_verdict verdict;

	bed_nops(bed, 3);
	bed->jobs[2].op = WEFT_OP_SLEEP;
	bed->jobs[2].sleep.ns = S64_MAX;
	bed_accept(test, 3);
	bed_step(bed);
	totals(bed->rt, WEFT_ASYNC, &before);
	KUNIT_EXPECT_EQ(test, 3ULL, before.accepted);
	KUNIT_EXPECT_EQ(test, 1ULL, before.done);
	KUNIT_EXPECT_EQ(test, 2ULL, before.queued + before.running);
	KUNIT_EXPECT_NE(test, 0ULL, before.bytes);

	bed_cancel(bed, bed->ids[2], &verdict);
	bed_run(bed);
	totals(bed->rt, WEFT_ASYNC, &before);
	weft_client_destroy(bed->client);
	bed->client = NULL;
	totals(bed->rt, WEFT_ASYNC, &after);
	KUNIT_EXPECT_EQ(test, 0ULL, after.bytes);
	after.bytes = before.bytes;
	KUNIT_EXPECT_EQ(test, 0, memcmp(&before, &after, sizeof(after)));
	KUNIT_EXPECT_EQ(test, 2ULL, after.ops[WEFT_OP_NOP].done);
	KUNIT_EXPECT_EQ(test, 1ULL, after.ops[WEFT_OP_SLEEP].cancelled);
}

static void clients_have_numbers_of_their_own(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 first = bed->client->number;

	replace_client(test, 1);
	KUNIT_EXPECT_EQ(test, first + 1, bed->client->number);
}

static void clients_do_not_see_each_others_jobs(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct weft_client *mine = bed->client, *other;
	enum weft_verdict verdict;
	u32 cancelled, stopping;

	other = bed_new_client(test, bed->rt, WEFT_ASYNC, CREDITS);
	bed_sleeps(bed, 1);
	bed_accept(test, 1);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			weft_client_cancel(other, bed->ids[0], &verdict));
	weft_client_cancel_all(other, &cancelled, &stopping);
	KUNIT_EXPECT_EQ(test, 0U, cancelled + stopping);
	bed_run(bed);
	KUNIT_EXPECT_EQ(test, 0U, weft_client_ready(mine));
	weft_client_destroy(other);
	bed_expect_balance(test);
	KUNIT_EXPECT_EQ(test, 1ULL, bed->stats.waiting);
}

static const enum weft_engine engines[] = { WEFT_ASYNC, WEFT_THREADS };

static void engine_desc(const enum weft_engine *engine, char *desc)
{
	strscpy(desc, *engine == WEFT_ASYNC ? "async" : "threads",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(engine, engines, engine_desc);

/* With workers that run by themselves. */
static struct bed *live_bed(struct kunit *test, enum weft_engine engine,
			    u32 credits)
{
	struct bed *live = kunit_kzalloc(test, sizeof(*live), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, live);
	live->rt = bed_new_runtime(test, false);
	live->client = bed_new_client(test, live->rt, engine, credits);
	return live;
}

/* Destroy waits for the jobs. */
static void destroy_ends_live_jobs(struct kunit *test)
{
	const enum weft_engine *engine = test->param_value;
	struct weft_engine_totals sum;
	struct bed *live;
	unsigned int i;

	live = live_bed(test, *engine, 32);
	bed_sleeps(live, 24);
	for (i = 0; i < 8; i++) {
		live->jobs[i].op = WEFT_OP_SPIN;
		live->jobs[i].spin.ns = S64_MAX;
	}
	KUNIT_EXPECT_EQ(test, 0, bed_submit(live, 24));
	weft_client_destroy(live->client);
	totals(live->rt, *engine, &sum);
	KUNIT_EXPECT_EQ(test, 24ULL, sum.done);
	KUNIT_EXPECT_EQ(test, 8ULL, sum.ops[WEFT_OP_SPIN].cancelled);
	KUNIT_EXPECT_EQ(test, 16ULL, sum.ops[WEFT_OP_SLEEP].cancelled);
	weft_runtime_destroy(live->rt);
}

/* As above, but they have begun. */
static void destroy_ends_running_jobs(struct kunit *test)
{
	const enum weft_engine *engine = test->param_value;
	struct weft_engine_totals sum;
	struct bed *live;

	live = live_bed(test, *engine, 8);
	bed_sleeps(live, 4);
	live->jobs[3].op = WEFT_OP_NOP;
	live->jobs[3].sleep.ns = 0;
	KUNIT_EXPECT_EQ(test, 0, bed_submit(live, 4));
	KUNIT_EXPECT_EQ(test, 0, weft_client_wait(live->client, 1, U64_MAX));
	weft_client_destroy(live->client);
	totals(live->rt, *engine, &sum);
	KUNIT_EXPECT_EQ(test, 4ULL, sum.done);
	KUNIT_EXPECT_EQ(test, 3ULL, sum.ops[WEFT_OP_SLEEP].cancelled);
	KUNIT_EXPECT_EQ(test, 0ULL, sum.ops[WEFT_OP_NOP].cancelled);
	weft_runtime_destroy(live->rt);
}

static void aborted_threads_never_run(struct kunit *test)
{
	struct weft_engine_totals sum;
	struct bed *live;

	live = live_bed(test, WEFT_THREADS, 8);
	bed_nops(live, 8);
	KUNIT_EXPECT_EQ(test, 0, bed_abort(live, 8));
	KUNIT_EXPECT_EQ(test, 8U, bed_credits_free(live));
	KUNIT_EXPECT_EQ(test, 0U, live->rt->executor->threads.nr_live);
	weft_client_destroy(live->client);
	totals(live->rt, WEFT_THREADS, &sum);
	KUNIT_EXPECT_EQ(test, 0ULL, sum.accepted + sum.done);
	weft_runtime_destroy(live->rt);
}

static struct kunit_case client_cases[] = {
	KUNIT_CASE(each_job_has_one_completion),
	KUNIT_CASE(completions_come_in_the_order_of_the_ends),
	KUNIT_CASE(receipt_is_there_if_asked_for),
	KUNIT_CASE(ids_are_never_used_again),
	KUNIT_CASE(slot_retires_when_its_ids_are_used_up),
	KUNIT_CASE(slot_has_one_id_left_before_it_retires),
	KUNIT_CASE(aborted_jobs_leave_nothing_behind),
	KUNIT_CASE(prepared_jobs_cannot_be_seen),
	KUNIT_CASE(batch_ends_at_the_first_refused_job),
	KUNIT_CASE(refusals_are_counted),
	KUNIT_CASE(credit_comes_back_when_the_completion_is_reaped),
	KUNIT_CASE(slots_grow_over_several_chunks),
	KUNIT_CASE(undelivered_completions_stay_in_front),
	KUNIT_CASE(completions_can_end_while_others_are_delivered),
	KUNIT_CASE(completions_follow_those_put_back),
	KUNIT_CASE(cancelled_job_ends_with_ecanceled),
	KUNIT_CASE(cancel_of_an_ended_job_changes_nothing),
	KUNIT_CASE(running_job_is_cancelled_at_its_next_step),
	KUNIT_CASE(unknown_ids_are_not_found),
	KUNIT_CASE(reaped_id_is_not_found),
	KUNIT_CASE(cancel_all_ends_what_has_not_ended),
	KUNIT_CASE(cancel_all_tells_the_running_from_the_others),
	KUNIT_CASE(job_that_is_about_to_wait_is_running),
	KUNIT_CASE(cancel_all_passes_over_many_slots),
	KUNIT_CASE(counts_add_up_at_each_step),
	KUNIT_CASE(watcher_hears_of_a_credit_once),
	KUNIT_CASE(watcher_hears_of_an_aborted_credit),
	KUNIT_CASE(watcher_hears_of_the_first_completion_only),
	KUNIT_CASE(wait_returns_when_enough_is_there),
	KUNIT_CASE(totals_keep_what_a_gone_client_did),
	KUNIT_CASE(clients_have_numbers_of_their_own),
	KUNIT_CASE(clients_do_not_see_each_others_jobs),
	KUNIT_CASE_PARAM(destroy_ends_live_jobs, engine_gen_params),
	KUNIT_CASE_PARAM(destroy_ends_running_jobs, engine_gen_params),
	KUNIT_CASE(aborted_threads_never_run),
	{}
};

static struct kunit_suite client_suite = {
	.name = "weft_client",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = client_cases,
};

kunit_test_suite(client_suite);
