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

/**
 * weft_state_wake() - PENDING to QUEUED, or note the wake in RUNNING
 * @task: the task
 *
 * Return: true if the caller has the turn now and must queue the task.
 */
static inline bool weft_state_wake(struct weft_task *task)
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
		switch (old & WEFT_STATE_MASK) {
		case WEFT_STATE_PENDING:
			new = old + WEFT_STATE_QUEUED - WEFT_STATE_PENDING;
			break;
		case WEFT_STATE_RUNNING:
			new = old | WEFT_STATE_NOTIFIED;
			break;
		default:
			return false;
		}
	} while (!atomic_try_cmpxchg(&task->state, &old, new));

	return (old & WEFT_STATE_MASK) == WEFT_STATE_PENDING;
}

/**
 * weft_state_begin() - QUEUED to RUNNING
 * @task: a task out of a run queue
 *
 * Return: true if it is to be polled, false if it is to be cancelled.
 */
static __always_inline bool weft_state_begin(struct weft_task *task)
{
	int old = WEFT_STATE_QUEUED;

	/* Full barrier; pairs with the one in weft_state_wake(). */
	if (likely(atomic_try_cmpxchg(&task->state, &old, WEFT_STATE_RUNNING)))
		return true;
	/* Nobody but us leaves QUEUED, so it can only be the flag. */
	WARN_ON_ONCE(old != (WEFT_STATE_QUEUED | WEFT_STATE_CANCEL));
	atomic_xchg(&task->state, WEFT_STATE_RUNNING | WEFT_STATE_CANCEL);
	return false;
}

/**
 * weft_state_again() - RUNNING to QUEUED
 * @task: the task that was polled
 */
static inline void weft_state_again(struct weft_task *task)
{
	int old = WEFT_STATE_RUNNING;

	while (unlikely(!atomic_try_cmpxchg(&task->state, &old,
					    WEFT_STATE_QUEUED |
					    (old & WEFT_STATE_CANCEL))))
		WARN_ON_ONCE((old & WEFT_STATE_MASK) != WEFT_STATE_RUNNING);
}

/**
 * weft_state_pend() - RUNNING to PENDING, or to QUEUED if it was notified
 * @task: the task that was polled
 *
 * A cancel during the poll wakes the task, so it is notified then.
 *
 * Return: true if the task is pending and the turn is gone; false if it is
 * queued and the caller still has the turn.
 */
static inline bool weft_state_pend(struct weft_task *task)
{
	int old = WEFT_STATE_RUNNING, new;

	do {
		WARN_ON_ONCE((old & WEFT_STATE_MASK) != WEFT_STATE_RUNNING);
		new = old & WEFT_STATE_CANCEL;
		new |= old & WEFT_STATE_NOTIFIED ? WEFT_STATE_QUEUED :
						   WEFT_STATE_PENDING;
	} while (!atomic_try_cmpxchg(&task->state, &old, new));

	return (new & WEFT_STATE_MASK) == WEFT_STATE_PENDING;
}

/**
 * weft_state_notified() - was the task woken during this poll
 * @task: the task that was polled
 *
 * Return: true if weft_state_pend() will find it so.
 */
static inline bool weft_state_notified(const struct weft_task *task)
{
	return atomic_read(&task->state) & WEFT_STATE_NOTIFIED;
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
		return WEFT_WILL_CANCEL;
	}
}

#endif /* WEFT_CORE_TASK_H */
