// SPDX-License-Identifier: GPL-2.0-only
/*
 * copy: a range of a file to another file, as copy_file_range(2) in a loop; where
 * that is not to be had, through memory. Always in steps that block.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "io.h"

/* How much is copied in a step, between two chances to cancel. */
#define WEFT_COPY_STEP	SZ_1M

/* Where a copy cannot be made within the kernel's caches alone. */
static ssize_t weft_copy_through(struct weft_io *io, loff_t in, loff_t out,
				 size_t len)
{
	size_t done = 0;
	ssize_t got, ret = 0;

	/* What these do not know is not for kernel threads. */
	if (!io->file->f_op->read_iter || io->file->f_op->read ||
	    !io->out->f_op->write_iter || io->out->f_op->write)
		return -EOPNOTSUPP;
	while (done < len) {
		got = weft_io_read_memory(io, min_t(size_t, len - done, WEFT_IO_MEM),
					  in + done);
		if (got <= 0) {
			ret = got;
			break;
		}
		ret = weft_io_write_memory(io, got, out + done);
		if (ret > 0)
			done += ret;
		if (ret != got)
			break;
	}
	return done ? done : ret;
}

static ssize_t weft_copy_range(struct weft_io *io, loff_t in, loff_t out,
			       size_t len)
{
	loff_t size = i_size_read(file_inode(io->file));
	ssize_t ret;

	if (!io->through) {
		ret = vfs_copy_file_range(io->file, in, io->out, out, len, 0);
		/* Of a file that does not know its size, 0 need not be the end. */
		if ((ret || size || !len) && ret != -EXDEV && ret != -EOPNOTSUPP)
			return ret;
		io->through = true;
	}
	if (size && in >= size)
		return 0;
	return weft_copy_through(io, in, out, len);
}

/*
 * In one file a range must not be copied onto itself, step by step as little as in
 * one go.
 */
static int weft_copy_check(struct weft_io *io)
{
	struct inode *inode = file_inode(io->file);
	u64 in = io->pos, out = io->out_pos, size;

	if (inode != file_inode(io->out) || !S_ISREG(inode->i_mode))
		return 0;
	/* The first step finds what is wrong with the files themselves. */
	if (!(io->file->f_mode & FMODE_READ) ||
	    !(io->out->f_mode & FMODE_WRITE) || io->out->f_flags & O_APPEND)
		return 0;
	size = i_size_read(inode);
	io->copy_len = in < size ? min(io->copy_len, size - in) : 0;
	/* It says so before it looks at the ranges, and copies up to the limit. */
	if (out >= io->ident.fsize)
		return 0;
	io->copy_len = min_t(u64, io->copy_len, io->ident.fsize - out);
	if (out + io->copy_len > in && out < in + io->copy_len)
		return -EINVAL;
	return 0;
}

static ssize_t weft_copy_step(struct weft_io *io)
{
	size_t len = min_t(u64, io->copy_len - io->done, WEFT_COPY_STEP);
	struct weft_ident_saved saved;
	ssize_t ret;

	weft_ident_begin(&io->ident, &saved);
	ret = weft_copy_range(io, io->pos + io->done, io->out_pos + io->done, len);
	weft_ident_end(&io->ident, &saved);
	return ret;
}

static enum weft_poll weft_copy_end(struct weft_task *task, struct weft_io *io,
				    ssize_t ret)
{
	if (io->done && io->current_pos)
		io->file->f_pos = io->pos + io->done;
	if (io->done && io->out_current)
		io->out->f_pos = io->out_pos + io->done;
	task->result = io->done ? io->done : ret;
	return WEFT_READY;
}

static int weft_copy_begin(struct weft_op_task *t, struct weft_io *io)
{
	int ret;

	if (io->current_pos)
		io->pos = io->file->f_pos;
	if (io->out_current)
		io->out_pos = io->out->f_pos;
	ret = weft_copy_check(io);
	/* Read by who asks for the progress. */
	WRITE_ONCE(t->io.total, io->copy_len);
	return ret;
}

/* What a step came to. Return: true if there is more to do. */
static bool weft_copy_count(struct weft_op_task *t, struct weft_io *io)
{
	if (io->res <= 0)
		return false;
	io->done += io->res;
	/* Likewise. */
	WRITE_ONCE(t->io.done, io->done);
	return io->done < io->copy_len;
}

