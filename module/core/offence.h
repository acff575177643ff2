/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who held up a worker, or left something behind: counted for each op, with the
 * stack of the first time.
 */
#ifndef WEFT_CORE_OFFENCE_H
#define WEFT_CORE_OFFENCE_H

#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * enum weft_offence - What a poll must not do
 * @WEFT_SLEPT: sleep, and its worker with it
 * @WEFT_LONG: go on for longer than the executor's budget of a poll
 * @WEFT_PREEMPT: return with preemption, or softirqs, disabled or enabled once too
 *	often; a leaked spinlock is one of these
 * @WEFT_RCU: return inside an RCU read-side critical section
 * @WEFT_LOCK: return with more or fewer locks held; seen by lockdep only
 * @WEFT_LOST: return pending with nothing to wake the task, or lose its last waker
 */
enum weft_offence {
	WEFT_SLEPT,
	WEFT_LONG,
	WEFT_PREEMPT,
	WEFT_RCU,
	WEFT_LOCK,
	WEFT_LOST,
};

#define WEFT_NR_OFFENCES	(WEFT_LOST + 1)

#define WEFT_STACK_DEPTH	24

/**
 * struct weft_stack - A stack trace
 * @nr: entries there are; 0 for none
 * @entries: innermost first
 */
struct weft_stack {
	unsigned int nr;
	unsigned long entries[WEFT_STACK_DEPTH];
};

/* Longest name of an op that is kept whole, with its end. */
#define WEFT_OFFENDER_NAME	16

/**
 * struct weft_offender - An op that did it
 * @name: its name
 * @count: how often
 * @first: where, the first time
 */
struct weft_offender {
	char name[WEFT_OFFENDER_NAME];
	u64 count[WEFT_NR_OFFENCES];
	struct weft_stack first[WEFT_NR_OFFENCES];
};

/* The last one stands for all that have no place of their own. */
#define WEFT_MAX_OFFENDERS	16

/**
 * struct weft_offences - All of them, of one executor
 * @lock: protects what follows; process context only
 * @nr: offenders there are
 * @offender: the offenders
 */
struct weft_offences {
	spinlock_t lock;
	unsigned int nr;
	struct weft_offender offender[WEFT_MAX_OFFENDERS];
};

void weft_offences_init(struct weft_offences *offences);
void weft_offences_add(struct weft_offences *offences, const char *name,
		       enum weft_offence what, const struct weft_stack *stack);
bool weft_offences_get(struct weft_offences *offences, unsigned int index,
		       struct weft_offender *out);
const char *weft_offence_name(enum weft_offence what);
void weft_stack_save(struct weft_stack *stack);

#endif /* WEFT_CORE_OFFENCE_H */
