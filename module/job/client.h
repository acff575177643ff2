/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client, its jobs and their completions.
 *
 * A job's memory is its credit and its completion: a slot of the client. It
 * goes round: FREE, to a submit that prepares it; LIVE, to the executor; DONE,
 * queued as a completion until it is reaped; FREE again. Slots are made when
 * they are first needed, at submit, and stay until the client is gone, so that
 * nothing after submit needs memory, and an old id finds a slot, not a hole.
 *
 * An id is the number of the slot and, above it, how often that was used. It is
 * never used twice: a slot that was used up is retired.
 */
#ifndef WEFT_JOB_CLIENT_H
#define WEFT_JOB_CLIENT_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/weft.h>
#include <linux/xarray.h>

#include "../ops/op.h"
#include "../ops/space.h"

struct weft_dag;
struct weft_runtime;
struct weft_stepper;
struct weft_user;

/* Bits of an id that are the slot; the others count its uses, from 1. */
#define WEFT_SLOT_BITS		20
#define WEFT_MAX_CREDITS	((u32)BIT(WEFT_SLOT_BITS))
#define WEFT_ID_STEP		BIT_ULL(WEFT_SLOT_BITS)

/**
 * enum weft_job_phase - Where a slot is on its round
 * @WEFT_JOB_FREE: in the free list, or a submit prepares it
 * @WEFT_JOB_LIVE: accepted, has not ended
 * @WEFT_JOB_DONE: has ended, and is its own completion
 * @WEFT_JOB_HELD: accepted; a node of a graph that has not started, or a graph that
 *	has no task
 * @WEFT_JOB_ENDED: a node of a graph that has ended: it is kept with the graph
 * @WEFT_JOB_KEPT: a graph whose completion was reaped, but its results are kept
 */
enum weft_job_phase {
	WEFT_JOB_FREE,
	WEFT_JOB_LIVE,
	WEFT_JOB_DONE,
	WEFT_JOB_HELD,
	WEFT_JOB_ENDED,
	WEFT_JOB_KEPT,
};

/* In place of the number of a node: the slot of the graph itself. */
#define WEFT_OWN_SLOT	0xff

/**
 * struct weft_slot - A job
 * @op_task: the task that runs its op; its list node serves in every phase
 * @deadline: when it is ended, for a job that has a deadline
 * @id: its id, or when FREE, the id it had
 * @user_data: as submitted
 * @dag: the graph to which it belongs, or NULL
 * @followers: graphs that begin after it; under &weft_client.lock
 * @tag: as submitted
 * @flags: as submitted
 * @node: with @dag: its number there, or WEFT_OWN_SLOT
 * @op: as submitted; WEFT_KIND_GRAPH for a graph
 * @phase: enum weft_job_phase; written under &weft_client.lock
 *
 * Belongs to the submit, the executor, the completion queue, its graph or the free
 * list, by its phase. @id and @phase may be read under the lock at any time; @tag,
 * @op, @user_data, @dag and @node do not change while it is LIVE or HELD.
 */
struct weft_slot {
	struct weft_op_task op_task;
	struct weft_sleep deadline;
	u64 id;
	u64 user_data;
	struct weft_dag *dag;
	struct hlist_head followers;
	u32 tag;
	u8 flags;
	u8 node;
	u8 op;
	u8 phase;
};

/* A chunk of slots is one allocation of this size, as full as can be. */
#define WEFT_CHUNK_BYTES	16384
#define WEFT_CHUNK_SLOTS	(WEFT_CHUNK_BYTES / sizeof(struct weft_slot))

/* How many chunks so many slots take. */
static inline size_t weft_chunks(size_t slots)
{
	return DIV_ROUND_UP(slots, WEFT_CHUNK_SLOTS);
}

/**
 * struct weft_slots - A queue of slots
 * @head: the first one
 * @tail: the last one; undefined if there is none
 * @count: how many
 */
struct weft_slots {
	struct llist_node *head;
	struct llist_node *tail;
	unsigned int count;
};

