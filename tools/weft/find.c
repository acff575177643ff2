// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "find.h"
#include "util.h"

/* Fewer polls say nothing yet. */
#define SELF_WAKING_POLLS	100
/* Half of a slice: a job that computes for longer has a reason to yield. */
#define SELF_WAKING_POLL_NS	50000
/* The module's default of poll_budget_us. */
#define DEFAULT_BUDGET_US	10000

static const struct {
	const char *name;
	char letter;
	const char *advice;
} kinds[FIND_KINDS] = {
	[FIND_SELF_WAKING] = {
		"self-waking", 'S',
		"It asks again and again instead of waiting: wait for an event or a time (sleep), or ask less often.",
	},
	[FIND_NEVER_YIELDS] = {
		"never yields", 'Y',
		"It keeps its worker to itself: yield in its loops (weft_slice_spent(), weft_budget()), or run it on engine threads.",
	},
	[FIND_BLOCKED_WORKER] = {
		"blocked its worker", 'B',
		"All tasks of that worker waited with it: look into debugfs weft/stacks for where it slept, and wait with a waker instead, or run it on engine threads.",
	},
	[FIND_LOST_WAKER] = {
		"lost waker", 'L',
		"Nothing could have woken it, so it ended with -EDEADLK: its poll must keep a waker or a timer when it returns pending.",
	},
	[FIND_QUEUED_LONG] = {
		"queued too long", 'Q',
		"The workers do not keep up: look for who holds them (never yields, blocked its worker), submit less at once, or load the module with more workers.",
	},
	[FIND_LEAK] = {
		"left something behind", 'K',
		"Its polls return with a lock, preemption or an RCU section as they should not: see the kernel log for its op, and mend that.",
	},
	[FIND_CAP] = {
		"cap reached", 'C',
		"What is beyond it is refused, or waits in the pool: reap completions, end what is not needed, or raise the limit.",
	},
};

const char *find_name(enum find_kind kind)
{
	return kinds[kind].name;
}

char find_letter(enum find_kind kind)
{
	return kinds[kind].letter;
}

const char *find_advice(enum find_kind kind)
{
	return kinds[kind].advice;
}

