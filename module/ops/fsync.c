// SPDX-License-Identifier: GPL-2.0-only
/* fsync: as fsync(2) and fdatasync(2). It always waits for a device. */
#include <linux/fs.h>

#include "io.h"

static int weft_fsync_prep(struct weft_op_task *t, const struct weft_job *job,
			   const struct weft_op_env *env)
{
	struct weft_io *io;
	int ret;

	if ((job->fsync.flags & ~WEFT_FSYNC_DATA) || !weft_op_args_zero(job, 1))
		return -EINVAL;
	ret = weft_io_create(&io, env, job->fsync.fd);
	if (ret)
		return ret;
	io->datasync = job->fsync.flags & WEFT_FSYNC_DATA;
	weft_io_attach(t, io);
	return 0;
}

static ssize_t weft_fsync_step(struct weft_io *io)
{
	struct weft_ident_saved saved;
	ssize_t ret;

	weft_ident_begin(&io->ident, &saved);
	ret = vfs_fsync(io->file, io->datasync);
	weft_ident_end(&io->ident, &saved);
	return ret;
}

static enum weft_poll weft_fsync_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct weft_io *io = weft_task_io(task);
	enum weft_poll ret;

	ret = io->at == WEFT_IO_PUNT ? weft_punt_poll(&io->punt, cx) :
				       weft_io_block(io, cx, weft_fsync_step);
	if (ret == WEFT_READY)
		task->result = io->res;
	return ret;
}

static enum weft_poll weft_fsync_cancel(struct weft_task *task,
					struct weft_cx *cx)
{
	struct weft_io *io = weft_task_io(task);

	if (weft_io_stop(io, cx) == WEFT_PENDING)
		return WEFT_PENDING;
	/* It was done: what it came to is told to nobody else. */
	if (io->at == WEFT_IO_PUNT && io->res != -ECANCELED)
		task->result = io->res;
	return WEFT_READY;
}

const struct weft_op weft_op_fsync = {
	.name = "fsync",
	.prep = weft_fsync_prep,
	.poll = weft_fsync_poll,
	.cancel = weft_fsync_cancel,
	.drop = weft_io_drop,
	.files = true,
};
