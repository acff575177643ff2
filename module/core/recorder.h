/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flight recorder of an executor: the last events of each CPU.
 *
 * A writer takes the next place in the ring of its CPU, with preemption off: so an
 * interrupt may write in between, but no writer can be so late that the ring has gone
 * round meanwhile. The place is taken first (@head), then written, and the number of
 * the event is written last (@seq). A reader copies, then looks at @head again: what
 * could have been overwritten by now is lost, and a @seq that does not fit is an event
 * that is being written. Nobody waits for anybody.
 */
#ifndef WEFT_CORE_RECORDER_H
#define WEFT_CORE_RECORDER_H

#include <linux/bits.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/weft.h>

/**
 * enum weft_record_kind - What happened
 * @WEFT_RECORD_NONE: nothing yet
 * @WEFT_RECORD_SUBMIT: tasks were spawned, @value of them, @id first
 * @WEFT_RECORD_POLL: a poll, or what is called in its place
 * @WEFT_RECORD_BRIEF: polls that soon yielded
 * @WEFT_RECORD_WAKE: a pending task was made runnable
 * @WEFT_RECORD_CANCEL: a task was cancelled
 * @WEFT_RECORD_PARK: a worker or thread has nothing to poll
 * @WEFT_RECORD_IN: a thread was switched in
 * @WEFT_RECORD_OUT: a thread was switched out
 * @WEFT_RECORD_EXIT: the thread of a task is about to end
 * @WEFT_RECORD_PUNT: a poll sent a step to the blocking pool
 */
enum weft_record_kind {
	WEFT_RECORD_NONE,
	WEFT_RECORD_SUBMIT,
	WEFT_RECORD_POLL,
	WEFT_RECORD_BRIEF,
	WEFT_RECORD_WAKE,
	WEFT_RECORD_CANCEL,
	WEFT_RECORD_PARK,
	WEFT_RECORD_IN,
	WEFT_RECORD_OUT,
	WEFT_RECORD_EXIT,
	WEFT_RECORD_PUNT,
};

/*
 * Of WEFT_RECORD_POLL: the task has ended. Else it is enum weft_wait_source. And a
 * flag: it is the first poll of the task, so it waited since it was spawned.
 */
#define WEFT_RECORD_READY	128
#define WEFT_RECORD_FIRST	64

/* A thread that is no worker. */
#define WEFT_RECORD_NO_WORKER	255

/**
 * struct weft_record - An event
 * @ns: when it began
 * @id: of the task
 * @value: by @kind
 * @took: how long it took, in ns
 * @waited: how long the task was runnable before, in ns
 * @client: number of the task's group
 * @pid: where it happened
 * @seq: its number on this CPU, written last
 * @kind: enum weft_record_kind
 * @op: number of the task's &struct weft_task_ops
 * @worker: the worker
 * @detail: by @kind
 */
struct weft_record {
	u64 ns;
	u64 id;
	s64 value;
	u64 took;
	u64 waited;
	u32 client;
	u32 pid;
	u32 seq;
	u8 kind;
	u8 op;
	u8 worker;
	u8 detail;
};

/**
 * enum weft_recorder_state - Does it record
 * @WEFT_REC_OFF: no
 * @WEFT_REC_ON: yes
 * @WEFT_REC_FROZEN: no more, by request
 * @WEFT_REC_SLOW: no more, for a task was slow
 */
enum weft_recorder_state {
	WEFT_REC_OFF,
	WEFT_REC_ON,
	WEFT_REC_FROZEN,
	WEFT_REC_SLOW,
};

/**
 * struct weft_ring - The events of a CPU
 * @head: events whose place was taken
 * @records: the events; &weft_recorder.size of them
 */
struct weft_ring {
	unsigned long head;
	struct weft_record *records;
};

/**
 * struct weft_recorder - The flight recorder
 * @state: enum weft_recorder_state
 * @size: events of a CPU, a power of two; 0 if there is none at all; constant
 * @slow_ns: freeze when a task takes longer from spawn to end
 * @rings: of each possible CPU; constant
 * @slow_client: who froze it; written by who sets WEFT_REC_SLOW, before that
 * @slow_id: likewise
 */
struct weft_recorder {
	int state;
	unsigned int size;
	u64 slow_ns;
	struct weft_ring __percpu *rings;
	u32 slow_client;
	u64 slow_id;
};

/* Events of a CPU: at most. */
#define WEFT_RECORDER_MAX	((unsigned int)BIT(20))

/**
 * struct weft_watch - Records the context switches of a thread
 * @recorder: where
 * @worker: which worker it is
 * @notifier: the scheduler tells us
 */
struct weft_watch {
	struct weft_recorder *recorder;
	u8 worker;
#ifdef CONFIG_PREEMPT_NOTIFIERS
	struct preempt_notifier notifier;
#endif
};

int __must_check weft_recorder_init(struct weft_recorder *rec,
				    unsigned int size);
void weft_recorder_fini(struct weft_recorder *rec);
void weft_recorder_set(struct weft_recorder *rec,
		       enum weft_recorder_state state);
void weft_recorder_slow(struct weft_recorder *rec, const struct weft_task *task);
void weft_recorder_add(struct weft_recorder *rec,
		       const struct weft_record *record);
unsigned int weft_recorder_read(struct weft_recorder *rec, unsigned int cpu,
				struct weft_record *out, u64 *written);
size_t weft_recorder_bytes(const struct weft_recorder *rec);

void weft_watch_start(struct weft_watch *watch, struct weft_recorder *rec,
		      u8 worker);
void weft_watch_stop(struct weft_watch *watch);

static inline bool weft_recorder_on(const struct weft_recorder *rec)
{
	/* Who turns it off may find a few events more. */
	return READ_ONCE(rec->state) == WEFT_REC_ON;
}

/* Do kernel and recorder tell of context switches? */
static inline bool weft_recorder_sees_switches(const struct weft_recorder *rec)
{
	return rec->size && IS_ENABLED(CONFIG_PREEMPT_NOTIFIERS);
}

/*
 * Takes a place in the ring of this CPU, for weft_recorder_put(); preemption is off
 * from here to there.
 */
static __always_inline struct weft_record *
weft_recorder_get(struct weft_recorder *rec, u32 *seq)
{
	struct weft_ring __percpu *rings = rec->rings;
	unsigned long head;

	preempt_disable();
	/* One instruction where it can be: interrupts write as well. */
	head = this_cpu_inc_return(rings->head) - 1;
	/* Pairs with the barrier in weft_recorder_read(). */
	smp_wmb();
	*seq = head;
	return this_cpu_read(rings->records) + (head & (rec->size - 1));
}

static __always_inline void weft_recorder_put(struct weft_record *record,
					      u32 seq)
{
	/* Pairs with the acquire in weft_recorder_read(). */
	smp_store_release(&record->seq, seq);
	preempt_enable();
}

/* The same for an event of a task. */
static __always_inline void
weft_recorder_task(struct weft_recorder *rec, const struct weft_task *task,
		   enum weft_record_kind kind, u64 ns, u8 worker, u8 detail)
{
	struct weft_record *r;
	u32 seq;

	r = weft_recorder_get(rec, &seq);
	r->ns = ns;
	r->id = task->id;
	r->value = 0;
	r->took = 0;
	r->waited = 0;
	r->client = task->group->number;
	r->pid = current->pid;
	r->kind = kind;
	r->op = task->ops->number;
	r->worker = worker;
	r->detail = detail;
	weft_recorder_put(r, seq);
}

#endif /* WEFT_CORE_RECORDER_H */
