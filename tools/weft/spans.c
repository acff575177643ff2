// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "spans.h"

/* One event closes at most three spans: a wait may be cut in two. */
#define SPANS_PER_EVENT	3

struct weaver {
	struct spans *s;
	const struct timeline *t;
	struct {
		enum span_kind kind;
		uint64_t since;
		uint64_t due;
		unsigned int thread;
	} task[TIMELINE_TASKS];
	/* The task inside a poll, + 1. */
	unsigned int polled[TIMELINE_THREADS];
};

static int find_task(const struct timeline *t, uint64_t id)
{
	unsigned int i;

	for (i = 0; i < t->nr_tasks; i++)
		if (t->ids[i] == id)
			return i;
	return -1;
}

static int find_thread(const struct spans *s, int pid)
{
	unsigned int i;

	for (i = 0; i < s->nr_threads; i++)
		if (s->pids[i] == pid)
			return i;
	return -1;
}

static int compare_pids(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void find_threads(struct spans *s, const struct timeline *t)
{
	size_t i;

	for (i = 0; i < t->log->count; i++) {
		const struct trace_event *e = &t->log->events[i];

		if (e->kind == TRACE_POLL_BEGIN && find_task(t, e->id) >= 0 &&
		    find_thread(s, e->pid) < 0 &&
		    s->nr_threads < TIMELINE_THREADS)
			s->pids[s->nr_threads++] = e->pid;
	}
	qsort(s->pids, s->nr_threads, sizeof(*s->pids), compare_pids);
}

static void add_span(struct weaver *w, unsigned int task, enum span_kind kind,
		     uint64_t from, uint64_t to)
{
	if (kind == SPAN_NONE || from >= to)
		return;
	w->s->spans[w->s->nr_spans++] = (struct span){
		.from = from,
		.to = to,
		.task = task,
		.thread = w->task[task].thread,
		.kind = kind,
	};
}

/* The task's state is over; a wait was one until it was due. */
static void enter(struct weaver *w, unsigned int task, enum span_kind kind,
		  uint64_t ns)
{
	uint64_t since = w->task[task].since, due = w->task[task].due;

	if (w->task[task].kind == SPAN_WAITS && due < ns) {
		add_span(w, task, SPAN_WAITS, since, due);
		add_span(w, task, SPAN_READY, due, ns);
	} else {
		add_span(w, task, w->task[task].kind, since, ns);
	}
	w->task[task].kind = kind;
	w->task[task].since = ns;
}

static void weave_begin(struct weaver *w, const struct trace_event *e)
{
	int task = find_task(w->t, e->id), thread = find_thread(w->s, e->pid);

	if (task < 0 || thread < 0)
		return;
	enter(w, task, SPAN_RUNS, e->ns);
	w->task[task].thread = thread;
	w->polled[thread] = task + 1;
}

static void weave_end(struct weaver *w, const struct trace_event *e)
{
	int task = find_task(w->t, e->id), thread = find_thread(w->s, e->pid);

	if (task < 0 || thread < 0)
		return;
	w->polled[thread] = 0;
	if (e->ready) {
		enter(w, task, SPAN_NONE, e->ns);
		w->s->end_ns = e->ns;
	} else if (e->wait == TRACE_WAIT_TIMER) {
		enter(w, task, SPAN_WAITS, e->ns);
		w->task[task].due = e->ns + w->t->wait_ns;
	} else {
		enter(w, task, SPAN_READY, e->ns);
	}
}

static void weave_switch(struct weaver *w, const struct trace_event *e)
{
	int out = find_thread(w->s, e->pid), in = find_thread(w->s, e->next);

	if (out >= 0) {
		w->s->marks[w->s->nr_marks++] = (struct mark){ e->ns, out };
		if (w->polled[out])
			enter(w, w->polled[out] - 1, SPAN_READY, e->ns);
	}
	if (in >= 0 && w->polled[in])
		enter(w, w->polled[in] - 1, SPAN_RUNS, e->ns);
}

/**
 * spans_make() - make spans and marks from the events
 * @s: receives them; the caller calls spans_free()
 * @t: from which events, and of which jobs
 *
 * Return: false if there is no memory, or no job in the events.
 */
bool spans_make(struct spans *s, const struct timeline *t)
{
	size_t count = t->log->count, i;
	struct weaver w = { .s = s, .t = t };

	*s = (struct spans){};
	s->spans = calloc(count * SPANS_PER_EVENT, sizeof(*s->spans));
	s->marks = calloc(count, sizeof(*s->marks));
	find_threads(s, t);
	if (!s->spans || !s->marks || !s->nr_threads ||
	    t->nr_tasks > TIMELINE_TASKS) {
		spans_free(s);
		return false;
	}
	for (i = 0; i < t->nr_tasks; i++) {
		w.task[i].kind = SPAN_READY;
		w.task[i].since = t->begin_ns;
	}
	for (i = 0; i < count; i++) {
		const struct trace_event *e = &t->log->events[i];

		if (e->kind == TRACE_POLL_BEGIN)
			weave_begin(&w, e);
		else if (e->kind == TRACE_POLL_END)
			weave_end(&w, e);
		else
			weave_switch(&w, e);
	}
	return true;
}

void spans_free(struct spans *s)
{
	free(s->spans);
	free(s->marks);
	*s = (struct spans){};
}
