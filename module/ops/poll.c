// SPDX-License-Identifier: GPL-2.0-only
/* poll: waits until a file is ready, as poll(2) for one file. */
#include <linux/poll.h>

#include "io.h"

static int weft_poll_prep(struct weft_op_task *t, const struct weft_job *job,
			  const struct weft_op_env *env)
{
	struct weft_io *io;
	int ret;

	/* Bits of poll(2) are 16. */
	if (job->poll.events > U16_MAX || !weft_op_args_zero(job, 1))
		return -EINVAL;
	ret = weft_io_create(&io, env, job->poll.fd);
	if (ret)
		return ret;
	weft_fd_wait_init(&io->fd, demangle_poll(job->poll.events));
	weft_io_attach(t, io);
	return 0;
}

static enum weft_poll weft_poll_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct weft_io *io = weft_task_io(task);
	__poll_t mask;
	int ret;

	io->at = WEFT_IO_FD;
	ret = weft_fd_wait_poll(&io->fd, io->file, cx, &mask);
	if (!ret && !mask)
		return weft_wait_on(cx, WEFT_WAIT_FD, false);
	task->result = ret ?: mangle_poll(mask);
	return WEFT_READY;
}

static enum weft_poll weft_poll_cancel(struct weft_task *task,
				       struct weft_cx *cx)
{
	return weft_io_stop(weft_task_io(task), cx);
}

static int weft_poll_bind(struct weft_op_task *t, unsigned int at, u64 value)
{
	if (value > U16_MAX)
		return -EINVAL;
	weft_fd_wait_init(&t->io.io->fd, demangle_poll(value));
	return 0;
}

static const struct weft_op_arg weft_poll_args[] = {
	{ WEFT_ARG_AT(poll.events), WEFT_TYPE_MASK },
	{}
};

const struct weft_op weft_op_poll = {
	.name = "poll",
	.prep = weft_poll_prep,
	.poll = weft_poll_poll,
	.cancel = weft_poll_cancel,
	.drop = weft_io_drop,
	.files = true,
	.bind = weft_poll_bind,
	.args = weft_poll_args,
	.result = WEFT_TYPE_MASK,
};
