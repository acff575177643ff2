/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An op: a kind of job. One row of the table in table.c, one file a family.
 * docs/ops.md says how to add one.
 */
#ifndef WEFT_OPS_OP_H
#define WEFT_OPS_OP_H

#include <linux/stddef.h>
#include <linux/weft.h>
#include "event.h"
#include <uapi/linux/weft.h>

/* One more than the highest WEFT_OP_*. */
#define WEFT_NR_OPS	(WEFT_OP_VERIFY + 1)

struct eventfd_ctx;
struct weft_io;
struct weft_space;

/* A graph counts as one more kind, after those of jobs. */
#define WEFT_KIND_GRAPH	WEFT_NR_OPS
#define WEFT_NR_KINDS	(WEFT_KIND_GRAPH + 1)

/**
 * struct weft_work_state - What WEFT_OP_WORK remembers
 * @sleep: the wait between two rounds
 * @work_ns: CPU time of a round
 * @wait_ns: time between two rounds
 * @left: CPU time left of this round
 * @rounds: rounds left, this one included
 * @slack: of the waits, in ns
 * @waits: it is between two rounds
 */
struct weft_work_state {
	struct weft_sleep sleep;
	u64 work_ns;
	u64 wait_ns;
	u64 left;
	u32 rounds;
	u32 slack;
	bool waits;
};

/**
 * struct weft_sleep_state - What WEFT_OP_SLEEP remembers
 * @sleep: the wait
 * @ns: how long to wait, if @relative
 * @slack: of the wait, in ns
 * @relative: @sleep is not set yet
 */
struct weft_sleep_state {
	struct weft_sleep sleep;
	u64 ns;
	u32 slack;
	bool relative;
};

/**
 * struct weft_io_state - What ops with a file remember
 * @io: all else, see io.h
 * @table: the table of descriptors of the submitter; compared, never followed
 * @done: how much is done, for ops with progress; stays when @io is gone
 * @total: of so much
 */
struct weft_io_state {
	struct weft_io *io;
	const void *table;
	u64 done;
	u64 total;
};

/**
 * struct weft_eventfd_state - What WEFT_OP_EVENTFD remembers
 * @ctx: the eventfd; a reference
 * @value: what to add
 */
struct weft_eventfd_state {
	struct eventfd_ctx *ctx;
	u32 value;
};

/**
 * struct weft_notify_state - What WEFT_OP_NOTIFY remembers
 * @space: of the client
 * @id: whom to tell
 * @value: what to tell
 */
struct weft_notify_state {
	struct weft_space *space;
	u64 id;
	u64 value;
};

/**
 * struct weft_await_state - What WEFT_OP_AWAIT remembers
 * @event: the last notify has come; its lock protects the others
 * @left: how many are to come
 * @sum: of what came
 */
struct weft_await_state {
	struct weft_event event;
	u64 left;
	u64 sum;
};

/**
 * struct weft_op_task - A task that runs an op
 * @task: the task
 * @yields: what WEFT_OP_YIELD remembers: how often it still gives way
 * @spin_ns: what WEFT_OP_SPIN remembers: CPU time left
 * @sleep: what WEFT_OP_SLEEP remembers
 * @work: what WEFT_OP_WORK remembers
 * @io: what ops with a file remember
 * @eventfd: what WEFT_OP_EVENTFD remembers
 * @notify: what WEFT_OP_NOTIFY remembers
 * @await: what WEFT_OP_AWAIT remembers
 */
struct weft_op_task {
	struct weft_task task;
	union {
		u64 yields;
		u64 spin_ns;
		struct weft_sleep_state sleep;
		struct weft_work_state work;
		struct weft_io_state io;
		struct weft_eventfd_state eventfd;
		struct weft_notify_state notify;
		struct weft_await_state await;
	};
};

/**
 * struct weft_op_env - What prep() is told of the submitter
 * @slack: its timer slack, in ns
 * @space: of the client; outlives the job
 *
 * The same for all jobs of a batch. prep() runs in the submitter's own context, so
 * that the rest of it is in current.
 */
struct weft_op_env {
	u32 slack;
	struct weft_space *space;
};

