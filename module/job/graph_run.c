// SPDX-License-Identifier: GPL-2.0-only
/* A graph on its way, from node to node. */
#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/poll.h>

#include "../core/executor.h"
#include "../core/trace.h"
#include "graph.h"

/* What can be said of a node that has not started. */
enum weft_dag_look {
	WEFT_DAG_WAIT,
	WEFT_DAG_GO,
	WEFT_DAG_NEVER,
};

/**
 * weft_batch_add() - spawn a job with the others
 * @batch: the others
 * @slot: its slot
 */
void weft_batch_add(struct weft_batch *batch, struct weft_slot *slot)
{
	struct llist_node *node = &slot->op_task.task.node;

	node->next = NULL;
	if (batch->first)
		batch->last->next = node;
	else
		batch->first = node;
	batch->last = node;
	batch->count++;
}

/**
 * weft_batch_spawn() - let the jobs run
 * @batch: the jobs; empty after this
 * @worker: where what they waited for has just ended, on WEFT_ASYNC; or NULL
 *
 * One that goes on alone stays there; several are spread over the workers.
 */
void weft_batch_spawn(struct weft_batch *batch, struct weft_worker *worker)
{
	struct weft_group *group;

	if (!batch->count)
		return;
	group = &batch->client->group;
	if (batch->count == 1 && worker && group->engine == WEFT_ASYNC)
		weft_spawn_at(&weft_slot_of(batch->first)->op_task.task, worker);
	else
		weft_spawn_list(group, batch->first, batch->count);
	batch->first = NULL;
	batch->count = 0;
}

static void weft_dag_start(struct weft_client *client, struct weft_dag *dag,
			   struct weft_dag_node *node, struct weft_batch *batch)
{
	u64 bit = BIT_ULL(node->index);

	trace_weft_graph_node(dag->slot->id, node->index,
			      &node->slot->op_task.task, dag->skipped & bit);
	dag->held &= ~bit;
	client->held--;
	node->slot->phase = WEFT_JOB_LIVE;
	weft_batch_add(batch, node->slot);
}

/**
 * weft_dag_skip() - a node will not run
 * @client: whose graph it is
 * @dag: the graph
 * @node: HELD
 * @batch: grows by the node, which ends at its first turn
 *
 * Context: under the client's lock.
 * Return: the nodes to be looked at by weft_dag_advance().
 */
u64 weft_dag_skip(struct weft_client *client, struct weft_dag *dag,
		  struct weft_dag_node *node, struct weft_batch *batch)
{
	dag->skipped |= BIT_ULL(node->index);
	weft_cancel(&node->slot->op_task.task);
	weft_dag_start(client, dag, node, batch);
	return node->next;
}

static enum weft_dag_look weft_dag_look(const struct weft_dag *dag,
					const struct weft_dag_node *node)
{
	u64 ran = dag->ok | dag->failed;
	unsigned int met, open;

	if ((node->flags & WEFT_NODE_FINALLY) && !dag->closing)
		return WEFT_DAG_WAIT;
	met = hweight64((node->after_success & dag->ok) |
			(node->after_failure & dag->failed) |
			(node->after_end & ran));
	if (met >= node->need)
		return WEFT_DAG_GO;
	open = hweight64(weft_dag_edges(node) & ~(ran | dag->skipped));
	return met + open < node->need ? WEFT_DAG_NEVER : WEFT_DAG_WAIT;
}

/* Only a node that ran has a result. */
static bool weft_dag_guard(const struct weft_dag *dag,
			   const struct weft_dag_node *node)
{
	bool unless = node->flags & WEFT_NODE_UNLESS;
	s64 result;

	if (!node->guard)
		return true;
	if (!((dag->ok | dag->failed) & BIT_ULL(node->guard_node)))
		return false;
	result = dag->nodes[node->guard_node].slot->op_task.task.result;
	switch (node->guard) {
	case WEFT_GUARD_NEGATIVE:
		return (result < 0) != unless;
	case WEFT_GUARD_EQUAL:
		return (result == node->guard_value) != unless;
	default:
		return (result >= 0 && result < node->guard_value) != unless;
	}
}

