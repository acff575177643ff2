/* SPDX-License-Identifier: GPL-2.0-only */
/* Who did what from when to when: made from trace events, drawn by timeline.c */
#ifndef WEFT_SPANS_H
#define WEFT_SPANS_H

#include <stdbool.h>
#include <stdint.h>

#include "timeline.h"

enum span_kind {
	SPAN_NONE,
	SPAN_RUNS,
	SPAN_WAITS,
	SPAN_READY,
	NR_SPAN_KINDS,
};

/**
 * struct span - A task was in one state
 * @from: since when
 * @to: until when
 * @task: which task
 * @thread: on which kernel thread, if it runs
 * @kind: the state
 */
struct span {
	uint64_t from;
	uint64_t to;
	unsigned int task;
	unsigned int thread;
	enum span_kind kind;
};

/**
 * struct mark - A context switch
 * @ns: when
 * @thread: which kernel thread was switched out
 */
struct mark {
	uint64_t ns;
	unsigned int thread;
};

struct spans {
	struct span *spans;
	unsigned int nr_spans;
	struct mark *marks;
	unsigned int nr_marks;
	int pids[TIMELINE_THREADS];
	unsigned int nr_threads;
	uint64_t end_ns;
};

bool spans_make(struct spans *s, const struct timeline *t);
void spans_free(struct spans *s);

#endif /* WEFT_SPANS_H */
