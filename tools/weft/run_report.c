// SPDX-License-Identifier: GPL-2.0-only
/* What "weft run" says at the end. */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "run.h"
#include "term.h"
#include "util.h"

static double jobs_per_second(const struct flow *f)
{
	uint64_t ns = flow_elapsed(f);

	return ns ? f->reaped * 1e9 / ns : 0;
}

/* The arguments, as they follow the name of the op. */
static void print_arguments(const struct run_plan *plan)
{
	const struct weft_job *job = &plan->job;

	switch (job->op) {
	case WEFT_OP_YIELD:
		printf(" %" PRIu64 " times", (uint64_t)job->yield.count);
		break;
	case WEFT_OP_SPIN:
		printf(" for %s", text_exact_time(job->spin.ns).s);
		break;
	case WEFT_OP_SLEEP:
		if (plan->until)
			printf(" until %s after the start",
			       text_exact_time(plan->until_ns).s);
		else
			printf(" for %s", text_exact_time(job->sleep.ns).s);
		break;
	case WEFT_OP_WORK:
		printf(" %u x %s, %s between", job->work.rounds,
		       text_exact_time(job->work.work_ns).s,
		       text_exact_time(job->work.wait_ns).s);
		break;
	}
}

static void print_heading(const struct run_plan *plan)
{
	printf("%s%s %s job%s", term_on(STYLE_BOLD), text_count(plan->count).s,
	       weft_op_name(plan->job.op), plan->count == 1 ? "" : "s");
	print_arguments(plan);
	if (plan->deadline_ns)
		printf(", deadline %s", text_exact_time(plan->deadline_ns).s);
	printf(" on engine %s%s%s\n", weft_engine_name(plan->engine),
	       term_off(STYLE_BOLD), interrupted() ? ": interrupted" : "");
}

static void print_count(const char *what, uint64_t n, enum term_style style)
{
	if (!n)
		style = STYLE_NONE;
	printf("  %-10s %s%12s%s\n", what, term_on(style), text_count(n).s,
	       term_off(style));
}

static struct text describe_result(int64_t result)
{
	struct text text;

	if (result == -ECANCELED)
		snprintf(text.s, sizeof(text.s), "cancelled");
	else if (result == -ETIME)
		snprintf(text.s, sizeof(text.s), "expired");
	else if (result < 0)
		snprintf(text.s, sizeof(text.s), "%.30s",
			 strerrorname_np(-result) ?: "error");
	else
		snprintf(text.s, sizeof(text.s), "%" PRId64, result);
	return text;
}

static void print_listed(const struct run_result *r)
{
	uint64_t i;

	printf("\n%s%5s %12s %9s %9s %9s %7s %7s %5s%s\n", term_on(STYLE_BOLD),
	       "job", "result", "queued", "run", "blocked", "polls", "wakes",
	       "moves", term_off(STYLE_BOLD));
	for (i = 0; i < r->nr_listed; i++) {
		const struct weft_completion *c = &r->listed[i];

		if (!(c->flags & WEFT_COMPLETION_RECEIPT))
			continue;
		printf("%5" PRIu64 " %12s %9s %9s %9s %7u %7u %5u\n", i,
		       describe_result(c->result).s,
		       r->timed ? text_time(c->receipt.queued_ns).s : "-",
		       r->timed ? text_time(c->receipt.run_ns).s : "-",
		       r->timed ? text_time(c->receipt.blocked_ns).s : "-",
		       c->receipt.polls, c->receipt.wakes, c->receipt.moves);
	}
	printf("%5s %12s %9s %9s %9s %7" PRIu64 " %7" PRIu64 " %5" PRIu64 "\n",
	       "all", "", r->timed ? text_time(r->sum.queued_ns).s : "-",
	       r->timed ? text_time(r->sum.run_ns).s : "-",
	       r->timed ? text_time(r->sum.blocked_ns).s : "-", r->sum.polls,
	       r->sum.wakes, r->sum.moves);
	if (r->flow.reaped > r->nr_listed)
		printf("  the first %" PRIu64 " jobs; --json lists all\n",
		       r->nr_listed);
}

void run_print(const struct run_plan *plan, const struct run_result *r)
{
	const struct flow *f = &r->flow;

	print_heading(plan);
	print_count("ok", f->ok, STYLE_GREEN);
	print_count("failed", flow_failed(f), STYLE_RED);
	print_count("cancelled", f->cancelled, STYLE_YELLOW);
	if (plan->deadline_ns)
		print_count("expired", f->expired, STYLE_YELLOW);
	if (f->accepted < plan->count)
		print_count("never run", plan->count - f->accepted,
			    STYLE_YELLOW);
	printf("  %-10s %12s   %s jobs/s\n", "time",
	       text_time(flow_elapsed(f)).s,
	       text_count(jobs_per_second(f) + 0.5).s);
	if (r->nr_late) {
		sort_times(r->late, r->nr_late);
		printf("  %-10s %12s   99%%: %s   most: %s\n", "late by 50%:",
		       text_time(percentile(r->late, r->nr_late, 50)).s,
		       text_time(percentile(r->late, r->nr_late, 99)).s,
		       text_time(r->late[r->nr_late - 1]).s);
	}
	if (plan->receipts && f->reaped)
		print_listed(r);
}

