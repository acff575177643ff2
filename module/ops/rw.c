// SPDX-License-Identifier: GPL-2.0-only
/*
 * read and write: as read(2), write(2), pread(2) and pwrite(2).
 *
 * Files are of two kinds. Some always get there in the end, like those on disks: a
 * step that must wait for them is made without waiting first, then by an event if
 * the file system has one, else on the blocking pool, or in the job's own thread.
 * Others wait for somebody, like pipes: there each step is one that does not wait,
 * and in between the job waits until the file is ready.
 */
#include <linux/file.h>
#include <linux/uio.h>

#include "../compat.h"
#include "io.h"

/* How much is done at once on a worker. */
#define WEFT_RW_SLICE	SZ_64K

/* Waits for pages that lead to nothing, before somebody else is to try. */
#define WEFT_RW_TRIES	8

static bool weft_rw_retry(ssize_t ret)
{
	/* Some file systems say the latter of buffered writes. */
	return ret == -EAGAIN || ret == -EOPNOTSUPP;
}

/* Does the file wait for somebody, rather than for a device? */
static bool weft_rw_waits(const struct file *file)
{
	umode_t mode = file_inode(file)->i_mode;

	return !S_ISREG(mode) && !S_ISBLK(mode) && !S_ISDIR(mode) &&
	       file->f_op->poll;
}

static int weft_rw_check(const struct weft_io *io)
{
	fmode_t at = io->write ? FMODE_PWRITE : FMODE_PREAD;
	fmode_t may = io->write ? FMODE_WRITE : FMODE_READ;
	fmode_t can = io->write ? FMODE_CAN_WRITE : FMODE_CAN_READ;
	const struct file *file = io->file;

	if (!io->current_pos && !(file->f_mode & at))
		return -ESPIPE;
	if (!(file->f_mode & may))
		return -EBADF;
	if (!(file->f_mode & can))
		return -EINVAL;
	if (S_ISDIR(file_inode(file)->i_mode))
		return -EISDIR;
	/* It only knows how to copy to and from a process. */
	if (io->write ? !file->f_op->write_iter : !file->f_op->read_iter)
		return -EOPNOTSUPP;
	/* Once more, as its ends may be results of other jobs. */
	return weft_buf_has(io->buf, io->start, io->len) ? 0 : -EFAULT;
}

static bool weft_rw_has_pos(const struct weft_io *io)
{
	return io->current_pos && !(io->file->f_mode & FMODE_STREAM);
}

static bool weft_rw_locks_pos(const struct weft_io *io)
{
	return weft_rw_has_pos(io) && (io->file->f_mode & FMODE_ATOMIC_POS);
}

static void weft_rw_set(struct weft_io *io, struct file *file, int flags,
			size_t max, struct iov_iter *iter)
{
	init_sync_kiocb(&io->iocb, file);
	io->iocb.ki_ioprio = io->ident.ioprio;
	io->iocb.ki_flags |= flags;
	if (io->current_pos)
		io->pos = weft_rw_has_pos(io) ? file->f_pos : 0;
	io->iocb.ki_pos = io->pos;
	weft_buf_iter(io->buf, io->write ? ITER_SOURCE : ITER_DEST,
		      io->start + io->done, min_t(size_t, io->len - io->done, max), iter);
}

static ssize_t weft_rw_call(struct weft_io *io, struct iov_iter *iter)
{
	struct file *file = io->iocb.ki_filp;
	struct weft_ident_saved saved;
	ssize_t ret;

	weft_ident_begin(&io->ident, &saved);
	if (!iov_iter_count(iter))
		/* vfs_iocb_iter_*() would not ask the file. */
		ret = io->write ? file->f_op->write_iter(&io->iocb, iter) :
				  file->f_op->read_iter(&io->iocb, iter);
	else
		ret = io->write ? vfs_iocb_iter_write(file, &io->iocb, iter) :
				  vfs_iocb_iter_read(file, &io->iocb, iter);
	weft_ident_end(&io->ident, &saved);
	return ret;
}

