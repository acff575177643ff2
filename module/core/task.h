/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state word of a task: who has the turn.
 *
 *                  spawn           begin           end: READY
 *            NEW --------> QUEUED --------> RUNNING --------> DONE
 *                            ^  ^             |  |
 *                       wake |  | end: yield, |  | end: PENDING
 *                            |  | or notified |  |
 *                            |  +-------------+  |
 *                            +----- PENDING <----+
 *
 * A wake that comes while the task is RUNNING sets NOTIFIED, and the end of the
 * poll then queues the task. A wake in any other state changes nothing: the
 * task is or will be polled (NEW, QUEUED), or is over (DONE).
 *
 * CANCEL may be set in any state and stays until DONE.
 *
 * The upper bits count the wakers that are out. A poll that leaves none behind, no
 * timer and no wake, may not return PENDING: nothing would ever wake the task. If
 * the last waker of a PENDING task that has no timer is dropped, the drop makes it
 * QUEUED and sets LOST; a wake before its next step takes that back.
 *
 * Whoever makes a transition into QUEUED has the turn until the task is in a
 * run queue; then the worker has it. All fields marked T in struct weft_task
 * are handed on with it.
 */
#ifndef WEFT_CORE_TASK_H
#define WEFT_CORE_TASK_H

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/weft.h>

/**
 * enum weft_state - The state word
 * @WEFT_STATE_NEW: initialised, not spawned
 * @WEFT_STATE_PENDING: waits for its wait source
 * @WEFT_STATE_QUEUED: in a run queue or on the way there
 * @WEFT_STATE_RUNNING: inside a poll
 * @WEFT_STATE_DONE: has ended
 * @WEFT_STATE_MASK: the bits of the above
 * @WEFT_STATE_NOTIFIED: flag: was woken during this poll
 * @WEFT_STATE_CANCEL: flag: cancel() is called in place of poll()
 * @WEFT_STATE_WAKER: flag of PENDING: nothing but a waker can wake it
 * @WEFT_STATE_LOST: flag of QUEUED: its last waker was dropped
 * @WEFT_STATE_HELD: flag of PENDING and QUEUED: what it waits for, or waited for,
 *	cannot be given up
 * @WEFT_STATE_ONE_WAKER: what one waker adds; the bits from here on count them
 */
enum weft_state {
	WEFT_STATE_NEW,
	WEFT_STATE_PENDING,
	WEFT_STATE_QUEUED,
	WEFT_STATE_RUNNING,
	WEFT_STATE_DONE,
	WEFT_STATE_MASK = 7,
	WEFT_STATE_NOTIFIED = 8,
	WEFT_STATE_CANCEL = 16,
	WEFT_STATE_WAKER = 32,
	WEFT_STATE_LOST = 64,
	WEFT_STATE_HELD = 128,
	WEFT_STATE_ONE_WAKER = 256,
};

#define WEFT_STATE_WAKERS	(-WEFT_STATE_ONE_WAKER)

/**
 * enum weft_begin - What the next step of a task is
 * @WEFT_BEGIN_POLL: a poll
 * @WEFT_BEGIN_CANCEL: it was cancelled
 * @WEFT_BEGIN_LOST: nothing could have woken it any more
 */
enum weft_begin {
	WEFT_BEGIN_POLL,
	WEFT_BEGIN_CANCEL,
	WEFT_BEGIN_LOST,
};

/**
 * enum weft_pend - What comes of a poll that was pending
 * @WEFT_PEND_GONE: the task is PENDING, and the turn is gone
 * @WEFT_PEND_AGAIN: it was woken meanwhile: QUEUED, and the caller has the turn
 * @WEFT_PEND_LOST: nothing could wake it: still RUNNING
 */
enum weft_pend {
	WEFT_PEND_GONE,
	WEFT_PEND_AGAIN,
	WEFT_PEND_LOST,
};

/* enum weft_task.woken: why the task became runnable. */
enum weft_woken {
	WEFT_WOKEN_NOT,		/* it yielded */
	WEFT_WOKEN_SPAWN,	/* it is new */
	WEFT_WOKEN_WAKE,	/* a wait source woke it */
};

/**
 * weft_state_spawn() - NEW to QUEUED
 * @task: the task; the caller owns it
 */
static inline void weft_state_spawn(struct weft_task *task)
{
	int old = atomic_fetch_add(WEFT_STATE_QUEUED - WEFT_STATE_NEW,
				   &task->state);

	WARN_ON_ONCE((old & WEFT_STATE_MASK) != WEFT_STATE_NEW);
}

/* @used: what the wake takes from the count of wakers. */
static __always_inline bool __weft_state_wake(struct weft_task *task, int used)
{
	int old, new;

	/*
	 * What the caller wrote before the wake must be seen by the next poll
	 * also where the state is not changed. Pairs with the cmpxchg in
	 * weft_state_begin().
	 */
	smp_mb();
	old = atomic_read(&task->state);
	do {
		new = old - used;
		switch (old & WEFT_STATE_MASK) {
		case WEFT_STATE_PENDING:
			new += WEFT_STATE_QUEUED - WEFT_STATE_PENDING;
			new &= ~WEFT_STATE_WAKER;
			break;
		case WEFT_STATE_RUNNING:
			new |= WEFT_STATE_NOTIFIED;
			break;
		case WEFT_STATE_QUEUED:
			new &= ~WEFT_STATE_LOST;
			break;
		default:
			/* The count matters no more. */
			return false;
		}
		if (new == old)
			return false;
	} while (!atomic_try_cmpxchg(&task->state, &old, new));

	return (old & WEFT_STATE_MASK) == WEFT_STATE_PENDING;
}

