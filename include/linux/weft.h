/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weft: stackless cooperative tasks in the kernel. The API for other modules.
 */
#ifndef _LINUX_WEFT_H
#define _LINUX_WEFT_H

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/timerqueue.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/**
 * DOC: tasks, polls and wakers
 *
 * A task is a future: an object with a poll function. Each call of it, a poll,
 * goes on as far as it can without waiting. It returns WEFT_READY when the task
 * has ended, or WEFT_PENDING after it has registered what it waits for: a wait
 * source. When that happens, the wait source wakes the task, and it is polled
 * again. What the task must remember from one poll to the next it keeps in the
 * structure around its &struct weft_task; there is no stack.
 *
 * A poll is never run twice at once for the same task, and never in the context
 * of the waker. It runs in a kernel thread and must not block: whoever sleeps in
 * a poll holds up every other task of that worker.
 *
 * The life of a task, and who may touch it::
 *
 *   weft_task_init()   the caller owns it
 *   weft_spawn()       the executor owns it, and holds the first reference
 *   poll() ...         weft_wake() may be called from any context
 *   WEFT_READY         the executor drops its reference
 *   release()          last reference gone: the owner has it back
 */

struct weft_cx;
struct weft_executor;
struct weft_group_queue;
struct weft_task;
struct weft_thread;
struct weft_timers;
struct weft_worker;

/**
 * enum weft_poll - What a poll returns
 * @WEFT_PENDING: the task waits, and a wait source is registered
 * @WEFT_READY: the task has ended; its result is set
 */
enum weft_poll {
	WEFT_PENDING,
	WEFT_READY,
};

/**
 * enum weft_wait_source - What a pending task waits for
 * @WEFT_WAIT_NONE: what it waited for after the poll before, if that is still to
 *	come; if nothing is, that is a bug in the poll function and ends the task
 *	with -EDEADLK
 * @WEFT_WAIT_YIELD: its next turn in the run queue
 * @WEFT_WAIT_TIMER: a &struct weft_sleep
 * @WEFT_WAIT_WAKER: whoever holds a &struct weft_waker
 * @WEFT_WAIT_FD: a file, to become ready
 * @WEFT_WAIT_IO: a file system or device, which is at it
 * @WEFT_WAIT_PUNT: a &struct weft_punt
 * @WEFT_WAIT_JOB: another task
 */
enum weft_wait_source {
	WEFT_WAIT_NONE,
	WEFT_WAIT_YIELD,
	WEFT_WAIT_TIMER,
	WEFT_WAIT_WAKER,
	WEFT_WAIT_FD,
	WEFT_WAIT_IO,
	WEFT_WAIT_PUNT,
	WEFT_WAIT_JOB,
};

/* On top of an enum weft_wait_source: it cannot be given up. */
#define WEFT_WAIT_HELD	256

/**
 * enum weft_engine - How the tasks of a group run
 * @WEFT_ASYNC: multiplexed onto the workers of the executor
 * @WEFT_THREADS: each in a kernel thread of its own, which sleeps in schedule()
 *	where the task is pending
 */
enum weft_engine {
	WEFT_ASYNC,
	WEFT_THREADS,
};

#define WEFT_NR_ENGINES	(WEFT_THREADS + 1)

/**
 * struct weft_task_ops - The functions of a kind of task
 * @name: what it is called in traces and statistics
 * @poll: goes on with the task. Context: a kernel thread that may sleep but
 *	should not; never runs twice at once for one task. Return: see
 *	&enum weft_poll; before WEFT_READY it sets &weft_task.result.
 * @cancel: called in place of @poll once the task was cancelled, until it
 *	returns WEFT_READY; also if nothing can wake the task any more, and then
 *	the result is -EDEADLK. It gives up what the task waits for, and must not
 *	wait for long itself. If it is NULL the task ends, with -ECANCELED or
 *	-EDEADLK. Context and return as for @poll.
 * @release: the task has ended and its last reference is gone: called exactly
 *	once, the last time that weft touches the task, which it may free.
 *	Context: that of the last weft_task_put(), a worker if there was none.
 */
struct weft_task_ops {
	const char *name;
	enum weft_poll (*poll)(struct weft_task *task, struct weft_cx *cx);
	enum weft_poll (*cancel)(struct weft_task *task, struct weft_cx *cx);
	void (*release)(struct weft_task *task);
};

/**
 * struct weft_task - A stackless task
 *
 * Lives in a structure of its owner. Legend of the locks:
 *
 * * I: set before the task is spawned, then constant
 * * T: turn; written by whoever has made the task runnable or runs it. The
 *   state word hands the turn on, see core/task.h
 */
