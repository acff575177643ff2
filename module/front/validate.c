// SPDX-License-Identifier: GPL-2.0-only
/* What users may ask for. Pure: looks at its arguments only. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <kunit/visibility.h>

#include "front.h"

/**
 * weft_validate_setup() - check WEFT_IOC_SETUP
 * @setup: as copied from the user
 * @max_credits: most credits of one client
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_setup(const struct weft_setup *setup, u32 max_credits)
{
	if (setup->engine > WEFT_ENGINE_THREADS || setup->__reserved ||
	    setup->credits > max_credits)
		return -EINVAL;
	switch (setup->flags) {
	case 0:
		return setup->workers ? -EINVAL : 0;
	case WEFT_SETUP_STEP:
	case WEFT_SETUP_STEP | WEFT_SETUP_VIRTUAL:
		if (setup->engine != WEFT_ENGINE_ASYNC || !setup->workers ||
		    setup->workers > WEFT_STEP_MAX_WORKERS ||
		    setup->credits > WEFT_STEP_MAX_CREDITS)
			return -EINVAL;
		return 0;
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_setup);

/**
 * weft_validate_submit() - check WEFT_IOC_SUBMIT
 * @submit: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_submit(const struct weft_submit *submit)
{
	if (submit->flags || submit->__reserved ||
	    submit->count > WEFT_MAX_BATCH)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_submit);

/**
 * weft_validate_wait() - check WEFT_IOC_WAIT
 * @wait: as copied from the user
 * @credits: of the client
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_wait(const struct weft_wait *wait, u32 credits)
{
	if (wait->flags || wait->__reserved || wait->min > credits)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_wait);

/**
 * weft_validate_cancel() - check WEFT_IOC_CANCEL
 * @cancel: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_cancel(const struct weft_cancel *cancel)
{
	switch (cancel->flags) {
	case 0:
		return cancel->tag ? -EINVAL : 0;
	case WEFT_CANCEL_ALL:
		return cancel->id || cancel->tag ? -EINVAL : 0;
	case WEFT_CANCEL_TAG:
		return cancel->id ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_cancel);

/**
 * weft_validate_stats() - check WEFT_IOC_STATS
 * @stats: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_stats(const struct weft_stats *stats)
{
	return stats->flags ? -EINVAL : 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_stats);

/**
 * weft_validate_restrict() - check WEFT_IOC_RESTRICT
 * @r: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_restrict(const struct weft_restrict *r)
{
	return r->flags ? -EINVAL : 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_restrict);

/**
 * weft_validate_step() - check WEFT_IOC_STEP
 * @step: as copied from the user
 *
 * What depends on the client is checked when it steps.
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_step(const struct weft_step *step)
{
	if (step->flags & ~(WEFT_STEP_LOOK | WEFT_STEP_SKIP) ||
	    step->capacity > WEFT_STEP_MAX_CREDITS)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_step);

/**
 * weft_validate_buffer() - check WEFT_IOC_BUFFER
 * @buffer: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_buffer(const struct weft_buffer *buffer)
{
	if (buffer->__reserved || (buffer->flags & ~WEFT_BUFFER_FREE))
		return -EINVAL;
	return (buffer->flags & WEFT_BUFFER_FREE) && buffer->bytes ? -EINVAL : 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_buffer);

/**
 * weft_validate_progress() - check WEFT_IOC_PROGRESS
 * @progress: as copied from the user
 *
 * Return: 0 or -EINVAL.
 */
int weft_validate_progress(const struct weft_progress *progress)
{
	return progress->flags || progress->__reserved ? -EINVAL : 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_progress);

/**
 * weft_validate_job() - check what all ops have in common
 * @job: as copied from the user
 * @ops: bit n is set if op n is allowed
 *
 * Return: 0, -EINVAL or -EOPNOTSUPP. The arguments are checked by the op's
 * prep().
 */
int weft_validate_job(const struct weft_job *job, u64 ops)
{
	if (job->op >= WEFT_NR_OPS || (job->flags & ~WEFT_JOB_RECEIPT) ||
	    job->deadline_ns > KTIME_MAX)
		return -EINVAL;
	return ops & BIT_ULL(job->op) ? 0 : -EOPNOTSUPP;
}
EXPORT_SYMBOL_IF_KUNIT(weft_validate_job);