static enum weft_poll weft_rw_end(struct weft_task *task, struct weft_io *io,
				  ssize_t ret)
{
	if (ret > 0)
		io->done += ret;
	/* As the system call does: an error after the first byte is for the next. */
	task->result = io->done ? io->done : ret;
	return WEFT_READY;
}

/* The system call itself, which may block. */
static ssize_t weft_rw_whole(struct weft_io *io)
{
	bool lock = weft_rw_locks_pos(io);
	struct file *file = io->file;
	struct iov_iter iter;
	ssize_t ret;

	if (lock)
		mutex_lock(&file->f_pos_lock);
	if (io->write)
		weft_start_write(file);
	weft_rw_set(io, file, 0, SIZE_MAX, &iter);
	ret = weft_rw_call(io, &iter);
	if (io->write)
		weft_end_write(file);
	if (weft_rw_has_pos(io) && ret >= 0)
		file->f_pos = io->iocb.ki_pos;
	if (lock)
		mutex_unlock(&file->f_pos_lock);
	return ret;
}

static enum weft_poll weft_rw_block(struct weft_task *task, struct weft_io *io,
				    struct weft_cx *cx)
{
	if (weft_io_block(io, cx, weft_rw_whole) == WEFT_PENDING)
		return WEFT_PENDING;
	return weft_rw_end(task, io, io->res);
}

/* The end of direct I/O, in any context. */
static void weft_rw_complete(struct kiocb *iocb, long ret)
{
	struct weft_io *io = container_of(iocb, struct weft_io, iocb);

	io->res = ret;
	weft_event_fire(&io->event);
}

static enum weft_poll weft_rw_direct_end(struct weft_task *task,
					 struct weft_io *io, struct weft_cx *cx,
					 ssize_t ret)
{
	if (io->write)
		weft_end_queued_write(io->file, io->at == WEFT_IO_QUEUED);
	io->at = WEFT_IO_TRY;
	if (weft_rw_retry(ret))
		return weft_rw_block(task, io, cx);
	return weft_rw_end(task, io, ret);
}

static enum weft_poll weft_rw_direct(struct weft_task *task, struct weft_io *io,
				     struct weft_cx *cx)
{
	struct iov_iter iter;
	ssize_t ret;

	if (io->write && !weft_start_queued_write(io->file))
		return weft_rw_block(task, io, cx);
	weft_rw_set(io, io->file, IOCB_NOWAIT, SIZE_MAX, &iter);
	io->iocb.ki_complete = weft_rw_complete;
	weft_event_arm(&io->event, cx);
	ret = weft_rw_call(io, &iter);
	if (ret == -EIOCBQUEUED) {
		io->at = WEFT_IO_QUEUED;
		return weft_wait_on(cx, WEFT_WAIT_IO, true);
	}
	weft_event_disarm(&io->event);
	return weft_rw_direct_end(task, io, cx, ret);
}

/* A page was unlocked, perhaps ours; called with the lock of the queue held. */
static int weft_rw_unlocked(struct wait_queue_entry *wait, unsigned int mode,
			    int sync, void *key)
{
	struct weft_io *io = wait->private;

	if (!wake_page_match(&io->page, key))
		return 0;
	list_del_init(&wait->entry);
	weft_event_fire(&io->event);
	return 1;
}

/*
 * A step of a buffered read that registers where it would wait for a page. Return:
 * as the step; -EIOCBQUEUED if it waits.
 */
