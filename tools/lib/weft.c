// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "weft.h"

#define WEFT_DEVICE	"/dev/weft"

/**
 * weft_client_open() - open /dev/weft
 *
 * The client can be queried, but takes no jobs before weft_client_setup().
 *
 * Return: a file descriptor, the caller's to close; or -ENOENT (the module is
 * not loaded), -EACCES, or another errno of open().
 */
int weft_client_open(void)
{
	int fd = open(WEFT_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/**
 * weft_client_setup() - choose a client's engine and credits, once
 * @fd: from weft_client_open()
 * @engine: WEFT_ENGINE_*
 * @credits: in: how many, 0 for the default; out: how many were given. NULL for
 *	the default
 *
 * Return: 0, -EINVAL, -EBADFD (set up already), -EDQUOT, -ENOMEM.
 */
int weft_client_setup(int fd, unsigned int engine, unsigned int *credits)
{
	struct weft_setup setup = {
		.size = sizeof(setup),
		.engine = engine,
		.credits = credits ? *credits : 0,
	};
	int ret = weft_ioctl(fd, WEFT_IOC_SETUP, &setup);

	if (!ret && credits)
		*credits = setup.credits;
	return ret;
}

/**
 * weft_client_start() - open /dev/weft and set it up
 * @engine: see weft_client_setup()
 * @credits: see weft_client_setup()
 *
 * Return: a file descriptor, the caller's to close; or what weft_client_open()
 * and weft_client_setup() return.
 */
int weft_client_start(unsigned int engine, unsigned int *credits)
{
	int fd = weft_client_open();
	int ret;

	if (fd < 0)
		return fd;
	ret = weft_client_setup(fd, engine, credits);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	return fd;
}

/**
 * weft_client_start_stepped() - open /dev/weft and set it up to be stepped
 * @workers: its own, 1 to WEFT_STEP_MAX_WORKERS
 * @flags: WEFT_SETUP_VIRTUAL or 0
 * @credits: see weft_client_setup()
 *
 * Return: a file descriptor, the caller's to close; or what weft_client_open()
 * and weft_client_setup() return.
 */
int weft_client_start_stepped(unsigned int workers, unsigned int flags,
			      unsigned int *credits)
{
	struct weft_setup setup = {
		.size = sizeof(setup),
		.flags = WEFT_SETUP_STEP | flags,
		.engine = WEFT_ENGINE_ASYNC,
		.credits = credits ? *credits : 0,
		.workers = workers,
	};
	int fd = weft_client_open();
	int ret;

	if (fd < 0)
		return fd;
	ret = weft_ioctl(fd, WEFT_IOC_SETUP, &setup);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	if (credits)
		*credits = setup.credits;
	return fd;
}

/**
 * weft_client_step() - one poll of a stepped client
 * @fd: the client
 * @step: what is asked for, and receives what was done; @size is set here
 *
 * Return: 0, -EBADFD (the client is not stepped), -EINVAL, -EFAULT, -EINTR.
 */
int weft_client_step(int fd, struct weft_step *step)
{
	step->size = sizeof(*step);
	return weft_ioctl(fd, WEFT_IOC_STEP, step);
}

/**
 * weft_client_close() - end a client and all its jobs
 * @fd: the client; a negative one is left alone
 */
void weft_client_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

/**
 * weft_client_query() - ask what the kernel's weft can do
 * @fd: the client, set up or not
 * @query: receives it
 *
 * Return: 0 or a negative errno.
 */
int weft_client_query(int fd, struct weft_query *query)
{
	memset(query, 0, sizeof(*query));
	query->size = sizeof(*query);
	return weft_ioctl(fd, WEFT_IOC_QUERY, query);
}

/**
 * weft_client_stats() - read a client's counts
 * @fd: the client
 * @stats: receives them
 *
 * Return: 0, -EBADFD (not set up).
 */
int weft_client_stats(int fd, struct weft_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->size = sizeof(*stats);
	return weft_ioctl(fd, WEFT_IOC_STATS, stats);
}

/**
 * weft_client_submit() - submit jobs, in order
 * @fd: the client
 * @jobs: the jobs; not needed any more when this returns
 * @count: how many, up to max_batch of the query
 * @ids: room for @count ids, or NULL
 * @error: receives why the first refused job was refused, as a positive errno
 *	(see weft_submit_error()), or 0 if all were accepted; or NULL
 *
 * Return: how many were accepted, which may be 0; or, if no job was looked at,
 * -EINVAL, -EBADFD (not set up), -EFAULT.
 */
int weft_client_submit(int fd, const struct weft_job *jobs, unsigned int count,
		       uint64_t *ids, int *error)
{
	struct weft_submit submit = {
		.size = sizeof(submit),
		.jobs = (uintptr_t)jobs,
		.ids = (uintptr_t)ids,
		.count = count,
	};
	int ret = weft_ioctl(fd, WEFT_IOC_SUBMIT, &submit);

	if (error)
		*error = ret < 0 ? -ret : (int)submit.error;
	return ret;
}

/**
 * weft_client_wait() - wait for completions and reap them
 * @fd: the client
 * @completions: room for @capacity completions
 * @capacity: how many may be reaped; 0 to reap none
 * @min: how many to wait for, at most the client's credits
 * @timeout_ns: until when, CLOCK_MONOTONIC; 0 not to wait, WEFT_WAIT_FOREVER
 *
 * Return: how many were reaped or, if @capacity is 0, are there; or -ETIME,
 * -EINTR, -EINVAL, -EBADFD, -EFAULT.
 */
int weft_client_wait(int fd, struct weft_completion *completions,
		     unsigned int capacity, unsigned int min,
		     uint64_t timeout_ns)
{
	struct weft_wait wait = {
		.size = sizeof(wait),
		.completions = (uintptr_t)completions,
		.timeout_ns = timeout_ns,
		.capacity = capacity,
		.min = min,
	};

	return weft_ioctl(fd, WEFT_IOC_WAIT, &wait);
}

/**
 * weft_client_read() - reap completions with read()
 * @fd: the client
 * @completions: room for @capacity completions
 * @capacity: at least 1
 *
 * Waits for one unless O_NONBLOCK is set on @fd.
 *
 * Return: how many were reaped; or -EAGAIN, -EINTR, -EINVAL, -EBADFD, -EFAULT.
 */
int weft_client_read(int fd, struct weft_completion *completions,
		     unsigned int capacity)
{
	ssize_t ret = read(fd, completions, capacity * sizeof(*completions));

	return ret < 0 ? -errno : (int)(ret / (ssize_t)sizeof(*completions));
}

/**
 * weft_client_cancel() - end one job
 * @fd: the client
 * @id: the job
 *
 * Does not wait: the job's completion follows.
 *
 * Return: the verdict, WEFT_CANCELLED, WEFT_ALREADY_DONE or WEFT_STOPPING; or
 * -ENOENT (no such job, or its completion was reaped), -EBADFD.
 */
int weft_client_cancel(int fd, uint64_t id)
{
	struct weft_cancel cancel = {
		.size = sizeof(cancel),
		.id = id,
	};
	int ret = weft_ioctl(fd, WEFT_IOC_CANCEL, &cancel);

	return ret < 0 ? ret : (int)cancel.verdict;
}

static int weft_cancel_some(int fd, struct weft_cancel *cancel,
			    unsigned int *cancelled, unsigned int *stopping)
{
	int ret = weft_ioctl(fd, WEFT_IOC_CANCEL, cancel);

	if (cancelled)
		*cancelled = ret < 0 ? 0 : cancel->cancelled;
	if (stopping)
		*stopping = ret < 0 ? 0 : cancel->stopping;
	return ret;
}

/**
 * weft_client_cancel_all() - end all jobs of a client
 * @fd: the client
 * @cancelled: receives how many will end with -ECANCELED; or NULL
 * @stopping: receives how many are running and end either way; or NULL
 *
 * Does not wait: the jobs' completions follow.
 *
 * Return: 0, -EBADFD.
 */
int weft_client_cancel_all(int fd, unsigned int *cancelled,
			   unsigned int *stopping)
{
	struct weft_cancel cancel = {
		.size = sizeof(cancel),
		.flags = WEFT_CANCEL_ALL,
	};

	return weft_cancel_some(fd, &cancel, cancelled, stopping);
}

/**
 * weft_client_cancel_tag() - end the jobs of a client that have a tag
 * @fd: the client
 * @tag: the tag
 * @cancelled: receives how many will end with -ECANCELED; or NULL
 * @stopping: receives how many are running and end either way; or NULL
 *
 * Does not wait: the jobs' completions follow.
 *
 * Return: 0, also if no job has the tag; -EBADFD.
 */
int weft_client_cancel_tag(int fd, uint32_t tag, unsigned int *cancelled,
			   unsigned int *stopping)
{
	struct weft_cancel cancel = {
		.size = sizeof(cancel),
		.flags = WEFT_CANCEL_TAG,
		.tag = tag,
	};

	return weft_cancel_some(fd, &cancel, cancelled, stopping);
}

/**
 * weft_client_restrict() - take ops from a client, for good
 * @fd: the client, set up or not
 * @ops: bit n keeps op n; receives the ops that are left
 *
 * Return: 0.
 */
int weft_client_restrict(int fd, uint64_t *ops)
{
	struct weft_restrict narrow = { .size = sizeof(narrow), .ops = *ops };
	int ret = weft_ioctl(fd, WEFT_IOC_RESTRICT, &narrow);

	if (!ret)
		*ops = narrow.ops;
	return ret;
}

/**
 * weft_client_graph() - submit jobs that wait for each other
 * @fd: the client
 * @graph: flags, tag, user_data, deadline_ns and after are what the caller wants;
 *	receives the id, or error and node
 * @nodes: the jobs; not needed any more when this returns
 * @count: how many
 *
 * Return: 1 if it was accepted, 0 if not (see weft_submit_error()); or -EINVAL,
 * -EBADFD (not set up).
 */
int weft_client_graph(int fd, struct weft_graph *graph,
		      const struct weft_node *nodes, unsigned int count)
{
	graph->size = sizeof(*graph);
	graph->nodes = (uintptr_t)nodes;
	graph->count = count;
	return weft_ioctl(fd, WEFT_IOC_GRAPH, graph);
}

/**
 * weft_client_graph_result() - what came of the nodes of a graph
 * @fd: the client
 * @id: the graph
 * @results: room for @capacity results
 * @capacity: how many are wanted
 * @free: also give its credits back
 *
 * Return: how many there are in @results; or -ENOENT (no such graph, or not any
 * more), -EBUSY (@free, and it was not reaped yet), -EFAULT, -ENOMEM.
 */
int weft_client_graph_result(int fd, uint64_t id,
			     struct weft_node_result *results,
			     unsigned int capacity, int free)
{
	struct weft_graph_result look = {
		.size = sizeof(look),
		.flags = free ? WEFT_RESULT_FREE : 0,
		.id = id,
		.results = (uintptr_t)results,
		.capacity = capacity,
	};

	return weft_ioctl(fd, WEFT_IOC_GRAPH_RESULT, &look);
}
