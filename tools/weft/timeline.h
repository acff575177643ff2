/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks and kernel threads over time, drawn in text. */
#ifndef WEFT_TIMELINE_H
#define WEFT_TIMELINE_H

#include <stdint.h>

#include "tracer.h"

#define TIMELINE_TASKS		8
#define TIMELINE_THREADS	16

/**
 * struct timeline - What is drawn
 * @log: what was traced
 * @ids: the jobs, task A first
 * @nr_tasks: how many
 * @wait_ns: how long a job asked to wait, each time
 * @begin_ns: when they were submitted
 * @end_ns: in: where the picture ends; 0 for the end of the last job
 */
struct timeline {
	const struct trace_log *log;
	const uint64_t *ids;
	unsigned int nr_tasks;
	uint64_t wait_ns;
	uint64_t begin_ns;
	uint64_t end_ns;
};

/**
 * struct timeline_sum - What was seen in it
 * @kthreads: kernel threads that polled
 * @switches: context switches of these, from the first job to the last
 * @end_ns: end of the last job
 */
struct timeline_sum {
	unsigned int kthreads;
	unsigned int switches;
	uint64_t end_ns;
};

void timeline_look(const struct timeline *t, struct timeline_sum *sum);
int timeline_print(const struct timeline *t);
void timeline_legend(void);

#endif /* WEFT_TIMELINE_H */
