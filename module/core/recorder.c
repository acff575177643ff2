// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <kunit/visibility.h>

#include "recorder.h"

/**
 * weft_recorder_init() - a recorder that is on
 * @rec: zeroed
 * @size: events of each CPU, at most WEFT_RECORDER_MAX; rounded up to a power of
 *	two. 0 for a recorder that is off for good.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int weft_recorder_init(struct weft_recorder *rec, unsigned int size)
{
	unsigned int cpu;

	rec->slow_ns = U64_MAX;
	if (!size)
		return 0;
	size = roundup_pow_of_two(size);
	rec->rings = alloc_percpu(struct weft_ring);
	if (!rec->rings)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct weft_ring *ring = per_cpu_ptr(rec->rings, cpu);

		ring->records = kvzalloc_node(array_size(size, sizeof(*ring->records)),
					      GFP_KERNEL, cpu_to_node(cpu));
		if (!ring->records)
			goto err_rings;
	}
	rec->size = size;
	rec->state = WEFT_REC_ON;
#ifdef CONFIG_PREEMPT_NOTIFIERS
	preempt_notifier_inc();
#endif
	return 0;

err_rings:
	for_each_possible_cpu(cpu)
		kvfree(per_cpu_ptr(rec->rings, cpu)->records);
	free_percpu(rec->rings);
	rec->rings = NULL;
	return -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(weft_recorder_init);

/**
 * weft_recorder_fini() - undo weft_recorder_init()
 * @rec: nobody writes or reads it any more
 *
 * Context: may sleep.
 */
void weft_recorder_fini(struct weft_recorder *rec)
{
	unsigned int cpu;

	if (!rec->size)
		return;
#ifdef CONFIG_PREEMPT_NOTIFIERS
	preempt_notifier_dec();
#endif
	for_each_possible_cpu(cpu)
		kvfree(per_cpu_ptr(rec->rings, cpu)->records);
	free_percpu(rec->rings);
}
EXPORT_SYMBOL_IF_KUNIT(weft_recorder_fini);

/**
 * weft_recorder_set() - turn it on or off, or freeze it
 * @rec: the recorder
 * @state: what it shall be; it is and stays off if it has no rings
 *
 * Events stay until others need their place.
 */
void weft_recorder_set(struct weft_recorder *rec, enum weft_recorder_state state)
{
	if (rec->size)
		WRITE_ONCE(rec->state, state);
}
EXPORT_SYMBOL_IF_KUNIT(weft_recorder_set);

/**
 * weft_recorder_slow() - freeze it, for a task was slow
 * @rec: the recorder
 * @task: the task
 */
void weft_recorder_slow(struct weft_recorder *rec, const struct weft_task *task)
{
	/* Of several that come at once, one. */
	if (cmpxchg(&rec->state, WEFT_REC_ON, WEFT_REC_OFF) != WEFT_REC_ON)
		return;
	rec->slow_client = task->group->number;
	rec->slow_id = task->id;
	/* Pairs with the acquire of who reads @slow_id. */
	smp_store_release(&rec->state, WEFT_REC_SLOW);
}

/**
 * weft_recorder_add() - record an event
 * @rec: the recorder; nothing happens if it is not on
 * @record: the event, without @seq and @pid
 *
 * Context: any but NMI.
 */
void weft_recorder_add(struct weft_recorder *rec,
		       const struct weft_record *record)
{
	struct weft_record *r;
	u32 seq;

	if (!weft_recorder_on(rec))
		return;
	r = weft_recorder_get(rec, &seq);
	memcpy(r, record, offsetof(struct weft_record, pid));
	r->pid = current->pid;
	r->kind = record->kind;
	r->op = record->op;
	r->worker = record->worker;
	r->detail = record->detail;
	weft_recorder_put(r, seq);
}
EXPORT_SYMBOL_IF_KUNIT(weft_recorder_add);

/**
 * weft_recorder_read() - copy the events of a CPU
 * @rec: a recorder that has rings; it may be on
 * @cpu: a possible CPU
 * @out: receives them, oldest first; has room for @rec->size of them
 * @written: receives how many there ever were
 *
 * The others were overwritten, or are being written.
 *
 * Return: how many were copied.
 */
