// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <kunit/visibility.h>

#include "executor.h"
#include "gfp.h"
#include "thread.h"

/* So many ended threads may be left before a new one reaps them. */
#define WEFT_ENDED_THREADS	32

/**
 * struct weft_thread - The thread of one task
 * @poller: polls it
 * @task: the task; gone once it has ended
 * @group: the task's group while the task is polled, or NULL; never followed
 * @threads: where it belongs
 * @kthread: the kernel thread, with a reference
 * @node: in weft_threads.live, then in weft_threads.ended
 * @rcu: to be freed
 * @watch: records its context switches
 * @queued: the task is queued and the turn is the thread's: its run queue
 *
 * A waker that found the task pending may use this, under rcu_read_lock(), even
 * if the task runs and ends meanwhile.
 */
struct weft_thread {
	struct weft_poller poller;
	struct weft_task *task;
	const struct weft_group *group;
	struct weft_threads *threads;
	struct task_struct *kthread;
	struct list_head node;
	struct rcu_head rcu;
	struct weft_watch watch;
	bool queued;
};

/**
 * weft_threads_init() - no threads yet
 * @threads: to be initialised
 * @max: most threads at once
 */
void weft_threads_init(struct weft_threads *threads, unsigned int max)
{
	threads->max = max;
	spin_lock_init(&threads->lock);
	INIT_LIST_HEAD(&threads->live);
	INIT_LIST_HEAD(&threads->ended);
	mutex_init(&threads->reaping);
	init_waitqueue_head(&threads->idle);
}

/* What a thread has done, added to @sum. */
static void weft_thread_sum(const struct weft_thread *thread,
			    struct weft_engine_stats *sum)
{
	/* Of a live thread each number is right by itself. */
	struct weft_counters counters = data_race(thread->poller.counters);

	weft_switches_add(thread->kthread, &sum->voluntary, &sum->involuntary);
	weft_counters_add(&sum->counters, &counters);
}

static struct weft_thread *weft_threads_first_ended(struct weft_threads *threads)
{
	struct weft_thread *thread;

	spin_lock(&threads->lock);
	thread = list_first_entry_or_null(&threads->ended, struct weft_thread,
					  node);
	spin_unlock(&threads->lock);
	return thread;
}

/*
 * Under @threads->lock. Pairs with the reads that take no lock: of
 * weft_threads_reserve(), weft_threads_fini() and weft_threads_bytes().
 */
static void weft_threads_add(unsigned int *nr_threads, int n)
{
	WRITE_ONCE(*nr_threads, *nr_threads + n);
}

/* Its counts stay with us. It is in no list after this. */
static void weft_thread_retire(struct weft_thread *thread,
			       unsigned int *nr_threads)
{
	struct weft_threads *threads = thread->threads;

	spin_lock(&threads->lock);
	list_del(&thread->node);
	weft_threads_add(nr_threads, -1);
	weft_thread_sum(thread, &threads->retired);
	spin_unlock(&threads->lock);

	put_task_struct(thread->kthread);
	/* A late weft_wake() may still look at it. */
	kfree_rcu(thread, rcu);
}

/**
 * weft_threads_reap() - free what is left of threads that have ended
 * @threads: the threads
 *
 * Waits for their last steps, which take no time to speak of: when it returns,
 * no thread that was in @threads->ended runs any more.
 *
 * Context: may sleep.
 */
void weft_threads_reap(struct weft_threads *threads)
{
	struct weft_thread *thread;

	mutex_lock(&threads->reaping);
	while ((thread = weft_threads_first_ended(threads))) {
		kthread_stop(thread->kthread);
		weft_thread_retire(thread, &threads->nr_ended);
	}
	mutex_unlock(&threads->reaping);
}

/**
 * weft_threads_fini() - wait until all threads are gone
 * @threads: all their tasks have ended
 *
 * Context: may sleep.
 */
void weft_threads_fini(struct weft_threads *threads)
{
	wait_event(threads->idle, !READ_ONCE(threads->nr_live));
	weft_threads_reap(threads);
}
EXPORT_SYMBOL_IF_KUNIT(weft_threads_fini);

/**
 * weft_threads_stats() - what all threads have done
 * @threads: the threads
 * @stats: receives it
 *
 * Context: may sleep.
 */
void weft_threads_stats(struct weft_threads *threads,
			struct weft_engine_stats *stats)
{
	const struct weft_thread *thread;

	spin_lock(&threads->lock);
	*stats = threads->retired;
	stats->threads = threads->nr_live;
	stats->threads_created = threads->created;
	stats->threads_peak = threads->peak;
	list_for_each_entry(thread, &threads->live, node)
		weft_thread_sum(thread, stats);
	list_for_each_entry(thread, &threads->ended, node)
		weft_thread_sum(thread, stats);
	spin_unlock(&threads->lock);
}
EXPORT_SYMBOL_IF_KUNIT(weft_threads_stats);

