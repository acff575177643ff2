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

/*
 * Hands out completions. One that cannot be written stays, and so do those after
 * it. Return: how many, at most @max; -EFAULT if the first could not be written.
 */
static long weft_reap_locked(struct weft_file *wf,
			     struct weft_completion __user *to,
			     unsigned int max)
{
	struct weft_client *client = wf->client;
	unsigned int count, copied, done = 0;
	struct weft_slots taken;
	bool fault = false;

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
	if (fault && !done)
		return -EFAULT;
	return done;
}

/*
 * Hands out up to @max completions if at least @min are there; with @max 0 it
 * only counts them. Return: how many; -EFAULT; -EINTR; or -EAGAIN if fewer are
 * there.
 */
static long weft_reap(struct weft_file *wf, struct weft_completion __user *to,
		      unsigned int max, unsigned int min)
{
	struct weft_client *client = wf->client;
	long ret;

	/* Only who holds this makes them fewer. */
	if (mutex_lock_killable(&client->reaping))
		return -EINTR;
	ret = weft_client_ready(client);
	if (ret < min)
		ret = -EAGAIN;
	else if (max)
		ret = weft_reap_locked(wf, to, max);
	mutex_unlock(&client->reaping);

	weft_group_reap(&client->group);
	return ret;
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
	struct weft_completion __user *to = u64_to_user_ptr(wait->completions);
	int early = 0;
	long count;

	/* Others may reap what was there when the wait ended. */
	while ((count = weft_reap(wf, to, wait->capacity, wait->min)) ==
	       -EAGAIN) {
		early = weft_client_wait(wf->client, wait->min,
					 wait->timeout_ns);
		if (early)
			break;
	}
	if (early)
		count = weft_reap(wf, to, wait->capacity, 0);
	if (count < 0)
		return count;
	if (!count && early)
		return early;
	wait->count = count;
	return count;
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
		count = weft_reap(wf, (struct weft_completion __user *)buf,
				  min_t(size_t, max, WEFT_MAX_BATCH), 1);
		if (count >= 0)
			return count * sizeof(struct weft_completion);
		if (count != -EAGAIN)
			return count;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		/* Another reader may be faster: look, and wait again. */
		ret = weft_client_wait(client, 1, WEFT_WAIT_FOREVER);
		if (ret)
			return ret;
	}
}