/* Return: 0, -ENODATA (there is no such result), -EINVAL (the op cannot take it). */
static int weft_dag_bind(const struct weft_dag *dag,
			 const struct weft_dag_node *node)
{
	struct weft_op_task *t = &node->slot->op_task;
	const struct weft_bind *bind;
	u64 value;
	int ret;

	for (bind = node->bind; bind < node->bind + WEFT_NODE_BINDS; bind++) {
		const struct weft_slot *from = dag->nodes[bind->node].slot;

		if (!bind->what)
			continue;
		if (bind->what == WEFT_BIND_ID)
			value = from->id;
		else if (dag->ok & BIT_ULL(bind->node))
			value = from->op_task.task.result;
		else
			return -ENODATA;
		ret = weft_ops[node->slot->op]->bind(t, bind->arg, value);
		if (ret)
			return ret;
	}
	return 0;
}

/* What the node waited for, and has not ended, is not wanted any more. */
static u64 weft_dag_race(struct weft_client *client, struct weft_dag *dag,
			 struct weft_dag_node *node, struct weft_batch *batch)
{
	u64 losers = weft_dag_edges(node) & ~(dag->ended | dag->skipped);
	u64 todo = 0;

	for (; losers; losers &= losers - 1) {
		struct weft_dag_node *loser = &dag->nodes[__ffs64(losers)];

		if (dag->held & BIT_ULL(loser->index))
			todo |= weft_dag_skip(client, dag, loser, batch);
		else
			weft_cancel(&loser->slot->op_task.task);
	}
	return todo;
}

/* The edges of the node have come true. Return: as weft_dag_skip(). */
static u64 weft_dag_go(struct weft_client *client, struct weft_dag *dag,
		       struct weft_dag_node *node, struct weft_batch *batch)
{
	int ret;

	if (!weft_dag_guard(dag, node))
		return weft_dag_skip(client, dag, node, batch);
	ret = weft_dag_bind(dag, node);
	if (ret == -ENODATA)
		return weft_dag_skip(client, dag, node, batch);
	if (ret) {
		/* It ends, as one that has run and failed. */
		dag->wrong |= BIT_ULL(node->index);
		weft_cancel(&node->slot->op_task.task);
	}
	weft_dag_start(client, dag, node, batch);
	return node->flags & WEFT_NODE_RACE ?
	       weft_dag_race(client, dag, node, batch) : 0;
}

static void weft_dag_settle(struct weft_client *client, struct weft_dag *dag,
			    u64 todo, struct weft_batch *batch)
{
	while (todo &= dag->held) {
		struct weft_dag_node *node = &dag->nodes[__ffs64(todo)];

		todo &= todo - 1;
		switch (weft_dag_look(dag, node)) {
		case WEFT_DAG_GO:
			todo |= weft_dag_go(client, dag, node, batch);
			break;
		case WEFT_DAG_NEVER:
			todo |= weft_dag_skip(client, dag, node, batch);
			break;
		case WEFT_DAG_WAIT:
			break;
		}
	}
}

/**
 * weft_dag_advance() - start and skip what can be started or skipped now
 * @client: whose graph it is
 * @dag: the graph
 * @todo: nodes for which something has changed
 * @batch: grows by the nodes that start
 *
 * Each node starts or is skipped once, so this comes to an end.
 *
 * Context: under the client's lock.
 */
void weft_dag_advance(struct weft_client *client, struct weft_dag *dag, u64 todo,
		      struct weft_batch *batch)
{
	lockdep_assert_held(&client->lock);
	weft_dag_settle(client, dag, todo, batch);
	if (dag->begun && !dag->closing && !(dag->normal & ~dag->ended)) {
		dag->closing = true;
		weft_dag_settle(client, dag, dag->held, batch);
	}
}

/**
 * weft_dag_begin() - what the graph was to begin after has ended
 * @client: whose graph it is
 * @dag: the graph
 * @batch: grows by the nodes that start
 *
 * Context: under the client's lock.
 */
void weft_dag_begin(struct weft_client *client, struct weft_dag *dag,
		    struct weft_batch *batch)
{
	dag->begun = true;
	weft_dag_advance(client, dag, dag->held, batch);
}

