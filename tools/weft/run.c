// SPDX-License-Identifier: GPL-2.0-only
/* weft run: jobs from the command line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "run.h"
#include "term.h"
#include "util.h"

#define BAR_AFTER_NS	(500 * NSEC_PER_MSEC)

struct run {
	struct run_plan plan;
	struct run_result result;
};

static void run_each(void *arg, const struct weft_completion *c)
{
	struct run *run = arg;
	struct run_result *r = &run->result;

	if (r->late && c->result >= 0)
		r->late[r->nr_late++] = c->result;
	if (c->user_data < r->nr_listed)
		r->listed[c->user_data] = *c;
	if (!(c->flags & WEFT_COMPLETION_RECEIPT))
		return;
	r->timed |= !!(c->flags & WEFT_COMPLETION_TIMED);
	r->sum.queued_ns += c->receipt.queued_ns;
	r->sum.run_ns += c->receipt.run_ns;
	r->sum.blocked_ns += c->receipt.blocked_ns;
	r->sum.polls += c->receipt.polls;
	r->sum.wakes += c->receipt.wakes;
	r->sum.moves += c->receipt.moves;
	r->sum.punts += c->receipt.punts;
}

static void run_tick(void *arg)
{
	const struct run *run = arg;
	const struct flow *f = &run->result.flow;

	if (now_ns() - f->began_ns > BAR_AFTER_NS)
		term_progress_bar(weft_op_name(run->plan.job.op), f->reaped,
				  run->plan.count);
}

static bool run_prepare(struct run *run)
{
	const struct run_plan *plan = &run->plan;
	struct run_result *r = &run->result;

	if (plan->job.op == WEFT_OP_SLEEP) {
		r->late = calloc(plan->count, sizeof(*r->late));
		if (!r->late)
			return false;
	}
	if (plan->receipts) {
		r->nr_listed = plan->count;
		if (!plan->json && r->nr_listed > RUN_LISTED)
			r->nr_listed = RUN_LISTED;
		r->listed = calloc(r->nr_listed, sizeof(*r->listed));
		if (!r->listed)
			return false;
	}
	r->flow.each = run_each;
	r->flow.tick = run_tick;
	r->flow.arg = run;
	return true;
}

/* Credits and batches within what the kernel allows. Return: the exit code. */
static int run_limits(struct run *run)
{
	struct flow *f = &run->result.flow;
	struct weft_query query;
	int fd = weft_client_open();
	int ret;

	if (fd < 0)
		return complain_device(-fd);
	ret = weft_client_query(fd, &query);
	weft_client_close(fd);
	if (ret)
		return complain_kernel("the kernel does not say what it can do",
				       -ret);

	if (f->credits > query.max_credits || f->batch > query.max_batch) {
		bool credits = f->credits > query.max_credits;

		complain("--%s %u is too much: this kernel takes at most %u",
			 credits ? "credits" : "batch",
			 credits ? f->credits : f->batch,
			 credits ? query.max_credits : query.max_batch);
		return EXIT_USAGE;
	}
	if (!f->credits)
		f->credits = run->plan.count < query.max_credits ?
				     run->plan.count : query.max_credits;
	return 0;
}

static int run_exit_code(const struct run *run)
{
	const struct flow *f = &run->result.flow;
	char what[64];

	if (interrupted())
		return EXIT_INTERRUPTED;
	if (f->accepted < run->plan.count) {
		snprintf(what, sizeof(what), "job %" PRIu64 " was refused",
			 f->accepted);
		return complain_kernel(what, f->error);
	}
	return f->ok == f->reaped ? EXIT_OK : EXIT_JOB_FAILED;
}

/* Further away than the kernel can count is as good as never. */
static uint64_t from_now(uint64_t ns)
{
	uint64_t now = now_ns();

	return ns < INT64_MAX - now ? now + ns : INT64_MAX;
}

static int run_jobs(struct run *run)
{
	struct run_plan *plan = &run->plan;
	struct flow *f = &run->result.flow;
	int ret;

	if (flow_prepare(f))
		return complain_memory();
	ret = flow_open(f, plan->engine);
	if (ret) {
		flow_close(f);
		return complain_kernel("the client cannot be set up", -ret);
	}
	term_progress("%s %s job%s on engine %s", text_count(plan->count).s,
		      weft_op_name(plan->job.op), plan->count == 1 ? "" : "s",
		      weft_engine_name(plan->engine));
	interrupt_catch();
	if (plan->until)
		plan->job.sleep.ns = from_now(plan->until_ns);
	if (plan->deadline_ns)
		plan->job.deadline_ns = from_now(plan->deadline_ns);
	ret = flow_run(f, &plan->job, plan->count);
	term_progress_end();
	flow_close(f);
	if (ret)
		return complain_kernel("waiting for completions failed", -ret);

	if (plan->json)
		ret = run_print_json(plan, &run->result);
	else if (!plan->quiet)
		run_print(plan, &run->result);
	return ret ? ret : run_exit_code(run);
}

int cmd_run(int argc, char **argv)
{
	struct run run = {};
	int ret;

	ret = run_parse(&run.plan, &run.result.flow, argc, argv);
	if (ret)
		return ret;
	if (run.plan.quiet)
		term_quiet();
	ret = run_limits(&run);
	if (ret)
		return ret;
	ret = run_prepare(&run) ? run_jobs(&run) : complain_memory();
	free(run.result.late);
	free(run.result.listed);
	return ret;
}