/**
 * weft_threads_histograms() - how long things took
 * @threads: the threads
 * @sum: grows by it
 */
void weft_threads_histograms(struct weft_threads *threads,
			     struct weft_histograms *sum)
{
	weft_histogram_sum(&sum->wake_to_poll, &threads->hists.wake_to_poll);
	weft_histogram_sum(&sum->poll_time, &threads->hists.poll_time);
}

/**
 * weft_thread_bytes() - memory of one thread
 *
 * Return: bytes: our own, the kernel's descriptor of the thread, and its stack.
 * What the kernel allocates beside these for any thread (credentials, pid, the
 * kthread's own data) is not in it.
 */
size_t weft_thread_bytes(void)
{
	return sizeof(struct weft_thread) + sizeof(struct task_struct) +
	       THREAD_SIZE;
}

/**
 * weft_thread_pid() - the number of a thread
 * @thread: a thread whose task has not ended
 *
 * Return: the pid of its kernel thread.
 */
pid_t weft_thread_pid(const struct weft_thread *thread)
{
	return thread->kthread->pid;
}

/**
 * weft_thread_poll_begin() - when the poll began that is under way
 * @thread: a thread whose task has not ended
 *
 * Return: the time, in ns; 0 if that is not known.
 */
u64 weft_thread_poll_begin(const struct weft_thread *thread)
{
	/* Written for each poll; any recent one will do. */
	return data_race(thread->poller.now);
}

/**
 * weft_threads_bytes() - memory of all threads
 * @threads: the threads
 *
 * Return: bytes.
 */
size_t weft_threads_bytes(struct weft_threads *threads)
{
	return READ_ONCE(threads->nr_live) * weft_thread_bytes();
}

/**
 * weft_threads_running() - how many tasks of a group are inside a poll
 * @threads: the threads
 * @group: the group
 *
 * Return: their number, as of a moment ago.
 */
unsigned int weft_threads_running(struct weft_threads *threads,
				  const struct weft_group *group)
{
	const struct weft_thread *thread;
	unsigned int running = 0;

	spin_lock(&threads->lock);
	list_for_each_entry(thread, &threads->live, node)
		running += READ_ONCE(thread->group) == group;
	spin_unlock(&threads->lock);
	return running;
}

static void weft_thread_time(struct weft_thread *thread)
{
	struct weft_threads *threads = thread->threads;
	struct weft_poller *p = &thread->poller;

	spin_lock(&threads->lock);
	if (p->was_woken)
		weft_histogram_add(&threads->hists.wake_to_poll, p->wake_ns);
	p->was_woken = false;
	weft_histogram_add(&threads->hists.poll_time, p->poll_ns);
	spin_unlock(&threads->lock);
	/* The next poll does not follow at once. */
	p->now = 0;
}

/* Sleeps until a wake, or for a timer. */
static void weft_thread_park(struct weft_thread *thread)
{
	struct weft_poller *p = &thread->poller;
	struct weft_sleep *first = weft_timers_first(&p->timers);
	bool expired = false;
	ktime_t until;

	raw_write_seqcount_begin(&p->seq);
	p->counters.parks++;
	raw_write_seqcount_end(&p->seq);
	weft_poller_record_park(p, thread->task);
	trace_weft_park(-1, thread->task);

	if (first) {
		until = ns_to_ktime(first->deadline);
		expired = !schedule_hrtimeout_range(&until, first->slack,
						    HRTIMER_MODE_ABS);
	} else {
		schedule();
	}

	if (expired) {
		raw_write_seqcount_begin(&p->seq);
		p->counters.timer_interrupts++;
		raw_write_seqcount_end(&p->seq);
	}
}

/* Waits for the turn. */
static void weft_thread_wait(struct weft_thread *thread)
{
	for (;;) {
		/* Full barrier; pairs with the wake-up in weft_thread_queue(). */
		set_current_state(TASK_IDLE | TASK_FREEZABLE);
		/* Pairs with smp_store_release() in weft_thread_queue(). */
		if (smp_load_acquire(&thread->queued))
			break;
		weft_thread_park(thread);
		__set_current_state(TASK_RUNNING);
		try_to_freeze();
		weft_timers_run(&thread->poller.timers);
	}
	__set_current_state(TASK_RUNNING);
	thread->queued = false;
}

static enum weft_outcome weft_thread_poll(struct weft_thread *thread)
{
	bool timed = weft_poller_timed(&thread->poller);
	enum weft_outcome outcome;

	WRITE_ONCE(thread->group, thread->task->group);
	outcome = weft_poller_poll(&thread->poller, thread->task, timed);
	WRITE_ONCE(thread->group, NULL);
	if (timed)
		weft_thread_time(thread);
	return outcome;
}