static void json_u64(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_uint64(n));
}

static void json_string(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, json_object_new_string(s));
}

static struct json_object *json_arguments(const struct run_plan *plan)
{
	struct json_object *o = json_object_new_object();
	const struct weft_job *job = &plan->job;

	switch (job->op) {
	case WEFT_OP_YIELD:
		json_u64(o, "count", job->yield.count);
		break;
	case WEFT_OP_SPIN:
		json_u64(o, "ns", job->spin.ns);
		break;
	case WEFT_OP_SLEEP:
		json_u64(o, plan->until ? "until_ns" : "ns", job->sleep.ns);
		break;
	case WEFT_OP_WORK:
		json_u64(o, "rounds", job->work.rounds);
		json_u64(o, "work_ns", job->work.work_ns);
		json_u64(o, "wait_ns", job->work.wait_ns);
		break;
	}
	return o;
}

static struct json_object *json_late(const struct run_result *r)
{
	struct json_object *o = json_object_new_object();

	sort_times(r->late, r->nr_late);
	json_u64(o, "p50", percentile(r->late, r->nr_late, 50));
	json_u64(o, "p99", percentile(r->late, r->nr_late, 99));
	json_u64(o, "max", r->late[r->nr_late - 1]);
	return o;
}

static struct json_object *json_sum(const struct run_result *r)
{
	struct json_object *o = json_object_new_object();

	if (r->timed) {
		json_u64(o, "queued_ns", r->sum.queued_ns);
		json_u64(o, "run_ns", r->sum.run_ns);
		json_u64(o, "blocked_ns", r->sum.blocked_ns);
	}
	json_u64(o, "polls", r->sum.polls);
	json_u64(o, "wakes", r->sum.wakes);
	json_u64(o, "moves", r->sum.moves);
	json_u64(o, "punts", r->sum.punts);
	return o;
}

static struct json_object *json_job(const struct weft_completion *c)
{
	struct json_object *o = json_object_new_object();

	json_u64(o, "job", c->user_data);
	json_u64(o, "id", c->id);
	json_object_object_add(o, "result", json_object_new_int64(c->result));
	if (c->flags & WEFT_COMPLETION_TIMED) {
		json_u64(o, "queued_ns", c->receipt.queued_ns);
		json_u64(o, "run_ns", c->receipt.run_ns);
		json_u64(o, "blocked_ns", c->receipt.blocked_ns);
	}
	json_u64(o, "polls", c->receipt.polls);
	json_u64(o, "wakes", c->receipt.wakes);
	json_u64(o, "moves", c->receipt.moves);
	json_u64(o, "punts", c->receipt.punts);
	return o;
}

static struct json_object *json_receipts(const struct run_result *r)
{
	struct json_object *o = json_object_new_object();
	struct json_object *jobs = json_object_new_array();
	uint64_t i;

	for (i = 0; i < r->nr_listed; i++)
		if (r->listed[i].flags & WEFT_COMPLETION_RECEIPT)
			json_object_array_add(jobs, json_job(&r->listed[i]));
	json_object_object_add(o, "sum", json_sum(r));
	json_object_object_add(o, "jobs", jobs);
	return o;
}

/* Return: the exit code. */
int run_print_json(const struct run_plan *plan, const struct run_result *r)
{
	struct json_object *o = json_object_new_object();
	const struct flow *f = &r->flow;

	json_string(o, "op", weft_op_name(plan->job.op));
	json_object_object_add(o, "arguments", json_arguments(plan));
	json_string(o, "engine", weft_engine_name(plan->engine));
	if (plan->deadline_ns)
		json_u64(o, "deadline_ns", plan->job.deadline_ns);
	json_u64(o, "count", plan->count);
	json_u64(o, "credits", f->credits);
	json_u64(o, "accepted", f->accepted);
	json_u64(o, "ok", f->ok);
	json_u64(o, "failed", flow_failed(f));
	json_u64(o, "cancelled", f->cancelled);
	json_u64(o, "expired", f->expired);
	json_object_object_add(o, "interrupted",
			       json_object_new_boolean(interrupted()));
	json_u64(o, "elapsed_ns", flow_elapsed(f));
	json_object_object_add(o, "jobs_per_second",
			       json_object_new_double(jobs_per_second(f)));
	if (r->nr_late)
		json_object_object_add(o, "late_ns", json_late(r));
	if (plan->receipts)
		json_object_object_add(o, "receipts", json_receipts(r));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_SPACED));
	json_object_put(o);
	return 0;
}
