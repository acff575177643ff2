// SPDX-License-Identifier: GPL-2.0-only
/* eventfd: adds to the count of an eventfd. */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/file.h>

#include "../compat.h"
#include "io.h"

static int weft_eventfd_prep(struct weft_op_task *t, const struct weft_job *job,
			     const struct weft_op_env *env)
{
	struct eventfd_ctx *ctx;
	struct file *file;

	if (!job->eventfd.value || job->eventfd.value > WEFT_EVENTFD_MAX ||
	    job->eventfd.__reserved || !weft_op_args_zero(job, 2))
		return -EINVAL;
	file = weft_file_get(env, job->eventfd.fd);
	if (!file)
		return -EBADF;
	ctx = eventfd_ctx_fileget(file);
	fput(file);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	t->eventfd.ctx = ctx;
	t->eventfd.value = job->eventfd.value;
	return 0;
}

static enum weft_poll weft_eventfd_poll(struct weft_task *task,
					struct weft_cx *cx)
{
	struct weft_eventfd_state *s = &weft_op_task(task)->eventfd;

	weft_eventfd_signal(s->ctx, s->value);
	return WEFT_READY;
}

static void weft_eventfd_drop(struct weft_op_task *t)
{
	eventfd_ctx_put(t->eventfd.ctx);
}

static int weft_eventfd_bind(struct weft_op_task *t, unsigned int at, u64 value)
{
	if (!value || value > WEFT_EVENTFD_MAX)
		return -EINVAL;
	t->eventfd.value = value;
	return 0;
}

static const struct weft_op_arg weft_eventfd_args[] = {
	{ WEFT_ARG_AT(eventfd.value), WEFT_TYPE_VALUE },
	{}
};

const struct weft_op weft_op_eventfd = {
	.name = "eventfd",
	.prep = weft_eventfd_prep,
	.poll = weft_eventfd_poll,
	.drop = weft_eventfd_drop,
	.bind = weft_eventfd_bind,
	.args = weft_eventfd_args,
};
