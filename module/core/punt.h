/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The blocking pool: where a task sends a step that would block its worker. It is
 * a workqueue of the kernel's, whose threads come and go, with a cap on how many
 * steps run at once; the others wait their turn in it.
 */
#ifndef WEFT_CORE_PUNT_H
#define WEFT_CORE_PUNT_H

#include <linux/weft.h>

#define WEFT_DEFAULT_PUNTS	32U
/* What the kernel allows an unbound workqueue in any case. */
#define WEFT_MAX_PUNTS		512U

/**
 * struct weft_punts - The blocking pool of an executor
 * @wq: its workqueue
 */
struct weft_punts {
	struct workqueue_struct *wq;
};

int __must_check weft_punts_init(struct weft_punts *punts, const char *name,
				 unsigned int max);
void weft_punts_fini(struct weft_punts *punts);

#endif /* WEFT_CORE_PUNT_H */
