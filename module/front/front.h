/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The door: the only code that touches user memory.
 */
#ifndef WEFT_FRONT_H
#define WEFT_FRONT_H

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <uapi/linux/weft.h>

#include "../job/client.h"
#include "../job/runtime.h"

#define WEFT_DEFAULT_CREDITS	4096U
#define WEFT_MAX_BATCH		65536U

/* Jobs, or completions, that are copied from or to the user at once. */
#define WEFT_COPY_BLOCK		32

/**
 * struct weft_device - /dev/weft
 * @misc: how it is registered
 * @runtime: what it opens
 */
struct weft_device {
	struct miscdevice misc;
	struct weft_runtime *runtime;
};

/**
 * struct weft_file - An open of /dev/weft
 * @file: that open; constant
 * @runtime: constant
 * @setting_up: held by WEFT_IOC_SETUP and WEFT_IOC_RESTRICT
 * @client: NULL until set-up, then constant
 * @ops: bit n is set if op n is allowed; written under @setting_up
 * @jobs: jobs on their way in; under @client->submitting
 * @ids: their ids on the way out; likewise
 * @completions: completions on their way out; under @client->reaping
 */
struct weft_file {
	struct file *file;
	struct weft_runtime *runtime;
	struct mutex setting_up;
	struct weft_client *client;
	u64 ops;
	struct weft_job jobs[WEFT_COPY_BLOCK];
	u64 ids[WEFT_COPY_BLOCK];
	struct weft_completion completions[WEFT_COPY_BLOCK];
};

/* chardev.c */
int __must_check weft_device_register(struct weft_device *device,
				      struct weft_runtime *rt);
void weft_device_deregister(struct weft_device *device);

void weft_file_check_table(struct weft_file *wf, struct files_struct *table);

/* ioctl.c */
long weft_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* submit.c */
long weft_file_submit(struct weft_file *wf, struct weft_submit *submit);

/* graph.c */
long weft_file_graph(struct weft_file *wf, struct weft_graph *graph);
long weft_file_graph_result(struct weft_file *wf, struct weft_graph_result *look);
long weft_file_template(struct weft_file *wf, struct weft_template *template);
long weft_file_run(struct weft_file *wf, struct weft_run *run);

/* reap.c */
long weft_file_wait(struct weft_file *wf, struct weft_wait *wait);
ssize_t weft_file_read(struct file *file, char __user *buf, size_t size,
		       loff_t *pos);

/* step.c */
long weft_file_step(struct weft_file *wf, struct weft_step *step);

/* buffer.c */
long weft_file_buffer(struct weft_file *wf, struct weft_buffer *buffer);
int weft_file_mmap(struct file *file, struct vm_area_struct *vma);

/* validate.c: pure */
int weft_validate_setup(const struct weft_setup *setup, u32 max_credits);
int weft_validate_submit(const struct weft_submit *submit);
int weft_validate_wait(const struct weft_wait *wait, u32 credits);
int weft_validate_cancel(const struct weft_cancel *cancel);
int weft_validate_stats(const struct weft_stats *stats);
int weft_validate_restrict(const struct weft_restrict *r);
int weft_validate_step(const struct weft_step *step);
int weft_validate_buffer(const struct weft_buffer *buffer);
int weft_validate_progress(const struct weft_progress *progress);
int weft_validate_graph(const struct weft_graph *graph, u32 credits);
int weft_validate_graph_result(const struct weft_graph_result *look);
int weft_validate_template(const struct weft_template *template);
int weft_validate_run(const struct weft_run *run);
int weft_validate_job(const struct weft_job *job, u64 ops);

/* tasks.c */
extern const struct file_operations weft_tasks_fops;

/* offences.c */
void weft_offences_create(struct weft_runtime *rt, struct dentry *dir);

/* recorder.c */
void weft_recorder_create(struct weft_runtime *rt, struct dentry *dir);

/* debugfs.c */
struct dentry *weft_debugfs_create(struct weft_runtime *rt);

/**
 * weft_file_client() - the client of an open file
 * @wf: the open file
 *
 * Return: the client, or NULL if it is not set up.
 */
static inline struct weft_client *weft_file_client(struct weft_file *wf)
{
	/* Pairs with smp_store_release() in weft_ioc_setup(). */
	return smp_load_acquire(&wf->client);
}

#endif /* WEFT_FRONT_H */
