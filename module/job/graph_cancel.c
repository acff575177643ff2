// SPDX-License-Identifier: GPL-2.0-only
/* Ending a graph, or a node of it, early. */
#include <linux/bitops.h>
#include <linux/list.h>

#include "graph.h"

/* Ends nodes, whether they have started or not. */
static void weft_dag_stop(struct weft_client *client, struct weft_dag *dag,
			  u64 nodes, struct weft_batch *batch)
{
	u64 look;

	for (look = nodes & dag->held; look; look &= look - 1)
		weft_dag_skip(client, dag, &dag->nodes[__ffs64(look)], batch);
	for (look = nodes & ~dag->ended; look; look &= look - 1)
		weft_slot_cancel(dag->nodes[__ffs64(look)].slot);
}

/*
 * The nodes that come finally go on, unless the graph has not even begun or this is
 * the second time.
 */
static enum weft_verdict weft_dag_cancel_whole(struct weft_client *client,
					       struct weft_dag *dag, bool hard,
					       struct weft_batch *batch)
{
	hard |= !dag->begun || dag->cancelled;
	dag->cancelled = true;
	dag->begun = true;
	hlist_del_init(&dag->follows);
	if (!dag->over && (hard || !dag->closing))
		dag->over = -ECANCELED;
	weft_dag_stop(client, dag, hard ? dag->all : dag->normal, batch);
	weft_dag_advance(client, dag, 0, batch);
	return dag->over == -ECANCELED ? WEFT_WILL_CANCEL : WEFT_IS_RUNNING;
}

static enum weft_verdict weft_dag_cancel_node(struct weft_client *client,
					      struct weft_dag *dag,
					      struct weft_dag_node *node,
					      struct weft_batch *batch)
{
	u64 todo;

	if (node->slot->phase == WEFT_JOB_LIVE)
		return weft_slot_cancel(node->slot);
	todo = weft_dag_skip(client, dag, node, batch);
	weft_dag_advance(client, dag, todo, batch);
	return WEFT_WILL_CANCEL;
}

/**
 * weft_dag_cancel() - end a graph or a node of one
 * @client: the client
 * @slot: the slot of either; LIVE or HELD
 * @hard: of a graph, also the nodes that come finally
 * @batch: grows by the nodes that start, or are skipped
 *
 * Context: under the client's lock.
 * Return: WEFT_WILL_CANCEL or WEFT_IS_RUNNING.
 */
enum weft_verdict weft_dag_cancel(struct weft_client *client,
				  struct weft_slot *slot, bool hard,
				  struct weft_batch *batch)
{
	struct weft_dag *dag = slot->dag;

	lockdep_assert_held(&client->lock);
	if (slot->node != WEFT_OWN_SLOT)
		return weft_dag_cancel_node(client, dag, &dag->nodes[slot->node],
					    batch);
	/* Its last node has ended: its task is about to. */
	if (dag->done)
		return WEFT_IS_RUNNING;
	return weft_dag_cancel_whole(client, dag, hard, batch);
}

/**
 * weft_dag_expire() - the deadline of a graph has passed
 * @client: whose graph it is
 * @dag: the graph; not done
 * @batch: grows by the nodes that start, or are skipped
 *
 * Context: under the client's lock.
 */
void weft_dag_expire(struct weft_client *client, struct weft_dag *dag,
		     struct weft_batch *batch)
{
	bool begun = dag->begun;

	lockdep_assert_held(&client->lock);
	/* What comes finally has the time it wants. */
	if (dag->over || dag->closing)
		return;
	dag->over = -ETIME;
	dag->begun = true;
	hlist_del_init(&dag->follows);
	weft_dag_stop(client, dag, begun ? dag->normal : dag->all, batch);
	weft_dag_advance(client, dag, 0, batch);
}