static enum weft_poll weft_copy_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct weft_op_task *t = weft_op_task(task);
	struct weft_io *io = t->io.io;
	int ret;

	if (io->at == WEFT_IO_PUNT) {
		if (weft_punt_poll(&io->punt, cx) == WEFT_PENDING)
			return WEFT_PENDING;
		io->at = WEFT_IO_TRY;
		if (!weft_copy_count(t, io))
			return weft_copy_end(task, io, io->res);
	} else if (!task->polls) {
		ret = weft_copy_begin(t, io);
		if (ret)
			return weft_copy_end(task, io, ret);
	}
	if (weft_io_block(io, cx, weft_copy_step) == WEFT_PENDING)
		return WEFT_PENDING;
	if (!weft_copy_count(t, io))
		return weft_copy_end(task, io, io->res);
	return weft_yield(cx);
}

/* What was copied stays; that all of it was is told. */
static enum weft_poll weft_copy_cancel(struct weft_task *task,
				       struct weft_cx *cx)
{
	struct weft_op_task *t = weft_op_task(task);
	struct weft_io *io = t->io.io;

	if (weft_io_stop(io, cx) == WEFT_PENDING)
		return WEFT_PENDING;
	if (io->at == WEFT_IO_PUNT && io->res > 0 && !weft_copy_count(t, io))
		return weft_copy_end(task, io, 0);
	return WEFT_READY;
}

static bool weft_copy_valid(const struct weft_job *job)
{
	if (job->copy.flags || job->copy.__reserved)
		return false;
	if (job->copy.in_offset != WEFT_OFFSET_CURRENT &&
	    job->copy.in_offset > S64_MAX)
		return false;
	return job->copy.out_offset == WEFT_OFFSET_CURRENT ||
	       job->copy.out_offset <= S64_MAX;
}

static int weft_copy_prep(struct weft_op_task *t, const struct weft_job *job,
			  const struct weft_op_env *env)
{
	struct weft_io *io;
	int ret;

	if (!weft_copy_valid(job))
		return -EINVAL;
	ret = weft_io_create(&io, env, job->copy.in);
	if (ret)
		return ret;
	ret = -EBADF;
	io->out = weft_file_get(env, job->copy.out);
	if (!io->out)
		goto err_destroy;
	ret = weft_io_set_memory(io);
	if (ret)
		goto err_destroy;
	io->current_pos = job->copy.in_offset == WEFT_OFFSET_CURRENT;
	io->out_current = job->copy.out_offset == WEFT_OFFSET_CURRENT;
	io->pos = io->current_pos ? 0 : job->copy.in_offset;
	io->out_pos = io->out_current ? 0 : job->copy.out_offset;
	io->copy_len = min_t(u64, job->copy.len, S64_MAX);
	weft_io_attach(t, io);
	t->io.done = 0;
	t->io.total = io->copy_len;
	return 0;

err_destroy:
	weft_io_destroy(io);
	return ret;
}

static int weft_copy_bind(struct weft_op_task *t, unsigned int at, u64 value)
{
	struct weft_io *io = t->io.io;

	if (value > S64_MAX)
		return -EINVAL;
	switch (at) {
	case WEFT_ARG_AT(copy.in_offset):
		io->current_pos = false;
		io->pos = value;
		break;
	case WEFT_ARG_AT(copy.out_offset):
		io->out_current = false;
		io->out_pos = value;
		break;
	default:
		io->copy_len = value;
		/* Read by who asks for the progress. */
		WRITE_ONCE(t->io.total, value);
	}
	return 0;
}

static const struct weft_op_arg weft_copy_args[] = {
	{ WEFT_ARG_AT(copy.in_offset), WEFT_TYPE_BYTES },
	{ WEFT_ARG_AT(copy.out_offset), WEFT_TYPE_BYTES },
	{ WEFT_ARG_AT(copy.len), WEFT_TYPE_BYTES },
	{}
};

const struct weft_op weft_op_copy = {
	.name = "copy",
	.prep = weft_copy_prep,
	.poll = weft_copy_poll,
	.cancel = weft_copy_cancel,
	.drop = weft_io_drop,
	.files = true,
	.progress = true,
	.bind = weft_copy_bind,
	.args = weft_copy_args,
	.result = WEFT_TYPE_BYTES,
};