static ssize_t weft_rw_page(struct weft_io *io, struct weft_cx *cx)
{
	struct wait_queue_entry *wait = &io->page.wait;
	struct iov_iter iter;
	ssize_t ret;

	weft_rw_set(io, io->file, IOCB_WAITQ, WEFT_RW_SLICE, &iter);
	wait->func = weft_rw_unlocked;
	wait->private = io;
	wait->flags = 0;
	INIT_LIST_HEAD(&wait->entry);
	io->iocb.ki_waitq = &io->page;
	weft_event_arm(&io->event, cx);
	ret = weft_rw_call(io, &iter);
	if (ret != -EIOCBQUEUED)
		weft_event_disarm(&io->event);
	return ret;
}

/* A step at the file's own position: it is made as a whole, or not at all. */
static enum weft_poll weft_rw_current(struct weft_task *task, struct weft_io *io,
				      struct weft_cx *cx)
{
	bool lock = weft_rw_locks_pos(io), whole;
	struct file *file = io->file;
	struct iov_iter iter;
	ssize_t ret;

	if (lock && !mutex_trylock(&file->f_pos_lock))
		return weft_rw_block(task, io, cx);
	weft_rw_set(io, file, IOCB_NOWAIT, SIZE_MAX, &iter);
	ret = weft_rw_call(io, &iter);
	whole = !weft_rw_retry(ret) &&
		(ret <= 0 || ret == io->len ||
		 io->iocb.ki_pos >= i_size_read(file_inode(file)));
	if (whole && ret >= 0 && weft_rw_has_pos(io))
		file->f_pos = io->iocb.ki_pos;
	if (lock)
		mutex_unlock(&file->f_pos_lock);
	return whole ? weft_rw_end(task, io, ret) : weft_rw_block(task, io, cx);
}

static enum weft_poll weft_rw_slices(struct weft_task *task, struct weft_io *io,
				     struct weft_cx *cx)
{
	struct iov_iter iter;
	ssize_t ret;

	for (;;) {
		weft_rw_set(io, io->file, IOCB_NOWAIT, WEFT_RW_SLICE, &iter);
		if (io->write && !weft_start_write_trylock(io->file))
			return weft_rw_block(task, io, cx);
		ret = weft_rw_call(io, &iter);
		if (io->write)
			weft_end_write(io->file);
		if (weft_rw_retry(ret)) {
			if (io->write || !weft_file_rasync(io->file) ||
			    io->tries++ == WEFT_RW_TRIES)
				return weft_rw_block(task, io, cx);
			ret = weft_rw_page(io, cx);
			if (ret == -EIOCBQUEUED) {
				io->at = WEFT_IO_PAGE;
				return weft_wait_on(cx, WEFT_WAIT_IO, true);
			}
			if (weft_rw_retry(ret))
				return weft_rw_block(task, io, cx);
		}
		if (ret <= 0 || io->done + ret == io->len)
			return weft_rw_end(task, io, ret);
		io->tries = 0;
		io->done += ret;
		io->pos = io->iocb.ki_pos;
		if (!weft_budget(cx) || weft_slice_spent(cx))
			return weft_yield(cx);
	}
}

/* Can a first step be made that does not wait, with the same outcome? */
static bool weft_rw_may_try(const struct weft_io *io)
{
	const struct file *file = io->file;
	int flags = file->f_iocb_flags;

	if (!(file->f_mode & FMODE_NOWAIT))
		return false;
	/* The position of another writer may come between two steps. */
	if (io->write && (io->current_pos ||
			  flags & (IOCB_APPEND | IOCB_DSYNC | IOCB_SYNC)))
		return false;
	if (flags & IOCB_DIRECT)
		return !io->current_pos;
	if (io->write)
		return weft_file_wasync(file);
	return !io->current_pos || io->len <= WEFT_RW_SLICE;
}

static enum weft_poll weft_rw_file(struct weft_task *task, struct weft_io *io,
				   struct weft_cx *cx)
{
	if (weft_may_block(cx) || !weft_ident_may_begin() ||
	    !weft_rw_may_try(io))
		return weft_rw_block(task, io, cx);
	if (io->current_pos)
		return weft_rw_current(task, io, cx);
	if (io->file->f_flags & O_DIRECT)
		return weft_rw_direct(task, io, cx);
	return weft_rw_slices(task, io, cx);
}

