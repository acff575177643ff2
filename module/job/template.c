// SPDX-License-Identifier: GPL-2.0-only
/* Templates: nodes that a client keeps, to run them again and again. */
#include <linux/err.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "../core/gfp.h"
#include "graph.h"
#include "runtime.h"

static void weft_client_add_bytes(struct weft_client *client, ssize_t bytes)
{
	spin_lock(&client->lock);
	/* Pairs with weft_client_bytes(), which takes no lock. */
	WRITE_ONCE(client->dag_bytes, client->dag_bytes + bytes);
	spin_unlock(&client->lock);
}

static size_t weft_pattern_bytes(const struct weft_pattern *pattern)
{
	return struct_size(pattern, nodes, pattern->count);
}

/**
 * weft_template_add() - keep nodes
 * @client: who keeps them
 * @nodes: valid so far as weft_dag_check() can tell; copied
 * @count: how many
 * @number: receives the template's number
 *
 * Context: may sleep; @client->submitting is held. Charged to the caller's cgroup.
 * Return: 0, -EDQUOT (the client has as many as it may have), -ENOMEM.
 */
int weft_template_add(struct weft_client *client, const struct weft_node *nodes,
		      unsigned int count, u32 *number)
{
	u32 max = client->runtime->limits.max_templates;
	struct weft_pattern *pattern;
	int ret;

	lockdep_assert_held(&client->submitting);
	pattern = kmalloc(struct_size(pattern, nodes, count),
			  WEFT_GFP_USER);
	if (!pattern)
		return -ENOMEM;
	pattern->count = count;
	memcpy(pattern->nodes, nodes, count * sizeof(*nodes));
	ret = xa_alloc(&client->templates, number, pattern, XA_LIMIT(1, max),
		       WEFT_GFP_USER);
	if (ret) {
		kfree(pattern);
		return ret == -EBUSY ? -EDQUOT : ret;
	}
	weft_client_add_bytes(client, weft_pattern_bytes(pattern));
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_template_add);

/**
 * weft_template_free() - forget nodes
 * @client: who kept them
 * @number: of the template
 *
 * Context: may sleep; @client->submitting is held.
 * Return: 0 or -ENOENT.
 */
int weft_template_free(struct weft_client *client, u32 number)
{
	struct weft_pattern *pattern;

	lockdep_assert_held(&client->submitting);
	pattern = xa_erase(&client->templates, number);
	if (!pattern)
		return -ENOENT;
	weft_client_add_bytes(client, -weft_pattern_bytes(pattern));
	kfree(pattern);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_template_free);

/**
 * weft_template_copy() - the nodes of a template
 * @client: who keeps them
 * @number: of the template
 * @count: receives how many there are
 *
 * Context: may sleep; @client->submitting is held.
 * Return: a copy, to be freed by kfree(); or ERR_PTR: -ENOENT, -ENOMEM.
 */
struct weft_node *weft_template_copy(struct weft_client *client, u32 number,
				     unsigned int *count)
{
	const struct weft_pattern *pattern;
	struct weft_node *nodes;

	lockdep_assert_held(&client->submitting);
	pattern = xa_load(&client->templates, number);
	if (!pattern)
		return ERR_PTR(-ENOENT);
	nodes = kmemdup(pattern->nodes, pattern->count * sizeof(*nodes),
			WEFT_GFP_USER);
	if (!nodes)
		return ERR_PTR(-ENOMEM);
	*count = pattern->count;
	return nodes;
}
EXPORT_SYMBOL_IF_KUNIT(weft_template_copy);

/**
 * weft_template_change() - give a node other arguments
 * @nodes: a copy of a template
 * @count: how many
 * @change: what to change; the user's word
 * @at: receives which node is at fault
 *
 * Return: 0, -ENXIO (there is no such node), -EINVAL (there is no such thing).
 */
int weft_template_change(struct weft_node *nodes, unsigned int count,
			 const struct weft_change *change, u32 *at)
{
	struct weft_job *job;
	unsigned int what = change->what;

	*at = change->node;
	if (change->node >= count) {
		*at = WEFT_NO_NODE;
		return -ENXIO;
	}
	job = &nodes[array_index_nospec(change->node, count)].job;
	if (what < ARRAY_SIZE(job->arg)) {
		what = array_index_nospec(what, ARRAY_SIZE(job->arg));
		job->arg[what] = change->value;
		return 0;
	}
	switch (what) {
	case WEFT_CHANGE_USER_DATA:
		job->user_data = change->value;
		return 0;
	case WEFT_CHANGE_DEADLINE:
		job->deadline_ns = change->value;
		return 0;
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(weft_template_change);

/**
 * weft_templates_fini() - forget all templates of a client
 * @client: the client; nobody else uses it any more
 *
 * Context: may sleep.
 */
void weft_templates_fini(struct weft_client *client)
{
	struct weft_pattern *pattern;
	unsigned long number;

	xa_for_each(&client->templates, number, pattern)
		kfree(pattern);
	xa_destroy(&client->templates);
}
