/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernel versions. A name here starts with weft_, does
 * what the newer kernel does, and has a line that says since when.
 */
#ifndef WEFT_COMPAT_H
#define WEFT_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/version.h>

/* 6.13 (January 2025): hrtimer_setup() takes the function with the rest. */
static inline void weft_hrtimer_setup(struct hrtimer *timer,
				      enum hrtimer_restart (*fn)(struct hrtimer *),
				      clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, fn, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
#endif
}

/* 6.13 (January 2025): MODULE_IMPORT_NS() takes a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define WEFT_IMPORT_NS(ns) MODULE_IMPORT_NS(#ns)
#else
#define WEFT_IMPORT_NS(ns) MODULE_IMPORT_NS(ns)
#endif

/* 6.12 (November 2024): one that went to sleep may be left in its run queue. */
static inline bool weft_task_is_runnable(struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return task_is_runnable(task);
#else
	return task->on_rq;
#endif
}

/*
 * Is nothing disabled, and does the scheduler not want the CPU? Where the need to
 * reschedule is folded into the count of preempt_disable() (x86, arm64, s390), one
 * look at that says both.
 */
static inline bool weft_cpu_is_free(void)
{
	if (PREEMPT_ENABLED)
		return should_resched(PREEMPT_ENABLED);
	return !preempt_count() && !need_resched();
}

/* How many RCU read-side sections this thread is in, where that is counted. */
static inline int weft_rcu_depth(void)
{
#ifdef CONFIG_PREEMPT_RCU
	/* As rcu_preempt_depth(), but the compiler may fold the access. */
	return current->rcu_read_lock_nesting;
#else
	return 0;
#endif
}

#endif /* WEFT_COMPAT_H */
