// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fan-in of 100 files: an eventfd is signalled when all of them are on their device.
 *
 *   synced ENGINE DIRECTORY
 *
 * A graph has at most 64 nodes, so there are several: of each file a write, a fsync and
 * a notify, 20 files a graph. What joins them is a job that awaits 100 notifies, in a
 * graph of its own, after which that signals the eventfd. A file that fails tells
 * nobody, so the signal means what it says.
 *
 * Written with libweft; what is not about weft is as short as it can be.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "weft.h"

#define FILES		100
#define A_GRAPH		20
#define GRAPHS		(FILES / A_GRAPH)
#define BYTES		4096

static void must(int ok, const char *what, int error)
{
	if (ok)
		return;
	fprintf(stderr, "synced: %s: %s\n", what, strerror(error));
	exit(1);
}

/* Return: the id of the node @which of it. */
static uint64_t submit(int client, const struct weft_node *nodes, unsigned int count,
		       unsigned int which)
{
	struct weft_node_result results[WEFT_MAX_NODES];
	struct weft_graph graph = {};
	int ret = weft_client_graph(client, &graph, nodes, count);

	must(ret == 1, "the graph was refused", ret < 0 ? -ret : (int)graph.error);
	ret = weft_client_graph_result(client, graph.id, results, WEFT_MAX_NODES, 0);
	must(ret == (int)count, "there are no results", -ret);
	return results[which].id;
}

/* await -> eventfd. Return: the id of the await. */
static uint64_t submit_fan_in(int client, int event)
{
	struct weft_node nodes[2] = {};

	weft_job_await(&nodes[0].job, FILES);
	weft_job_eventfd(&nodes[1].job, event, 1);
	nodes[1].after_success = 1;
	return submit(client, nodes, 2, 0);
}

/* write -> fsync -> notify, of each file. */
static void submit_files(int client, const char *dir, unsigned int first,
			 const struct weft_buffer *buffer, uint64_t fan_in)
{
	struct weft_node nodes[3 * A_GRAPH] = {};
	int fds[A_GRAPH];
	char path[4096];
	unsigned int i;

	for (i = 0; i < A_GRAPH; i++) {
		struct weft_node *n = &nodes[3 * i];

		snprintf(path, sizeof(path), "%s/file-%u", dir, first + i);
		fds[i] = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		must(fds[i] >= 0, path, errno);
		weft_job_write(&n[0].job, fds[i], 0, buffer->index, 0, BYTES);
		weft_job_fsync(&n[1].job, fds[i], 0);
		n[1].after_success = 1ULL << 3 * i;
		weft_job_notify(&n[2].job, fan_in, 1);
		n[2].after_success = 2ULL << 3 * i;
	}
	submit(client, nodes, 3 * A_GRAPH, 0);
	/* The jobs have them now. */
	for (i = 0; i < A_GRAPH; i++)
		close(fds[i]);
}

int main(int argc, char **argv)
{
	int engine = argc == 3 ? weft_engine_number(argv[1]) : -1;
	struct weft_completion done[GRAPHS + 1];
	struct weft_buffer buffer;
	unsigned int i, got = 0;
	struct pollfd ready;
	uint64_t fan_in;
	int client, event, ret;
	void *text;

	must(engine >= 0, "synced ENGINE DIRECTORY", EINVAL);
	client = weft_client_start(engine, NULL);
	must(client >= 0, "no client: is the module loaded?", -client);
	event = eventfd(0, EFD_CLOEXEC);
	must(event >= 0, "eventfd", errno);
	ret = weft_client_buffer(client, BYTES, &buffer);
	must(!ret, "no buffer", -ret);
	ret = weft_client_buffer_map(client, &buffer, &text);
	must(!ret, "the buffer cannot be mapped", -ret);
	memset(text, 'w', BYTES);

	fan_in = submit_fan_in(client, event);
	for (i = 0; i < GRAPHS; i++)
		submit_files(client, argv[2], i * A_GRAPH, &buffer, fan_in);

	/* This program could do anything else until then. */
	ready = (struct pollfd){ .fd = event, .events = POLLIN };
	must(poll(&ready, 1, 60000) == 1, "not all were synced in a minute", ETIME);
	while (got < GRAPHS + 1) {
		ret = weft_client_wait(client, done + got, GRAPHS + 1 - got, 1,
				       WEFT_WAIT_FOREVER);
		must(ret > 0, "no completions", -ret);
		got += ret;
	}
	for (i = 0; i < got; i++)
		must(!done[i].result, "a graph failed", -done[i].result);
	printf("%d files are synced\n", FILES);
	weft_client_buffer_unmap(&buffer, text);
	close(event);
	weft_client_close(client);
	return 0;
}
