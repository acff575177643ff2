/* SPDX-License-Identifier: GPL-2.0-only */
/* weft step: what its parts share. */
#ifndef WEFT_STEP_H
#define WEFT_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "weft.h"

/* Jobs are called A to Z. */
#define STEP_JOBS	26

struct step_plan {
	struct weft_job jobs[STEP_JOBS];
	unsigned int nr_jobs;
	unsigned int workers;
	unsigned int max_steps;
	uint64_t delay_ns;
	bool real;
	bool json;
	bool prompt;
};

/* step_args.c; returns 0, or what is wrong, for the user to read. */
const char *step_parse_job(const char *arg, struct weft_job *job);
void step_describe_job(const struct weft_job *job, char *text, size_t size);

/* step_show.c */
struct step_view {
	const struct step_plan *plan;
	/* As they were after the step before. */
	struct weft_step_job before[STEP_JOBS];
	bool ended[STEP_JOBS];
	/* What each worker polled last, and coop switches so far. */
	int last[WEFT_STEP_MAX_WORKERS];
	unsigned int steps;
	unsigned int polls;
	unsigned int coop_switches;
};

void step_view_init(struct step_view *v, const struct step_plan *plan);
void step_show_begin(const struct step_view *v);
void step_show(struct step_view *v, const struct weft_step *step,
	       const struct weft_step_job *jobs);
void step_show_end(const struct step_view *v, const struct weft_step *step,
		   bool all);

#endif /* WEFT_STEP_H */
