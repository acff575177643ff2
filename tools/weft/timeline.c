// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spans.h"
#include "term.h"
#include "timeline.h"
#include "util.h"

/* 80 columns: a label, the cells, and one free. */
#define LABEL		10
#define CELLS		69
#define TICKS		8

struct look {
	const char *ascii;
	const char *utf8;
	enum term_style style;
};

static const struct look task_looks[] = {
	[SPAN_NONE] = { " ", " ", STYLE_NONE },
	[SPAN_RUNS] = { "#", "\u2588", STYLE_GREEN },
	[SPAN_WAITS] = { ".", "\u00b7", STYLE_DIM },
	[SPAN_READY] = { "-", "\u2591", STYLE_YELLOW },
};

static const struct look mark_look = { "|", "\u2502", STYLE_RED };

/* Cells of a lane, from @spans of one picture. */
struct canvas {
	const struct spans *s;
	uint64_t begin;
	double cell_ns;
};

static void put(const struct look *look)
{
	printf("%s%s%s", term_on(look->style),
	       term_utf8() ? look->utf8 : look->ascii, term_off(look->style));
}

/* Changes the style only where it changes, so that a lane stays readable. */
static void put_lane(const struct look lane[CELLS])
{
	enum term_style style = STYLE_NONE;
	unsigned int cell;

	for (cell = 0; cell < CELLS; cell++) {
		if (lane[cell].style != style) {
			fputs(term_off(style), stdout);
			style = lane[cell].style;
			fputs(term_on(style), stdout);
		}
		fputs(term_utf8() ? lane[cell].utf8 : lane[cell].ascii, stdout);
	}
	printf("%s\n", term_off(style));
}

static uint64_t cell_time(const struct canvas *c, unsigned int cell)
{
	return c->begin + (uint64_t)(cell * c->cell_ns);
}

/* How much of a cell a span fills. */
static uint64_t overlap(const struct canvas *c, unsigned int cell,
			const struct span *span)
{
	uint64_t from = cell_time(c, cell), to = cell_time(c, cell + 1);

	if (span->from > from)
		from = span->from;
	if (span->to < to)
		to = span->to;
	return to > from ? to - from : 0;
}

static unsigned int task_cell(const struct canvas *c, unsigned int task,
			      unsigned int cell)
{
	uint64_t share[NR_SPAN_KINDS] = {};
	unsigned int kind, best = SPAN_NONE, i;
	uint64_t all = 0;

	for (i = 0; i < c->s->nr_spans; i++)
		if (c->s->spans[i].task == task)
			share[c->s->spans[i].kind] +=
				overlap(c, cell, &c->s->spans[i]);
	for (kind = SPAN_RUNS; kind < NR_SPAN_KINDS; kind++) {
		all += share[kind];
		if (share[kind] > share[best])
			best = kind;
	}
	if (all * 2 < c->cell_ns)
		return SPAN_NONE;
	/* Tasks that take turns within a cell all run there. */
	return share[SPAN_RUNS] * 3 > all ? SPAN_RUNS : best;
}

static void print_task(const struct canvas *c, unsigned int task)
{
	struct look lane[CELLS];
	unsigned int cell;

	printf("%-*s%c  ", LABEL - 3, "task", 'A' + task);
	for (cell = 0; cell < CELLS; cell++)
		lane[cell] = task_looks[task_cell(c, task, cell)];
	put_lane(lane);
}

static unsigned int cell_marks(const struct canvas *c, unsigned int thread,
			       unsigned int cell)
{
	uint64_t from = cell_time(c, cell), to = cell_time(c, cell + 1);
	unsigned int count = 0, i;

	for (i = 0; i < c->s->nr_marks; i++) {
		const struct mark *mark = &c->s->marks[i];

		if (mark->thread == thread && mark->ns >= from && mark->ns < to)
			count++;
	}
	return count;
}

