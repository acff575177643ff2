// SPDX-License-Identifier: GPL-2.0-only
/* WEFT_IOC_GRAPH and its kin: graphs and templates from the user, results back. */
#include <linux/err.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../core/gfp.h"
#include "../job/graph.h"
#include "front.h"

/* What each job is by itself; ops may have been taken since it was kept. */
static int weft_check_jobs(struct weft_file *wf, struct weft_node *nodes,
			   unsigned int count, u32 *at)
{
	u64 ops = READ_ONCE(wf->ops);
	int ret;

	for (*at = 0; *at < count; ++*at) {
		struct weft_job *job = &nodes[*at].job;

		ret = weft_validate_job(job, ops);
		if (ret)
			return ret;
		/* It indexes the op table. */
		job->op = array_index_nospec(job->op, WEFT_NR_OPS);
	}
	*at = WEFT_NO_NODE;
	return 0;
}

/* Copies nodes and checks them. Return: to be freed by kfree(); or ERR_PTR. */
static struct weft_node *weft_get_nodes(struct weft_file *wf, u64 from,
					unsigned int count, u32 *at)
{
	struct weft_node *nodes;
	int ret;

	*at = WEFT_NO_NODE;
	nodes = memdup_user(u64_to_user_ptr(from), count * sizeof(*nodes));
	if (IS_ERR(nodes))
		return nodes;
	ret = weft_check_jobs(wf, nodes, count, at);
	if (!ret)
		ret = weft_dag_check(nodes, count, at);
	if (ret) {
		kfree(nodes);
		return ERR_PTR(ret);
	}
	return nodes;
}

/* Accepts the graph. Return: 0, or why not. */
static int weft_start_graph(struct weft_file *wf, const struct weft_node *nodes,
			    unsigned int count,
			    const struct weft_dag_config *config, u64 *id,
			    u32 *at)
{
	struct weft_dag *dag;
	int ret;

	ret = weft_dag_create(wf->client, nodes, count, config, &dag, at);
	if (!ret)
		*id = weft_dag_publish(wf->client, dag);
	return ret;
}

/* What the ioctl returns and says. */
static long weft_graph_answer(struct weft_file *wf, int ret, u32 *error)
{
	*error = -ret;
	if (ret)
		weft_client_refuse(wf->client);
	return !ret;
}

/**
 * weft_file_graph() - accept a graph
 * @wf: the open file, set up
 * @graph: what the user asks for, valid; the fields that are out are set
 *
 * Context: may sleep.
 * Return: 1 if it was accepted, 0 if not; or -EINTR.
 */
long weft_file_graph(struct weft_file *wf, struct weft_graph *graph)
{
	const struct weft_dag_config config = {
		.user_data = graph->user_data,
		.deadline_ns = graph->deadline_ns,
		.after = graph->after,
		.tag = graph->tag,
		.flags = graph->flags,
	};
	struct weft_node *nodes;
	int ret;

	graph->id = 0;
	if (mutex_lock_killable(&wf->client->submitting))
		return -EINTR;
	nodes = weft_get_nodes(wf, graph->nodes, graph->count, &graph->node);
	ret = PTR_ERR_OR_ZERO(nodes);
	if (!ret) {
		ret = weft_start_graph(wf, nodes, graph->count, &config,
				       &graph->id, &graph->node);
		kfree(nodes);
	}
	mutex_unlock(&wf->client->submitting);
	return weft_graph_answer(wf, ret, &graph->error);
}

/**
 * weft_file_graph_result() - what came of a graph
 * @wf: the open file, set up
 * @look: what the user asks for, valid; the fields that are out are set
 *
 * Context: may sleep.
 * Return: how many results were handed out; or -ENOENT, -EBUSY, -EFAULT, -ENOMEM.
 */
