/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Graphs: jobs that wait for each other. Inside, a graph is called a dag, for
 * struct weft_graph is the argument of an ioctl.
 *
 * Each node has a slot, which is HELD until the node starts; the graph has one
 * more, which becomes the completion. A node that does not come to run is
 * cancelled before its first poll: it ends as any cancelled job does, so that
 * all that an op must give back is given back in one place.
 *
 * Who ends a node, or cancels, decides under the client's lock which nodes start
 * or are skipped, and spawns them after it. Nothing ends inside: there is no
 * recursion, however long a chain of nodes or graphs is.
 */
#ifndef WEFT_JOB_GRAPH_H
#define WEFT_JOB_GRAPH_H

#include "client.h"

/**
 * struct weft_dag_node - A node of a graph
 * @slot: its job; constant
 * @after_success: see &struct weft_node; constant, and so are the following
 * @after_end: see @after_success
 * @after_failure: see @after_success
 * @next: bit n is set if node n has an edge from this one
 * @guard_value: see @after_success
 * @bind: see @after_success
 * @index: its number
 * @need: how many of its edges must come true
 * @flags: see @after_success
 * @guard: see @after_success
 * @guard_node: see @after_success
 * @rank: of a node that failed: how many failed before
 */
struct weft_dag_node {
	struct weft_slot *slot;
	u64 after_success;
	u64 after_end;
	u64 after_failure;
	u64 next;
	s64 guard_value;
	struct weft_bind bind[WEFT_NODE_BINDS];
	u8 index;
	u8 need;
	u8 flags;
	u8 guard;
	u8 guard_node;
	u8 rank;
};

/**
 * struct weft_dag - A graph
 * @slot: its own slot; constant
 * @follows: in the followers of the slot after which it begins, or in none
 * @after: the id of that; constant
 * @all: bit n is set for each node n; constant
 * @normal: of these, without those that come finally; constant
 * @held: nodes that have not started
 * @skipped: nodes that were skipped
 * @wrong: nodes that could not take a bound value
 * @ok: nodes that ran and have ended well
 * @failed: nodes that ran and have failed
 * @ended: nodes that have ended, the skipped ones as well
 * @over: why the graph was ended early, a negative errno; or 0
 * @waker: of its task, if it has one
 * @keep: its results are kept after its completion was reaped; constant
 * @tasked: it has a task, for a deadline; constant
 * @begun: it waits for no other graph
 * @closing: all normal nodes have ended
 * @cancelled: it was cancelled
 * @done: all nodes have ended
 * @count: how many nodes; constant
 * @failures: how many nodes are in @failed
 * @nodes: the nodes
 *
 * What is not constant is under the client's lock. It lives until its own slot is
 * free.
 */
struct weft_dag {
	struct weft_slot *slot;
	struct hlist_node follows;
	u64 after;
	u64 all;
	u64 normal;
	u64 held;
	u64 skipped;
	u64 wrong;
	u64 ok;
	u64 failed;
	u64 ended;
	s64 over;
	struct weft_waker waker;
	bool keep;
	bool tasked;
	bool begun;
	bool closing;
	bool cancelled;
	bool done;
	u8 count;
	u8 failures;
	struct weft_dag_node nodes[];
};

/**
 * struct weft_pattern - A template
 * @count: how many nodes
 * @nodes: the nodes
 *
 * Constant, in &weft_client.templates.
 */
struct weft_pattern {
	u32 count;
	struct weft_node nodes[];
};

/* What all graphs of a template do not have in common. */
struct weft_dag_config {
	u64 user_data;
	u64 deadline_ns;
	u64 after;
	u32 tag;
	u32 flags;
};

/* All edges of a node. */
static inline u64 weft_dag_edges(const struct weft_dag_node *node)
{
	return node->after_success | node->after_end | node->after_failure;
}

/* Nodes that may still come for an edge of a node, or that the graph waits for. */
static inline u64 weft_dag_open(const struct weft_dag *dag, unsigned int node)
{
	if (node == WEFT_OWN_SLOT)
		return dag->all & ~dag->ended;
	if (!(dag->held & BIT_ULL(node)))
		return 0;
	return weft_dag_edges(&dag->nodes[node]) & ~(dag->ended | dag->skipped);
}

/* It is a graph's own slot. */
static inline bool weft_slot_is_dag(const struct weft_slot *slot)
{
	return slot->dag && slot->node == WEFT_OWN_SLOT;
}

static inline struct weft_client *weft_slot_client(const struct weft_slot *slot)
{
	return container_of(slot->op_task.task.group, struct weft_client, group);
}

/* graph_check.c: pure */
int weft_dag_check(const struct weft_node *nodes, unsigned int count, u32 *at);

/* graph.c: making and freeing */
int weft_dag_create(struct weft_client *client, const struct weft_node *nodes,
		    unsigned int count, const struct weft_dag_config *config,
		    struct weft_dag **dag, u32 *at);
u64 weft_dag_publish(struct weft_client *client, struct weft_dag *dag);
void weft_dag_free(struct weft_client *client, struct weft_slot *slot);
size_t weft_dag_bytes(const struct weft_dag *dag);

/* graph_run.c: from node to node */
void weft_batch_add(struct weft_batch *batch, struct weft_slot *slot);
void weft_batch_spawn(struct weft_batch *batch, struct weft_worker *worker);
void weft_dag_begin(struct weft_client *client, struct weft_dag *dag,
		    struct weft_batch *batch);
u64 weft_dag_skip(struct weft_client *client, struct weft_dag *dag,
		  struct weft_dag_node *node, struct weft_batch *batch);
void weft_dag_advance(struct weft_client *client, struct weft_dag *dag, u64 todo,
		      struct weft_batch *batch);
void weft_dag_slot_end(struct weft_client *client, struct weft_slot *slot)
	__releases(&client->lock);

/* graph_cancel.c */
enum weft_verdict weft_dag_cancel(struct weft_client *client,
				  struct weft_slot *slot, bool hard,
				  struct weft_batch *batch);
void weft_dag_expire(struct weft_client *client, struct weft_dag *dag,
		     struct weft_batch *batch);

/* graph_result.c */
s64 weft_dag_result(const struct weft_dag *dag);
void weft_dag_receipt(const struct weft_dag *dag, struct weft_receipt *sum);
int weft_client_graph_result(struct weft_client *client,
			     struct weft_graph_result *look,
			     struct weft_node_result *out, unsigned int max);
int weft_client_graph_free(struct weft_client *client, u64 id);

/* template.c */
int weft_template_add(struct weft_client *client, const struct weft_node *nodes,
		      unsigned int count, u32 *number);
int weft_template_free(struct weft_client *client, u32 number);
struct weft_node *weft_template_copy(struct weft_client *client, u32 number,
				     unsigned int *count);
int weft_template_change(struct weft_node *nodes, unsigned int count,
			 const struct weft_change *change, u32 *at);
void weft_templates_fini(struct weft_client *client);

#endif /* WEFT_JOB_GRAPH_H */
