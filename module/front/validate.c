// SPDX-License-Identifier: GPL-2.0-only
/* What users may ask for. Pure: looks at its arguments only. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <kunit/visibility.h>

#include "front.h"

/**
 * weft_validate_setup() - check WEFT_IOC_SETUP
 * @setup: as copied from the user
 * @max_credits: most credits of one client
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_setup(const struct weft_setup *setup, u32 max_credits)
{
	if (setup->engine > WEFT_ENGINE_THREADS || setup->__reserved ||
	    setup->credits > max_credits)
		return -EINVAL;
	switch (setup->flags) {
	case 0:
		return setup->workers ? -EINVAL : 0;
	case WEFT_SETUP_STEP:
	case WEFT_SETUP_STEP | WEFT_SETUP_VIRTUAL:
		if (setup->engine != WEFT_ENGINE_ASYNC || !setup->workers ||
		    setup->workers > WEFT_STEP_MAX_WORKERS ||
		    setup->credits > WEFT_STEP_MAX_CREDITS)
			return -EINVAL;
		return 0;
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_setup);

/**
 * weft_validate_submit() - check WEFT_IOC_SUBMIT
 * @submit: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_submit(const struct weft_submit *submit)
{
	if (submit->flags || submit->__reserved ||
	    submit->count > WEFT_MAX_BATCH)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_submit);

/**
 * weft_validate_wait() - check WEFT_IOC_WAIT
 * @wait: as copied from the user
 * @credits: of the client
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_wait(const struct weft_wait *wait, u32 credits)
{
	if (wait->flags || wait->__reserved || wait->min > credits)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_wait);

/**
 * weft_validate_cancel() - check WEFT_IOC_CANCEL
 * @cancel: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_cancel(const struct weft_cancel *cancel)
{
	switch (cancel->flags) {
	case 0:
		return cancel->tag ? -EINVAL : 0;
	case WEFT_CANCEL_ALL:
		return cancel->id || cancel->tag ? -EINVAL : 0;
	case WEFT_CANCEL_TAG:
		return cancel->id ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_cancel);

/**
 * weft_validate_stats() - check WEFT_IOC_STATS
 * @stats: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_stats(const struct weft_stats *stats)
{
	return stats->flags ? -EINVAL : 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_stats);

/**
 * weft_validate_restrict() - check WEFT_IOC_RESTRICT
 * @r: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_restrict(const struct weft_restrict *r)
{
	return r->flags ? -EINVAL : 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_restrict);

/* A count of nodes. */
static bool weft_nodes_valid(u32 count)
{
	return count && count <= WEFT_MAX_NODES;
}

/* What graphs and runs of templates have in common. */
static bool weft_dag_valid(u32 flags, u64 deadline_ns)
{
	return !(flags & ~(WEFT_GRAPH_RECEIPT | WEFT_GRAPH_KEEP)) &&
	       deadline_ns <= KTIME_MAX;
}

/**
 * weft_validate_graph() - check WEFT_IOC_GRAPH
 * @graph: as copied from the user
 * @credits: of the client; each node needs one, and the graph
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_graph(const struct weft_graph *graph, u32 credits)
{
	if (!weft_dag_valid(graph->flags, graph->deadline_ns) ||
	    !weft_nodes_valid(graph->count) || graph->count >= credits)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_graph);

/**
 * weft_validate_graph_result() - check WEFT_IOC_GRAPH_RESULT
 * @look: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_graph_result(const struct weft_graph_result *look)
{
	if ((look->flags & ~WEFT_RESULT_FREE) || look->__reserved)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_graph_result);

/**
 * weft_validate_template() - check WEFT_IOC_TEMPLATE
 * @template: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_template(const struct weft_template *template)
{
	switch (template->flags) {
	case 0:
		return weft_nodes_valid(template->count) ? 0 : -EINVAL;
	case WEFT_TEMPLATE_FREE:
		return template->nodes || template->count ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_template);

/**
 * weft_validate_run() - check WEFT_IOC_RUN
 * @run: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_run(const struct weft_run *run)
{
	if (!weft_dag_valid(run->flags, run->deadline_ns) || run->__reserved ||
	    run->count > WEFT_MAX_CHANGES)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_run);

/**
 * weft_validate_step() - check WEFT_IOC_STEP
 * @step: as copied from the user
 *
 * What depends on the client is checked when it steps.
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_step(const struct weft_step *step)
{
	if (step->flags & ~(WEFT_STEP_LOOK | WEFT_STEP_SKIP) ||
	    step->capacity > WEFT_STEP_MAX_CREDITS)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_step);

/**
 * weft_validate_buffer() - check WEFT_IOC_BUFFER
 * @buffer: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_buffer(const struct weft_buffer *buffer)
{
	if (buffer->__reserved || (buffer->flags & ~WEFT_BUFFER_FREE))
		return -EINVAL;
	return (buffer->flags & WEFT_BUFFER_FREE) && buffer->bytes ? -EINVAL : 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_buffer);

/**
 * weft_validate_progress() - check WEFT_IOC_PROGRESS
 * @progress: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_progress(const struct weft_progress *progress)
{
	return progress->flags || progress->__reserved ? -EINVAL : 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_progress);

/**
 * weft_validate_job() - check what all ops have in common
 * @job: as copied from the user
 * @ops: bit n is set if op n is allowed
 *
 * Return: 0, -EINVAL or -EOPNOTSUPP. The arguments are checked by the op's
 * prep().
 */
int weft_validate_job(const struct weft_job *job, u64 ops)
{
	if (job->op >= WEFT_NR_OPS || (job->flags & ~WEFT_JOB_RECEIPT) ||
	    job->deadline_ns > KTIME_MAX)
		return -EINVAL;
	return ops & BIT_ULL(job->op) ? 0 : -EOPNOTSUPP;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_job);
