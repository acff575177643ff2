// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/ioprio.h>
#include <linux/kthread.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "ident.h"

static struct cgroup_subsys_state *weft_ident_blkcg(void)
{
#ifdef CONFIG_BLK_CGROUP
	return task_get_css(current, io_cgrp_id);
#else
	return NULL;
#endif
}

/**
 * weft_ident_capture() - the caller is who submits
 * @ident: receives it; to be given back with weft_ident_drop()
 *
 * Context: a process of the user's.
 */
void weft_ident_capture(struct weft_ident *ident)
{
	ident->cred = get_current_cred();
	ident->memcg = get_mem_cgroup_from_mm(current->mm);
	ident->blkcg = weft_ident_blkcg();
	ident->fsize = rlimit(RLIMIT_FSIZE);
	ident->ioprio = get_current_ioprio();
}

/**
 * weft_ident_drop() - undo weft_ident_capture()
 * @ident: the identity
 */
void weft_ident_drop(struct weft_ident *ident)
{
	put_cred(ident->cred);
	mem_cgroup_put(ident->memcg);
#ifdef CONFIG_BLK_CGROUP
	css_put(ident->blkcg);
#endif
}

/*
 * A kernel thread has limits of its own: it shares them with nobody, and nobody
 * sets them.
 */
static unsigned long weft_swap_fsize(unsigned long fsize)
{
	struct rlimit *limit = &current->signal->rlim[RLIMIT_FSIZE];
	unsigned long old = limit->rlim_cur;

	WRITE_ONCE(limit->rlim_cur, fsize);
	return old;
}

/**
 * weft_ident_begin() - act in somebody's name
 * @ident: in whose
 * @saved: receives what weft_ident_end() needs
 *
 * Context: a kernel thread; may sleep the first time that it is called there.
 */
void weft_ident_begin(const struct weft_ident *ident,
		      struct weft_ident_saved *saved)
{
	WARN_ON_ONCE(!weft_ident_may_begin());
	saved->cred = override_creds(ident->cred);
	saved->memcg = set_active_memcg(ident->memcg);
	saved->fsize = weft_swap_fsize(ident->fsize);
	if (ident->blkcg)
		kthread_associate_blkcg(ident->blkcg);
}

/**
 * weft_ident_end() - undo weft_ident_begin()
 * @ident: in whose name it was
 * @saved: filled in by weft_ident_begin()
 */
void weft_ident_end(const struct weft_ident *ident,
		    const struct weft_ident_saved *saved)
{
	if (ident->blkcg)
		kthread_associate_blkcg(NULL);
	weft_swap_fsize(saved->fsize);
	set_active_memcg(saved->memcg);
	revert_creds(saved->cred);
}
