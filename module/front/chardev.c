// SPDX-License-Identifier: GPL-2.0-only
/* /dev/weft */
#include <linux/fdtable.h>
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
	wf->file = file;
	wf->runtime = device->runtime;
	mutex_init(&wf->setting_up);
	wf->ops = BIT_ULL(WEFT_NR_OPS) - 1;
	file->private_data = wf;
	return stream_open(inode, file);
}

static int weft_is_file(const void *want, struct file *file, unsigned int fd)
{
	return file == want;
}

/**
 * weft_file_check_table() - may a table of descriptors have lost the client
 * @wf: the open file, set up
 * @table: the table
 *
 * If it has no descriptor of @wf any more, who used it can neither wait for its jobs
 * nor end them: those that hold files are cancelled.
 *
 * Context: may sleep.
 */
void weft_file_check_table(struct weft_file *wf, struct files_struct *table)
{
	if (table && !iterate_fd(table, 0, weft_is_file, wf->file))
		weft_client_cancel_table(wf->client, table);
}

/* A descriptor of this file is closed, perhaps because its process exits. */
static int weft_file_flush(struct file *file, fl_owner_t id)
{
	struct weft_client *client = weft_file_client(file->private_data);

	if (!client)
		return 0;
	if (current->flags & PF_EXITING)
		weft_client_exit(client);
	/* Full barrier; pairs with the second read in weft_ioc_submit(). */
	atomic_inc_return(&client->flushes);
	weft_file_check_table(file->private_data, id);
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
	.mmap = weft_file_mmap,
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
	rt->refused = &weft_fops;
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
