// SPDX-License-Identifier: GPL-2.0-only
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <kunit/visibility.h>

#include "executor.h"
#include "task.h"
#include "thread.h"
#include "trace.h"
#include "worker.h"

/**
 * weft_task_init() - make a task
 * @task: to be initialised, in the caller's memory
 * @ops: its functions
 * @group: where it belongs
 *
 * On WEFT_THREADS this makes its kernel thread, which does not run yet.
 *
 * Context: may sleep on WEFT_THREADS.
 * Return: 0; and on WEFT_THREADS also -EAGAIN (no thread is to be had), -ENOMEM,
 * -EINTR (the caller is being killed). The caller owns the task until
 * weft_spawn(), and undoes this with weft_task_fini() if it never comes to that.
 */
int weft_task_init(struct weft_task *task, const struct weft_task_ops *ops,
		   struct weft_group *group)
{
	atomic_set(&task->state, WEFT_STATE_NEW);
	refcount_set(&task->refs, 1);
	task->ops = ops;
	task->group = group;
	task->result = 0;
	task->id = 0;
	task->polls = 0;
	task->wakes = 0;
	task->moves = 0;
	task->punts = 0;
	task->wait = WEFT_WAIT_NONE;
	task->woken = WEFT_WOKEN_SPAWN;
	task->pins = 0;
	/* Until it is spawned; so who cancels it before can tell. */
	task->worker = NULL;
	task->queued_ns = 0;
	task->run_ns = 0;
	task->blocked_ns = 0;

	if (unlikely(group->engine == WEFT_THREADS))
		return weft_thread_create(task);
	return 0;
}
EXPORT_SYMBOL_GPL(weft_task_init);

/**
 * weft_task_fini() - undo weft_task_init()
 * @task: a task that was not spawned
 *
 * Context: may sleep.
 */
void weft_task_fini(struct weft_task *task)
{
	if (task->group->engine == WEFT_THREADS)
		weft_thread_abort(task->thread);
}
EXPORT_SYMBOL_GPL(weft_task_fini);

/**
 * weft_state_begin_rare() - weft_state_begin() of a task that has flags or wakers
 * @task: a task out of a run queue
 *
 * Return: see &enum weft_begin.
 */
enum weft_begin weft_state_begin_rare(struct weft_task *task)
{
	int old = atomic_read(&task->state), new;

	do {
		WARN_ON_ONCE((old & WEFT_STATE_MASK) != WEFT_STATE_QUEUED);
		new = old & (WEFT_STATE_CANCEL | WEFT_STATE_WAKERS);
		new |= WEFT_STATE_RUNNING;
	} while (!atomic_try_cmpxchg(&task->state, &old, new));

	if (old & WEFT_STATE_CANCEL)
		return WEFT_BEGIN_CANCEL;
	return old & WEFT_STATE_LOST ? WEFT_BEGIN_LOST : WEFT_BEGIN_POLL;
}
EXPORT_SYMBOL_IF_KUNIT(weft_state_begin_rare);

/**
 * weft_state_again_rare() - weft_state_again() of a task that has flags or wakers
 * @task: the task that was polled
 */
void weft_state_again_rare(struct weft_task *task)
{
	int old = atomic_read(&task->state), new;

	do {
		WARN_ON_ONCE((old & WEFT_STATE_MASK) != WEFT_STATE_RUNNING);
		new = old & (WEFT_STATE_CANCEL | WEFT_STATE_WAKERS);
		new |= WEFT_STATE_QUEUED;
	} while (!atomic_try_cmpxchg(&task->state, &old, new));
}
EXPORT_SYMBOL_IF_KUNIT(weft_state_again_rare);

/**
 * weft_task_put() - drop a reference to a task
 * @task: the task; gone for the caller after this
 *
 * Context: any that the task's release() is right in.
 */
void weft_task_put(struct weft_task *task)
{
	if (refcount_dec_and_test(&task->refs))
		task->ops->release(task);
}
EXPORT_SYMBOL_GPL(weft_task_put);

static void weft_task_stamp_wake(struct weft_task *task, enum weft_by by)
{
	struct weft_executor *ex = task->group->executor;
	u64 now = weft_executor_now(ex);

	if (now > task->stamp)
		task->blocked_ns += now - task->stamp;
	task->stamp = now;
	if (weft_recorder_on(&ex->recorder))
		weft_recorder_task(&ex->recorder, task, WEFT_RECORD_WAKE, now,
				   weft_task_worker(task),
				   in_task() ? by : by | WEFT_BY_IRQ);
}

/* The caller has the turn, and gives it to who polls the task next. */
static void weft_task_queue(struct weft_task *task, enum weft_by by)
{
	task->woken = WEFT_WOKEN_WAKE;
	atomic_dec(&task->group->waiting);
	if (static_branch_unlikely(&weft_timing_key) &&
	    task->group->executor->timing)
		weft_task_stamp_wake(task, by);
	trace_weft_wake(task, by);

	if (unlikely(task->group->engine == WEFT_THREADS))
		weft_thread_queue(task->thread);
	else
		weft_worker_queue(task->worker, task);
}

