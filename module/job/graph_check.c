// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is this a graph? Pure: looks at its arguments only. What each job is by itself is
 * looked at elsewhere.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <kunit/visibility.h>

#include "graph.h"

#define WEFT_NODE_FLAGS	(WEFT_NODE_FINALLY | WEFT_NODE_RACE | WEFT_NODE_UNLESS)

static u64 weft_node_edges(const struct weft_node *node)
{
	return node->after_success | node->after_end | node->after_failure;
}

static bool weft_node_guard_valid(const struct weft_node *node)
{
	switch (node->guard) {
	case WEFT_GUARD_NONE:
		return !node->guard_node && !node->guard_value &&
		       !(node->flags & WEFT_NODE_UNLESS);
	case WEFT_GUARD_NEGATIVE:
		return !node->guard_value;
	case WEFT_GUARD_EQUAL:
	case WEFT_GUARD_SHORT:
		return true;
	default:
		return false;
	}
}

static bool weft_bind_valid(const struct weft_bind *bind)
{
	switch (bind->what) {
	case WEFT_BIND_NONE:
		return !bind->node && !bind->arg && !bind->__reserved;
	case WEFT_BIND_RESULT:
	case WEFT_BIND_ID:
		return !bind->__reserved;
	default:
		return false;
	}
}

/* What can be said of a node by itself. */
static bool weft_node_valid(const struct weft_node *node)
{
	unsigned int edges = hweight64(weft_node_edges(node));
	unsigned int i;

	if ((node->flags & ~WEFT_NODE_FLAGS) || node->__reserved ||
	    node->need > edges || !weft_node_guard_valid(node))
		return false;
	/* One edge from each node, so that they can be counted. */
	if (hweight64(node->after_success) + hweight64(node->after_end) +
	    hweight64(node->after_failure) != edges)
		return false;
	if ((node->flags & WEFT_NODE_RACE) && !edges)
		return false;
	for (i = 0; i < WEFT_NODE_BINDS; i++)
		if (!weft_bind_valid(&node->bind[i]))
			return false;
	return true;
}

/* Bits of the nodes of a graph. */
static u64 weft_nodes_all(unsigned int count)
{
	return GENMASK_ULL(count - 1, 0);
}

/* It names no node that is not there. */
static bool weft_node_knows(const struct weft_node *node, unsigned int count)
{
	unsigned int i;

	if (weft_node_edges(node) & ~weft_nodes_all(count))
		return false;
	if (node->guard && node->guard_node >= count)
		return false;
	for (i = 0; i < WEFT_NODE_BINDS; i++)
		if (node->bind[i].what && node->bind[i].node >= count)
			return false;
	return true;
}

/*
 * What must have ended before each node starts, in @before, as far as that is no
 * circle. Return: the nodes that are in one, or come after one.
 */
static u64 weft_nodes_sort(unsigned int count, const u64 *edges, u64 *before)
{
	u64 left = weft_nodes_all(count), was, look, from;
	unsigned int i;

	do {
		was = left;
		for (look = left; look; look &= look - 1) {
			i = __ffs64(look);
			if (edges[i] & left)
				continue;
			before[i] = edges[i];
			for (from = edges[i]; from; from &= from - 1)
				before[i] |= before[__ffs64(from)];
			left &= ~BIT_ULL(i);
		}
	} while (left && left != was);
	return left;
}

/* One node of a circle: the first of those in @left from which one goes round. */
static unsigned int weft_nodes_circle(const u64 *edges, u64 left)
{
	unsigned int i = __ffs64(left), first, steps;

	/* Each of them has an edge from another one: after so many we are in it. */
	for (steps = 0; steps < WEFT_MAX_NODES; steps++)
		i = __ffs64(edges[i] & left);
	first = i;
	for (steps = 0; steps < WEFT_MAX_NODES; steps++) {
		i = __ffs64(edges[i] & left);
		first = min(first, i);
	}
	return first;
}

/* It gets results of nodes that are before it, and of the right types. */
static int weft_node_check_slots(const struct weft_node *nodes, unsigned int i,
				 u64 before)
{
	const struct weft_node *node = &nodes[i];
	const struct weft_op *op = weft_ops[node->job.op], *from;
	const struct weft_bind *bind;
	unsigned int type;

	if (node->guard && !(before & BIT_ULL(node->guard_node)))
		return -ENXIO;
	for (bind = node->bind; bind < node->bind + WEFT_NODE_BINDS; bind++) {
		if (!bind->what)
			continue;
		if (bind->node == i)
			return -ENXIO;
		from = weft_ops[nodes[bind->node].job.op];
		type = WEFT_TYPE_ID;
		if (bind->what == WEFT_BIND_RESULT) {
			if (!(before & BIT_ULL(bind->node)))
				return -ENXIO;
			type = from->result;
		}
		if (type == WEFT_TYPE_NONE ||
		    type != weft_op_arg_type(op, bind->arg))
			return -EBADSLT;
	}
	return 0;
}

static int weft_nodes_check_each(const struct weft_node *nodes,
				 unsigned int count, u32 *at)
{
	for (*at = 0; *at < count; ++*at) {
		if (!weft_node_valid(&nodes[*at]))
			return -EINVAL;
		if (!weft_node_knows(&nodes[*at], count))
			return -ENXIO;
	}
	return 0;
}

/**
 * weft_dag_check() - check the nodes of a graph
 * @nodes: each job is valid so far as weft_validate_job() can tell
 * @count: how many, 1 to WEFT_MAX_NODES
 * @at: receives which one is wrong
 *
 * Return: 0; -EINVAL (a wrong value), -ENXIO (it names a node that is not there, or
 * wants a result of one that is not before it), -ELOOP (it is in a circle), -EBADSLT
 * (a result of one type is bound to an argument of another).
 */
int weft_dag_check(const struct weft_node *nodes, unsigned int count, u32 *at)
{
	u64 edges[WEFT_MAX_NODES], before[WEFT_MAX_NODES];
	u64 normal = 0, left;
	unsigned int i;
	int ret;

	ret = weft_nodes_check_each(nodes, count, at);
	if (ret)
		return ret;
	for (i = 0; i < count; i++)
		if (!(nodes[i].flags & WEFT_NODE_FINALLY))
			normal |= BIT_ULL(i);
	for (i = 0; i < count; i++) {
		edges[i] = weft_node_edges(&nodes[i]);
		if (nodes[i].flags & WEFT_NODE_FINALLY)
			edges[i] |= normal;
	}
	left = weft_nodes_sort(count, edges, before);
	if (left) {
		*at = weft_nodes_circle(edges, left);
		return -ELOOP;
	}
	for (*at = 0; *at < count; ++*at) {
		ret = weft_node_check_slots(nodes, *at, before[*at]);
		if (ret)
			return ret;
	}
	*at = WEFT_NO_NODE;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_dag_check);
