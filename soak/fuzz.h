/* SPDX-License-Identifier: GPL-2.0-only */
/* The fuzzer of the hammer: what it fills in, and what it keeps count of. */
#ifndef WEFT_SOAK_FUZZ_H
#define WEFT_SOAK_FUZZ_H

#include "soak.h"

#define MAX_JOBS	48
#define MAX_NODES	16
#define MAX_RESULTS	(MAX_NODES + 1)
#define MAX_STEPPED	64
#define MAX_CHANGES	8
#define MAX_TEMPLATES	4096
#define FILES		4
#define READ_ONLY	4096

/* One open file, of one thread. */
struct victim {
	int fd;
	bool is_client;
	bool is_stepped;
	bool has_buffer;
	__u64 accepted;
	__u64 due;		/* completions: a graph has one for all its nodes */
	__u64 reaped;
	__u64 sum_due;		/* of their cookies, mixed */
	__u64 sum_reaped;
	__u32 template_nodes[MAX_TEMPLATES];
};

/* What jobs of a thread work on. */
enum target {
	TARGET_FILE,
	TARGET_OTHER_FILE,
	TARGET_PIPE,
	TARGET_PIPE_IN,
	TARGET_SOCKET,
	TARGET_SOCKET_PEER,
	TARGET_EVENTFD,
	TARGET_DIRECTORY,
	NR_TARGETS,
};

struct fuzzer {
	struct rng rng;
	struct victim victims[FILES];
	int targets[NR_TARGETS];
	struct weft_job *jobs;		/* these end where no page is */
	struct weft_completion *completions;
	struct weft_node *nodes;
	struct weft_node_result *results;
	struct weft_change *changes;
	struct weft_step_job *stepped;
	__u64 *ids;
	__u64 last_ids[MAX_JOBS];
	char *page;
	char *read_only;
	__u64 calls;
	__u64 accepted;
};

union argument {
	__u32 size;
	struct weft_query query;
	struct weft_setup setup;
	struct weft_submit submit;
	struct weft_wait wait;
	struct weft_cancel cancel;
	struct weft_stats stats;
	struct weft_restrict narrow;
	struct weft_buffer buffer;
	struct weft_progress progress;
	struct weft_graph graph;
	struct weft_graph_result result;
	struct weft_template template;
	struct weft_run run;
	struct weft_step step;
	char bytes[4096];
};

/* fuzz_fill.c */
__u64 fuzz_edge(struct rng *rng);
__u64 fuzz_address(struct fuzzer *f, void *good, void *end);
unsigned long fuzz_number(struct rng *rng);
size_t fuzz_fill(struct fuzzer *f, unsigned long nr, union argument *a);

#endif /* WEFT_SOAK_FUZZ_H */