long weft_file_graph_result(struct weft_file *wf, struct weft_graph_result *look)
{
	unsigned int max = min_t(u32, look->capacity, WEFT_MAX_NODES);
	struct weft_node_result *results = NULL;
	long ret, freed;

	if (max) {
		results = kcalloc(max, sizeof(*results), WEFT_GFP_USER);
		if (!results)
			return -ENOMEM;
	}
	ret = weft_client_graph_result(wf->client, look, results, max);
	if (ret > 0 && copy_to_user(u64_to_user_ptr(look->results), results,
				    ret * sizeof(*results)))
		ret = -EFAULT;
	kfree(results);
	if (ret < 0 || !(look->flags & WEFT_RESULT_FREE))
		return ret;
	freed = weft_client_graph_free(wf->client, look->id);
	return freed < 0 ? freed : ret;
}

/**
 * weft_file_template() - keep nodes, or forget them
 * @wf: the open file, set up
 * @template: what the user asks for, valid; the fields that are out are set
 *
 * Context: may sleep.
 * Return: 1 if it was done, 0 if not; or -ENOENT, -EINTR.
 */
long weft_file_template(struct weft_file *wf, struct weft_template *template)
{
	struct weft_client *client = wf->client;
	struct weft_node *nodes;
	int ret;

	template->error = 0;
	template->node = WEFT_NO_NODE;
	if (mutex_lock_killable(&client->submitting))
		return -EINTR;
	if (template->flags & WEFT_TEMPLATE_FREE) {
		ret = weft_template_free(client, template->number);
		mutex_unlock(&client->submitting);
		return ret ?: 1;
	}
	template->number = 0;
	nodes = weft_get_nodes(wf, template->nodes, template->count,
			       &template->node);
	ret = PTR_ERR_OR_ZERO(nodes);
	if (!ret) {
		ret = weft_template_add(client, nodes, template->count,
					&template->number);
		kfree(nodes);
	}
	mutex_unlock(&client->submitting);
	template->error = -ret;
	return !ret;
}

static int weft_apply_changes(struct weft_node *nodes, unsigned int count,
			      const struct weft_run *run, u32 *at)
{
	struct weft_change *changes;
	unsigned int i;
	int ret = 0;

	*at = WEFT_NO_NODE;
	if (!run->count)
		return 0;
	changes = memdup_user(u64_to_user_ptr(run->changes),
			      run->count * sizeof(*changes));
	if (IS_ERR(changes))
		return PTR_ERR(changes);
	for (i = 0; !ret && i < run->count; i++)
		ret = weft_template_change(nodes, count, &changes[i], at);
	kfree(changes);
	return ret;
}

/* @client->submitting is held. */
static int weft_run_template(struct weft_file *wf, struct weft_run *run,
			     const struct weft_dag_config *config)
{
	struct weft_client *client = wf->client;
	struct weft_node *nodes;
	unsigned int count;
	int ret;

	run->node = WEFT_NO_NODE;
	nodes = weft_template_copy(client, run->number, &count);
	if (IS_ERR(nodes))
		return PTR_ERR(nodes);
	ret = weft_apply_changes(nodes, count, run, &run->node);
	if (!ret)
		ret = weft_check_jobs(wf, nodes, count, &run->node);
	if (!ret)
		ret = weft_start_graph(wf, nodes, count, config, &run->id,
				       &run->node);
	kfree(nodes);
	return ret;
}

/**
 * weft_file_run() - accept the graph of a template
 * @wf: the open file, set up
 * @run: what the user asks for, valid; the fields that are out are set
 *
 * Context: may sleep.
 * Return: 1 if it was accepted, 0 if not; or -EINTR.
 */
long weft_file_run(struct weft_file *wf, struct weft_run *run)
{
	const struct weft_dag_config config = {
		.user_data = run->user_data,
		.deadline_ns = run->deadline_ns,
		.after = run->after,
		.tag = run->tag,
		.flags = run->flags,
	};
	int ret;

	run->id = 0;
	if (mutex_lock_killable(&wf->client->submitting))
		return -EINTR;
	ret = weft_run_template(wf, run, &config);
	mutex_unlock(&wf->client->submitting);
	return weft_graph_answer(wf, ret, &run->error);
}
