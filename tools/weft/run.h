/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WEFT_RUN_H
#define WEFT_RUN_H

#include <stdbool.h>

#include "flow.h"

/**
 * struct run_plan - What "weft run" was asked for
 * @job: what the jobs are like
 * @engine: WEFT_ENGINE_*
 * @count: how many
 * @until_ns: the jobs sleep until so long after the start, if @until
 * @until: they do
 * @deadline_ns: they are ended so long after the start, 0 for no deadline
 * @receipts: ask for receipts, and show them
 * @json: as JSON
 * @quiet: show nothing but errors
 */
struct run_plan {
	struct weft_job job;
	unsigned int engine;
	uint64_t count;
	uint64_t until_ns;
	uint64_t deadline_ns;
	bool until;
	bool receipts;
	bool json;
	bool quiet;
};

/* So many jobs are listed one by one, without --json. */
#define RUN_LISTED	8

/**
 * struct run_result - What came of it
 * @flow: the counts
 * @late: how late each sleep was, in the order of their ends; or NULL
 * @nr_late: how many
 * @listed: the completions of jobs, by user_data; or NULL
 * @nr_listed: how many of the first jobs are listed
 * @sum: of all receipts
 * @timed: they have times
 */
struct run_result {
	struct flow flow;
	uint64_t *late;
	uint64_t nr_late;
	struct weft_completion *listed;
	uint64_t nr_listed;
	struct {
		uint64_t queued_ns;
		uint64_t run_ns;
		uint64_t blocked_ns;
		uint64_t polls;
		uint64_t wakes;
		uint64_t moves;
		uint64_t punts;
	} sum;
	bool timed;
};

int run_print_json(const struct run_plan *plan, const struct run_result *r);
void run_print(const struct run_plan *plan, const struct run_result *r);

int run_parse(struct run_plan *plan, struct flow *flow, int argc, char **argv);

#endif /* WEFT_RUN_H */
