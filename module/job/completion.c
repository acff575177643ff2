// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completions: from the end of a job until the client has reaped it.
 *
 * Whoever waits for completions stands in @wait first, then lowers @wake_at to
 * the number it waits for, under @lock. Who ends a job resets @wake_at before it
 * wakes; the woken look again, and lower it again if they must.
 */
#include <linux/hrtimer.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <kunit/visibility.h>

#include "client.h"
#include "graph.h"
#include "runtime.h"

/* Nobody waits. */
#define WEFT_WAKE_NEVER	UINT_MAX

static __always_inline bool __weft_client_must_wake(struct weft_client *client)
{
	lockdep_assert_held(&client->lock);
	if (client->done.count < client->wake_at)
		return false;
	client->wake_at = WEFT_WAKE_NEVER;
	return true;
}

static __always_inline void __weft_client_count(struct weft_client *client,
						const struct weft_slot *slot)
{
	const struct weft_task *task = &slot->op_task.task;
	struct weft_op_stats *s = &client->ops[slot->op];

	s->done++;
	if (task->result < 0)
		s->failed++;
	if (task->result == -ECANCELED)
		s->cancelled++;
	if (task->result == -ETIME)
		s->expired++;
	s->polls += task->polls;
	s->wakes += task->wakes;
	s->moves += task->moves;
	s->punts += task->punts;
	s->queued_ns += task->queued_ns;
	s->run_ns += task->run_ns;
	s->blocked_ns += task->blocked_ns;
}

/**
 * weft_client_must_wake() - is somebody to be told that completions are there
 * @client: the client
 *
 * Context: under @client->lock.
 * Return: whether to wake @client->wait.
 */
bool weft_client_must_wake(struct weft_client *client)
{
	return __weft_client_must_wake(client);
}

/**
 * weft_client_count() - add what came of a job to the sums
 * @client: the client
 * @slot: the job; it has ended
 *
 * Context: under @client->lock.
 */
void weft_client_count(struct weft_client *client, const struct weft_slot *slot)
{
	__weft_client_count(client, slot);
}

/**
 * weft_slot_end() - a job has ended: it becomes its completion
 * @task: the job's task; the release() of struct weft_task_ops
 *
 * Context: a worker or thread.
 */
void weft_slot_end(struct weft_task *task)
{
	struct weft_slot *slot = weft_slot_of(&task->node);
	struct weft_client *client = container_of(task->group,
						  struct weft_client, group);
	bool wake;

	spin_lock(&client->lock);
	if (unlikely(slot->dag || !hlist_empty(&slot->followers))) {
		weft_dag_slot_end(client, slot);
		return;
	}
	__weft_client_count(client, slot);
	slot->phase = WEFT_JOB_DONE;
	weft_slots_push(&client->done, slot);
	wake = __weft_client_must_wake(client);
	spin_unlock(&client->lock);

	if (wake)
		wake_up_interruptible_poll(&client->wait,
					   EPOLLIN | EPOLLRDNORM);
	/* The client may be gone after this. */
	if (refcount_dec_and_test(&client->live))
		complete(&client->drained);
}

/**
 * weft_slot_drop_end() - weft_slot_end() of a job whose op took resources
 * @task: the job's task
 *
 * Who sees the completion may rely on it that they were given back.
 *
 * Context: a worker or thread.
 */
void weft_slot_drop_end(struct weft_task *task)
{
	struct weft_slot *slot = weft_slot_of(&task->node);

	weft_ops[slot->op]->drop(&slot->op_task);
	weft_slot_end(task);
}

/**
 * weft_client_ready() - how many completions are there
 * @client: the client
 *
 * Return: their number.
 */
unsigned int weft_client_ready(struct weft_client *client)
{
	/* Pairs with weft_slots_push() and others that write under the lock. */
	return READ_ONCE(client->done.count);
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_ready);

static bool weft_client_has(struct weft_client *client, unsigned int min)
{
	bool has;

	spin_lock(&client->lock);
	has = client->done.count >= min;
	if (!has)
		client->wake_at = min(client->wake_at, min);
	spin_unlock(&client->lock);
	return has;
}

/**
 * weft_client_wait() - wait for completions
 * @client: the client
 * @min: how many
 * @until: but not longer than this, CLOCK_MONOTONIC in ns; at least KTIME_MAX for
 *	no limit
 *
 * Context: may sleep.
 * Return: 0, -ETIME, or -EINTR.
 */
