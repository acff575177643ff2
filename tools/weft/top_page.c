// SPDX-License-Identifier: GPL-2.0-only
/* What weft top shows around its tables, and in place of them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "top.h"
#include "util.h"

/* More workers than this are only counted. */
#define SHOWN_WORKERS	4

/* Return: 0, or a negative errno; see top_complain(). */
int top_refresh(struct top *top)
{
	struct snap snap;
	int ret = snap_take(&snap, top->dir, &top->file);

	if (ret) {
		snap_free(&snap);
		return ret;
	}
	snap_free(&top->before);
	top->has_before = top->now.nr_engines;
	top->before = top->now;
	top->now = snap;
	find(&top->found, &top->now, top->queued_ns);
	return 0;
}

/* Why top_refresh() failed. Return: the exit code. */
int top_complain(const struct top *top, int error)
{
	return complain_snap(top->dir, top->file, error);
}

static unsigned int workers_in(const struct snap *snap, const char *state)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < snap->nr_workers; i++)
		n += !strcmp(snap->workers[i].state, state);
	return n;
}

static void summary(const struct top *top, struct page *page, unsigned int width)
{
	const struct snap *s = &top->now;
	const struct snap_engine *e = snap_engine(s, "threads");
	const char *paused = top->paused ? PAGE_YELLOW "  paused" : "";

	if (width < TOP_WIDE) {
		page_line(page, PAGE_BOLD "weft" PAGE_PLAIN " %zu clients, %s jobs%s",
			  s->nr_clients, text_count(s->nr_tasks).s, paused);
		page_line(page, "polling %u, parked %u, ready %u, blocked %u",
			  workers_in(s, "polling"), workers_in(s, "parked"),
			  workers_in(s, "ready"), workers_in(s, "blocked"));
		return;
	}
	page_line(page, PAGE_BOLD "weft" PAGE_PLAIN
		  " %zu workers, %s threads, %zu clients, %s jobs%s", s->nr_workers,
		  text_count(e ? e->threads : 0).s, s->nr_clients,
		  text_count(s->nr_tasks).s, paused);
	page_line(page, "workers: " PAGE_GREEN "%u polling" PAGE_PLAIN ", "
		  PAGE_DIM "%u parked" PAGE_PLAIN ", switched out: " PAGE_YELLOW
		  "%u ready" PAGE_PLAIN ", " PAGE_RED "%u blocked",
		  workers_in(s, "polling"), workers_in(s, "parked"),
		  workers_in(s, "ready"), workers_in(s, "blocked"));
}

static const char *state_mark(const char *state)
{
	if (!strcmp(state, "polling"))
		return PAGE_GREEN;
	if (!strcmp(state, "ready"))
		return PAGE_YELLOW;
	return strcmp(state, "blocked") ? PAGE_DIM : PAGE_RED;
}

static void worker_line(const struct top *top, struct page *page, size_t i,
			unsigned int width)
{
	const struct snap_worker *w = &top->now.workers[i];
	const struct snap_task *t = snap_polled_by(&top->now, w->number);
	struct cell rate;
	char job[48] = "";

	top_views[VIEW_WORKERS].cell(top, i, 2, &rate);
	if (t && width >= TOP_WIDE)
		snprintf(job, sizeof(job), ", job %" PRIu64 " (%.8s)", t->id, t->op);
	page_line(page, "  %-3" PRIu64 "%s%-8s" PAGE_PLAIN " %s polls/s, %s queued%s",
		  w->number, state_mark(w->state), w->state, rate.text,
		  text_count(w->queued).s, job);
}

/* By name, or, if that is longer than @width, by letter. */
static void warning_line(const struct top *top, struct page *page, unsigned int width)
{
	const struct findings *f = &top->found;
	char names[256] = "", letters[256] = "";
	size_t n = 0, l = 0;
	int kind;

	for (kind = 0; kind < FIND_KINDS; kind++) {
		struct text count = text_count(f->count[kind]);

		if (!f->count[kind])
			continue;
		n += snprintf(names + n, sizeof(names) - n, "%s%c %s %s", n ? ", " : "",
			      find_letter(kind), find_name(kind), count.s);
		l += snprintf(letters + l, sizeof(letters) - l, " %c %s",
			      find_letter(kind), count.s);
	}
	if (!n)
		page_line(page, "warnings: none");
	else if (n + strlen("warnings: ") <= width)
		page_line(page, PAGE_RED "warnings: %s", names);
	else
		page_line(page, PAGE_RED "warn%s", letters);
}

void top_header(const struct top *top, struct page *page, unsigned int width,
		bool workers)
{
	size_t i;

	summary(top, page, width);
	if (workers && top->now.nr_workers <= SHOWN_WORKERS)
		for (i = 0; i < top->now.nr_workers; i++)
			worker_line(top, page, i, width);
	warning_line(top, page, width);
}

/* Each kind once with what to do about it, and who it is. */
void top_find_page(const struct findings *f, struct page *page, unsigned int width)
{
	char text[320];
	unsigned int i;
	int kind;

	for (kind = 0; kind < FIND_KINDS; kind++) {
		if (!f->count[kind])
			continue;
		page_line(page, PAGE_RED "%c %s" PAGE_PLAIN ": %s", find_letter(kind),
			  find_name(kind), text_count(f->count[kind]).s);
		for (i = 0; i < f->nr_told; i++) {
			if ((int)f->told[i].kind != kind)
				continue;
			snprintf(text, sizeof(text), "%s: %s", f->told[i].subject,
				 f->told[i].evidence);
			page_wrap(page, width, 4, text);
		}
		if (f->count[kind] > FIND_TOLD)
			page_line(page, "    ... and %s more",
				  text_count(f->count[kind] - FIND_TOLD).s);
		page_wrap(page, width, 2, find_advice(kind));
	}
	if (!f->all)
		page_line(page, "Nothing found.");
}

void top_findings(const struct top *top, struct page *page, unsigned int width)
{
	page_line(page, PAGE_BOLD "Findings" PAGE_PLAIN);
	top_find_page(&top->found, page, width);
}

void top_help(struct page *page)
{
	static const char *const lines[] = {
		"t w c o  tasks, workers, clients, ops",
		"f        findings, with what to do",
		"Up Down  select a row; PgUp, PgDn",
		"Enter    all about the row; Esc: back",
		"< >      sort by another column",
		"r        the other way round",
		"p Space  pause",
		"q        quit",
		"",
		"Total is the life of a job: Busy in its",
		"polls, Sched runnable, Idle waiting.",
	};
	char letters[160] = "";
	size_t i, at = 0;
	int kind;

	page_line(page, PAGE_BOLD "Keys" PAGE_PLAIN);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		page_line(page, "%s", lines[i]);
	for (kind = 0; kind < FIND_KINDS && at < sizeof(letters); kind++)
		at += snprintf(letters + at, sizeof(letters) - at, "%s%c %s",
			       kind ? ", " : "Warn: ", find_letter(kind), find_name(kind));
	page_wrap(page, 40, 0, letters);
}
