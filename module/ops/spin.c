// SPDX-License-Identifier: GPL-2.0-only
/* spin: uses CPU time, in slices. */
#include <linux/ktime.h>
#include <linux/sched.h>

#include "op.h"

static unsigned long weft_switches(void)
{
	return current->nvcsw + current->nivcsw;
}

/**
 * weft_op_burn() - use CPU time until it is used up or the slice is spent
 * @left: CPU time to use, in ns; what is left of it after the call
 * @cx: the context of the poll
 *
 * Time in which this thread was switched out does not count.
 *
 * Return: true if it is used up; else the poll should yield.
 */
bool weft_op_burn(u64 *left, struct weft_cx *cx)
{
	unsigned long switches = weft_switches();
	u64 then = weft_now(cx);
	bool spent = false;

	while (*left && !spent) {
		u64 now;

		cpu_relax();
		spent = weft_slice_spent(cx);
		now = weft_now(cx);
		if (switches == weft_switches())
			*left -= min(*left, now - then);
		else
			switches = weft_switches();
		then = now;
	}
	return !*left;
}

static int weft_spin_prep(struct weft_op_task *t, const struct weft_job *job,
			  const struct weft_op_env *env)
{
	if (job->spin.ns > KTIME_MAX || !weft_op_args_zero(job, 1))
		return -EINVAL;
	t->spin_ns = job->spin.ns;
	return 0;
}

static int weft_spin_bind(struct weft_op_task *t, unsigned int at, u64 value)
{
	if (value > KTIME_MAX)
		return -EINVAL;
	t->spin_ns = value;
	return 0;
}

static const struct weft_op_arg weft_spin_args[] = {
	{ WEFT_ARG_AT(spin.ns), WEFT_TYPE_NS },
	{}
};

static enum weft_poll weft_spin_poll(struct weft_task *task, struct weft_cx *cx)
{
	struct weft_op_task *t = weft_op_task(task);

	return weft_op_burn(&t->spin_ns, cx) ? WEFT_READY : weft_yield(cx);
}

const struct weft_op weft_op_spin = {
	.name = "spin",
	.prep = weft_spin_prep,
	.poll = weft_spin_poll,
	.bind = weft_spin_bind,
	.args = weft_spin_args,
};
