/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernel versions. A name here starts with weft_, does
 * what the newer kernel does, and has a line that says since when.
 */
#ifndef WEFT_COMPAT_H
#define WEFT_COMPAT_H

#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
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

/* 6.10 (July 2024): what buffered files can do is in their operations. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
static inline bool weft_file_rasync(const struct file *file)
{
	return file->f_op->fop_flags & FOP_BUFFER_RASYNC;
}

static inline bool weft_file_wasync(const struct file *file)
{
	return file->f_op->fop_flags & FOP_BUFFER_WASYNC;
}
#else
static inline bool weft_file_rasync(const struct file *file)
{
	return file->f_mode & FMODE_BUF_RASYNC;
}

static inline bool weft_file_wasync(const struct file *file)
{
	return file->f_mode & FMODE_BUF_WASYNC;
}
#endif

/*
 * 6.4 (June 2023): pipes know IOCB_NOWAIT. Before, they ask for O_NONBLOCK, in the
 * file that the call names: it gets to see a copy that lives as long as the call.
 *
 * It cannot be set in the file itself, which others use that want to wait. To look
 * whether the pipe is ready first, and then to call with the file, would not do: who
 * reads faster lets that call wait for ever, and no signal ends it in a kernel thread.
 *
 * The copy is safe because a FIFO's functions are the same on every file system, and
 * neither they nor what vfs_iocb_iter_read() and vfs_iocb_iter_write() call keep the
 * file's address, take a reference to it, or write to it: locks, counts and position
 * of the copy are not used. What they look at (path, inode, mode, credentials, the
 * pipe, the label of the security module) is either constant while the file is held,
 * or a flag that the system call would look at as late as this, too.
 */
static inline struct file *weft_file_nowait(struct file *file, struct file *copy)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	if (S_ISFIFO(file_inode(file)->i_mode)) {
		/* Only what does not change is looked at in it. */
		*copy = data_race(*file);
		copy->f_flags |= O_NONBLOCK;
		return copy;
	}
#endif
	return file;
}

/* Does a file that waits for somebody know IOCB_NOWAIT, or weft_file_nowait()? */
static inline bool weft_file_has_nowait(const struct file *file)
{
	umode_t mode = file_inode(file)->i_mode;

	/*
	 * Sockets always did, and said so since 6.4 (June 2023). Pipes do since then,
	 * and say so; those with a name do as well, and do not say it.
	 */
	return (file->f_mode & FMODE_NOWAIT) || S_ISSOCK(mode) || S_ISFIFO(mode);
}

/*
 * 6.8 (March 2024): vfs_iocb_iter_write() itself keeps the file system from being
 * frozen. If the write was queued, who gave it to do lets go when it is done.
 */
#define WEFT_WRITE_STARTS	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0))

static inline void weft_start_write(struct file *file)
{
	if (!WEFT_WRITE_STARTS)
		file_start_write(file);
}

static inline void weft_end_write(struct file *file)
{
	if (!WEFT_WRITE_STARTS)
		file_end_write(file);
}

/* For a write that is not to wait. */
static inline bool weft_start_write_trylock(struct file *file)
{
	if (!file_start_write_trylock(file))
		return false;
	/* It must not be held twice. Only a freeze that begins now is waited for. */
	if (WEFT_WRITE_STARTS)
		file_end_write(file);
	return true;
}

/* For one that may be queued, and end in another thread: lockdep is to know. */
static inline bool weft_start_queued_write(struct file *file)
{
	if (!weft_start_write_trylock(file))
		return false;
	if (!WEFT_WRITE_STARTS && S_ISREG(file_inode(file)->i_mode))
		__sb_writers_release(file_inode(file)->i_sb, SB_FREEZE_WRITE);
	return true;
}

/* @queued: it was. */
static inline void weft_end_queued_write(struct file *file, bool queued)
{
	struct super_block *sb = file_inode(file)->i_sb;

	if (WEFT_WRITE_STARTS ? !queued : !S_ISREG(file_inode(file)->i_mode))
		return;
	__sb_writers_acquired(sb, SB_FREEZE_WRITE);
	sb_end_write(sb);
}

/* 6.8 (March 2024): a signal adds 1, and no other number. */
static inline void weft_eventfd_signal(struct eventfd_ctx *ctx, u32 value)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	while (value--)
		eventfd_signal(ctx);
#else
	eventfd_signal(ctx, value);
#endif
}

/* 6.3 (April 2023): the flags of a mapping are not written directly. */
static inline void weft_vm_flags_set(struct vm_area_struct *vma,
				     unsigned long flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
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

/* Has the thread a CPU? Where there is one, it is that of who asks. */
static inline bool weft_on_cpu(const struct task_struct *thread)
{
#ifdef CONFIG_SMP
	return READ_ONCE(thread->on_cpu);
#else
	return thread == current;
#endif
}

/* How many RCU read-side sections this thread is in, where that is counted. */
static inline int weft_rcu_depth(void)
{
#ifdef CONFIG_PREEMPT_RCU
	/*
	 * As rcu_preempt_depth(), but the compiler may fold the access. An interrupt
	 * leaves the number as it finds it.
	 */
	return data_race(current->rcu_read_lock_nesting);
#else
	return 0;
#endif
}

#endif /* WEFT_COMPAT_H */
