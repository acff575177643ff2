// SPDX-License-Identifier: GPL-2.0-only
/* The life and death of a client, and cancelling its jobs. */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <kunit/visibility.h>

#include "../core/executor.h"
#include "../core/gfp.h"
#include "client.h"
#include "graph.h"
#include "runtime.h"
#include "step.h"

/* Slots looked at between two chances for others to take the lock. */
#define WEFT_CANCEL_BATCH	64

static struct weft_slot *weft_client_find(struct weft_client *client, u64 id)
{
	struct weft_slot *slot;

	lockdep_assert_held(&client->lock);
	slot = weft_client_slot(client, id & (WEFT_MAX_CREDITS - 1));
	if (!slot || slot->id != id || slot->phase == WEFT_JOB_FREE ||
	    slot->phase == WEFT_JOB_KEPT)
		return NULL;
	return slot;
}

/* A job tells another one, which stays where it is while we hold the lock. */
static int weft_client_notify(struct weft_space *space, u64 id, u64 value)
{
	struct weft_client *client = container_of(space, struct weft_client,
						  space);
	struct weft_slot *slot;
	int ret;

	spin_lock(&client->lock);
	slot = weft_client_find(client, id);
	if (!slot)
		ret = -ENOENT;
	else if (slot->op != WEFT_OP_AWAIT)
		ret = -EINVAL;
	else if (!weft_slot_unended(slot))
		ret = -EALREADY;
	else
		ret = weft_await_notify(&slot->op_task, value);
	spin_unlock(&client->lock);
	return ret;
}