/* The task that ran longest there, from 1; 0 if none ran for long. */
static unsigned int thread_cell(const struct canvas *c, unsigned int thread,
				unsigned int cell)
{
	uint64_t share[TIMELINE_TASKS] = {}, all = 0;
	unsigned int task, best = 0, i;

	for (i = 0; i < c->s->nr_spans; i++) {
		const struct span *span = &c->s->spans[i];

		if (span->kind == SPAN_RUNS && span->thread == thread) {
			share[span->task] += overlap(c, cell, span);
			all += overlap(c, cell, span);
		}
	}
	for (task = 0; task < TIMELINE_TASKS; task++)
		if (share[task] > share[best])
			best = task;
	return all * 4 < c->cell_ns ? 0 : best + 1;
}

static void print_thread(const struct canvas *c, unsigned int thread)
{
	static const char letters[TIMELINE_TASKS + 1][2] = {
		" ", "A", "B", "C", "D", "E", "F", "G", "H",
	};
	struct look lane[CELLS];
	unsigned int cell;

	printf("pid %-*d", LABEL - 4, c->s->pids[thread]);
	for (cell = 0; cell < CELLS; cell++) {
		const char *letter = letters[thread_cell(c, thread, cell)];

		lane[cell] = (struct look){ letter, letter, STYLE_NONE };
		if (cell_marks(c, thread, cell))
			lane[cell] = mark_look;
	}
	put_lane(lane);
}

/* 1, 2 or 5 times a power of ten. */
static uint64_t tick_ns(uint64_t length)
{
	static const unsigned int steps[] = { 1, 2, 5 };
	uint64_t power = 1;
	unsigned int i;

	for (;; power *= 10)
		for (i = 0; i < ARRAY_SIZE(steps); i++)
			if (power * steps[i] * TICKS >= length)
				return power * steps[i];
}

static void print_axis(const struct canvas *c, uint64_t length)
{
	char line[CELLS + 1], numbers[CELLS + 16];
	uint64_t tick = tick_ns(length), ns;
	struct text text;
	unsigned int cell;

	memset(line, '-', CELLS);
	line[CELLS] = '\0';
	memset(numbers, ' ', sizeof(numbers));
	for (ns = 0; ns <= length; ns += tick) {
		cell = ns / c->cell_ns;
		if (cell >= CELLS)
			break;
		line[cell] = '+';
		snprintf(text.s, sizeof(text.s), "%g",
			 (double)ns / NSEC_PER_MSEC);
		if (cell + strlen(text.s) <= CELLS)
			memcpy(&numbers[cell], text.s, strlen(text.s));
	}
	numbers[CELLS] = '\0';
	printf("%-*s%s\n%-*s%s\n", LABEL, "", line, LABEL, "ms", numbers);
}

/* What there is to say about the events without a picture. */
void timeline_look(const struct timeline *t, struct timeline_sum *sum)
{
	struct spans s;
	unsigned int i;

	*sum = (struct timeline_sum){};
	if (!spans_make(&s, t))
		return;
	sum->kthreads = s.nr_threads;
	sum->end_ns = s.end_ns;
	for (i = 0; i < s.nr_marks; i++)
		if (s.marks[i].ns >= t->begin_ns)
			sum->switches++;
	spans_free(&s);
}

/* Return: 0, or -ENODATA if there is nothing to draw. */
int timeline_print(const struct timeline *t)
{
	struct canvas c = { .begin = t->begin_ns };
	unsigned int i;
	struct spans s;
	uint64_t end;

	if (!spans_make(&s, t))
		return -ENODATA;
	end = t->end_ns ? t->end_ns : s.end_ns;
	if (end <= t->begin_ns) {
		spans_free(&s);
		return -ENODATA;
	}
	c.s = &s;
	c.cell_ns = (double)(end - t->begin_ns) / CELLS;
	for (i = 0; i < t->nr_tasks; i++)
		print_task(&c, i);
	for (i = 0; i < s.nr_threads; i++)
		print_thread(&c, i);
	print_axis(&c, end - t->begin_ns);
	spans_free(&s);
	return 0;
}

void timeline_legend(void)
{
	printf("  task: ");
	put(&task_looks[SPAN_RUNS]);
	printf(" runs   ");
	put(&task_looks[SPAN_WAITS]);
	printf(" waits   ");
	put(&task_looks[SPAN_READY]);
	printf(" is ready, but has no thread or no CPU yet\n"
	       "  pid:  A, B, C whose work this kernel thread does   ");
	put(&mark_look);
	printf(" it is switched out\n");
}
