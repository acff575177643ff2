// SPDX-License-Identifier: GPL-2.0-only
/* All that weft top knows about a row, above all about a job. */
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "table.h"
#include "top.h"
#include "util.h"

/* The longest bar, and what stands before one. */
#define BAR		24
#define BEFORE_BAR	27
/* The name of a fact stands before it. */
#define NAME		10

struct detail {
	const struct top *top;
	struct page *page;
	unsigned int width;
};

/* Wrapped where the line is full. */
static void fact(const struct detail *d, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void fact(const struct detail *d, const char *name, const char *fmt, ...)
{
	size_t line = d->page->nr_lines;
	char words[192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	page_wrap(d->page, d->width, NAME, words);
	if (d->page->nr_lines > line)
		memcpy(d->page->lines[line] + 2, name, strlen(name));
}

static void bar(const struct detail *d, char *text, size_t size, uint64_t part,
		uint64_t all)
{
	unsigned int most = d->width < BEFORE_BAR + BAR ? d->width - BEFORE_BAR : BAR;
	unsigned int filled;

	if (d->width <= BEFORE_BAR)
		most = 0;
	filled = all ? (double)part / all * most + 0.5 : 0;

	if (part && !filled && most)
		filled = 1;
	snprintf(text, size, "%.*s", filled, "########################");
}

static void histogram(const struct detail *d, const char *what, size_t offset)
{
	const struct snap *snap = &d->top->now;
	uint64_t most = 0, n;
	size_t i, first = SIZE_MAX, last = 0;
	char text[BAR + 1];

	for (i = 0; i < snap->nr_ranges; i++) {
		n = *(const uint64_t *)((const char *)&snap->ranges[i] + offset);
		if (n && first == SIZE_MAX)
			first = i;
		if (n)
			last = i;
		if (n > most)
			most = n;
	}
	page_line(d->page, PAGE_BOLD "%s" PAGE_PLAIN "%s", what, most ? "" : ": nothing timed");
	for (i = first; most && i <= last; i++) {
		n = *(const uint64_t *)((const char *)&snap->ranges[i] + offset);
		bar(d, text, sizeof(text), n, most);
		page_line(d->page, "  up to %7s %10s %s",
			  text_time(snap->ranges[i].to_ns + 1).s, text_count(n).s, text);
	}
}

static void share(const struct detail *d, const char *what, uint64_t ns, uint64_t all)
{
	char text[BAR + 1];

	bar(d, text, sizeof(text), ns, all);
	page_line(d->page, "  %-6s %8s %3.0f%% %s", what, text_time(ns).s,
		  all ? 100.0 * ns / all : 0, text);
}

static const char *waits_for(const struct snap_task *t)
{
	static const struct {
		const char *waits, *text;
	} texts[] = {
		{ "turn", "its turn in the run queue" },
		{ "timer", "a point in time (timer)" },
		{ "waker", "whoever holds its waker" },
		{ "fd", "a file to be ready" },
		{ "io", "a device or page" },
		{ "punt", "the blocking pool" },
		{ "job", "another job" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(texts[i].waits, t->waits))
			return texts[i].text;
	return strcmp(t->waits, "-") ? t->waits : "nothing: it is being polled, or ends";
}

static void task_head(const struct detail *d, const struct snap_task *t)
{
	const struct snap_client *c = snap_client(&d->top->now, t->client);
	const char *comm = c ? c->comm : "?";

	if (d->width >= TOP_WIDE) {
		page_line(d->page, PAGE_BOLD "job %" PRIu64 PAGE_PLAIN " (%s) of client %" PRIu64
			  " (%s, pid %" PRIu64 ")", t->id, t->op, t->client, comm, t->pid);
		return;
	}
	page_line(d->page, PAGE_BOLD "job %" PRIu64 PAGE_PLAIN " (%s)", t->id, t->op);
	fact(d, "client", "%" PRIu64 " (%s, pid %" PRIu64 ")", t->client, comm, t->pid);
}

static void task_facts(const struct detail *d, const struct snap_task *t)
{
	uint64_t now = d->top->now.taken_ns;

	fact(d, "state", "%s%s, for %s", t->state,
	     strcmp(t->cancelled, "yes") ? "" : ", cancelled",
	     text_time(t->since_us * 1000).s);
	fact(d, "waits", "for %s", waits_for(t));
	if (!t->tid)
		fact(d, "runs", "when its client is stepped (weft step)");
	else if (t->worker == SNAP_NONE)
		fact(d, "runs", "on a thread of its own, tid %" PRIu64, t->tid);
	else
		fact(d, "runs", "on worker %" PRIu64 ", tid %" PRIu64, t->worker, t->tid);
	if (!t->deadline_ns)
		fact(d, "ends", "by itself: it has no deadline");
	else if (t->deadline_ns <= now)
		fact(d, "ends", "at its next turn: its deadline has passed");
	else
		fact(d, "ends", "in %s at the latest (deadline)",
		     text_time(t->deadline_ns - now).s);
	fact(d, "tag", "%" PRIu64 ", user_data %" PRIu64, t->tag, t->user_data);
	fact(d, "polls", "%s: %s after a wake, %s turns that it gave itself",
	     text_count(t->polls).s, text_count(t->wakes).s,
	     text_count(task_self_wakes(t)).s);
	fact(d, "moves", "%s to another worker", text_count(t->moves).s);
}

static void task_warnings(const struct detail *d, const struct snap_task *t)
{
	const char *what_to_do = d->width >= TOP_WIDE ? " (f: what to do)" : "";
	int kind;

	for (kind = 0; kind < FIND_KINDS; kind++)
		if (t->warn & 1U << kind)
			page_line(d->page, PAGE_RED "  warning: %s" PAGE_PLAIN "%s",
				  find_name(kind), what_to_do);
}

static void task_times(const struct detail *d, const struct snap_task *t)
{
	uint64_t busy = task_busy_ns(t), sched = task_sched_ns(t);
	uint64_t idle = task_idle_ns(t), all = busy + sched + idle;

	page_line(d->page, PAGE_BOLD "time" PAGE_PLAIN " %s in all", text_time(all).s);
	share(d, "busy", busy, all);
	share(d, "sched", sched, all);
	share(d, "idle", idle, all);
}

static void task_detail(const struct detail *d, size_t row)
{
	const struct snap_task *t = &d->top->now.tasks[row];
	bool threads = t->worker == SNAP_NONE;

	task_head(d, t);
	task_facts(d, t);
	task_warnings(d, t);
	task_times(d, t);
	if (d->width >= TOP_WIDE)
		page_line(d->page, PAGE_DIM "Histograms are of all jobs on engine %s so far:",
			  threads ? "threads" : "async");
	else
		page_line(d->page, PAGE_DIM "Of all jobs on engine %s so far:",
			  threads ? "threads" : "async");
	histogram(d, "time from wake to poll", threads ?
		  offsetof(struct snap_range, threads_wake_to_poll) :
		  offsetof(struct snap_range, async_wake_to_poll));
	histogram(d, "time of a poll", threads ?
		  offsetof(struct snap_range, threads_poll_time) :
		  offsetof(struct snap_range, async_poll_time));
}

/* All columns of the row, one a line. */
static void row_detail(const struct detail *d, size_t row)
{
	const struct view *view = &top_views[d->top->view];
	struct cell cell;
	unsigned int col;

	for (col = 0; col < view->nr_columns; col++) {
		view->cell(d->top, row, col, &cell);
		page_line(d->page, "  %-10s %s", view->columns[col].title, cell.text);
	}
}

/* All about a row of the view, in lines of @width. */
void top_detail(const struct top *top, struct page *page, size_t row,
		unsigned int width)
{
	const struct detail d = { .top = top, .page = page, .width = width };

	if (top->view == VIEW_TASKS)
		task_detail(&d, row);
	else
		row_detail(&d, row);
}