/* A job or a graph becomes its completion, and what follows it begins. */
static void weft_dag_complete(struct weft_client *client, struct weft_slot *slot)
{
	if (weft_slot_is_dag(slot)) {
		slot->op_task.task.result = weft_dag_result(slot->dag);
		client->held -= slot->phase == WEFT_JOB_HELD;
		trace_weft_graph_end(&slot->op_task.task);
	}
	weft_client_count(client, slot);
	slot->phase = WEFT_JOB_DONE;
	weft_slots_push(&client->done, slot);
}

static void weft_dag_follow(struct weft_client *client, struct weft_slot *slot,
			    struct weft_batch *batch)
{
	struct weft_dag *dag;
	struct hlist_node *next;

	hlist_for_each_entry_safe(dag, next, &slot->followers, follows) {
		hlist_del_init(&dag->follows);
		weft_dag_begin(client, dag, batch);
	}
}

static void weft_dag_node_end(struct weft_client *client, struct weft_slot *slot,
			      struct weft_batch *batch)
{
	struct weft_dag *dag = slot->dag;
	struct weft_dag_node *node = &dag->nodes[slot->node];
	struct weft_task *task = &slot->op_task.task;
	u64 bit = BIT_ULL(slot->node), todo = 0;

	if (dag->wrong & bit)
		task->result = -EINVAL;
	weft_client_count(client, slot);
	slot->phase = WEFT_JOB_ENDED;
	dag->ended |= bit;
	if (!(dag->skipped & bit)) {
		todo = node->next;
		if (task->result < 0) {
			dag->failed |= bit;
			node->rank = dag->failures++;
		} else {
			dag->ok |= bit;
		}
	}
	weft_dag_advance(client, dag, todo, batch);
	if (dag->ended == dag->all) {
		dag->done = true;
		/* If it never began it may still stand in line. */
		hlist_del_init(&dag->follows);
	}
}

/**
 * weft_dag_slot_end() - weft_slot_end() where a graph has to do with it
 * @client: the client; unlocked by this, and may be gone after it
 * @slot: a node, a graph with a task, or a job after which a graph begins
 */
void weft_dag_slot_end(struct weft_client *client, struct weft_slot *slot)
	__releases(&client->lock)
{
	struct weft_worker *worker = slot->op_task.task.worker;
	struct weft_batch batch = { .client = client };
	struct weft_dag *dag = NULL;
	struct weft_waker waker = {};
	unsigned int ends = 1;
	bool wake;

	if (slot->dag && slot->node != WEFT_OWN_SLOT) {
		dag = slot->dag;
		weft_dag_node_end(client, slot, &batch);
	} else {
		weft_dag_complete(client, slot);
	}
	weft_dag_follow(client, slot, &batch);
	if (dag && dag->done && dag->tasked) {
		swap(waker, dag->waker);
	} else if (dag && dag->done) {
		weft_dag_complete(client, dag->slot);
		weft_dag_follow(client, dag->slot, &batch);
		ends++;
	}
	wake = weft_client_must_wake(client);
	spin_unlock(&client->lock);

	if (wake)
		wake_up_interruptible_poll(&client->wait, EPOLLIN | EPOLLRDNORM);
	weft_batch_spawn(&batch, worker);
	if (waker.task)
		weft_waker_wake(&waker);
	/* The client may be gone after this. */
	if (refcount_sub_and_test(ends, &client->live))
		complete(&client->drained);
}

/**
 * weft_dag_poll() - poll() of a graph that has a deadline
 * @task: its task
 * @cx: the context of the poll
 *
 * Waits for the end of the last node, and for the deadline.
 *
 * Return: see &enum weft_poll.
 */
enum weft_poll weft_dag_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct weft_slot *slot = weft_slot_of(&task->node);
	bool expired = weft_now(cx) >= slot->deadline.deadline;
	struct weft_client *client = weft_slot_client(slot);
	struct weft_batch batch = { .client = client };
	struct weft_dag *dag = slot->dag;
	bool done;

	spin_lock(&client->lock);
	done = dag->done;
	if (!done && expired)
		weft_dag_expire(client, dag, &batch);
	if (!done && !dag->waker.task)
		weft_waker_set(&dag->waker, cx);
	spin_unlock(&client->lock);

	weft_batch_spawn(&batch, NULL);
	if (done) {
		weft_sleep_stop(&slot->deadline, cx);
		return WEFT_READY;
	}
	if (!expired)
		weft_sleep_start(&slot->deadline, cx);
	return WEFT_PENDING;
}
