/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stepped client: it has an executor of its own, whose workers have no kernel
 * threads. They poll when, and only when, the client is told to step, in the context
 * of who tells it. Nobody else's jobs are in it, so nobody else sees any of this.
 */
#ifndef WEFT_JOB_STEP_H
#define WEFT_JOB_STEP_H

#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>

#include <uapi/linux/weft.h>

struct weft_client;
struct weft_executor;
struct weft_runtime;

/* So much a virtual clock goes on by each look at it that a poll takes. */
#define WEFT_STEP_TICK_NS	1000

/**
 * struct weft_stepper - What makes a client a stepped one
 * @executor: constant; its own
 * @workers: constant; of that
 * @credits: constant; of the client
 * @is_virtual: constant; @now is the clock
 * @lock: held by the one who steps; outside of the client's locks
 * @now: the virtual clock, in ns; others read it without the lock
 * @poller: who polls a job now, or NULL; likewise
 * @turn: S: the worker that is looked at first by the next step
 * @jobs: S: the jobs by slot, on their way out
 *
 * S: under @lock.
 */
struct weft_stepper {
	struct weft_executor *executor;
	unsigned int workers;
	unsigned int credits;
	bool is_virtual;
	struct mutex lock;
	u64 now;
	const struct task_struct *poller;
	unsigned int turn;
	struct weft_step_job *jobs;
};

struct weft_stepper * __must_check
weft_stepper_create(const struct weft_runtime *rt, unsigned int workers,
		    bool is_virtual, unsigned int credits);
void weft_stepper_destroy(struct weft_stepper *s);
size_t weft_stepper_bytes(const struct weft_stepper *s);
int weft_client_step(struct weft_client *client, struct weft_step *step);
unsigned int weft_client_step_jobs(struct weft_client *client);
void weft_client_step_out(struct weft_client *client);

#endif /* WEFT_JOB_STEP_H */
