// SPDX-License-Identifier: GPL-2.0-only
#include <linux/printk.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "offence.h"

/**
 * weft_offences_init() - nothing happened yet
 * @offences: zeroed
 */
void weft_offences_init(struct weft_offences *offences)
{
	spin_lock_init(&offences->lock);
}
EXPORT_SYMBOL_IF_KUNIT(weft_offences_init);

/**
 * weft_offence_name() - an offence in a word
 * @what: the offence
 *
 * Return: a constant string.
 */
const char *weft_offence_name(enum weft_offence what)
{
	static const char *const names[WEFT_NR_OFFENCES] = {
		[WEFT_SLEPT] = "slept",
		[WEFT_LONG] = "long",
		[WEFT_PREEMPT] = "preempt",
		[WEFT_RCU] = "rcu",
		[WEFT_LOCK] = "lock",
		[WEFT_LOST] = "lost",
	};

	return names[what];
}
EXPORT_SYMBOL_IF_KUNIT(weft_offence_name);

/**
 * weft_stack_save() - where are we
 * @stack: receives it
 *
 * Context: any but NMI.
 */
void weft_stack_save(struct weft_stack *stack)
{
	stack->nr = stack_trace_save(stack->entries, WEFT_STACK_DEPTH, 1);
}

static struct weft_offender *weft_offender_find(struct weft_offences *offences,
						const char *name)
{
	struct weft_offender *o;
	unsigned int i;

	lockdep_assert_held(&offences->lock);
	for (i = 0; i < offences->nr; i++) {
		o = &offences->offender[i];
		if (!strncmp(o->name, name, sizeof(o->name) - 1))
			return o;
	}
	if (offences->nr == WEFT_MAX_OFFENDERS)
		return &offences->offender[WEFT_MAX_OFFENDERS - 1];

	o = &offences->offender[offences->nr++];
	if (offences->nr == WEFT_MAX_OFFENDERS)
		name = "others";
	strscpy(o->name, name, sizeof(o->name));
	return o;
}

/**
 * weft_offences_add() - count an offence, and say so in the log
 * @offences: where
 * @name: of the op
 * @what: what it did
 * @stack: where; NULL if that is not known
 *
 * Context: process context. A lock that the op leaked must not be taken by any
 * console.
 */
void weft_offences_add(struct weft_offences *offences, const char *name,
		       enum weft_offence what, const struct weft_stack *stack)
{
	static const char *const texts[WEFT_NR_OFFENCES] = {
		[WEFT_SLEPT] = "slept, and its worker with it",
		[WEFT_LONG] = "took longer than a poll may",
		[WEFT_PREEMPT] = "left preemption or softirqs disabled",
		[WEFT_RCU] = "stayed in an RCU read-side critical section",
		[WEFT_LOCK] = "left a lock held",
		[WEFT_LOST] = "was pending with nothing to wake it: ended",
	};
	struct weft_offender *o;

	spin_lock(&offences->lock);
	o = weft_offender_find(offences, name);
	o->count[what]++;
	if (stack && !o->first[what].nr)
		o->first[what] = *stack;
	spin_unlock(&offences->lock);

	pr_notice_ratelimited("weft: a poll of %s %s; debugfs weft/offences counts these, weft/stacks tells where\n",
			      name, texts[what]);
}
EXPORT_SYMBOL_IF_KUNIT(weft_offences_add);

/**
 * weft_offences_get() - a copy of an offender
 * @offences: where
 * @index: which one, from 0
 * @out: receives it
 *
 * Context: process context.
 * Return: false if there is none of that number.
 */
bool weft_offences_get(struct weft_offences *offences, unsigned int index,
		       struct weft_offender *out)
{
	bool there;

	spin_lock(&offences->lock);
	there = index < offences->nr;
	if (there)
		*out = offences->offender[index];
	spin_unlock(&offences->lock);
	return there;
}
EXPORT_SYMBOL_IF_KUNIT(weft_offences_get);