/*
 * One step on a file that waits for somebody, without waiting for that. As with the
 * system call it may wait for the file's own lock, while somebody else copies.
 */
static ssize_t weft_rw_step(struct weft_io *io)
{
	struct file copy;
	struct iov_iter iter;
	ssize_t ret;

	weft_rw_set(io, weft_file_nowait(io->file, &copy), IOCB_NOWAIT, SIZE_MAX,
		    &iter);
	ret = weft_rw_call(io, &iter);
	io->iocb.ki_filp = io->file;
	if (ret >= 0 && weft_rw_has_pos(io))
		io->file->f_pos = io->iocb.ki_pos;
	return ret;
}

/* What a step came to. Return: true if the job goes on, and @io->at says with what. */
static bool weft_rw_stream_on(struct weft_io *io, ssize_t ret)
{
	bool nonblock = io->file->f_flags & O_NONBLOCK;

	if (ret == -EAGAIN && !nonblock) {
		weft_fd_wait_init(&io->fd, io->write ? EPOLLOUT | EPOLLWRNORM :
						       EPOLLIN | EPOLLRDNORM);
		io->at = WEFT_IO_FD;
		return true;
	}
	if (ret <= 0 || !io->write || nonblock || io->done + ret == io->len)
		return false;
	io->done += ret;
	if (!io->current_pos)
		io->pos = io->iocb.ki_pos;
	io->at = WEFT_IO_TRY;
	return true;
}

static enum weft_poll weft_rw_stream(struct weft_task *task, struct weft_io *io,
				     struct weft_cx *cx)
{
	__poll_t mask;
	ssize_t ret;

	/*
	 * What cannot be asked not to wait is not begun. O_NONBLOCK does not help: it
	 * can be taken away under the step, and nothing would end that.
	 */
	if (!weft_file_has_nowait(io->file))
		return weft_rw_end(task, io, -EOPNOTSUPP);
	do {
		if (io->at == WEFT_IO_FD) {
			ret = weft_fd_wait_poll(&io->fd, io->file, cx, &mask);
			if (ret)
				return weft_rw_end(task, io, ret);
			if (!mask)
				return weft_wait_on(cx, WEFT_WAIT_FD, io->done > 0);
			io->at = WEFT_IO_TRY;
		}
		/* A process is not to act in the name of another. */
		if (!weft_ident_may_begin()) {
			if (weft_io_block(io, cx, weft_rw_step) == WEFT_PENDING)
				return WEFT_PENDING;
			ret = io->res;
		} else {
			ret = weft_rw_step(io);
		}
	} while (weft_rw_stream_on(io, ret));
	return weft_rw_end(task, io, ret);
}

static enum weft_poll weft_rw_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct weft_io *io = weft_task_io(task);

	switch (io->at) {
	case WEFT_IO_PUNT:
		if (weft_punt_poll(&io->punt, cx) == WEFT_PENDING)
			return WEFT_PENDING;
		if (!weft_rw_waits(io->file) || !weft_rw_stream_on(io, io->res))
			return weft_rw_end(task, io, io->res);
		break;
	case WEFT_IO_QUEUED:
		if (!weft_event_fired(&io->event))
			return weft_wait_on(cx, WEFT_WAIT_IO, true);
		return weft_rw_direct_end(task, io, cx, io->res);
	case WEFT_IO_PAGE:
		if (!weft_event_fired(&io->event))
			return weft_wait_on(cx, WEFT_WAIT_IO, true);
		io->at = WEFT_IO_TRY;
		break;
	}
	if (!task->polls) {
		io->res = weft_rw_check(io);
		if (io->res)
			return weft_rw_end(task, io, io->res);
	}
	return weft_rw_waits(io->file) ? weft_rw_stream(task, io, cx) :
					 weft_rw_file(task, io, cx);
}