/* Return: as weft_client_create(). */
static struct weft_client *weft_client_new(struct weft_runtime *rt,
					   struct weft_executor *ex,
					   enum weft_engine engine,
					   unsigned int credits)
{
	struct weft_client *client;
	struct weft_user *user;

	user = weft_user_get(rt, credits);
	if (IS_ERR(user))
		return ERR_CAST(user);
	client = kzalloc(sizeof(*client), WEFT_GFP_USER);
	if (!client)
		goto err_user;
	client->chunks = kvcalloc(weft_chunks(credits), sizeof(*client->chunks),
				  WEFT_GFP_USER);
	if (!client->chunks)
		goto err_free;
	if (weft_group_init(&client->group, ex, engine))
		goto err_chunks;

	client->user = user;
	weft_buffers_init(&client->space.buffers, rt->limits.max_buffer_bytes,
			  &user->buffer_bytes, rt->limits.max_user_buffer_bytes);
	xa_init_flags(&client->templates, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	client->space.refused = rt->refused;
	client->space.notify = weft_client_notify;
	atomic_long_set(&client->space.bytes, 0);
	client->runtime = rt;
	client->credits = credits;
	client->owner = get_pid(task_tgid(current));
	client->pid = current->tgid;
	get_task_comm(client->comm, current->group_leader);
	mutex_init(&client->submitting);
	mutex_init(&client->reaping);
	spin_lock_init(&client->lock);
	client->wake_at = UINT_MAX;
	init_waitqueue_head(&client->wait);
	refcount_set(&client->live, 1);
	init_completion(&client->drained);
	return client;

err_chunks:
	kvfree(client->chunks);
err_free:
	kfree(client);
err_user:
	weft_user_put(rt, user, credits);
	return ERR_PTR(-ENOMEM);
}

/**
 * weft_client_create() - make a client
 * @rt: where it belongs; must outlive the client
 * @engine: how its jobs run
 * @credits: how many jobs at once, 1 to WEFT_MAX_CREDITS
 *
 * Context: may sleep. Memory is charged to the caller's cgroup.
 * Return: the client, the caller's until weft_client_destroy(); or ERR_PTR:
 * -EDQUOT (the user has as much as one may have), -ENOMEM.
 */
struct weft_client *weft_client_create(struct weft_runtime *rt,
				       enum weft_engine engine,
				       unsigned int credits)
{
	struct weft_client *client = weft_client_new(rt, rt->executor, engine,
						     credits);

	if (!IS_ERR(client))
		weft_runtime_add(rt, client);
	return client;
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_create);

/* Graphs that were not reaped, or whose results are kept. */
static void weft_client_free_dags(struct weft_client *client)
{
	struct weft_slot *slot;
	unsigned int i;

	for (i = 0; i < client->nr_slots; i++) {
		slot = weft_client_slot(client, i);
		if (weft_slot_is_dag(slot))
			kfree(slot->dag);
		if (i % WEFT_CANCEL_BATCH == WEFT_CANCEL_BATCH - 1)
			cond_resched();
	}
}

/**
 * weft_client_create_stepped() - make a client that is stepped
 * @rt: where it belongs; must outlive the client
 * @workers: its own, 1 to WEFT_STEP_MAX_WORKERS
 * @is_virtual: it has a clock of its own, too
 * @credits: how many jobs at once, 1 to WEFT_STEP_MAX_CREDITS
 *
 * Context: may sleep. Memory is charged to the caller's cgroup.
 * Return: as weft_client_create().
 */
struct weft_client *weft_client_create_stepped(struct weft_runtime *rt,
					       unsigned int workers,
					       bool is_virtual,
					       unsigned int credits)
{
	struct weft_stepper *s = weft_stepper_create(rt, workers, is_virtual,
						     credits);
	struct weft_client *client;

	if (IS_ERR(s))
		return ERR_CAST(s);
	client = weft_client_new(rt, s->executor, WEFT_ASYNC, credits);
	if (IS_ERR(client)) {
		weft_stepper_destroy(s);
		return client;
	}
	client->stepper = s;
	weft_runtime_add(rt, client);
	return client;
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_create_stepped);

/**
 * weft_client_destroy() - end a client
 * @client: the client; nobody else uses it any more
 *
 * Cancels its jobs and waits for their end: for the polls under way, and one more
 * turn of each job.
 *
 * Context: may sleep.
 */
void weft_client_destroy(struct weft_client *client)
{
	u32 cancelled, stopping;
	size_t i;

	weft_client_cancel_all(client, &cancelled, &stopping);
	if (!refcount_dec_and_test(&client->live)) {
		if (client->stepper)
			weft_client_step_out(client);
		else
			wait_for_completion(&client->drained);
	}
	weft_group_reap(&client->group);
	weft_buffers_fini(&client->space.buffers);
	weft_runtime_remove(client->runtime, client);
	weft_user_put(client->runtime, client->user, client->credits);

	if (client->dag_bytes)
		weft_client_free_dags(client);
	weft_templates_fini(client);
	for (i = 0; i < weft_chunks(client->nr_slots); i++)
		kvfree(client->chunks[i]);
	kvfree(client->chunks);
	weft_group_fini(&client->group);
	weft_stepper_destroy(client->stepper);
	put_pid(client->owner);
	kfree(client);
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_destroy);

/**
 * weft_slot_cancel() - end a job that has a task
 * @slot: LIVE; it stays so while the caller holds the client's lock
 *
 * Its task may have ended already, but the completion is not there yet: it stops.
 *
 * Return: WEFT_WILL_CANCEL or WEFT_IS_RUNNING.
 */
enum weft_verdict weft_slot_cancel(struct weft_slot *slot)
{
	enum weft_verdict verdict = weft_cancel(&slot->op_task.task);

	return verdict == WEFT_WAS_DONE ? WEFT_IS_RUNNING : verdict;
}

static enum weft_verdict weft_client_cancel_slot(struct weft_client *client,
						 struct weft_slot *slot,
						 bool hard,
						 struct weft_batch *batch)
{
	if (unlikely(slot->dag))
		return weft_dag_cancel(client, slot, hard, batch);
	return weft_slot_cancel(slot);
}

/**
 * weft_client_cancel() - end a job or a graph
 * @client: the client
 * @id: its id
 * @verdict: receives what could be done
 *
 * Context: does not wait.
 * Return: 0, or -ENOENT (no such job, or it was reaped).
 */
int weft_client_cancel(struct weft_client *client, u64 id,
		       enum weft_verdict *verdict)
{
	struct weft_batch batch = { .client = client };
	struct weft_slot *slot;
	int ret = 0;

	spin_lock(&client->lock);
	slot = weft_client_find(client, id);
	if (!slot)
		ret = -ENOENT;
	else if (!weft_slot_unended(slot))
		*verdict = WEFT_WAS_DONE;
	else
		*verdict = weft_client_cancel_slot(client, slot, false, &batch);
	spin_unlock(&client->lock);

	weft_batch_spawn(&batch, NULL);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_cancel);

/**
 * weft_client_progress() - how far a job is
 * @client: the client
 * @progress: @id says which; receives the rest, zeros for an op that does not tell
 *
 * Return: 0, or -ENOENT (no such job, or it was reaped).
 */
int weft_client_progress(struct weft_client *client,
			 struct weft_progress *progress)
{
	const struct weft_slot *slot;
	bool tells;

	spin_lock(&client->lock);
	slot = weft_client_find(client, progress->id);
	tells = slot && weft_ops[slot->op]->progress;
	/* The job writes them meanwhile. */
	progress->done = tells ? READ_ONCE(slot->op_task.io.done) : 0;
	/* Likewise. */
	progress->total = tells ? READ_ONCE(slot->op_task.io.total) : 0;
	progress->ended = slot && !weft_slot_unended(slot);
	spin_unlock(&client->lock);
	return slot ? 0 : -ENOENT;
}

/* Which jobs to end. */
struct weft_which {
	const u32 *tag;		/* with this tag; or NULL */
	const void *table;	/* that hold files of this table; or NULL */
};

static bool weft_slot_is(const struct weft_slot *slot,
			 const struct weft_which *which)
{
	if (!weft_slot_unended(slot))
		return false;
	if (which->tag)
		return slot->tag == *which->tag;
	if (which->table)
		/* Not before the op is known: others use the place otherwise. */
		return weft_ops[slot->op]->files &&
		       READ_ONCE(slot->op_task.io.table) == which->table;
	return true;
}

static void weft_client_cancel_some(struct weft_client *client,
				    const struct weft_which *which,
				    u32 *cancelled, u32 *stopping)
{
	struct weft_batch batch = { .client = client };
	enum weft_verdict verdict;
	struct weft_slot *slot;
	unsigned int i;

	*cancelled = 0;
	*stopping = 0;
	spin_lock(&client->lock);
	for (i = 0; i < client->nr_slots; i++) {
		slot = weft_client_slot(client, i);
		if (weft_slot_is(slot, which)) {
			verdict = weft_client_cancel_slot(client, slot,
							  !which->tag, &batch);
			*cancelled += verdict == WEFT_WILL_CANCEL;
			*stopping += verdict == WEFT_IS_RUNNING;
		}
		if (i % WEFT_CANCEL_BATCH == WEFT_CANCEL_BATCH - 1) {
			spin_unlock(&client->lock);
			weft_batch_spawn(&batch, NULL);
			cond_resched();
			spin_lock(&client->lock);
		}
	}
	spin_unlock(&client->lock);
	weft_batch_spawn(&batch, NULL);
}

/**
 * weft_client_cancel_all() - end all jobs
 * @client: the client
 * @cancelled: receives how many got WEFT_WILL_CANCEL
 * @stopping: receives how many got WEFT_IS_RUNNING
 *
 * Jobs that are submitted meanwhile may escape.
 *
 * Context: may sleep, but does not wait.
 */
void weft_client_cancel_all(struct weft_client *client, u32 *cancelled,
			    u32 *stopping)
{
	weft_client_cancel_some(client, &(struct weft_which){}, cancelled,
				stopping);
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_cancel_all);

/**
 * weft_client_cancel_tag() - end the jobs of a tag
 * @client: the client
 * @tag: the tag
 * @cancelled: receives how many got WEFT_WILL_CANCEL
 * @stopping: receives how many got WEFT_IS_RUNNING
 *
 * Jobs that are submitted meanwhile may escape.
 *
 * Context: may sleep, but does not wait.
 */
void weft_client_cancel_tag(struct weft_client *client, u32 tag, u32 *cancelled,
			    u32 *stopping)
{
	weft_client_cancel_some(client, &(struct weft_which){ .tag = &tag },
				cancelled, stopping);
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_cancel_tag);

/**
 * weft_client_cancel_table() - end the jobs with files of a table of descriptors
 * @client: the client
 * @table: the table, which has no descriptor of the client any more
 *
 * A file that such a job holds may hold the client in turn, as a descriptor on its
 * way through a socket: the client would never be closed.
 *
 * Context: may sleep, but does not wait.
 */
void weft_client_cancel_table(struct weft_client *client, const void *table)
{
	u32 cancelled, stopping;

	weft_client_cancel_some(client, &(struct weft_which){ .table = table },
				&cancelled, &stopping);
}

/**
 * weft_client_exit() - the calling process lets go of a client as it exits
 * @client: the client
 *
 * If it is the owner all jobs end: others may hold the client for as long as they
 * like, and what a process started ends with it all the same.
 *
 * Context: may sleep, but does not wait.
 */
void weft_client_exit(struct weft_client *client)
{
	u32 cancelled, stopping;

	if (task_tgid(current) == client->owner)
		weft_client_cancel_all(client, &cancelled, &stopping);
}

/**
 * weft_client_refuse() - count a submit that ended at a refused job
 * @client: the client
 */
void weft_client_refuse(struct weft_client *client)
{
	spin_lock(&client->lock);
	client->refused++;
	spin_unlock(&client->lock);
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_refuse);

/**
 * weft_op_stats_add() - sum up
 * @sum: grows by @s
 * @s: to be added
 */
void weft_op_stats_add(struct weft_op_stats *sum, const struct weft_op_stats *s)
{
	sum->done += s->done;
	sum->failed += s->failed;
	sum->cancelled += s->cancelled;
	sum->expired += s->expired;
	sum->polls += s->polls;
	sum->wakes += s->wakes;
	sum->moves += s->moves;
	sum->punts += s->punts;
	sum->queued_ns += s->queued_ns;
	sum->run_ns += s->run_ns;
	sum->blocked_ns += s->blocked_ns;
}

/*
 * How the jobs that have not ended divide; sums up to @live whatever moves. A job
 * that is about to wait counts as waiting while it is still inside its poll: it is
 * running, and a cancel says so.
 */
static void weft_client_states(struct weft_client *client, u64 live,
			       struct weft_stats *stats)
{
	u64 waiting = max(atomic_read(&client->group.waiting), 0) + client->held;
	u64 running;

	/*
	 * Whose wait we have seen is not running only if its poll is over. Pairs
	 * with weft_state_begin() and weft_state_pend(), full barriers between who
	 * is polled, the count, and who is polled next.
	 */
	smp_rmb();
	running = weft_group_running(&client->group);

	stats->running = min(running, live);
	stats->waiting = min(waiting, live - stats->running);
	stats->queued = live - stats->running - stats->waiting;
}

/**
 * weft_client_stats() - what a client has done
 * @client: the client
 * @stats: receives it; @size and @flags are left alone
 *
 * The numbers belong together: taken under the lock under which jobs end.
 */
void weft_client_stats(struct weft_client *client, struct weft_stats *stats)
{
	struct weft_op_stats sum = {};
	unsigned int op;

	spin_lock(&client->lock);
	for (op = 0; op < WEFT_NR_KINDS; op++)
		weft_op_stats_add(&sum, &client->ops[op]);
	stats->accepted = client->accepted;
	stats->refused = client->refused;
	stats->reaped = client->reaped;
	stats->credits_free = client->free.count + client->credits -
			      client->nr_slots;
	weft_client_states(client, client->accepted - sum.done, stats);
	spin_unlock(&client->lock);

	stats->done = sum.done;
	stats->failed = sum.failed;
	stats->cancelled = sum.cancelled;
	stats->expired = sum.expired;
	stats->polls = sum.polls;
	stats->wakes = sum.wakes;
	stats->moves = sum.moves;
	stats->punts = sum.punts;
	stats->queued_ns = sum.queued_ns;
	stats->run_ns = sum.run_ns;
	stats->blocked_ns = sum.blocked_ns;
	stats->bytes = weft_client_bytes(client);
	stats->credits = client->credits;
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_stats);
