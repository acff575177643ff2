// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "../compat.h"
#include "executor.h"
#include "gfp.h"

static void weft_executor_free(struct weft_executor *ex)
{
	if (ex->timing)
		static_branch_dec(&weft_timing_key);
	weft_punts_fini(&ex->punts);
	weft_recorder_fini(&ex->recorder);
	kvfree(ex);
}

/**
 * weft_executor_create() - make an executor
 * @config: of what kind
 *
 * Context: may sleep.
 * Return: the executor, the caller's until weft_executor_destroy(); or ERR_PTR:
 * -EINVAL, -ENOMEM, -EAGAIN (no thread is to be had), -EINTR.
 */
struct weft_executor *
weft_executor_create(const struct weft_executor_config *config)
{
	struct weft_executor *ex;
	unsigned int i;
	int ret;

	if (!config->workers || config->workers > WEFT_MAX_WORKERS)
		return ERR_PTR(-EINVAL);
	if (config->clock && !config->manual)
		return ERR_PTR(-EINVAL);
	if (config->recorder > WEFT_RECORDER_MAX)
		return ERR_PTR(-EINVAL);

	/* One that is driven by hand belongs to who drives it. */
	ex = kvzalloc(struct_size(ex, workers, config->workers),
		      config->manual ? WEFT_GFP_USER : GFP_KERNEL);
	if (!ex)
		return ERR_PTR(-ENOMEM);
	strscpy(ex->name, config->name, sizeof(ex->name));
	ex->nr_workers = config->workers;
	ex->timing = config->timing;
	ex->manual = config->manual;
	ex->clock = config->clock;
	ex->clock_arg = config->clock_arg;
	ex->budget_ns = config->budget_ns;
	ex->brief_ns = config->brief_ns;
	ret = weft_recorder_init(&ex->recorder,
				 ex->timing ? config->recorder : 0);
	if (ret)
		goto err_free;
	weft_offences_init(&ex->offences);
	weft_threads_init(&ex->threads, config->max_threads);
	ret = weft_punts_init(&ex->punts, ex->name, config->max_punts);
	if (ret)
		goto err_recorder;
	if (ex->timing)
		static_branch_inc(&weft_timing_key);

	for (i = 0; i < ex->nr_workers; i++) {
		ret = weft_worker_start(&ex->workers[i], ex, i);
		if (ret)
			goto err_stop;
	}
	return ex;

err_stop:
	while (i--)
		weft_worker_stop(&ex->workers[i]);
	weft_executor_free(ex);
	return ERR_PTR(ret);

err_recorder:
	weft_recorder_fini(&ex->recorder);
err_free:
	kvfree(ex);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(weft_executor_create);

/**
 * weft_executor_destroy() - end an executor
 * @ex: all its tasks have ended, all its groups are gone
 *
 * When it returns, none of its threads runs any more.
 *
 * Context: may sleep.
 */
void weft_executor_destroy(struct weft_executor *ex)
{
	unsigned int i;

	weft_threads_fini(&ex->threads);
	for (i = 0; i < ex->nr_workers; i++)
		weft_worker_stop(&ex->workers[i]);
	weft_executor_free(ex);
}
EXPORT_SYMBOL_GPL(weft_executor_destroy);

/**
 * weft_executor_worker() - find a worker
 * @ex: the executor
 * @index: its number, less than the number of workers
 *
 * Return: the worker.
 */
struct weft_worker *weft_executor_worker(struct weft_executor *ex,
					 unsigned int index)
{
	return &ex->workers[index];
}
EXPORT_SYMBOL_IF_KUNIT(weft_executor_worker);

/**
 * weft_executor_claim_parked() - find a worker that has nothing to do
 * @ex: the executor
 *
 * Return: a parked worker that no other caller gets until it has parked again,
 * or NULL.
 */
struct weft_worker *weft_executor_claim_parked(struct weft_executor *ex)
{
	unsigned long parked = READ_ONCE(ex->parked);

	while (parked) {
		unsigned int index = __ffs(parked);

		if (test_and_clear_bit(index, &ex->parked))
			return &ex->workers[index];
		parked &= ~BIT(index);
	}
	return NULL;
}

/**
 * weft_executor_bytes() - memory of an executor
 * @ex: the executor
 *
 * Return: bytes, without the stacks of its threads.
 */
size_t weft_executor_bytes(const struct weft_executor *ex)
{
	return struct_size(ex, workers, ex->nr_workers);
}

/**
 * weft_group_init() - make a group
 * @group: to be initialised, in the caller's memory
 * @ex: where its tasks run; must outlive the group
 * @engine: how its tasks run
 *
 * Context: may sleep. The memory is charged to the caller's cgroup.
 * Return: 0 or -ENOMEM.
 */
int weft_group_init(struct weft_group *group, struct weft_executor *ex,
		    enum weft_engine engine)
{
	group->executor = ex;
	group->engine = engine;
	group->number = 0;
	atomic_set(&group->waiting, 0);
	group->queues = NULL;
	if (engine == WEFT_THREADS)
		return 0;

	group->queues = kcalloc(ex->nr_workers, sizeof(*group->queues),
				WEFT_GFP_USER);
	return group->queues ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(weft_group_init);

/**
 * weft_group_fini() - undo weft_group_init()
 * @group: all its tasks have ended
 */
void weft_group_fini(struct weft_group *group)
{
	kfree(group->queues);
}
EXPORT_SYMBOL_GPL(weft_group_fini);

/**
 * weft_group_reap() - free what the tasks of a group left behind
 * @group: the group
 *
 * The kernel threads of ended tasks on WEFT_THREADS, that is, of all groups. It
 * also happens when new threads are made, so that not many are ever left.
 *
 * Context: may sleep.
 */
void weft_group_reap(struct weft_group *group)
{
	if (group->engine == WEFT_THREADS)
		weft_threads_reap(&group->executor->threads);
}
EXPORT_SYMBOL_GPL(weft_group_reap);

/**
 * weft_group_bytes() - memory of a group, beyond its structure
 * @group: the group
 *
 * Return: bytes.
 */
size_t weft_group_bytes(const struct weft_group *group)
{
	return group->queues ?
	       group->executor->nr_workers * sizeof(*group->queues) : 0;
}

/* One event for all of them: the first poll of each says how long it waited. */
static noinline void weft_spawn_record(const struct weft_task *first,
				       unsigned int count)
{
	const struct weft_group *group = first->group;
	const struct weft_record record = {
		.ns = first->stamp,
		.id = first->id,
		.value = count,
		.client = group->number,
		.kind = WEFT_RECORD_SUBMIT,
		.op = first->ops->number,
		.worker = WEFT_RECORD_NO_WORKER,
		.detail = group->engine,
	};

	weft_recorder_add(&group->executor->recorder, &record);
}

static void weft_spawn_stamp(struct weft_executor *ex, struct llist_node *first,
			     unsigned int count)
{
	struct weft_task *task;
	u64 now = weft_executor_now(ex);

	llist_for_each_entry(task, first, node)
		task->stamp = now;
	if (first && weft_recorder_on(&ex->recorder))
		weft_spawn_record(llist_entry(first, struct weft_task, node),
				  count);
}

static void weft_spawn_threads(struct llist_node *node)
{
	struct llist_node *next;

	for (; node; node = next) {
		struct weft_task *task = llist_entry(node, struct weft_task,
						     node);

		next = node->next;
		rcu_read_lock();
		trace_weft_submit(task);
		weft_state_spawn(task);
		weft_thread_queue(task->thread);
		rcu_read_unlock();
	}
}

/**
 * weft_spawn_list() - let tasks run
 * @group: the group of all of them
 * @first: the first task's node; they are linked to the last one
 * @count: how many
 *
 * Spreads them over the workers in runs of neighbours, so that each worker is
 * woken at most once.
 *
 * Context: any but NMI. The executor owns the tasks from now on.
 */
void weft_spawn_list(struct weft_group *group, struct llist_node *first,
		     unsigned int count)
{
	struct weft_executor *ex = group->executor;
	unsigned int run = DIV_ROUND_UP(count, ex->nr_workers);

	if (static_branch_unlikely(&weft_timing_key) && ex->timing)
		weft_spawn_stamp(ex, first, count);
	if (group->engine == WEFT_THREADS) {
		weft_spawn_threads(first);
		return;
	}

	while (first) {
		unsigned int index = (unsigned int)atomic_inc_return(&ex->next) %
				     ex->nr_workers;
		struct weft_worker *worker = &ex->workers[index];
		struct llist_node *oldest = first, *newest = NULL, *node;
		unsigned int i;

		/* An inbox is newest first. */
		for (i = 0; i < run && first; i++) {
			struct weft_task *task = llist_entry(first,
							     struct weft_task,
							     node);

			node = first;
			first = first->next;
			task->worker = worker;
			trace_weft_submit(task);
			weft_state_spawn(task);
			node->next = newest;
			newest = node;
		}
		weft_worker_queue_list(worker, newest, oldest);
	}
}
EXPORT_SYMBOL_GPL(weft_spawn_list);

/**
 * weft_spawn() - let a task run
 * @task: made by weft_task_init()
 *
 * Context: any but NMI. The executor owns the task from now on.
 */
void weft_spawn(struct weft_task *task)
{
	task->node.next = NULL;
	weft_spawn_list(task->group, &task->node, 1);
}
EXPORT_SYMBOL_GPL(weft_spawn);

/**
 * weft_spawn_at() - let a task run on a worker
 * @task: made by weft_task_init(), in a group on WEFT_ASYNC
 * @worker: of the group's executor
 *
 * For a task that goes on where another has just ended: there it costs no wake.
 *
 * Context: any but NMI. The executor owns the task from now on.
 */
void weft_spawn_at(struct weft_task *task, struct weft_worker *worker)
{
	struct weft_executor *ex = task->group->executor;

	task->node.next = NULL;
	if (static_branch_unlikely(&weft_timing_key) && ex->timing)
		weft_spawn_stamp(ex, &task->node, 1);
	task->worker = worker;
	trace_weft_submit(task);
	weft_state_spawn(task);
	weft_worker_queue(worker, task);
}

/**
 * weft_group_running() - how many tasks of a group are inside a poll
 * @group: the group
 *
 * Return: their number, as of a moment ago.
 */
unsigned int weft_group_running(const struct weft_group *group)
{
	struct weft_executor *ex = group->executor;
	unsigned int i, running = 0;

	if (group->engine == WEFT_THREADS)
		return weft_threads_running(&ex->threads, group);
	for (i = 0; i < ex->nr_workers; i++)
		running += READ_ONCE(ex->workers[i].queue) == &group->queues[i];
	return running;
}
EXPORT_SYMBOL_IF_KUNIT(weft_group_running);

/* Who polls a task writes these in plain, for each poll: any recent value will do. */
#define RECENT(field)	data_race(READ_ONCE(field))

/* Since when it is in its state: inside a poll, who polls it knows. */
static u64 weft_task_since(const struct weft_task *task, enum weft_state state)
{
	u64 begin = 0;

	if (state == WEFT_STATE_RUNNING &&
	    task->group->engine == WEFT_THREADS)
		begin = weft_thread_poll_begin(task->thread);
	else if (state == WEFT_STATE_RUNNING)
		/* Written for each poll; any recent one will do. */
		begin = data_race(READ_ONCE(task->worker)->poller.now);
	return begin ?: RECENT(task->stamp);
}

/**
 * weft_task_look() - look at a task that others run
 * @task: a task that the caller keeps from being released
 * @look: receives what is seen: each part right by itself, as of a moment ago
 */
void weft_task_look(const struct weft_task *task, struct weft_task_look *look)
{
	const struct weft_executor *ex = task->group->executor;
	/* Pairs with weft_state_spawn(): from then on it has a stamp and a worker. */
	int state = atomic_read_acquire(&task->state);
	u64 now = weft_executor_now(ex), since;

	*look = (struct weft_task_look){
		.state = state & WEFT_STATE_MASK,
		.cancelled = state & WEFT_STATE_CANCEL,
		.wait = RECENT(task->wait),
		.polls = RECENT(task->polls),
		.wakes = RECENT(task->wakes),
		.moves = RECENT(task->moves),
		.queued_ns = RECENT(task->queued_ns),
		.run_ns = RECENT(task->run_ns),
		.blocked_ns = RECENT(task->blocked_ns),
		.worker = -1,
	};
	if (look->state == WEFT_STATE_NEW)
		return;
	since = weft_task_since(task, look->state);
	look->since_ns = ex->timing && now > since ? now - since : 0;
	if (task->group->engine == WEFT_THREADS) {
		look->pid = weft_thread_pid(task->thread);
	} else {
		const struct weft_worker *worker = RECENT(task->worker);

		look->worker = worker->index;
		look->pid = worker->thread ? worker->thread->pid : 0;
	}
}
EXPORT_SYMBOL_IF_KUNIT(weft_task_look);

static enum weft_worker_state weft_worker_state(const struct weft_worker *worker)
{
	struct task_struct *thread = worker->thread;
	bool parked = READ_ONCE(worker->parked);

	if (weft_on_cpu(thread))
		return parked ? WEFT_WORKER_PARKED : WEFT_WORKER_POLLING;
	if (task_is_running(thread))
		return WEFT_WORKER_READY;
	return parked ? WEFT_WORKER_PARKED : WEFT_WORKER_BLOCKED;
}

/**
 * weft_task_worker() - where a task runs, for a trace
 * @task: a task that the caller keeps from being released
 *
 * Return: number of its worker, right if the caller has its turn or its poll; -1 if
 * it has a thread of its own, or was not spawned yet.
 */
int weft_task_worker(const struct weft_task *task)
{
	const struct weft_worker *worker;

	if (task->group->engine == WEFT_THREADS)
		return -1;
	/* Another one may take it over from a worker meanwhile. */
	worker = data_race(READ_ONCE(task->worker));
	return worker ? (int)worker->index : -1;
}

/**
 * weft_executor_worker_stats() - what a worker has done
 * @ex: the executor
 * @index: the worker's number
 * @stats: receives it
 *
 * Context: may sleep.
 */
void weft_executor_worker_stats(struct weft_executor *ex, unsigned int index,
				struct weft_worker_stats *stats)
{
	const struct weft_worker *worker = &ex->workers[index];
	const struct task_struct *thread = worker->thread;

	memset(stats, 0, sizeof(*stats));
	weft_counters_read(&stats->counters, &worker->poller.counters,
			   &worker->poller.seq);
	if (thread) {
		stats->pid = thread->pid;
		stats->state = weft_worker_state(worker);
		weft_switches_add(thread, &stats->voluntary,
				  &stats->involuntary);
	}
}

/**
 * weft_executor_engine_stats() - what all of an engine have done
 * @ex: the executor
 * @engine: which engine
 * @stats: receives it
 *
 * Context: may sleep.
 */
void weft_executor_engine_stats(struct weft_executor *ex,
				enum weft_engine engine,
				struct weft_engine_stats *stats)
{
	unsigned int i;

	memset(stats, 0, sizeof(*stats));
	if (engine == WEFT_THREADS) {
		weft_threads_stats(&ex->threads, stats);
		return;
	}
	for (i = 0; i < ex->nr_workers; i++) {
		struct weft_worker_stats w;

		weft_executor_worker_stats(ex, i, &w);
		stats->threads += !!w.pid;
		stats->voluntary += w.voluntary;
		stats->involuntary += w.involuntary;
		weft_counters_add(&stats->counters, &w.counters);
	}
	stats->threads_created = stats->threads;
	stats->threads_peak = stats->threads;
}
EXPORT_SYMBOL_IF_KUNIT(weft_executor_engine_stats);

/**
 * weft_executor_histograms() - how long things took on an engine
 * @ex: the executor
 * @engine: which engine
 * @sum: grows by it
 */
void weft_executor_histograms(struct weft_executor *ex, enum weft_engine engine,
			      struct weft_histograms *sum)
{
	unsigned int i;

	if (engine == WEFT_THREADS) {
		weft_threads_histograms(&ex->threads, sum);
		return;
	}
	for (i = 0; i < ex->nr_workers; i++) {
		struct weft_histograms *h = &ex->workers[i].hists;

		weft_histogram_sum(&sum->wake_to_poll, &h->wake_to_poll);
		weft_histogram_sum(&sum->poll_time, &h->poll_time);
	}
}
