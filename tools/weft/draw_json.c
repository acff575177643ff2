// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chrome's trace format, for Perfetto and chrome://tracing. A process for each
 * story; its threads are the kernel threads. Times are us from the begin of the
 * story, so that two stories lie above each other.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "draw.h"
#include "util.h"
#include "weft.h"

struct writer {
	FILE *out;
	const struct story *s;
	unsigned int process;
	bool any;
	uint64_t flow;
};

/* The threads that are not weft's come after those that are. */
#define OUTSIDE		1000000

static void begin(struct writer *w, const char *phase, uint64_t ns)
{
	double us = ns > w->s->from ? (ns - w->s->from) / 1000.0 : 0;

	fprintf(w->out, "%s\n{\"ph\":\"%s\",\"pid\":%u,\"ts\":%.3f",
		w->any ? "," : "", phase, w->process, us);
	w->any = true;
}

static void put_name(struct writer *w, const char *kind, unsigned int thread,
		     const char *name)
{
	begin(w, "M", w->s->from);
	fprintf(w->out, ",\"tid\":%u,\"name\":\"%s\",\"args\":{\"name\":\"",
		thread, kind);
	for (; *name; name++)
		if (*name != '"' && *name != '\\' && (unsigned char)*name >= ' ')
			fputc(*name, w->out);
	fputs("\"}}", w->out);
}

static const char *op_name(const struct story *s, uint32_t task)
{
	const char *name = weft_op_name(s->tasks[task].op);

	return name ? name : "task";
}

static void put_slice(struct writer *w, const struct slice *s)
{
	static const char *const names[] = {
		[SLICE_BRIEF] = "brief polls", [SLICE_OFF] = "switched out",
		[SLICE_PARK] = "parked",
	};
	const char *name = names[s->kind];
	uint64_t from = s->from > w->s->from ? s->from : w->s->from;

	if (s->to < from)
		return;
	if (s->kind == SLICE_POLL)
		name = s->task == NO_TASK ? "other client" : op_name(w->s, s->task);
	begin(w, "X", from);
	fprintf(w->out, ",\"tid\":%" PRIu32 ",\"dur\":%.3f,\"cat\":\"%s\",\"name\":\"%s\",\"args\":{",
		s->lane + 1, (s->to - from) / 1000.0,
		s->kind == SLICE_POLL ? "poll" : "thread", name);
	if (s->kind == SLICE_POLL && s->task != NO_TASK)
		fprintf(w->out, "\"id\":\"%" PRIu64 "\",\"client\":%" PRIu32 ",\"queued_us\":%.3f,\"%s\":%s%s%s",
			w->s->tasks[s->task].id, w->s->tasks[s->task].client,
			s->waited / 1000.0,
			s->detail & WEFT_POLL_READY ? "result" : "waits_for",
			s->detail & WEFT_POLL_READY ? "" : "\"",
			s->detail & WEFT_POLL_READY ? "" : wait_name(s->detail),
			s->detail & WEFT_POLL_READY ? "" : "\"");
	if (s->kind == SLICE_POLL && s->detail & WEFT_POLL_READY &&
	    s->task != NO_TASK)
		fprintf(w->out, "\"%" PRId64 "\"", s->value);
	if (s->kind == SLICE_BRIEF)
		fprintf(w->out, "\"polls\":%" PRIu64, s->polls);
	fputs("}}", w->out);
}

/*
 * What a thread does from one park to the next is one slice, with its polls inside:
 * that is where a wake by its timer comes from.
 */
static void put_busy(struct writer *w, uint32_t lane, uint64_t from, uint64_t to)
{
	if (from >= to || to < w->s->from)
		return;
	if (from < w->s->from)
		from = w->s->from;
	begin(w, "X", from);
	fprintf(w->out, ",\"tid\":%" PRIu32 ",\"dur\":%.3f,\"cat\":\"thread\",\"name\":\"busy\",\"args\":{}}",
		lane + 1, (to - from) / 1000.0);
}

static void put_lanes(struct writer *w)
{
	const struct story *s = w->s;
	size_t i = 0;
	uint32_t n;

	for (n = 0; n < s->nr_lanes; n++) {
		uint64_t since = s->lanes[n].from;

		put_name(w, "thread_name", n + 1, lane_name(s, n).s);
		for (; i < s->nr_slices && s->slices[i].lane == n; i++) {
			if (s->slices[i].kind == SLICE_PARK) {
				put_busy(w, n, since, s->slices[i].from);
				since = s->slices[i].to;
			}
			put_slice(w, &s->slices[i]);
		}
		put_busy(w, n, since, s->lanes[n].to);
	}
}

static void put_async(struct writer *w, const char *phase, uint64_t ns,
		      const struct task *t, const char *name)
{
	begin(w, phase, ns);
	fprintf(w->out, ",\"tid\":0,\"cat\":\"job\",\"name\":\"%s\"", name);
	fprintf(w->out, ",\"id\":\"%u.%" PRIu32 ".%" PRIu64 "\"", w->process,
		t->client, t->id);
}

