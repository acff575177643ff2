// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>
#include <kunit/visibility.h>

#include "op.h"

/* Not a job: it has no functions, only a name. */
static const struct weft_op weft_kind_graph = {
	.name = "graph",
};

const struct weft_op *const weft_ops[WEFT_NR_KINDS] = {
	[WEFT_OP_NOP] = &weft_op_nop,
	[WEFT_OP_YIELD] = &weft_op_yield,
	[WEFT_OP_SPIN] = &weft_op_spin,
	[WEFT_OP_SLEEP] = &weft_op_sleep,
	[WEFT_OP_WORK] = &weft_op_work,
	[WEFT_OP_READ] = &weft_op_read,
	[WEFT_OP_WRITE] = &weft_op_write,
	[WEFT_OP_FSYNC] = &weft_op_fsync,
	[WEFT_OP_COPY] = &weft_op_copy,
	[WEFT_OP_POLL] = &weft_op_poll,
	[WEFT_OP_EVENTFD] = &weft_op_eventfd,
	[WEFT_OP_NOTIFY] = &weft_op_notify,
	[WEFT_OP_AWAIT] = &weft_op_await,
	[WEFT_OP_VERIFY] = &weft_op_verify,
	[WEFT_KIND_GRAPH] = &weft_kind_graph,
};
EXPORT_SYMBOL_IF_KUNIT(weft_ops);

/**
 * weft_op_args_zero() - are the arguments that an op does not use zero
 * @job: the job
 * @from: the first unused word
 *
 * Return: true if they are.
 */
bool weft_op_args_zero(const struct weft_job *job, unsigned int from)
{
	for (; from < ARRAY_SIZE(job->arg); from++)
		if (job->arg[from])
			return false;
	return true;
}

/**
 * weft_op_arg_type() - the type of an argument
 * @op: the op
 * @at: the argument's place, in bytes after the first one
 *
 * Return: WEFT_TYPE_NONE if nothing can be bound there.
 */
enum weft_type weft_op_arg_type(const struct weft_op *op, unsigned int at)
{
	const struct weft_op_arg *arg;

	for (arg = op->args; arg && arg->type; arg++)
		if (arg->at == at)
			return arg->type;
	return WEFT_TYPE_NONE;
}