/**
 * enum weft_type - What a number means, for a result to become an argument
 * @WEFT_TYPE_NONE: nothing: no result, or an argument to which nothing is bound
 * @WEFT_TYPE_NS: a time, in ns
 * @WEFT_TYPE_COUNT: how often
 * @WEFT_TYPE_BYTES: a length or a place in bytes
 * @WEFT_TYPE_MASK: events of a descriptor
 * @WEFT_TYPE_ID: a job
 * @WEFT_TYPE_VALUE: what one job tells another
 */
enum weft_type {
	WEFT_TYPE_NONE,
	WEFT_TYPE_NS,
	WEFT_TYPE_COUNT,
	WEFT_TYPE_BYTES,
	WEFT_TYPE_MASK,
	WEFT_TYPE_ID,
	WEFT_TYPE_VALUE,
};

/**
 * struct weft_op_arg - An argument that may be bound
 * @at: its place, in bytes after the first argument
 * @type: enum weft_type; WEFT_TYPE_NONE ends an array of these
 */
struct weft_op_arg {
	u8 at;
	u8 type;
};

/* The place of an argument. */
#define WEFT_ARG_AT(_field) \
	(offsetof(struct weft_job, _field) - offsetof(struct weft_job, arg))

/**
 * struct weft_op - A kind of job
 * @name: in traces, statistics and tools
 * @prep: checks the arguments and stores what the op will need; may take resources
 *	(files, memory) if there is a @drop, and has no other effects. Context: the
 *	submitter; may sleep. Return: 0; else a negative errno, and it has taken
 *	nothing.
 * @poll: see &struct weft_task_ops
 * @cancel: see &struct weft_task_ops
 * @drop: gives back what @prep took; called once for each @prep that returned 0,
 *	if the job is not accepted after all, or when it has ended and before its
 *	completion can be seen. NULL if @prep takes nothing. Context: process; may
 *	sleep, but is a worker's most of the time, and so should not.
 * @bind: what prep() made of the argument at @at is @value instead, before the first
 *	poll; @at is one of @args. Others may follow, so what depends on several is
 *	for the first poll to check. Must not sleep. Return: 0, or -EINVAL if the op
 *	cannot take the value.
 * @args: the arguments that may be bound; NULL for none
 * @result: enum weft_type of a result that is not negative
 * @files: it keeps @table of &struct weft_io_state, and may hold a file for long
 * @progress: it keeps @done and @total of &struct weft_io_state
 */
struct weft_op {
	const char *name;
	int (*prep)(struct weft_op_task *t, const struct weft_job *job,
		    const struct weft_op_env *env);
	enum weft_poll (*poll)(struct weft_task *task, struct weft_cx *cx);
	enum weft_poll (*cancel)(struct weft_task *task, struct weft_cx *cx);
	void (*drop)(struct weft_op_task *t);
	bool files;
	bool progress;
	int (*bind)(struct weft_op_task *t, unsigned int at, u64 value);
	const struct weft_op_arg *args;
	u8 result;
};

extern const struct weft_op *const weft_ops[WEFT_NR_KINDS];

extern const struct weft_op weft_op_nop;
extern const struct weft_op weft_op_yield;
extern const struct weft_op weft_op_spin;
extern const struct weft_op weft_op_sleep;
extern const struct weft_op weft_op_work;
extern const struct weft_op weft_op_read;
extern const struct weft_op weft_op_write;
extern const struct weft_op weft_op_fsync;
extern const struct weft_op weft_op_copy;
extern const struct weft_op weft_op_poll;
extern const struct weft_op weft_op_eventfd;
extern const struct weft_op weft_op_notify;
extern const struct weft_op weft_op_await;
extern const struct weft_op weft_op_verify;

/* notify.c */
int weft_await_notify(struct weft_op_task *t, u64 value);

/* io.c, for main.c */
int weft_io_init(void);
void weft_io_exit(void);

static inline struct weft_op_task *weft_op_task(struct weft_task *task)
{
	return container_of(task, struct weft_op_task, task);
}

enum weft_type weft_op_arg_type(const struct weft_op *op, unsigned int at);
bool weft_op_args_zero(const struct weft_job *job, unsigned int from);
bool weft_op_burn(u64 *left, struct weft_cx *cx);

#endif /* WEFT_OPS_OP_H */
