// SPDX-License-Identifier: GPL-2.0-only
/* Graphs come and go. */
#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <kunit/visibility.h>

#include "../core/gfp.h"
#include "graph.h"

/* Of a graph that has a deadline; nobody but it ends it. */
static const struct weft_task_ops weft_dag_task_ops = {
	.name = "graph",
	.poll = weft_dag_poll,
	.cancel = weft_dag_poll,
	.release = weft_slot_end,
};

/**
 * weft_dag_bytes() - memory of a graph
 * @dag: the graph
 *
 * Return: bytes, without its slots.
 */
size_t weft_dag_bytes(const struct weft_dag *dag)
{
	return struct_size(dag, nodes, dag->count);
}

static void weft_dag_set_node(struct weft_dag *dag, unsigned int i,
			      const struct weft_node *from)
{
	struct weft_dag_node *node = &dag->nodes[i];
	unsigned int b;

	node->after_success = from->after_success;
	node->after_end = from->after_end;
	node->after_failure = from->after_failure;
	node->guard_value = from->guard_value;
	node->index = i;
	node->need = from->need ?: hweight64(weft_dag_edges(node));
	node->flags = from->flags;
	node->guard = from->guard;
	/* These index the nodes. */
	node->guard_node = array_index_nospec(from->guard_node, dag->count);
	memcpy(node->bind, from->bind, sizeof(node->bind));
	for (b = 0; b < WEFT_NODE_BINDS; b++)
		node->bind[b].node = array_index_nospec(node->bind[b].node,
							dag->count);

	dag->all |= BIT_ULL(i);
	if (!(from->flags & WEFT_NODE_FINALLY))
		dag->normal |= BIT_ULL(i);
}

static void weft_dag_link_nodes(struct weft_dag *dag)
{
	unsigned int i;
	u64 edges;

	for (i = 0; i < dag->count; i++) {
		edges = weft_dag_edges(&dag->nodes[i]);
		for (; edges; edges &= edges - 1)
			dag->nodes[__ffs64(edges)].next |= BIT_ULL(i);
	}
}

/* The slot of the graph itself. With a deadline it has a task that waits for it. */
static int weft_dag_take_own(struct weft_client *client, struct weft_dag *dag,
			     const struct weft_dag_config *config)
{
	u32 slack = weft_submit_env(client).slack;
	struct weft_slot *slot;
	struct weft_task *task;
	int ret;

	ret = weft_client_take_slot(client, &slot);
	if (ret)
		return ret;
	task = &slot->op_task.task;
	if (config->deadline_ns) {
		weft_sleep_until(&slot->deadline, config->deadline_ns, slack);
		ret = weft_task_init(task, &weft_dag_task_ops, &client->group);
		if (ret) {
			weft_submit_untake(client, slot);
			return ret;
		}
		dag->tasked = true;
	} else {
		/* What is counted of a task is 0. */
		memset(task, 0, sizeof(*task));
		task->group = &client->group;
	}
	task->id = slot->id;
	slot->user_data = config->user_data;
	slot->tag = config->tag;
	slot->op = WEFT_KIND_GRAPH;
	slot->flags = config->flags & WEFT_GRAPH_RECEIPT ? WEFT_JOB_RECEIPT : 0;
	slot->node = WEFT_OWN_SLOT;
	slot->dag = dag;
	dag->slot = slot;
	return 0;
}

/* Takes @count nodes back that weft_dag_take_nodes() took. */
static void weft_dag_untake_nodes(struct weft_client *client,
				  struct weft_dag *dag, unsigned int count)
{
	struct weft_slot *slot;

	while (count--) {
		slot = dag->nodes[count].slot;
		slot->dag = NULL;
		weft_submit_undo(client, slot);
	}
}

static int weft_dag_take_nodes(struct weft_client *client, struct weft_dag *dag,
			       const struct weft_node *nodes, u32 *at)
{
	const struct weft_op_env env = weft_submit_env(client);
	struct weft_slot *slot;
	unsigned int i;
	int ret;

	for (i = 0; i < dag->count; i++) {
		ret = weft_submit_one(client, &env, &nodes[i].job, &slot);
		if (ret) {
			weft_dag_untake_nodes(client, dag, i);
			*at = i;
			return ret;
		}
		slot->dag = dag;
		slot->node = i;
		dag->nodes[i].slot = slot;
	}
	return 0;
}

/*
 * The slot with an id that was given out at some time. Return: NULL if it never
 * was.
 */
static struct weft_slot *weft_client_past_slot(struct weft_client *client, u64 id)
{
	struct weft_slot *slot;

	lockdep_assert_held(&client->lock);
	slot = weft_client_slot(client, id & (WEFT_MAX_CREDITS - 1));
	return slot && id >= WEFT_ID_STEP && id <= slot->id ? slot : NULL;
}

