// SPDX-License-Identifier: GPL-2.0-only
/* WEFT_IOC_WAIT and read(): completions to the user, a block at a time. */
#include <linux/uaccess.h>

#include "front.h"

/* Return: how many completions got there; less than @count if one did not. */
static unsigned int weft_copy_completions(struct weft_completion __user *to,
					  const struct weft_completion *from,
					  unsigned int count)
{
	unsigned long left = copy_to_user(to, from, count * sizeof(*from));

	return count - DIV_ROUND_UP(left, sizeof(*from));
}

/**
 * weft_file_reap() - hand out the completions that are there
 * @wf: the open file, set up
 * @to: room for @max completions
 * @max: how many, at most
 *
 * A completion that cannot be written stays, and so do those after it.
 *
 * Context: may sleep.
 * Return: how many; -EFAULT if the first could not be written.
 */
long weft_file_reap(struct weft_file *wf, struct weft_completion __user *to,
		    unsigned int max)
{
	struct weft_client *client = wf->client;
	unsigned int count, copied, done = 0;
	struct weft_slots taken;
	bool fault = false;

	mutex_lock(&client->reaping);
	while (!fault && done < max) {
		count = weft_client_take_done(client, &taken, wf->completions,
					      min(max - done,
						  (unsigned int)WEFT_COPY_BLOCK));
		if (!count)
			break;
		copied = weft_copy_completions(to + done, wf->completions,
					       count);
		weft_client_settle(client, &taken, copied);
		done += copied;
		fault = copied < count;
	}
	mutex_unlock(&client->reaping);
	weft_group_reap(&client->group);

	return fault && !done ? -EFAULT : done;
}

/**
 * weft_file_wait() - wait for completions and hand them out
 * @wf: the open file, set up
 * @wait: what the user asks for, valid; @count is set
 *
 * Context: may sleep.
 * Return: @wait->count, -ETIME, -EINTR or -EFAULT.
 */
long weft_file_wait(struct weft_file *wf, struct weft_wait *wait)
{
	int early = 0;
	long count;

	if (weft_client_ready(wf->client) < wait->min)
		early = weft_client_wait(wf->client, wait->min,
					 wait->timeout_ns);
	if (wait->capacity)
		count = weft_file_reap(wf, u64_to_user_ptr(wait->completions),
				       wait->capacity);
	else
		count = weft_client_ready(wf->client);

	if (count < 0)
		return count;
	wait->count = count;
	return count ? count : early;
}

/**
 * weft_file_read() - read() of /dev/weft
 * @file: the open file
 * @buf: receives an array of struct weft_completion
 * @size: of @buf
 * @pos: not used
 *
 * Return: how many bytes; -EBADFD, -EINVAL, -EAGAIN, -EINTR or -EFAULT.
 */
ssize_t weft_file_read(struct file *file, char __user *buf, size_t size,
		       loff_t *pos)
{
	struct weft_file *wf = file->private_data;
	size_t max = size / sizeof(struct weft_completion);
	struct weft_client *client = weft_file_client(wf);
	long count;
	int ret;

	if (!client)
		return -EBADFD;
	if (!max)
		return -EINVAL;

	for (;;) {
		count = weft_file_reap(wf, (struct weft_completion __user *)buf,
				       min_t(size_t, max, WEFT_MAX_BATCH));
		if (count < 0)
			return count;
		if (count)
			return count * sizeof(struct weft_completion);
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		/* Another reader may be faster: look, and wait again. */
		ret = weft_client_wait(client, 1, WEFT_WAIT_FOREVER);
		if (ret)
			return ret;
	}
}