/**
 * struct weft_op_stats - What the ended jobs of one op came to
 * @done: how many ended
 * @failed: of these, with a negative result
 * @cancelled: of these, with -ECANCELED
 * @expired: of the failed, with -ETIME
 * @polls: sums of the jobs' receipts, as are the following
 * @wakes: see @polls
 * @moves: see @polls
 * @punts: see @polls
 * @queued_ns: see @polls
 * @run_ns: see @polls
 * @blocked_ns: see @polls
 */
struct weft_op_stats {
	u64 done;
	u64 failed;
	u64 cancelled;
	u64 expired;
	u64 polls;
	u64 wakes;
	u64 moves;
	u64 punts;
	u64 queued_ns;
	u64 run_ns;
	u64 blocked_ns;
};

/**
 * struct weft_client - A client
 *
 * Legend of the locks: C: constant; S: @submitting; L: @lock; R: the runtime's
 * lock. Order: @submitting, @reaping, @lock.
 */
struct weft_client {
	/** @group: C: its tasks share a turn */
	struct weft_group group;
	/** @runtime: C: where it belongs */
	struct weft_runtime *runtime;
	/** @node: R: in the runtime's list */
	struct list_head node;
	/** @number: C: what it is called in debugfs */
	u64 number;
	/** @owner: C: the process that set it up; a reference */
	struct pid *owner;
	/** @pid: C: its number */
	pid_t pid;
	/** @comm: C: the name of that process */
	char comm[TASK_COMM_LEN];
	/** @credits: C: most slots */
	unsigned int credits;
	/** @user: C: to whom it is counted */
	struct weft_user *user;
	/** @stepper: C: what polls its jobs if it is a stepped client, or NULL */
	struct weft_stepper *stepper;
	/** @flushes: how often a descriptor of it was closed */
	atomic_t flushes;
	/** @space: what its jobs see of it */
	struct weft_space space;

	/** @submitting: held by the one who submits */
	struct mutex submitting;
	/** @chunks: S: memory of the slots, in chunks, made as needed */
	struct weft_slot **chunks;
	/** @nr_slots: S, L to write: slots that were made */
	unsigned int nr_slots;
	/** @templates: S: by their numbers, from 1 */
	struct xarray templates;

	/** @reaping: held by the one who reaps, so that order is kept */
	struct mutex reaping;

	/** @lock: process context only; inside it only locks of core/ */
	spinlock_t lock;
	/** @free: L: slots in phase FREE, without those a submit prepares */
	struct weft_slots free;
	/** @done: L: slots in phase DONE, without those a reaper holds */
	struct weft_slots done;
	/** @wake_at: L: wake @wait when so many are in @done */
	unsigned int wake_at;
	/** @want_credit: L: somebody waits for a credit */
	bool want_credit;
	/** @retired: L: slots whose ids are used up */
	unsigned int retired;
	/** @held: L: slots in phase HELD */
	unsigned int held;
	/** @dag_bytes: L to write: memory of its graphs and templates */
	size_t dag_bytes;
	/** @accepted: L: jobs accepted */
	u64 accepted;
	/** @refused: L: submits that ended at a refused job */
	u64 refused;
	/** @reaped: L: completions reaped */
	u64 reaped;
	/** @ops: L: what the ended jobs came to */
	struct weft_op_stats ops[WEFT_NR_KINDS];

	/** @wait: for completions or credits */
	wait_queue_head_t wait;
	/** @live: LIVE jobs, and one until weft_client_destroy() */
	refcount_t live;
	/** @drained: no job is LIVE, and none will be */
	struct completion drained;
};

/**
 * struct weft_batch - Jobs that one submit accepts together
 * @client: whose they are
 * @first: their nodes, linked
 * @last: the last of them
 * @count: how many
 */
struct weft_batch {
	struct weft_client *client;
	struct llist_node *first;
	struct llist_node *last;
	unsigned int count;
};

static inline struct weft_slot *weft_slot_of(struct llist_node *node)
{
	return container_of(node, struct weft_slot, op_task.task.node);
}

/* Accepted, and has not ended. */
static inline bool weft_slot_unended(const struct weft_slot *slot)
{
	return slot->phase == WEFT_JOB_LIVE || slot->phase == WEFT_JOB_HELD;
}

