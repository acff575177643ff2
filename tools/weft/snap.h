/* SPDX-License-Identifier: GPL-2.0-only */
/* All of debugfs at one moment, as numbers. */
#ifndef WEFT_SNAP_H
#define WEFT_SNAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest word of a table that is kept whole, with its end. */
#define SNAP_WORD	24

/* A cell that says "-", or a parameter that cannot be read. */
#define SNAP_NONE	UINT64_MAX

/* What polls did that they must not, as in the file offences. */
enum snap_offence {
	SNAP_SLEPT,
	SNAP_LONG,
	SNAP_PREEMPT,
	SNAP_RCU,
	SNAP_LOCK,
	SNAP_LOST,
	SNAP_OFFENCES,
};

struct snap_engine {
	char name[SNAP_WORD];
	uint64_t workers, threads, voluntary, involuntary, polls, coop_switches;
	uint64_t accepted, done, queued, running, waiting;
};

struct snap_worker {
	uint64_t number, pid, voluntary, involuntary, polls, coop_switches, wakes;
	uint64_t parks, yields;
	char state[SNAP_WORD];
	/* Counted from the tasks. */
	uint64_t queued;
};

struct snap_client {
	uint64_t number, pid, credits, accepted, done, reaped, queued, running;
	uint64_t waiting, polls, wakes, bytes, refused, uid;
	char comm[SNAP_WORD];
	char engine[SNAP_WORD];
};

struct snap_op {
	char name[SNAP_WORD];
	uint64_t done, failed, cancelled, expired, polls, wakes;
	uint64_t queued_ns, run_ns, blocked_ns;
};

struct snap_offender {
	char op[SNAP_WORD];
	uint64_t count[SNAP_OFFENCES];
};

struct snap_task {
	uint64_t id, client, pid, since_us, polls, worker, tid, tag, deadline_ns;
	uint64_t user_data, wakes, moves, queued_ns, run_ns, blocked_ns;
	char op[SNAP_WORD];
	char state[SNAP_WORD];
	char cancelled[SNAP_WORD];
	char waits[SNAP_WORD];
	/* Bits of enum find_kind. */
	unsigned int warn;
};

struct snap_range {
	uint64_t from_ns, to_ns;
	uint64_t async_wake_to_poll, async_poll_time;
	uint64_t threads_wake_to_poll, threads_poll_time;
};

/* Parameters of the module; SNAP_NONE if they cannot be read. */
struct snap_params {
	uint64_t max_threads, max_punts, max_user_clients, max_user_credits, poll_budget_us;
	bool timing;
};

struct snap {
	uint64_t taken_ns;
	struct snap_engine *engines;
	struct snap_worker *workers;
	struct snap_client *clients;
	struct snap_op *ops;
	struct snap_offender *offenders;
	struct snap_task *tasks;
	struct snap_range *ranges;
	size_t nr_engines, nr_workers, nr_clients, nr_ops, nr_offenders, nr_tasks;
	size_t nr_ranges;
	struct snap_params params;
};

int snap_take(struct snap *snap, const char *dir, const char **file);
void snap_free(struct snap *snap);

const struct snap_engine *snap_engine(const struct snap *snap, const char *name);
const struct snap_client *snap_client(const struct snap *snap, uint64_t number);
const struct snap_task *snap_task(const struct snap *snap, uint64_t client,
				  uint64_t id);
const struct snap_task *snap_polled_by(const struct snap *snap, uint64_t worker);

uint64_t task_busy_ns(const struct snap_task *t);
uint64_t task_sched_ns(const struct snap_task *t);
uint64_t task_idle_ns(const struct snap_task *t);
uint64_t task_self_wakes(const struct snap_task *t);

#endif /* WEFT_SNAP_H */