struct weft_task {
	/** @node: T: link in an inbox or a run queue; first, so it costs no sum */
	struct llist_node node;
	/** @state: who has the turn, see core/task.h */
	atomic_t state;
	/** @refs: references; the executor holds one until the task has ended */
	refcount_t refs;
	/** @ops: I: the task's functions */
	const struct weft_task_ops *ops;
	/** @group: I: the tasks with which it shares a turn */
	struct weft_group *group;
	union {
		/** @worker: T: its worker (WEFT_ASYNC) */
		struct weft_worker *worker;
		/** @thread: I: its thread (WEFT_THREADS) */
		struct weft_thread *thread;
	};
	/** @result: T: how it ended; the owner may read it in release() */
	s64 result;
	/** @id: I: a number for traces, the owner's choice */
	u64 id;
	/** @polls: T: how often it was polled */
	u32 polls;
	/** @wakes: T: how often a wait source made it runnable */
	u32 wakes;
	/** @moves: T: how often it went from one worker to another */
	u32 moves;
	/** @punts: T: how often a step of it went to the blocking pool */
	u32 punts;
	/** @wait: T: enum weft_wait_source, of the last poll that was pending */
	u8 wait;
	/** @woken: T: it was spawned or woken since its last poll */
	u8 woken;
	/** @pins: T: wait sources that live on its worker: it may not move */
	u16 pins;
	/** @stamp: T: when it last became runnable or pending, in ns */
	u64 stamp;
	/** @queued_ns: T: time it was runnable and waited for its turn */
	u64 queued_ns;
	/** @run_ns: T: time inside its polls */
	u64 run_ns;
	/** @blocked_ns: T: time it was pending */
	u64 blocked_ns;
};

/**
 * struct weft_group - Tasks that share a turn in the run queue
 *
 * A worker polls one task of each group that has runnable tasks, then the next
 * group: however many tasks a group has, it cannot take the turn of another.
 * Legend: I: set by weft_group_init(), then constant.
 */
struct weft_group {
	/** @executor: I: where its tasks run */
	struct weft_executor *executor;
	/** @engine: I: how its tasks run */
	enum weft_engine engine;
	/** @waiting: how many of its tasks are pending */
	atomic_t waiting;
	/** @queues: I: its run queues, one a worker (WEFT_ASYNC) */
	struct weft_group_queue *queues;
};

/**
 * struct weft_cx - The context of a poll
 * @task: the task that is polled
 * @timers: private: the timers of this worker or thread
 * @budget: private: what is left of the cooperative budget of this poll
 * @wait: private: enum weft_wait_source, registered by this poll, and flags
 * @may_block: private: what weft_may_block() says
 * @slice_end: private: when weft_slice_spent() says so; 0 if not asked yet
 *
 * Valid during the poll only.
 */
struct weft_cx {
	struct weft_task *task;
	struct weft_timers *timers;
	u32 budget;
	u32 wait;
	bool may_block;
	u64 slice_end;
};

/**
 * struct weft_executor_config - What an executor is made of
 * @name: its kernel threads are called name/0, name/1 ...; at most 8 characters
 * @workers: how many workers, 1 to 64
 * @max_threads: most kernel threads at once of groups on WEFT_THREADS
 * @timing: take the time of each poll (about 80 instructions a poll)
 * @budget_ns: how long a poll on a worker may take before it counts as an offence;
 *	0 for any time. Needs @timing.
 * @max_punts: most steps at once on the blocking pool; 0 for the default
 * @manual: make no kernel threads for the workers: a test drives them
 * @clock: what is the time, in ns; NULL for CLOCK_MONOTONIC. Only with @manual.
 */
struct weft_executor_config {
	const char *name;
	unsigned int workers;
	unsigned int max_threads;
	bool timing;
	u64 budget_ns;
	unsigned int max_punts;
	bool manual;
	u64 (*clock)(void);
};

struct weft_executor * __must_check
weft_executor_create(const struct weft_executor_config *config);
void weft_executor_destroy(struct weft_executor *ex);

int __must_check weft_group_init(struct weft_group *group,
				 struct weft_executor *ex,
				 enum weft_engine engine);
void weft_group_fini(struct weft_group *group);

void weft_group_reap(struct weft_group *group);

int __must_check weft_task_init(struct weft_task *task,
				const struct weft_task_ops *ops,
				struct weft_group *group);
void weft_task_fini(struct weft_task *task);
void weft_spawn(struct weft_task *task);
void weft_spawn_list(struct weft_group *group, struct llist_node *first,
		     unsigned int count);

/**
 * enum weft_verdict - What weft_cancel() could do
 * @WEFT_WILL_CANCEL: the task's next step is its cancel()
 * @WEFT_WAS_DONE: the task had ended
 * @WEFT_IS_RUNNING: a poll is under way, or what the task waits for cannot be
 *	given up; it ends by itself, or by cancel() right after
 */
enum weft_verdict {
	WEFT_WILL_CANCEL = 1,
	WEFT_WAS_DONE,
	WEFT_IS_RUNNING,
};

