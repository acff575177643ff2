// SPDX-License-Identifier: GPL-2.0-only
/* What came of a graph and its nodes. */
#include <linux/bitops.h>
#include <linux/poll.h>
#include <linux/wait.h>
#include <kunit/visibility.h>

#include "graph.h"
#include "runtime.h"

/*
 * Failures for which a node was there: it ran because of one, or in spite of it. A
 * node that comes finally answers for nothing.
 */
static u64 weft_dag_answered(const struct weft_dag *dag)
{
	u64 ran = (dag->ok | dag->failed) & dag->normal;
	u64 answered = 0;

	for (; ran; ran &= ran - 1) {
		const struct weft_dag_node *node = &dag->nodes[__ffs64(ran)];
		u64 edges = weft_dag_edges(node);

		answered |= node->after_failure;
		if (node->need < hweight64(edges))
			answered |= edges;
	}
	return answered;
}

/**
 * weft_dag_result() - the result of a graph
 * @dag: the graph; all its nodes have ended
 *
 * Return: why it was ended early, or the result of the first node that failed with
 * nothing to answer for that, or 0.
 */
s64 weft_dag_result(const struct weft_dag *dag)
{
	const struct weft_dag_node *first = NULL, *node;
	u64 failed;

	if (dag->over)
		return dag->over;
	if (likely(!dag->failed))
		return 0;
	failed = dag->failed & ~weft_dag_answered(dag);
	for (; failed; failed &= failed - 1) {
		node = &dag->nodes[__ffs64(failed)];
		if (!first || node->rank < first->rank)
			first = node;
	}
	return first ? first->slot->op_task.task.result : 0;
}

/**
 * weft_dag_receipt() - what the nodes did and cost together
 * @dag: the graph; all its nodes have ended
 * @sum: grows by it
 */
void weft_dag_receipt(const struct weft_dag *dag, struct weft_receipt *sum)
{
	unsigned int i;

	for (i = 0; i < dag->count; i++)
		weft_receipt_add(sum, dag->nodes[i].slot);
}

/* A graph by its id, from its acceptance until it is freed. */
static struct weft_slot *weft_client_find_dag(struct weft_client *client, u64 id)
{
	struct weft_slot *slot;

	lockdep_assert_held(&client->lock);
	slot = weft_client_slot(client, id & (WEFT_MAX_CREDITS - 1));
	if (!slot || slot->id != id || slot->phase == WEFT_JOB_FREE ||
	    !weft_slot_is_dag(slot))
		return NULL;
	return slot;
}

static u32 weft_dag_node_state(const struct weft_dag *dag, unsigned int i)
{
	u64 bit = BIT_ULL(i);

	if (dag->skipped & bit)
		return WEFT_NODE_SKIPPED;
	if (dag->ended & bit)
		return WEFT_NODE_ENDED;
	return dag->held & bit ? WEFT_NODE_HELD : WEFT_NODE_STARTED;
}

static void weft_dag_node_report(const struct weft_dag *dag, unsigned int i,
				 bool timed, struct weft_node_result *out)
{
	const struct weft_slot *slot = dag->nodes[i].slot;
	struct weft_completion c = {};

	*out = (struct weft_node_result){
		.id = slot->id,
		.user_data = slot->user_data,
		.op = slot->op,
		.state = weft_dag_node_state(dag, i),
	};
	if (dag->ended & BIT_ULL(i)) {
		weft_slot_report(slot, timed, &c);
		out->result = c.result;
		out->flags = c.flags;
		out->receipt = c.receipt;
	} else if (out->state == WEFT_NODE_SKIPPED) {
		out->result = -ECANCELED;
	}
}

/**
 * weft_client_graph_result() - look at a graph
 * @client: the client
 * @look: @id is the graph; the fields that are out are set
 * @out: receives the results of its nodes
 * @max: room for so many
 *
 * Return: how many results there are in @out, or -ENOENT.
 */
int weft_client_graph_result(struct weft_client *client,
			     struct weft_graph_result *look,
			     struct weft_node_result *out, unsigned int max)
{
	bool timed = weft_runtime_timed(client->runtime);
	const struct weft_slot *slot;
	const struct weft_dag *dag;
	unsigned int i;

	spin_lock(&client->lock);
	slot = weft_client_find_dag(client, look->id);
	if (!slot) {
		spin_unlock(&client->lock);
		return -ENOENT;
	}
	dag = slot->dag;
	max = min_t(unsigned int, max, dag->count);
	for (i = 0; i < max; i++)
		weft_dag_node_report(dag, i, timed, &out[i]);
	look->count = dag->count;
	look->state = dag->done ? WEFT_NODE_ENDED :
		      dag->begun ? WEFT_NODE_STARTED : WEFT_NODE_HELD;
	look->result = dag->done ? weft_dag_result(dag) : 0;
	spin_unlock(&client->lock);
	return max;
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_graph_result);

/**
 * weft_client_graph_free() - the results of a graph are not wanted any more
 * @client: the client
 * @id: the graph
 *
 * Return: 0, -ENOENT, -EBUSY (its completion was not reaped yet).
 */
int weft_client_graph_free(struct weft_client *client, u64 id)
{
	struct weft_slot *slot;
	__poll_t wake = 0;
	int ret = 0;

	spin_lock(&client->lock);
	slot = weft_client_find_dag(client, id);
	if (!slot) {
		ret = -ENOENT;
	} else if (slot->phase != WEFT_JOB_KEPT) {
		ret = -EBUSY;
	} else {
		weft_dag_free(client, slot);
		wake = weft_client_credit_event(client);
	}
	spin_unlock(&client->lock);

	if (wake)
		wake_up_interruptible_poll(&client->wait, wake);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(weft_client_graph_free);
