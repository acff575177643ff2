/* SPDX-License-Identifier: GPL-2.0-only */
/* Many jobs through one client. */
#ifndef WEFT_FLOW_H
#define WEFT_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "weft.h"

/**
 * struct flow - A client and what became of its jobs
 * @fd: the client
 * @credits: in: how many are asked for, 0 for the default; out: given
 * @batch: in: jobs a submit, 0 for FLOW_BATCH
 * @accepted: jobs the kernel took; user_data counts them from 0
 * @reaped: of these, with their completion
 * @ok: of these, with a result that is not negative
 * @cancelled: of these, with -ECANCELED
 * @expired: of these, with -ETIME; the rest has failed
 * @error: why the last submit ended at a refused job, a positive errno, or 0
 * @began_ns: when the first job was submitted
 * @submitted_ns: when the last one had been
 * @ended_ns: when the last completion was reaped
 * @each: called for each completion, or NULL
 * @tick: called about ten times a second, or NULL
 * @arg: handed to both
 * @jobs: the next batch
 * @completions: the last that were reaped
 */
struct flow {
	int fd;
	unsigned int credits;
	unsigned int batch;
	uint64_t accepted;
	uint64_t reaped;
	uint64_t ok;
	uint64_t cancelled;
	uint64_t expired;
	int error;
	uint64_t began_ns;
	uint64_t submitted_ns;
	uint64_t ended_ns;
	void (*each)(void *arg, const struct weft_completion *completion);
	void (*tick)(void *arg);
	void *arg;

	struct weft_job *jobs;
	struct weft_completion *completions;
};

#define FLOW_BATCH	1024

int flow_prepare(struct flow *f);
int flow_open(struct flow *f, unsigned int engine);
void flow_close(struct flow *f);

uint64_t flow_submit(struct flow *f, const struct weft_job *job,
		     uint64_t count);
int flow_reap(struct flow *f);
int flow_drain(struct flow *f);
int flow_cancel(struct flow *f);
int flow_run(struct flow *f, const struct weft_job *job, uint64_t count);

static inline uint64_t flow_failed(const struct flow *f)
{
	return f->reaped - f->ok - f->cancelled - f->expired;
}

static inline uint64_t flow_elapsed(const struct flow *f)
{
	return f->ended_ns - f->began_ns;
}

#endif /* WEFT_FLOW_H */