bool weft_wake(struct weft_task *task);
enum weft_verdict weft_cancel(struct weft_task *task);
void weft_task_put(struct weft_task *task);

/**
 * weft_task_get() - take a reference to a task
 * @task: a task that the caller knows to have one
 *
 * Context: any.
 */
static inline void weft_task_get(struct weft_task *task)
{
	refcount_inc(&task->refs);
}

/**
 * struct weft_waker - The right, and the duty, to wake a task once
 * @task: the task, with a reference; or NULL if the waker was used or dropped
 */
struct weft_waker {
	struct weft_task *task;
};

void weft_waker_set(struct weft_waker *waker, struct weft_cx *cx);
bool weft_waker_wake(struct weft_waker *waker);
void weft_waker_drop(struct weft_waker *waker);

/**
 * weft_yield() - give way to the other tasks
 * @cx: the context of the poll
 *
 * Return: WEFT_PENDING, for the poll to return. It is called again after the
 * tasks that were runnable before it.
 */
static inline enum weft_poll weft_yield(struct weft_cx *cx)
{
	cx->wait = WEFT_WAIT_YIELD;
	return WEFT_PENDING;
}

/**
 * weft_budget() - take one unit of the cooperative budget
 * @cx: the context of the poll
 *
 * A poll that can go on for long without waiting asks before each step and
 * returns weft_yield() when the budget is spent.
 *
 * Return: true if there was one.
 */
static inline bool weft_budget(struct weft_cx *cx)
{
	if (!cx->budget)
		return false;
	cx->budget--;
	return true;
}

/**
 * weft_wait_on() - say what the task waits for
 * @cx: the context of the poll
 * @source: what it is; a waker for it is out
 * @held: it cannot be given up: a weft_cancel() of the waiting task is told that
 *	the task is at work, and cancel() may have to wait for the end, too
 *
 * To be called in each poll, or cancel(), that returns WEFT_PENDING for it.
 *
 * Return: WEFT_PENDING, for the poll to return.
 */
static inline enum weft_poll weft_wait_on(struct weft_cx *cx,
					  enum weft_wait_source source,
					  bool held)
{
	cx->wait = held ? source | WEFT_WAIT_HELD : source;
	return WEFT_PENDING;
}

/**
 * weft_may_block() - may the poll sleep for a short time
 * @cx: the context of the poll
 *
 * It may where no other task is held up by it: in a thread of its own. What has no
 * bound in time it must wait for in the way that every poll does.
 *
 * Return: true if it may.
 */
static inline bool weft_may_block(const struct weft_cx *cx)
{
	return cx->may_block;
}

/**
 * struct weft_punt - A wait source: a step that blocks, on the blocking pool
 * @work: private: in the pool's workqueue
 * @fn: private: the step
 * @waker: private: whom to wake after it
 * @done: private: it is over, or has not been started
 *
 * Lives in memory of the task's, and belongs to the poll while it is not out.
 */
struct weft_punt {
	struct work_struct work;
	void (*fn)(struct weft_punt *punt);
	struct weft_waker waker;
	bool done;
};

void weft_punt_init(struct weft_punt *punt);
enum weft_poll weft_punt_start(struct weft_punt *punt, struct weft_cx *cx,
			       void (*fn)(struct weft_punt *punt));
enum weft_poll weft_punt_poll(struct weft_punt *punt, struct weft_cx *cx);
enum weft_poll weft_punt_stop(struct weft_punt *punt, struct weft_cx *cx);

bool weft_slice_spent(struct weft_cx *cx);
u64 weft_now(struct weft_cx *cx);

/**
 * struct weft_sleep - A wait source: a point in time
 *
 * Lives in the task's structure and belongs to the poll. Zeroed, then set by
 * weft_sleep_until() or weft_sleep_for().
 */
struct weft_sleep {
	/** @node: in the timers of a worker, by latest time of expiry */
	struct timerqueue_node node;
	/** @deadline: earliest time of expiry, in ns of the executor's clock */
	u64 deadline;
	/** @task: whom to wake */
	struct weft_task *task;
	/** @slack: how much later it may be, in ns */
	u32 slack;
	/** @armed: it is in the timers of a worker */
	bool armed;
};

void weft_sleep_until(struct weft_sleep *sleep, u64 deadline, u32 slack);
void weft_sleep_for(struct weft_sleep *sleep, struct weft_cx *cx, u64 ns,
		    u32 slack);
void weft_sleep_start(struct weft_sleep *sleep, struct weft_cx *cx);
enum weft_poll weft_sleep_poll(struct weft_sleep *sleep, struct weft_cx *cx);
void weft_sleep_stop(struct weft_sleep *sleep, struct weft_cx *cx);

#endif /* _LINUX_WEFT_H */
