// SPDX-License-Identifier: GPL-2.0-only
/* /dev/weft */
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../core/gfp.h"
#include "front.h"

static int weft_file_open(struct inode *inode, struct file *file)
{
	struct weft_device *device = container_of(file->private_data,
						  struct weft_device, misc);
	struct weft_file *wf;

	wf = kzalloc(sizeof(*wf), WEFT_GFP_USER);
	if (!wf)
		return -ENOMEM;
	wf->runtime = device->runtime;
	mutex_init(&wf->setting_up);
	wf->ops = BIT_ULL(WEFT_NR_OPS) - 1;
	file->private_data = wf;
	return stream_open(inode, file);
}

/* The last thread of a process that has this file open closes it, or exits. */
static int weft_file_flush(struct file *file, fl_owner_t id)
{
	struct weft_client *client = weft_file_client(file->private_data);

	if (client && (current->flags & PF_EXITING))
		weft_client_exit(client);
	return 0;
}

static int weft_file_release(struct inode *inode, struct file *file)
{
	struct weft_file *wf = file->private_data;

	if (wf->client)
		weft_client_destroy(wf->client);
	kfree(wf);
	return 0;
}

static __poll_t weft_file_poll(struct file *file, struct poll_table_struct *pt)
{
	struct weft_client *client = weft_file_client(file->private_data);
	bool readable, writable;
	__poll_t mask = 0;

	if (!client)
		return EPOLLERR;
	poll_wait(file, &client->wait, pt);
	weft_client_watch(client, &readable, &writable);
	if (readable)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (writable)
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static const struct file_operations weft_fops = {
	.owner = THIS_MODULE,
	.open = weft_file_open,
	.flush = weft_file_flush,
	.release = weft_file_release,
	.read = weft_file_read,
	.poll = weft_file_poll,
	.unlocked_ioctl = weft_file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * weft_device_register() - make /dev/weft
 * @device: to be registered; zeroed
 * @rt: what it opens
 *
 * Return: 0 or a negative errno.
 */
int weft_device_register(struct weft_device *device, struct weft_runtime *rt)
{
	device->runtime = rt;
	device->misc.minor = MISC_DYNAMIC_MINOR;
	device->misc.name = "weft";
	device->misc.fops = &weft_fops;
	device->misc.mode = 0600;
	return misc_register(&device->misc);
}

/**
 * weft_device_deregister() - take /dev/weft away
 * @device: nobody has it open
 */
void weft_device_deregister(struct weft_device *device)
{
	misc_deregister(&device->misc);
}
