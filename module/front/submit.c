// SPDX-License-Identifier: GPL-2.0-only
/* WEFT_IOC_SUBMIT: jobs from the user, a block at a time. */
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "front.h"

/* How many of the jobs are valid up to the first that is not, and why it is not. */
static unsigned int weft_valid_jobs(struct weft_file *wf, unsigned int count,
				    int *error)
{
	u64 ops = READ_ONCE(wf->ops);
	unsigned int i;

	*error = 0;
	for (i = 0; i < count; i++) {
		struct weft_job *job = &wf->jobs[i];

		*error = weft_validate_job(job, ops);
		if (*error)
			break;
		/* It indexes the op table. */
		job->op = array_index_nospec(job->op, WEFT_NR_OPS);
	}
	return i;
}

/*
 * Copies as many jobs as can be read. One that straddles the end of what is
 * mapped is refused, but not those before it.
 */
static unsigned int weft_copy_jobs(struct weft_job *jobs,
				   const struct weft_job __user *from,
				   unsigned int count)
{
	unsigned long left = copy_from_user(jobs, from, count * sizeof(*jobs));

	return count - DIV_ROUND_UP(left, sizeof(*jobs));
}

/*
 * Accepts up to @count jobs. Return: 0, or why job @accepted was refused.
 */
static int weft_submit_block(struct weft_file *wf,
			     const struct weft_job __user *from,
			     u64 __user *ids, unsigned int count,
			     unsigned int *accepted)
{
	unsigned int copied, valid;
	struct weft_batch batch;
	int invalid, ret;

	copied = weft_copy_jobs(wf->jobs, from, count);
	valid = weft_valid_jobs(wf, copied, &invalid);
	ret = weft_submit_prepare(&batch, wf->client, wf->jobs, valid, wf->ids);
	if (!ret && valid < count)
		ret = valid < copied ? invalid : -EFAULT;

	if (ids && copy_to_user(ids, wf->ids, batch.count * sizeof(*ids))) {
		weft_submit_abort(&batch);
		*accepted = 0;
		return -EFAULT;
	}
	*accepted = batch.count;
	weft_submit_publish(&batch);
	return ret;
}

/**
 * weft_file_submit() - accept jobs
 * @wf: the open file, set up
 * @submit: what the user asks for, valid; @accepted and @error are set
 *
 * Context: may sleep.
 * Return: how many were accepted, or -EINTR.
 */
long weft_file_submit(struct weft_file *wf, struct weft_submit *submit)
{
	const struct weft_job __user *jobs = u64_to_user_ptr(submit->jobs);
	u64 __user *ids = u64_to_user_ptr(submit->ids);
	struct weft_client *client = wf->client;
	unsigned int done = 0, accepted;
	int ret = 0;

	if (mutex_lock_killable(&client->submitting))
		return -EINTR;
	while (!ret && done < submit->count) {
		ret = weft_submit_block(wf, jobs + done, ids ? ids + done : NULL,
					min(submit->count - done,
					    (unsigned int)WEFT_COPY_BLOCK),
					&accepted);
		done += accepted;
		if (!ret && done < submit->count && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	if (ret)
		weft_client_refuse(client);
	mutex_unlock(&client->submitting);

	submit->accepted = done;
	submit->error = -ret;
	return done;
}