static void add(struct findings *f, enum find_kind kind, const char *subject,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void add(struct findings *f, enum find_kind kind, const char *subject,
		const char *fmt, ...)
{
	struct finding *finding;
	va_list ap;

	f->all++;
	if (f->count[kind]++ >= FIND_TOLD)
		return;
	finding = &f->told[f->nr_told++];
	finding->kind = kind;
	snprintf(finding->subject, sizeof(finding->subject), "%s", subject);
	va_start(ap, fmt);
	vsnprintf(finding->evidence, sizeof(finding->evidence), fmt, ap);
	va_end(ap);
}

static struct text text_job(const struct snap_task *t)
{
	struct text text;

	snprintf(text.s, sizeof(text.s), "job %" PRIu64 " (%.8s) of client %" PRIu64,
		 t->id, t->op, t->client);
	return text;
}

static void warn(struct snap_task *t, enum find_kind kind)
{
	t->warn |= 1U << kind;
}

static uint64_t budget_us(const struct snap *snap)
{
	uint64_t budget = snap->params.poll_budget_us;

	return budget && budget != SNAP_NONE ? budget : DEFAULT_BUDGET_US;
}

static void find_self_waking(struct findings *f, struct snap_task *t)
{
	uint64_t self = task_self_wakes(t);

	if (t->polls < SELF_WAKING_POLLS || self <= t->polls / 2 ||
	    task_busy_ns(t) / t->polls >= SELF_WAKING_POLL_NS)
		return;
	warn(t, FIND_SELF_WAKING);
	add(f, FIND_SELF_WAKING, text_job(t).s,
	    "%s of its %s polls were turns that it gave itself, %s each",
	    text_count(self).s, text_count(t->polls).s,
	    text_time(task_busy_ns(t) / t->polls).s);
}

static const struct snap_worker *worker_of(const struct snap *snap,
					   const struct snap_task *t)
{
	size_t i;

	for (i = 0; i < snap->nr_workers; i++)
		if (snap->workers[i].number == t->worker)
			return &snap->workers[i];
	return NULL;
}

static void find_in_poll(struct findings *f, const struct snap *snap,
			 struct snap_task *t)
{
	const struct snap_worker *w = worker_of(snap, t);

	/* A thread of its own may take its time, and sleep. */
	if (!w || strcmp(t->state, "running"))
		return;
	if (!strcmp(w->state, "blocked")) {
		warn(t, FIND_BLOCKED_WORKER);
		add(f, FIND_BLOCKED_WORKER, text_job(t).s,
		    "worker %" PRIu64 " sleeps in its poll, with %s more in its run queue",
		    w->number, text_count(w->queued).s);
	} else if (t->since_us > budget_us(snap)) {
		warn(t, FIND_NEVER_YIELDS);
		add(f, FIND_NEVER_YIELDS, text_job(t).s,
		    "its poll on worker %" PRIu64 " goes on for %s, the budget is %s",
		    w->number, text_time(t->since_us * 1000).s,
		    text_exact_time(budget_us(snap) * 1000).s);
	}
}

static void find_queued(struct findings *f, struct snap_task *t, uint64_t limit_ns)
{
	/* A stepped job has no thread, and has its turn when somebody likes. */
	if (strcmp(t->state, "queued") || t->since_us * 1000 <= limit_ns || !t->tid)
		return;
	warn(t, FIND_QUEUED_LONG);
	add(f, FIND_QUEUED_LONG, text_job(t).s,
	    "it is runnable for %s and has not had its turn; the limit is %s",
	    text_time(t->since_us * 1000).s, text_exact_time(limit_ns).s);
}

static void find_offences(struct findings *f, const struct snap_offender *o)
{
	static const char *const leaks[SNAP_OFFENCES] = {
		[SNAP_PREEMPT] = "preemption or softirqs disabled",
		[SNAP_RCU] = "an RCU section open",
		[SNAP_LOCK] = "other locks than they came with",
	};
	char op[40];
	int i;

	snprintf(op, sizeof(op), "op %s", o->op);
	if (o->count[SNAP_SLEPT])
		add(f, FIND_BLOCKED_WORKER, op, "%s polls slept, since the module was loaded",
		    text_count(o->count[SNAP_SLEPT]).s);
	if (o->count[SNAP_LONG])
		add(f, FIND_NEVER_YIELDS, op,
		    "%s polls took longer than poll_budget_us, since the module was loaded",
		    text_count(o->count[SNAP_LONG]).s);
	if (o->count[SNAP_LOST])
		add(f, FIND_LOST_WAKER, op, "%s jobs lost their last waker, since the module was loaded",
		    text_count(o->count[SNAP_LOST]).s);
	for (i = 0; i < SNAP_OFFENCES; i++)
		if (leaks[i] && o->count[i])
			add(f, FIND_LEAK, op, "%s polls returned with %s",
			    text_count(o->count[i]).s, leaks[i]);
}

static void find_client_cap(struct findings *f, const struct snap_client *c)
{
	uint64_t taken = c->accepted - c->reaped;
	char subject[64];

	/* It may have asked for just as many as it needs. */
	if (taken < c->credits || !c->refused)
		return;
	snprintf(subject, sizeof(subject), "client %" PRIu64 " (%s)", c->number, c->comm);
	add(f, FIND_CAP, subject,
	    "all %s credits are taken (%s jobs go on, %s completions wait to be reaped), and %s submits were refused",
	    text_count(c->credits).s, text_count(c->accepted - c->done).s,
	    text_count(c->done - c->reaped).s, text_count(c->refused).s);
}

/* All clients of a user together, told at the user's first client. */
static void find_user_cap(struct findings *f, const struct snap *snap, size_t first)
{
	const struct snap_params *p = &snap->params;
	uint64_t uid = snap->clients[first].uid, clients = 0, credits = 0;
	char subject[64];
	size_t i;

	for (i = 0; i < snap->nr_clients; i++) {
		if (snap->clients[i].uid != uid)
			continue;
		if (i < first)
			return;
		clients++;
		credits += snap->clients[i].credits;
	}
	snprintf(subject, sizeof(subject), "user %" PRIu64, uid);
	if (p->max_user_clients != SNAP_NONE && clients >= p->max_user_clients)
		add(f, FIND_CAP, subject, "%s clients, as many as max_user_clients allows",
		    text_count(clients).s);
	if (p->max_user_credits != SNAP_NONE && credits >= p->max_user_credits)
		add(f, FIND_CAP, subject, "%s credits, as many as max_user_credits allows",
		    text_count(credits).s);
}

static void find_threads_cap(struct findings *f, const struct snap *snap)
{
	const struct snap_engine *e = snap_engine(snap, "threads");

	if (e && snap->params.max_threads != SNAP_NONE &&
	    e->threads >= snap->params.max_threads)
		add(f, FIND_CAP, "engine threads",
		    "%s kernel threads, as many as max_threads allows",
		    text_count(e->threads).s);
}

/* Nothing is refused there; but whoever comes next waits for those before it. */
static void find_pool_cap(struct findings *f, const struct snap *snap)
{
	uint64_t max = snap->params.max_punts, inside = 0;
	size_t i;

	for (i = 0; i < snap->nr_tasks; i++)
		inside += !strcmp(snap->tasks[i].waits, "punt");
	if (max != SNAP_NONE && inside > max)
		add(f, FIND_CAP, "blocking pool",
		    "%s jobs are in it, max_punts lets %s of them go on at once",
		    text_count(inside).s, text_count(max).s);
}

/**
 * find() - look for what is wrong
 * @f: receives it
 * @snap: the snapshot; its tasks are marked
 * @queued_ns: how long a job may be queued
 */
void find(struct findings *f, struct snap *snap, uint64_t queued_ns)
{
	size_t i;

	*f = (struct findings){};
	for (i = 0; i < snap->nr_tasks; i++) {
		find_in_poll(f, snap, &snap->tasks[i]);
		find_self_waking(f, &snap->tasks[i]);
		find_queued(f, &snap->tasks[i], queued_ns);
	}
	for (i = 0; i < snap->nr_offenders; i++)
		find_offences(f, &snap->offenders[i]);
	for (i = 0; i < snap->nr_clients; i++) {
		find_client_cap(f, &snap->clients[i]);
		find_user_cap(f, snap, i);
	}
	find_threads_cap(f, snap);
	find_pool_cap(f, snap);
}