static int weft_dag_check_after(struct weft_client *client, u64 after)
{
	bool given;

	if (!after)
		return 0;
	spin_lock(&client->lock);
	given = weft_client_past_slot(client, after);
	spin_unlock(&client->lock);
	return given ? 0 : -ENOENT;
}

/**
 * weft_dag_create() - make a graph ready to run
 * @client: whose graph it is
 * @nodes: valid so far as weft_dag_check() can tell
 * @count: how many
 * @config: what else there is to it
 * @out: receives the graph, for weft_dag_publish()
 * @at: receives which node is at fault; WEFT_NO_NODE for none
 *
 * Context: may sleep; @client->submitting is held until it is published.
 * Return: 0, -EINVAL, -EAGAIN, -ENOMEM, -EINTR, -ENOENT (there never was what it is
 * to begin after).
 */
int weft_dag_create(struct weft_client *client, const struct weft_node *nodes,
		    unsigned int count, const struct weft_dag_config *config,
		    struct weft_dag **out, u32 *at)
{
	struct weft_dag *dag;
	unsigned int i;
	int ret;

	lockdep_assert_held(&client->submitting);
	*at = WEFT_NO_NODE;
	ret = weft_dag_check_after(client, config->after);
	if (ret)
		return ret;
	dag = kzalloc(struct_size(dag, nodes, count),
		      WEFT_GFP_USER);
	if (!dag)
		return -ENOMEM;
	dag->count = count;
	dag->after = config->after;
	dag->keep = config->flags & WEFT_GRAPH_KEEP;
	for (i = 0; i < count; i++)
		weft_dag_set_node(dag, i, &nodes[i]);
	weft_dag_link_nodes(dag);

	ret = weft_dag_take_nodes(client, dag, nodes, at);
	if (ret)
		goto err_free;
	ret = weft_dag_take_own(client, dag, config);
	if (ret)
		goto err_nodes;
	*out = dag;
	return 0;

err_nodes:
	weft_dag_untake_nodes(client, dag, count);
err_free:
	kfree(dag);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(weft_dag_create);

static void weft_dag_hold(struct weft_client *client, struct weft_dag *dag,
			  struct weft_batch *batch)
{
	unsigned int i;

	for (i = 0; i < dag->count; i++)
		dag->nodes[i].slot->phase = WEFT_JOB_HELD;
	dag->held = dag->all;
	client->held += dag->count;
	if (dag->tasked) {
		dag->slot->phase = WEFT_JOB_LIVE;
		weft_batch_add(batch, dag->slot);
	} else {
		dag->slot->phase = WEFT_JOB_HELD;
		client->held++;
	}
}

/**
 * weft_dag_publish() - accept the graph
 * @client: whose graph it is
 * @dag: made by weft_dag_create(); not the caller's any more
 *
 * From here on it gets exactly one completion.
 *
 * Return: its id.
 */
u64 weft_dag_publish(struct weft_client *client, struct weft_dag *dag)
{
	struct weft_batch batch = { .client = client };
	struct weft_slot *before = NULL;
	u64 id = dag->slot->id;

	refcount_add(dag->count + 1, &client->live);
	spin_lock(&client->lock);
	client->accepted += dag->count + 1;
	/* Pairs with weft_client_bytes(), which takes no lock. */
	WRITE_ONCE(client->dag_bytes, client->dag_bytes + weft_dag_bytes(dag));
	weft_dag_hold(client, dag, &batch);
	if (dag->after)
		before = weft_client_past_slot(client, dag->after);
	if (before && before->id == dag->after && weft_slot_unended(before))
		hlist_add_head(&dag->follows, &before->followers);
	else
		weft_dag_begin(client, dag, &batch);
	spin_unlock(&client->lock);

	weft_batch_spawn(&batch, NULL);
	return id;
}
EXPORT_SYMBOL_IF_KUNIT(weft_dag_publish);

/**
 * weft_dag_free() - give back all that a graph has
 * @client: the client
 * @slot: its own slot; its completion was reaped
 *
 * Context: under the client's lock.
 */
void weft_dag_free(struct weft_client *client, struct weft_slot *slot)
{
	struct weft_dag *dag = slot->dag;
	unsigned int i;

	lockdep_assert_held(&client->lock);
	for (i = 0; i < dag->count; i++) {
		dag->nodes[i].slot->dag = NULL;
		weft_client_free_slot(client, dag->nodes[i].slot);
	}
	slot->dag = NULL;
	weft_client_free_slot(client, slot);
	/* Pairs with weft_client_bytes(). */
	WRITE_ONCE(client->dag_bytes, client->dag_bytes - weft_dag_bytes(dag));
	kfree(dag);
}