static void put_task(struct writer *w, uint32_t task)
{
	const struct task *t = &w->s->tasks[task];
	const char *name = op_name(w->s, task);
	size_t i;

	put_async(w, "b", t->from, t, name);
	fprintf(w->out, ",\"args\":{\"id\":\"%" PRIu64 "\",\"client\":%" PRIu32 ",\"polls\":%u,\"punts\":%u}}",
		t->id, t->client, t->polls, t->punts);
	for (i = t->first; i < t->first + t->pieces; i++) {
		const struct piece *p = &w->s->pieces[i];
		char state[64];

		snprintf(state, sizeof(state), "%s%s",
			 p->kind == PIECE_RUNS	? "running" :
			 p->kind == PIECE_READY ? "queued" :
			 p->kind == PIECE_POOL	? "in the pool" : "waits for ",
			 p->kind == PIECE_WAITS ? wait_name(p->wait) : "");
		put_async(w, "b", p->from, t, state);
		fputs("}", w->out);
		put_async(w, "e", p->to, t, state);
		fputs("}", w->out);
	}
	put_async(w, "e", t->to, t, name);
	if (t->ended)
		fprintf(w->out, ",\"args\":{\"result\":\"%" PRId64 "\"}", t->result);
	fputs("}", w->out);
}

/* The poll that a wake led to: the first one of the task after it. */
static const struct piece *woken_poll(const struct story *s,
				      const struct wake *wake)
{
	const struct task *t = &s->tasks[wake->task];
	size_t i;

	for (i = t->first; i < t->first + t->pieces; i++)
		if (s->pieces[i].kind == PIECE_RUNS &&
		    s->pieces[i].from >= wake->ns)
			return &s->pieces[i];
	return NULL;
}

static void put_flow(struct writer *w, const struct wake *wake)
{
	const struct piece *poll = woken_poll(w->s, wake);
	uint32_t thread = wake->lane + 1;

	if (!poll || poll->lane == NO_LANE)
		return;
	if (wake->lane == NO_LANE) {
		/* A flow begins in a slice: the waker is drawn as one. */
		thread = OUTSIDE + wake->pid;
		begin(w, "X", wake->ns);
		fprintf(w->out, ",\"tid\":%" PRIu32 ",\"dur\":1,\"cat\":\"thread\"", thread);
		fprintf(w->out, ",\"name\":\"wakes\",\"args\":{\"pid\":%" PRIu32 "}}",
			wake->pid);
	}
	w->flow++;
	begin(w, "s", wake->ns);
	fprintf(w->out, ",\"tid\":%" PRIu32 ",\"cat\":\"wake\",\"name\":\"%s\",\"id\":%" PRIu64 "}",
		thread, woken_name(wake->by), w->flow);
	begin(w, "f", poll->from);
	fputs(",\"bp\":\"e\"", w->out);
	fprintf(w->out, ",\"tid\":%" PRIu32 ",\"cat\":\"wake\",\"name\":\"%s\",\"id\":%" PRIu64 "}",
		poll->lane + 1, woken_name(wake->by), w->flow);
}

static int compare_pids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Names for the threads that woke a task and are not weft's. */
static void put_outsiders(struct writer *w)
{
	const struct story *s = w->s;
	uint32_t *pids = calloc(s->nr_wakes + 1, sizeof(*pids));
	size_t i, n = 0;

	for (i = 0; i < s->nr_wakes && pids; i++)
		if (s->wakes[i].lane == NO_LANE && woken_poll(s, &s->wakes[i]))
			pids[n++] = s->wakes[i].pid;
	if (n)
		qsort(pids, n, sizeof(*pids), compare_pids);
	for (i = 0; i < n; i++) {
		struct text name;

		if (i && pids[i] == pids[i - 1])
			continue;
		snprintf(name.s, sizeof(name.s), "pid %" PRIu32, pids[i]);
		put_name(w, "thread_name", OUTSIDE + pids[i], name.s);
	}
	free(pids);
}

static void put_totals(FILE *out, const struct story *s)
{
	fprintf(out, "{\"tasks\":%" PRIu32 ",\"ended\":%" PRIu64, s->nr_tasks,
		s->ended);
	fprintf(out, ",\"threads\":%" PRIu32 ",\"polls\":%" PRIu64, s->nr_lanes,
		s->polls);
	fprintf(out, ",\"wakes\":%zu,\"parks\":%" PRIu64, s->nr_wakes, s->parks);
	fprintf(out, ",\"switches\":%zu,\"coop_switches\":%" PRIu64,
		s->nr_switches, s->coop);
	fprintf(out, ",\"punts\":%" PRIu64, s->punts);
	fprintf(out, ",\"exact\":%s,\"lost\":%" PRIu64 ",\"length_ns\":%" PRIu64 "}",
		s->exact ? "true" : "false", s->lost, s->to - s->from);
}

/**
 * draw_json() - write Chrome's trace format
 * @out: where
 * @d: what
 */
void draw_json(FILE *out, const struct drawing *d)
{
	struct writer w = { .out = out };
	unsigned int i;
	uint32_t n;
	size_t k;

	fputs("{\"displayTimeUnit\":\"ms\",\"otherData\":{\"weft\":[", out);
	for (i = 0; i < d->count; i++) {
		fputs(i ? "," : "", out);
		put_totals(out, &d->stories[i]);
	}
	fputs("]},\"traceEvents\":[", out);
	for (i = 0; i < d->count; i++) {
		w.s = &d->stories[i];
		w.process = i + 1;
		put_name(&w, "process_name", 0, w.s->title);
		put_lanes(&w);
		put_outsiders(&w);
		for (n = 0; n < w.s->nr_tasks; n++)
			put_task(&w, n);
		for (k = 0; k < w.s->nr_wakes; k++)
			put_flow(&w, &w.s->wakes[k]);
	}
	fputs("\n]}\n", out);
}
