// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submit: prepare, where anything may fail and nothing can be seen, then
 * publish, where nothing can fail.
 */
#include <linux/cache.h>
#include <linux/poll.h>
#include <kunit/visibility.h>

#include "client.h"
#include "runtime.h"

/* What the core calls for a job of each op, without and with a deadline. */
static struct weft_task_ops weft_job_ops[WEFT_NR_OPS] __ro_after_init;
static struct weft_task_ops weft_deadline_ops[WEFT_NR_OPS] __ro_after_init;

/**
 * weft_submit_init() - join the op table and the end of a job
 */
void __init weft_submit_init(void)
{
	unsigned int op;

	for (op = 0; op < WEFT_NR_OPS; op++) {
		void (*release)(struct weft_task *task) =
			weft_ops[op]->drop ? weft_slot_drop_end : weft_slot_end;

		weft_job_ops[op] = (struct weft_task_ops){
			.name = weft_ops[op]->name,
			.number = op,
			.poll = weft_ops[op]->poll,
			.cancel = weft_ops[op]->cancel,
			.release = release,
		};
		weft_deadline_ops[op] = (struct weft_task_ops){
			.name = weft_ops[op]->name,
			.number = op,
			.poll = weft_deadline_poll,
			.cancel = weft_deadline_cancel,
			.release = release,
		};
	}
}

/**
 * weft_submit_untake() - give back a slot that was taken for nothing
 * @client: the client
 * @slot: the slot
 */
void weft_submit_untake(struct weft_client *client, struct weft_slot *slot)
{
	__poll_t wake;

	spin_lock(&client->lock);
	weft_client_free_slot(client, slot);
	wake = weft_client_credit_event(client);
	spin_unlock(&client->lock);

	if (wake)
		wake_up_interruptible_poll(&client->wait, wake);
}

/* The op gives back what its prep() took. */
static void weft_submit_drop(struct weft_slot *slot, unsigned int op)
{
	if (weft_ops[op]->drop)
		weft_ops[op]->drop(&slot->op_task);
}

/**
 * weft_submit_env() - what the ops are told of the submitter
 * @client: whose job it is
 *
 * Return: of the caller.
 */
struct weft_op_env weft_submit_env(struct weft_client *client)
{
	return (struct weft_op_env){
		.slack = min_t(u64, current->timer_slack_ns, U32_MAX),
		.space = &client->space,
	};
}

static __always_inline int
__weft_submit_one(struct weft_client *client, const struct weft_op_env *env,
		  const struct weft_job *job, struct weft_slot **out)
{
	const struct weft_task_ops *ops = &weft_job_ops[job->op];
	struct weft_slot *slot;
	int ret;

	ret = weft_client_take_slot(client, &slot);
	if (ret)
		return ret;
	ret = weft_ops[job->op]->prep(&slot->op_task, job, env);
	if (ret)
		goto err_untake;
	if (job->deadline_ns) {
		weft_sleep_until(&slot->deadline, job->deadline_ns, env->slack);
		ops = &weft_deadline_ops[job->op];
	}
	ret = weft_task_init(&slot->op_task.task, ops, &client->group);
	if (ret)
		goto err_drop;

	slot->op_task.task.id = slot->id;
	slot->user_data = job->user_data;
	slot->tag = job->tag;
	slot->op = job->op;
	slot->flags = job->flags;
	*out = slot;
	return 0;

err_drop:
	weft_submit_drop(slot, job->op);
err_untake:
	weft_submit_untake(client, slot);
	return ret;
}

/**
 * weft_submit_one() - make a job ready to run
 * @client: whose job it is
 * @env: what the op is told of the submitter
 * @job: valid so far as weft_validate_job() can tell
 * @out: receives its slot, for weft_submit_undo() if it is not spawned
 *
 * Context: may sleep; @client->submitting is held.
 * Return: 0, -EAGAIN, -ENOMEM, -EINTR, or what the op's prep() says.
 */
int weft_submit_one(struct weft_client *client, const struct weft_op_env *env,
		    const struct weft_job *job, struct weft_slot **out)
{
	return __weft_submit_one(client, env, job, out);
}

/**
 * weft_submit_undo() - undo weft_submit_one()
 * @client: the client
 * @slot: the slot
 *
 * Context: may sleep.
 */
void weft_submit_undo(struct weft_client *client, struct weft_slot *slot)
{
	weft_task_fini(&slot->op_task.task);
	weft_submit_drop(slot, slot->op);
	weft_submit_untake(client, slot);
}

/**
 * weft_submit_prepare() - make jobs ready to run, up to the first refused one
 * @batch: receives them; to be published or aborted, also if it is empty
 * @client: whose jobs they are
 * @jobs: valid so far as weft_validate_job() can tell
 * @count: how many
 * @ids: receives their ids
 *
 * Context: may sleep; @client->submitting is held until the batch is published
 * or aborted.
 * Return: 0, or why job @batch->count was refused: -EAGAIN, -ENOMEM, -EINTR, or
 * what the op's prep() says.
 */
int weft_submit_prepare(struct weft_batch *batch, struct weft_client *client,
			const struct weft_job *jobs, unsigned int count,
			u64 *ids)
{
	const struct weft_op_env env = weft_submit_env(client);
	struct weft_slot *slot;
	struct llist_node *node;
	int ret;

	lockdep_assert_held(&client->submitting);
	*batch = (struct weft_batch){ .client = client };
	while (batch->count < count) {
		ret = __weft_submit_one(client, &env, &jobs[batch->count],
					&slot);
		if (ret)
			return ret;
		ids[batch->count++] = slot->id;
		node = &slot->op_task.task.node;
		node->next = NULL;
		if (batch->first)
			batch->last->next = node;
		else
			batch->first = node;
		batch->last = node;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_submit_prepare);

/**
 * weft_submit_publish() - accept the jobs
 * @batch: made by weft_submit_prepare(); used up
 *
 * From here on each of them gets exactly one completion.
 */
void weft_submit_publish(struct weft_batch *batch)
{
	struct weft_client *client = batch->client;
	struct llist_node *node;

	if (!batch->count)
		return;
	refcount_add(batch->count, &client->live);
	spin_lock(&client->lock);
	client->accepted += batch->count;
	for (node = batch->first; node; node = node->next)
		weft_slot_of(node)->phase = WEFT_JOB_LIVE;
	spin_unlock(&client->lock);

	weft_spawn_list(&client->group, batch->first, batch->count);
}
EXPORT_SYMBOL_IF_KUNIT(weft_submit_publish);

/**
 * weft_submit_abort() - forget the jobs
 * @batch: made by weft_submit_prepare(); used up
 *
 * Context: may sleep.
 */
void weft_submit_abort(struct weft_batch *batch)
{
	struct llist_node *node, *next;

	for (node = batch->first; node; node = next) {
		next = node->next;
		weft_submit_undo(batch->client, weft_slot_of(node));
	}
}
EXPORT_SYMBOL_IF_KUNIT(weft_submit_abort);