/* client.c: life and death */
struct weft_client *weft_client_create(struct weft_runtime *rt,
				       enum weft_engine engine,
				       unsigned int credits);
struct weft_client *weft_client_create_stepped(struct weft_runtime *rt,
					       unsigned int workers,
					       bool is_virtual,
					       unsigned int credits);
void weft_client_destroy(struct weft_client *client);
enum weft_verdict weft_slot_cancel(struct weft_slot *slot);
int weft_client_cancel(struct weft_client *client, u64 id,
		       enum weft_verdict *verdict);
int weft_client_progress(struct weft_client *client,
			 struct weft_progress *progress);
void weft_client_cancel_all(struct weft_client *client, u32 *cancelled,
			    u32 *stopping);
void weft_client_cancel_tag(struct weft_client *client, u32 tag, u32 *cancelled,
			    u32 *stopping);
void weft_client_cancel_table(struct weft_client *client, const void *table);
void weft_client_exit(struct weft_client *client);
void weft_client_refuse(struct weft_client *client);
void weft_client_stats(struct weft_client *client, struct weft_stats *stats);
void weft_op_stats_add(struct weft_op_stats *sum, const struct weft_op_stats *s);

/* slots.c: memory and ids */
void weft_slots_push(struct weft_slots *slots, struct weft_slot *slot);
struct weft_slot *weft_slots_pop(struct weft_slots *slots);
int weft_client_take_slot(struct weft_client *client, struct weft_slot **slot);
void weft_client_free_slot(struct weft_client *client, struct weft_slot *slot);
__poll_t weft_client_credit_event(struct weft_client *client);
struct weft_slot *weft_client_slot(struct weft_client *client,
				   unsigned int index);
size_t weft_client_bytes(const struct weft_client *client);
size_t weft_slot_bytes(void);

/* submit.c */
void weft_submit_init(void);
struct weft_op_env weft_submit_env(struct weft_client *client);
int weft_submit_one(struct weft_client *client, const struct weft_op_env *env,
		    const struct weft_job *job, struct weft_slot **out);
void weft_submit_undo(struct weft_client *client, struct weft_slot *slot);
void weft_submit_untake(struct weft_client *client, struct weft_slot *slot);
int weft_submit_prepare(struct weft_batch *batch, struct weft_client *client,
			const struct weft_job *jobs, unsigned int count,
			u64 *ids);
void weft_submit_publish(struct weft_batch *batch);
void weft_submit_abort(struct weft_batch *batch);

/* deadline.c: poll() and cancel() of &struct weft_task_ops */
enum weft_poll weft_deadline_poll(struct weft_task *task, struct weft_cx *cx);
enum weft_poll weft_deadline_cancel(struct weft_task *task, struct weft_cx *cx);

/* graph_run.c: the poll of a graph that has a deadline */
enum weft_poll weft_dag_poll(struct weft_task *task, struct weft_cx *cx);

/* When a job with a task is ended at the latest, in ns; 0 for never. */
static inline u64 weft_slot_deadline(const struct weft_slot *slot)
{
	const struct weft_task_ops *ops = slot->op_task.task.ops;

	return ops->poll == weft_deadline_poll || ops->poll == weft_dag_poll ?
	       slot->deadline.deadline : 0;
}

/* completion.c */
bool weft_client_must_wake(struct weft_client *client);
void weft_client_count(struct weft_client *client, const struct weft_slot *slot);
void weft_slot_end(struct weft_task *task);
void weft_slot_drop_end(struct weft_task *task);
void weft_receipt_add(struct weft_receipt *sum, const struct weft_slot *slot);
void weft_slot_report(const struct weft_slot *slot, bool timed,
		      struct weft_completion *out);
int weft_client_wait(struct weft_client *client, unsigned int min, u64 until);
unsigned int weft_client_ready(struct weft_client *client);
void weft_client_watch(struct weft_client *client, bool *readable,
		       bool *writable);
unsigned int weft_client_take_done(struct weft_client *client,
				   struct weft_slots *taken,
				   struct weft_completion *out,
				   unsigned int max);
void weft_client_settle(struct weft_client *client, struct weft_slots *taken,
			unsigned int delivered);

#endif /* WEFT_JOB_CLIENT_H */
