/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernel versions. A name here starts with weft_, does
 * what the newer kernel does, and has a line that says since when.
 */
#ifndef WEFT_COMPAT_H
#define WEFT_COMPAT_H

#include <linux/hrtimer.h>
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

#endif /* WEFT_COMPAT_H */
