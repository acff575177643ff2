/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who submitted a job. Jobs run on kernel threads, which may do anything to any
 * file, have no limits and belong to no control group: around all that acts on a
 * file stand weft_ident_begin() and weft_ident_end().
 */
#ifndef WEFT_OPS_IDENT_H
#define WEFT_OPS_IDENT_H

#include <linux/sched.h>
#include <linux/types.h>

struct cgroup_subsys_state;
struct cred;
struct mem_cgroup;

/**
 * struct weft_ident - In whose name a job acts
 * @cred: credentials; a reference
 * @memcg: to which new memory is charged, also that of page caches; a reference, or
 *	NULL
 * @blkcg: to which block I/O is charged; a reference, or NULL
 * @fsize: RLIMIT_FSIZE
 * @ioprio: of direct I/O
 */
struct weft_ident {
	const struct cred *cred;
	struct mem_cgroup *memcg;
	struct cgroup_subsys_state *blkcg;
	unsigned long fsize;
	u16 ioprio;
};

/**
 * struct weft_ident_saved - What the kernel thread itself is
 * @cred: its credentials
 * @memcg: its active memory control group
 * @fsize: its RLIMIT_FSIZE
 */
struct weft_ident_saved {
	const struct cred *cred;
	struct mem_cgroup *memcg;
	unsigned long fsize;
};

/*
 * May this thread act in the name of another? The limits of a process belong to all of
 * its threads, and signals would be sent to it: only a kernel thread may. A process
 * that polls the jobs of a stepped client sends such steps to the blocking pool.
 */
static inline bool weft_ident_may_begin(void)
{
	return current->flags & PF_KTHREAD;
}

void weft_ident_capture(struct weft_ident *ident);
void weft_ident_drop(struct weft_ident *ident);
void weft_ident_begin(const struct weft_ident *ident,
		      struct weft_ident_saved *saved);
void weft_ident_end(const struct weft_ident *ident,
		    const struct weft_ident_saved *saved);

#endif /* WEFT_OPS_IDENT_H */