/* What was done cannot be undone, so it is told. */
static enum weft_poll weft_rw_cancel(struct weft_task *task, struct weft_cx *cx)
{
	struct weft_io *io = weft_task_io(task);

	if (weft_io_stop(io, cx) == WEFT_PENDING)
		return WEFT_PENDING;
	switch (io->at) {
	case WEFT_IO_QUEUED:
		if (io->write)
			weft_end_queued_write(io->file, true);
		fallthrough;
	case WEFT_IO_PUNT:
		if (io->res != -ECANCELED && !weft_rw_retry(io->res))
			return weft_rw_end(task, io, io->res);
		fallthrough;
	case WEFT_IO_FD:
		if (io->done && weft_rw_waits(io->file))
			return weft_rw_end(task, io, 0);
		break;
	}
	return WEFT_READY;
}

static int weft_rw_prep(struct weft_op_task *t, const struct weft_job *job,
			const struct weft_op_env *env, bool write)
{
	struct weft_io *io;
	int ret;

	if (job->rw.flags || !weft_op_args_zero(job, 4))
		return -EINVAL;
	if (job->rw.offset != WEFT_OFFSET_CURRENT && (s64)job->rw.offset < 0)
		return -EINVAL;
	ret = weft_io_create(&io, env, job->rw.fd);
	if (ret)
		return ret;
	ret = weft_io_set_buffer(io, job->rw.buffer, job->rw.start, job->rw.len);
	if (ret) {
		weft_io_destroy(io);
		return ret;
	}
	io->write = write;
	io->len = min_t(size_t, job->rw.len, MAX_RW_COUNT);
	io->current_pos = job->rw.offset == WEFT_OFFSET_CURRENT;
	io->pos = io->current_pos ? 0 : job->rw.offset;
	weft_io_attach(t, io);
	return 0;
}

static int weft_read_prep(struct weft_op_task *t, const struct weft_job *job,
			  const struct weft_op_env *env)
{
	return weft_rw_prep(t, job, env, false);
}

static int weft_write_prep(struct weft_op_task *t, const struct weft_job *job,
			   const struct weft_op_env *env)
{
	return weft_rw_prep(t, job, env, true);
}

static int weft_rw_bind(struct weft_op_task *t, unsigned int at, u64 value)
{
	struct weft_io *io = t->io.io;

	if (value > S64_MAX)
		return -EINVAL;
	switch (at) {
	case WEFT_ARG_AT(rw.offset):
		io->current_pos = false;
		io->pos = value;
		return 0;
	case WEFT_ARG_AT(rw.start):
		io->start = value;
		return 0;
	default:
		if (value > U32_MAX)
			return -EINVAL;
		io->len = min_t(size_t, value, MAX_RW_COUNT);
		return 0;
	}
}

static const struct weft_op_arg weft_rw_args[] = {
	{ WEFT_ARG_AT(rw.offset), WEFT_TYPE_BYTES },
	{ WEFT_ARG_AT(rw.start), WEFT_TYPE_BYTES },
	{ WEFT_ARG_AT(rw.len), WEFT_TYPE_BYTES },
	{}
};

const struct weft_op weft_op_read = {
	.name = "read",
	.prep = weft_read_prep,
	.poll = weft_rw_poll,
	.cancel = weft_rw_cancel,
	.drop = weft_io_drop,
	.files = true,
	.bind = weft_rw_bind,
	.args = weft_rw_args,
	.result = WEFT_TYPE_BYTES,
};

const struct weft_op weft_op_write = {
	.name = "write",
	.prep = weft_write_prep,
	.poll = weft_rw_poll,
	.cancel = weft_rw_cancel,
	.drop = weft_io_drop,
	.files = true,
	.bind = weft_rw_bind,
	.args = weft_rw_args,
	.result = WEFT_TYPE_BYTES,
};