unsigned int weft_recorder_read(struct weft_recorder *rec, unsigned int cpu,
				struct weft_record *out, u64 *written)
{
	struct weft_ring *ring = per_cpu_ptr(rec->rings, cpu);
	unsigned long head = READ_ONCE(ring->head), first, seq, safe;
	unsigned int count = 0, skip;

	*written = head;
	first = head > rec->size ? head - rec->size : 0;
	for (seq = first; seq != head; seq++) {
		const struct weft_record *r = &ring->records[seq & (rec->size - 1)];

		/* Pairs with the release in weft_recorder_put(). */
		if (smp_load_acquire(&r->seq) != (u32)seq)
			continue;
		/* A writer may be at it: judged below. */
		if (data_race(!r->kind))
			continue;
		/* Likewise. */
		data_race(memcpy(&out[count], r, sizeof(*r)));
		out[count++].seq = seq;
	}
	/* Pairs with the barrier in weft_recorder_get(). */
	smp_rmb();
	safe = READ_ONCE(ring->head);
	safe = safe > rec->size ? safe - rec->size : 0;
	for (skip = 0; skip < count; skip++)
		if ((s32)(out[skip].seq - (u32)safe) >= 0)
			break;
	memmove(out, &out[skip], (count - skip) * sizeof(*out));
	return count - skip;
}
EXPORT_SYMBOL_IF_KUNIT(weft_recorder_read);

/**
 * weft_recorder_bytes() - memory of the rings
 * @rec: the recorder
 *
 * Return: bytes.
 */
size_t weft_recorder_bytes(const struct weft_recorder *rec)
{
	return (size_t)num_possible_cpus() * rec->size *
	       sizeof(struct weft_record);
}
EXPORT_SYMBOL_IF_KUNIT(weft_recorder_bytes);

#ifdef CONFIG_PREEMPT_NOTIFIERS
static void weft_watch_record(struct preempt_notifier *notifier,
			      enum weft_record_kind kind, bool runnable)
{
	struct weft_watch *watch = container_of(notifier, struct weft_watch,
						notifier);
	struct weft_record record = {
		.kind = kind,
		.worker = watch->worker,
		.detail = runnable,
	};

	if (!weft_recorder_on(watch->recorder))
		return;
	record.ns = ktime_get_ns();
	weft_recorder_add(watch->recorder, &record);
}

/* Context: the scheduler; the thread is current in both. */
static void weft_watch_out(struct preempt_notifier *notifier,
			   struct task_struct *next)
{
	weft_watch_record(notifier, WEFT_RECORD_OUT, task_is_running(current));
}

static void weft_watch_in(struct preempt_notifier *notifier, int cpu)
{
	weft_watch_record(notifier, WEFT_RECORD_IN, false);
}

static struct preempt_ops weft_watch_ops = {
	.sched_in = weft_watch_in,
	.sched_out = weft_watch_out,
};
#endif

/**
 * weft_watch_start() - record the context switches of the calling thread
 * @watch: until weft_watch_stop(), which the same thread calls
 * @rec: where
 * @worker: which worker it is
 *
 * Does nothing on kernels that do not tell.
 */
void weft_watch_start(struct weft_watch *watch, struct weft_recorder *rec,
		      u8 worker)
{
	watch->recorder = rec;
	watch->worker = worker;
#ifdef CONFIG_PREEMPT_NOTIFIERS
	if (!rec->size)
		return;
	preempt_notifier_init(&watch->notifier, &weft_watch_ops);
	preempt_notifier_register(&watch->notifier);
#endif
}

/**
 * weft_watch_stop() - undo weft_watch_start()
 * @watch: of the calling thread
 */
void weft_watch_stop(struct weft_watch *watch)
{
#ifdef CONFIG_PREEMPT_NOTIFIERS
	if (watch->recorder->size)
		preempt_notifier_unregister(&watch->notifier);
#endif
}