typedef bool (*weft_transition)(struct weft_task *task);

static __always_inline bool __weft_task_turn(struct weft_task *task,
					     weft_transition transition,
					     enum weft_by by)
{
	bool turn = transition(task);

	if (turn)
		weft_task_queue(task, by);
	return turn;
}

/*
 * Makes a transition that may give us the turn. A thread that has got the turn
 * from us may end: it must stay until we let go of it.
 */
static __always_inline bool weft_task_turn(struct weft_task *task,
					   weft_transition transition,
					   enum weft_by by)
{
	bool turn;

	if (likely(task->group->engine != WEFT_THREADS))
		return __weft_task_turn(task, transition, by);
	rcu_read_lock();
	turn = __weft_task_turn(task, transition, by);
	rcu_read_unlock();
	return turn;
}

/**
 * weft_wake() - make a pending task runnable
 * @task: a task that the caller knows to have a reference
 *
 * If a poll of it is under way the task will be polled once more; if it is
 * runnable already, or has ended, nothing happens. All that the caller wrote
 * before is seen by the next poll.
 *
 * Context: any, also hard interrupt; not NMI. Allocates nothing.
 * Return: true if the task was pending.
 */
bool weft_wake(struct weft_task *task)
{
	return weft_task_turn(task, weft_state_wake, WEFT_BY_CALL);
}
EXPORT_SYMBOL_GPL(weft_wake);

/**
 * weft_task_wake() - weft_wake(), and say who does it
 * @task: see weft_wake()
 * @by: who
 *
 * Context: see weft_wake().
 * Return: true if the task was pending.
 */
bool weft_task_wake(struct weft_task *task, enum weft_by by)
{
	return weft_task_turn(task, weft_state_wake, by);
}

static void weft_cancel_record(const struct weft_task *task,
			       enum weft_verdict verdict)
{
	struct weft_executor *ex = task->group->executor;

	trace_weft_cancel(task, verdict);
	if (weft_executor_records(ex))
		weft_recorder_task(&ex->recorder, task, WEFT_RECORD_CANCEL,
				   weft_executor_now(ex), WEFT_RECORD_NO_WORKER,
				   verdict);
}

/**
 * weft_cancel() - end a task
 * @task: a task that the caller knows to have a reference
 *
 * From its next step on, the task's cancel() is called in place of its poll().
 * Does not wait.
 *
 * Context: any, also hard interrupt; not NMI. Allocates nothing.
 * Return: see &enum weft_verdict.
 */
enum weft_verdict weft_cancel(struct weft_task *task)
{
	enum weft_verdict verdict = weft_state_cancel(task);

	weft_cancel_record(task, verdict);
	if (verdict != WEFT_WAS_DONE)
		weft_task_wake(task, WEFT_BY_CANCEL);
	return verdict;
}
EXPORT_SYMBOL_GPL(weft_cancel);

/**
 * weft_waker_set() - make a waker for the task that is polled
 * @waker: to be set; holds a reference to the task from now on
 * @cx: the context of the poll
 *
 * The poll can return WEFT_PENDING now. The waker must be used with
 * weft_waker_wake() or weft_waker_drop(), in the end. As long as it is neither, a
 * poll may return WEFT_PENDING without anything else.
 *
 * Context: a poll.
 */
void weft_waker_set(struct weft_waker *waker, struct weft_cx *cx)
{
	weft_task_get(cx->task);
	weft_state_set_waker(cx->task);
	waker->task = cx->task;
	cx->wait = WEFT_WAIT_WAKER;
}
EXPORT_SYMBOL_GPL(weft_waker_set);

/**
 * weft_waker_wake() - wake the task, and drop the reference
 * @waker: set by weft_waker_set(); used up by this
 *
 * Context: any that the task's release() is right in, as the task may have ended
 * by now. Not NMI.
 * Return: true if the task was pending.
 */
bool weft_waker_wake(struct weft_waker *waker)
{
	struct weft_task *task = waker->task;
	bool woken = weft_task_turn(task, weft_state_use_waker,
				    WEFT_BY_WAKER);

	waker->task = NULL;
	weft_task_put(task);
	return woken;
}
EXPORT_SYMBOL_GPL(weft_waker_wake);

/**
 * weft_waker_drop() - drop the reference without a wake
 * @waker: set by weft_waker_set(); used up by this
 *
 * If the task is pending, and has no other waker and no timer, nothing can wake it
 * any more: it ends with -EDEADLK, by its cancel(). So a wait source that goes away
 * drops its wakers, and nobody waits for ever. Where the task should go on instead,
 * use weft_waker_wake().
 *
 * Context: any that the task's release() is right in. Not NMI.
 */
void weft_waker_drop(struct weft_waker *waker)
{
	struct weft_task *task = waker->task;

	weft_task_turn(task, weft_state_drop_waker, WEFT_BY_DROP);
	waker->task = NULL;
	weft_task_put(task);
}
EXPORT_SYMBOL_GPL(weft_waker_drop);