/**
 * weft_state_wake() - PENDING to QUEUED, or note the wake in RUNNING
 * @task: the task
 *
 * Return: true if the caller has the turn now and must queue the task.
 */
static inline bool weft_state_wake(struct weft_task *task)
{
	return __weft_state_wake(task, 0);
}

/**
 * weft_state_set_waker() - one more waker is out
 * @task: the task that is polled
 */
static inline void weft_state_set_waker(struct weft_task *task)
{
	atomic_add(WEFT_STATE_ONE_WAKER, &task->state);
}

/**
 * weft_state_use_waker() - weft_state_wake(), and one waker less
 * @task: the task
 *
 * Both in one step, so that a wake is never taken for a loss.
 *
 * Return: true if the caller has the turn now and must queue the task.
 */
static inline bool weft_state_use_waker(struct weft_task *task)
{
	return __weft_state_wake(task, WEFT_STATE_ONE_WAKER);
}

/**
 * weft_state_drop_waker() - one waker less, without a wake
 * @task: the task
 *
 * Return: true if nothing else could wake it: the caller has the turn now and must
 * queue the task, for it to end.
 */
static inline bool weft_state_drop_waker(struct weft_task *task)
{
	int old = atomic_read(&task->state), new;
	bool lost;

	do {
		new = old - WEFT_STATE_ONE_WAKER;
		switch (old & (WEFT_STATE_MASK | WEFT_STATE_WAKER)) {
		case WEFT_STATE_DONE:
			return false;
		case WEFT_STATE_PENDING | WEFT_STATE_WAKER:
			lost = !(new & WEFT_STATE_WAKERS);
			break;
		default:
			lost = false;
		}
		if (lost) {
			new += WEFT_STATE_QUEUED - WEFT_STATE_PENDING;
			new ^= WEFT_STATE_WAKER | WEFT_STATE_LOST;
		}
	} while (!atomic_try_cmpxchg(&task->state, &old, new));

	return lost;
}

enum weft_begin weft_state_begin_rare(struct weft_task *task);

/**
 * weft_state_begin() - QUEUED to RUNNING
 * @task: a task out of a run queue
 *
 * Return: see &enum weft_begin.
 */
static __always_inline enum weft_begin weft_state_begin(struct weft_task *task)
{
	int old = WEFT_STATE_QUEUED;

	/* Full barrier; pairs with the one in weft_state_wake(). */
	if (likely(atomic_try_cmpxchg(&task->state, &old, WEFT_STATE_RUNNING)))
		return WEFT_BEGIN_POLL;
	return weft_state_begin_rare(task);
}

void weft_state_again_rare(struct weft_task *task);

/**
 * weft_state_again() - RUNNING to QUEUED
 * @task: the task that was polled
 */
static inline void weft_state_again(struct weft_task *task)
{
	int old = WEFT_STATE_RUNNING;

	if (unlikely(!atomic_try_cmpxchg(&task->state, &old, WEFT_STATE_QUEUED)))
		weft_state_again_rare(task);
}

/**
 * weft_state_pend() - RUNNING to PENDING, or to QUEUED if it was notified
 * @task: the task that was polled; its &weft_task.pins are those of its timers
 * @held: what it waits for cannot be given up
 *
 * A cancel during the poll wakes the task, so it is notified then.
 *
 * Return: see &enum weft_pend.
 */
static inline enum weft_pend weft_state_pend(struct weft_task *task, bool held)
{
	int flag = held ? WEFT_STATE_HELD : 0;
	bool timer = task->pins;
	int old = atomic_read(&task->state), new;

	do {
		WARN_ON_ONCE((old & WEFT_STATE_MASK) != WEFT_STATE_RUNNING);
		new = old & (WEFT_STATE_CANCEL | WEFT_STATE_WAKERS);
		new |= flag;
		if (old & WEFT_STATE_NOTIFIED)
			new |= WEFT_STATE_QUEUED;
		else if (timer)
			new |= WEFT_STATE_PENDING;
		else if (old & WEFT_STATE_WAKERS)
			new |= WEFT_STATE_PENDING | WEFT_STATE_WAKER;
		else
			return WEFT_PEND_LOST;
	} while (!atomic_try_cmpxchg(&task->state, &old, new));

	return (new & WEFT_STATE_MASK) == WEFT_STATE_PENDING ? WEFT_PEND_GONE :
							       WEFT_PEND_AGAIN;
}

/**
 * weft_state_end() - RUNNING to DONE
 * @task: the task that was polled
 */
static inline void weft_state_end(struct weft_task *task)
{
	int old = atomic_xchg(&task->state, WEFT_STATE_DONE);

	WARN_ON_ONCE((old & WEFT_STATE_MASK) != WEFT_STATE_RUNNING);
}

/**
 * weft_state_cancel() - set CANCEL
 * @task: the task; the caller wakes it after this
 *
 * Return: see &enum weft_verdict.
 */
static inline enum weft_verdict weft_state_cancel(struct weft_task *task)
{
	int old = atomic_fetch_or(WEFT_STATE_CANCEL, &task->state);

	switch (old & WEFT_STATE_MASK) {
	case WEFT_STATE_DONE:
		return WEFT_WAS_DONE;
	case WEFT_STATE_RUNNING:
		return WEFT_IS_RUNNING;
	case WEFT_STATE_PENDING:
		/* Its cancel() was called and is pending itself. */
		if (old & WEFT_STATE_CANCEL)
			return WEFT_IS_RUNNING;
		fallthrough;
	default:
		return old & WEFT_STATE_HELD ? WEFT_IS_RUNNING :
					       WEFT_WILL_CANCEL;
	}
}

#endif /* WEFT_CORE_TASK_H */
