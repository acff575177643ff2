// SPDX-License-Identifier: GPL-2.0-only
/* WEFT_IOC_STEP: one poll of a stepped client, and what its jobs are at then. */
#include <linux/uaccess.h>

#include "../job/step.h"
#include "front.h"

/**
 * weft_file_step() - poll one job
 * @wf: the open file, set up
 * @step: what the user asks for, valid
 *
 * Context: may sleep.
 * Return: 0, -EBADFD (not stepped), -EFAULT, -EINVAL, -EINTR.
 */
long weft_file_step(struct weft_file *wf, struct weft_step *step)
{
	struct weft_step_job __user *jobs = u64_to_user_ptr(step->jobs);
	struct weft_stepper *s = wf->client->stepper;
	struct weft_stats stats = {};
	unsigned int shown;
	long ret;

	if (!s)
		return -EBADFD;
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	/* Find out now whether they can be written: a step is not taken back. */
	ret = -EFAULT;
	if (clear_user(jobs, step->capacity * sizeof(*jobs)))
		goto out;
	ret = weft_client_step(wf->client, step);
	if (ret)
		goto out;
	step->listed = weft_client_step_jobs(wf->client);
	weft_client_stats(wf->client, &stats);
	step->queued = stats.queued + stats.running;
	step->waiting = stats.waiting;
	shown = min(step->listed, step->capacity);
	if (copy_to_user(jobs, s->jobs, shown * sizeof(*jobs)))
		ret = -EFAULT;
out:
	mutex_unlock(&s->lock);
	return ret;
}