/* The task has ended; from the unlock on a reaper may wait for us. */
static void weft_thread_end(struct weft_thread *thread)
{
	struct weft_threads *threads = thread->threads;

	spin_lock(&threads->lock);
	list_move_tail(&thread->node, &threads->ended);
	weft_threads_add(&threads->nr_ended, 1);
	weft_threads_add(&threads->nr_live, -1);
	if (!threads->nr_live)
		wake_up(&threads->idle);
	spin_unlock(&threads->lock);
}

/* Its last switch comes when nobody watches any more. */
static void weft_thread_exit(struct weft_poller *p)
{
	const struct weft_record record = {
		.ns = weft_timers_now(&p->timers),
		.kind = WEFT_RECORD_EXIT,
		.worker = WEFT_RECORD_NO_WORKER,
	};

	if (p->timing)
		weft_recorder_add(p->recorder, &record);
}

static int weft_thread_run(void *data)
{
	struct weft_thread *thread = data;
	enum weft_outcome outcome;
	unsigned int yields = 0;

	set_freezable();
	weft_watch_start(&thread->watch, thread->poller.recorder,
			 WEFT_RECORD_NO_WORKER);
	thread->poller.pid = current->pid;
	weft_thread_wait(thread);
	while ((outcome = weft_thread_poll(thread)) != WEFT_OUTCOME_DONE) {
		if (outcome == WEFT_OUTCOME_GONE) {
			weft_thread_wait(thread);
			continue;
		}
		schedule();
		/* A task that only ever yields must not hold up a suspend. */
		if (++yields % WEFT_BURST == 0)
			try_to_freeze();
	}
	weft_watch_stop(&thread->watch);
	weft_thread_exit(&thread->poller);
	weft_thread_end(thread);
	return 0;
}

/* Makes room for one more thread, or says that there is none. */
static int weft_threads_reserve(struct weft_threads *threads)
{
	int ret = 0;

	if (READ_ONCE(threads->nr_ended) >= WEFT_ENDED_THREADS ||
	    READ_ONCE(threads->nr_live) + READ_ONCE(threads->nr_ended) >=
	    threads->max)
		weft_threads_reap(threads);

	spin_lock(&threads->lock);
	if (threads->nr_live + threads->nr_ended >= threads->max) {
		ret = -EAGAIN;
	} else {
		weft_threads_add(&threads->nr_live, 1);
		threads->peak = max(threads->peak, threads->nr_live);
	}
	spin_unlock(&threads->lock);
	return ret;
}

static void weft_threads_unreserve(struct weft_threads *threads)
{
	spin_lock(&threads->lock);
	weft_threads_add(&threads->nr_live, -1);
	if (!threads->nr_live)
		wake_up(&threads->idle);
	spin_unlock(&threads->lock);
}

/**
 * weft_thread_create() - make the thread of a task
 * @task: the task, in a group on WEFT_THREADS; its @thread is set
 *
 * The thread does not run until weft_thread_queue().
 *
 * Context: may sleep.
 * Return: 0, -EAGAIN (no thread is to be had), -ENOMEM, -EINTR.
 */
int weft_thread_create(struct weft_task *task)
{
	struct weft_executor *ex = task->group->executor;
	struct weft_threads *threads = &ex->threads;
	struct weft_thread *thread;
	struct task_struct *kthread;
	int ret;

	ret = weft_threads_reserve(threads);
	if (ret)
		return ret;

	ret = -ENOMEM;
	thread = kzalloc(sizeof(*thread), WEFT_GFP_USER);
	if (!thread)
		goto err_unreserve;
	weft_poller_init(&thread->poller, ex, NULL, NULL,
			 WEFT_RECORD_NO_WORKER);
	thread->task = task;
	thread->threads = threads;

	kthread = kthread_create(weft_thread_run, thread, "%s/job", ex->name);
	if (IS_ERR(kthread)) {
		ret = PTR_ERR(kthread);
		goto err_free;
	}
	thread->kthread = get_task_struct(kthread);
	task->thread = thread;

	spin_lock(&threads->lock);
	list_add_tail(&thread->node, &threads->live);
	threads->created++;
	spin_unlock(&threads->lock);
	return 0;

err_free:
	kfree(thread);
err_unreserve:
	weft_threads_unreserve(threads);
	return ret;
}

/**
 * weft_thread_abort() - end a thread that never ran
 * @thread: made by weft_thread_create()
 *
 * Context: may sleep.
 */
void weft_thread_abort(struct weft_thread *thread)
{
	kthread_stop(thread->kthread);
	weft_thread_retire(thread, &thread->threads->nr_live);
}

/**
 * weft_thread_queue() - let the thread poll its task
 * @thread: the thread; the caller has its task's turn
 *
 * Context: any but NMI; in the RCU read-side critical section in which the
 * caller got the turn, for once the thread has it, it may end.
 */
void weft_thread_queue(struct weft_thread *thread)
{
	/* Pairs with smp_load_acquire() in weft_thread_wait(). */
	smp_store_release(&thread->queued, true);
	wake_up_process(thread->kthread);
}