int weft_client_wait(struct weft_client *client, unsigned int min, u64 until)
{
	ktime_t expires = ns_to_ktime(min_t(u64, until, KTIME_MAX));
	DEFINE_WAIT(wait);
	int ret = 0;

	for (;;) {
		/* For a suspend it sleeps on: woken it would have to be told EINTR. */
		prepare_to_wait(&client->wait, &wait,
				TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (weft_client_has(client, min))
			break;
		if (signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		if (ret)
			break;
		if (!schedule_hrtimeout_range(&expires, current->timer_slack_ns,
					      HRTIMER_MODE_ABS))
			ret = -ETIME;
	}
	finish_wait(&client->wait, &wait);
	return weft_client_ready(client) >= min ? 0 : ret;
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_wait);

/**
 * weft_client_watch() - what can be done without waiting
 * @client: the client; the caller stands in @client->wait already
 * @readable: receives whether a completion is there
 * @writable: receives whether a credit is free
 *
 * Lets the caller be woken at the next completion, and the next credit if there
 * is none.
 */
void weft_client_watch(struct weft_client *client, bool *readable,
		       bool *writable)
{
	spin_lock(&client->lock);
	*readable = client->done.count;
	*writable = client->free.count || client->nr_slots < client->credits;
	client->wake_at = 1;
	client->want_credit = !*writable;
	spin_unlock(&client->lock);
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_watch);

/**
 * weft_receipt_add() - sum up
 * @sum: grows by what the job did and cost
 * @slot: the job
 */
void weft_receipt_add(struct weft_receipt *sum, const struct weft_slot *slot)
{
	const struct weft_task *task = &slot->op_task.task;

	sum->queued_ns += task->queued_ns;
	sum->run_ns += task->run_ns;
	sum->blocked_ns += task->blocked_ns;
	sum->polls += task->polls;
	sum->wakes += task->wakes;
	sum->moves += task->moves;
	sum->punts += task->punts;
}

static __always_inline void __weft_slot_report(const struct weft_slot *slot,
					       bool timed,
					       struct weft_completion *out)
{
	const struct weft_task *task = &slot->op_task.task;

	*out = (struct weft_completion){
		.id = slot->id,
		.user_data = slot->user_data,
		.result = task->result,
		.op = slot->op == WEFT_KIND_GRAPH ? WEFT_OP_GRAPH : slot->op,
	};
	if (!(slot->flags & WEFT_JOB_RECEIPT))
		return;

	out->flags = WEFT_COMPLETION_RECEIPT;
	if (timed)
		out->flags |= WEFT_COMPLETION_TIMED;
	weft_receipt_add(&out->receipt, slot);
	if (unlikely(weft_slot_is_dag(slot)))
		weft_dag_receipt(slot->dag, &out->receipt);
}

/**
 * weft_slot_report() - the completion of a job
 * @slot: the job; it has ended
 * @timed: times were taken
 * @out: receives it
 */
void weft_slot_report(const struct weft_slot *slot, bool timed,
		      struct weft_completion *out)
{
	__weft_slot_report(slot, timed, out);
}

/**
 * weft_client_take_done() - take completions
 * @client: the client
 * @taken: receives them; to be handed to weft_client_settle()
 * @out: receives what they say
 * @max: how many, at most
 *
 * Context: @client->reaping is held until they are settled.
 * Return: how many there are in @taken.
 */
unsigned int weft_client_take_done(struct weft_client *client,
				   struct weft_slots *taken,
				   struct weft_completion *out,
				   unsigned int max)
{
	bool timed = weft_runtime_timed(client->runtime);
	struct weft_slot *slot;

	lockdep_assert_held(&client->reaping);
	*taken = (struct weft_slots){};
	spin_lock(&client->lock);
	while (taken->count < max && (slot = weft_slots_pop(&client->done))) {
		__weft_slot_report(slot, timed, &out[taken->count]);
		weft_slots_push(taken, slot);
	}
	spin_unlock(&client->lock);
	return taken->count;
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_take_done);

/* Puts what was taken back in front of the others. */
static void weft_client_untake_done(struct weft_client *client,
				    struct weft_slots *taken)
{
	if (!taken->head)
		return;
	taken->tail->next = client->done.head;
	if (!client->done.head)
		client->done.tail = taken->tail;
	client->done.head = taken->head;
	/* Pairs with weft_client_ready(). */
	WRITE_ONCE(client->done.count, client->done.count + taken->count);
}

static void weft_slot_reaped(struct weft_client *client, struct weft_slot *slot)
{
	if (likely(!slot->dag))
		weft_client_free_slot(client, slot);
	else if (slot->dag->keep)
		slot->phase = WEFT_JOB_KEPT;
	else
		weft_dag_free(client, slot);
}

/**
 * weft_client_settle() - end what weft_client_take_done() began
 * @client: the client
 * @taken: the completions; used up
 * @delivered: how many of them the user has got; the others are put back
 *
 * Context: @client->reaping is held.
 */
void weft_client_settle(struct weft_client *client, struct weft_slots *taken,
			unsigned int delivered)
{
	__poll_t wake;

	lockdep_assert_held(&client->reaping);
	spin_lock(&client->lock);
	client->reaped += delivered;
	while (delivered--)
		weft_slot_reaped(client, weft_slots_pop(taken));
	wake = weft_client_credit_event(client);
	weft_client_untake_done(client, taken);
	if (weft_client_must_wake(client))
		wake |= EPOLLIN | EPOLLRDNORM;
	spin_unlock(&client->lock);

	if (wake)
		wake_up_interruptible_poll(&client->wait, wake);
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_settle);
