// SPDX-License-Identifier: GPL-2.0-only
/* A drawing for the terminal, as wide as that is. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "term.h"
#include "util.h"

#define MAX_CELLS	400
#define TICK_CELLS	9

struct look {
	const char *ascii;
	const char *utf8;
	enum term_style style;
};

enum {
	LOOK_NONE,
	LOOK_RUNS,
	LOOK_WAITS,
	LOOK_READY,
	LOOK_POOL,
	LOOK_SWITCH,
	LOOK_OTHERS,
};

static const struct look looks[] = {
	[LOOK_NONE] = { " ", " ", STYLE_NONE },
	[LOOK_RUNS] = { "#", "\u2588", STYLE_GREEN },
	[LOOK_WAITS] = { ".", "\u00b7", STYLE_DIM },
	[LOOK_READY] = { "-", "\u2591", STYLE_YELLOW },
	[LOOK_POOL] = { "o", "\u25cb", STYLE_BLUE },
	[LOOK_SWITCH] = { "|", "\u2502", STYLE_RED },
	[LOOK_OTHERS] = { "~", "~", STYLE_NONE },
};

/* How much, from nothing to all. */
static const char *const levels_ascii[] = {
	" ", ".", ":", "-", "=", "+", "*", "#", "@",
};

static const char *const levels_utf8[] = {
	" ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587",
	"\u2588",
};

#define LEVELS	(ARRAY_SIZE(levels_ascii) - 1)

struct canvas {
	FILE *out;
	const struct story *s;
	unsigned int label;
	unsigned int cells;
	double cell_ns;
	uint64_t length;
};

static void put(FILE *out, const struct look *look)
{
	fprintf(out, "%s%s%s", term_on(look->style),
		term_utf8() ? look->utf8 : look->ascii, term_off(look->style));
}

/* Changes the style only where it changes, so that a lane stays readable. */
static void put_lane(const struct canvas *c, const struct look *lane)
{
	enum term_style style = STYLE_NONE;
	unsigned int cell, end = c->cells;

	while (end && lane[end - 1].ascii[0] == ' ')
		end--;
	for (cell = 0; cell < end; cell++) {
		if (lane[cell].style != style) {
			fputs(term_off(style), c->out);
			style = lane[cell].style;
			fputs(term_on(style), c->out);
		}
		fputs(term_utf8() ? lane[cell].utf8 : lane[cell].ascii, c->out);
	}
	fprintf(c->out, "%s\n", term_off(style));
}

/* The cells from @first to @last that a time falls into. Return: false for none. */
static bool cells_of(const struct canvas *c, uint64_t from, uint64_t to,
		     unsigned int *first, unsigned int *last)
{
	uint64_t begin = c->s->from, end = begin + c->length;

	if (to < begin || from >= end)
		return false;
	from = from < begin ? 0 : from - begin;
	to = to >= end ? c->length : to - begin;
	*first = from / c->cell_ns;
	*last = to / c->cell_ns;
	if (*first >= c->cells)
		*first = c->cells - 1;
	if (*last >= c->cells)
		*last = c->cells - 1;
	return true;
}

/* How much of a cell a time fills, in ns. */
static double overlap(const struct canvas *c, unsigned int cell, uint64_t from,
		      uint64_t to)
{
	double begin = cell * c->cell_ns, end = begin + c->cell_ns;
	double f = (double)from - c->s->from, t = (double)to - c->s->from;

	if (f > begin)
		begin = f;
	if (t < end)
		end = t;
	return end > begin ? end - begin : 0;
}

static unsigned int task_look(const double share[NR_PIECE_KINDS], double cell_ns)
{
	double off = share[PIECE_WAITS] + share[PIECE_POOL];
	double all = share[PIECE_RUNS] + share[PIECE_READY] + off;

	if (all * 2 < cell_ns)
		return share[PIECE_RUNS] * 8 > cell_ns ? LOOK_RUNS : LOOK_NONE;
	/* Tasks that take turns within a cell all run there. */
	if (share[PIECE_RUNS] * 3 > all)
		return LOOK_RUNS;
	if (off <= share[PIECE_READY])
		return LOOK_READY;
	return share[PIECE_POOL] > share[PIECE_WAITS] ? LOOK_POOL : LOOK_WAITS;
}

static void draw_task(const struct canvas *c, uint32_t task)
{
	double share[MAX_CELLS][NR_PIECE_KINDS] = {};
	const struct task *t = &c->s->tasks[task];
	struct look lane[MAX_CELLS];
	unsigned int cell, last;
	size_t i;

	for (i = t->first; i < t->first + t->pieces; i++) {
		const struct piece *p = &c->s->pieces[i];

		if (!cells_of(c, p->from, p->to, &cell, &last))
			continue;
		for (; cell <= last; cell++)
			share[cell][p->kind] += overlap(c, cell, p->from, p->to);
	}
	for (cell = 0; cell < c->cells; cell++)
		lane[cell] = looks[task_look(share[cell], c->cell_ns)];
	fprintf(c->out, "task %-*s", c->label - 5, task_name(c->s, task).s);
	put_lane(c, lane);
}

/* What a thread polled longest in a cell. */
struct most {
	double ns;
	double all;
	uint32_t task;
};

static void draw_lane(const struct canvas *c, uint32_t n)
{
	static char letters[26][2];
	struct most most[MAX_CELLS] = {};
	struct look lane[MAX_CELLS];
	unsigned int cell, last;
	uint64_t end = 0;
	size_t i;

	for (i = 0; i < c->s->nr_slices; i++) {
		const struct slice *s = &c->s->slices[i];
		/* Switched out in a poll. */
		bool out = s->kind == SLICE_OFF && s->from < end;

		if (s->lane != n || (s->kind > SLICE_BRIEF && !out) ||
		    !cells_of(c, s->from, s->to, &cell, &last))
			continue;
		if (!out)
			end = s->to;
		for (; cell <= last; cell++) {
			double ns = overlap(c, cell, s->from, s->to);

			most[cell].all += out ? -ns : ns;
			if (out)
				continue;
			if (ns > most[cell].ns) {
				most[cell].ns = ns;
				most[cell].task = s->task;
			}
		}
	}
	for (cell = 0; cell < c->cells; cell++) {
		uint32_t task = most[cell].task;

		lane[cell] = looks[LOOK_NONE];
		if (most[cell].all * 4 < c->cell_ns)
			continue;
		if (task == NO_TASK || c->s->nr_tasks > 26) {
			lane[cell] = looks[task == NO_TASK ? LOOK_OTHERS : LOOK_RUNS];
			continue;
		}
		letters[task][0] = 'A' + task;
		lane[cell] = (struct look){ letters[task], letters[task], STYLE_NONE };
	}
	for (i = 0; i < c->s->nr_switches; i++)
		if (c->s->switches[i].lane == n &&
		    cells_of(c, c->s->switches[i].ns, c->s->switches[i].ns, &cell,
			     &last))
			lane[cell] = looks[LOOK_SWITCH];
	fprintf(c->out, "%-*s", c->label, lane_name(c->s, n).s);
	put_lane(c, lane);
}

/* @amount a cell, of at most @most. */
static void draw_level(const struct canvas *c, const char *label,
		       const double *amount, enum term_style style)
{
	struct look lane[MAX_CELLS] = {};
	double most = 0;
	unsigned int cell, level;

	for (cell = 0; cell < c->cells; cell++)
		if (amount[cell] > most)
			most = amount[cell];
	for (cell = 0; cell < c->cells; cell++) {
		level = most > 0 ? amount[cell] / most * LEVELS + 0.5 : 0;
		if (!level && amount[cell] > 0)
			level = 1;
		lane[cell] = (struct look){ levels_ascii[level],
					    levels_utf8[level], style };
	}
	fprintf(c->out, "%-*s", c->label, label);
	put_lane(c, lane);
	if (most < 10)
		fprintf(c->out, "%*s(at most %.2g)\n", c->label, "", most);
	else
		fprintf(c->out, "%*s(at most %s)\n", c->label, "",
			text_count((uint64_t)(most + 0.5)).s);
}

static void draw_many_tasks(const struct canvas *c, const struct bin *bins)
{
	static const struct {
		const char *label;
		enum piece_kind kind;
		unsigned int look;
	} rows[] = {
		{ "running", PIECE_RUNS, LOOK_RUNS },
		{ "ready", PIECE_READY, LOOK_READY },
		{ "waiting", PIECE_WAITS, LOOK_WAITS },
		{ "in pool", PIECE_POOL, LOOK_POOL },
	};
	double amount[MAX_CELLS];
	unsigned int i, cell;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].kind == PIECE_POOL && !c->s->pool)
			continue;
		for (cell = 0; cell < c->cells; cell++)
			amount[cell] = bins[cell].share[rows[i].kind] / c->cell_ns;
		draw_level(c, rows[i].label, amount, looks[rows[i].look].style);
	}
}

static void draw_many_lanes(const struct canvas *c, const struct bin *bins)
{
	double amount[MAX_CELLS];
	unsigned int cell;

	for (cell = 0; cell < c->cells; cell++)
		amount[cell] = bins[cell].on / c->cell_ns;
	draw_level(c, "threads", amount, STYLE_GREEN);
	for (cell = 0; cell < c->cells; cell++)
		amount[cell] = bins[cell].switches;
	draw_level(c, "switches", amount, STYLE_RED);
}

static void draw_axis(const struct canvas *c)
{
	char line[MAX_CELLS + 1], numbers[MAX_CELLS + 32];
	unsigned int most = c->cells / TICK_CELLS, cell, free = 0;
	uint64_t tick, ns, unit;
	const char *name = draw_unit(c->length, &unit);
	struct text text;

	tick = draw_tick(c->length, most ? most : 1);
	memset(line, '-', c->cells);
	line[c->cells] = '\0';
	memset(numbers, ' ', sizeof(numbers));
	for (ns = 0; ns <= c->length; ns += tick) {
		cell = ns / c->cell_ns;
		if (cell >= c->cells)
			break;
		line[cell] = '+';
		snprintf(text.s, sizeof(text.s), "%g", (double)ns / unit);
		if (cell + strlen(text.s) > c->cells || cell < free)
			continue;
		memcpy(&numbers[cell], text.s, strlen(text.s));
		free = cell + strlen(text.s) + 1;
	}
	for (cell = c->cells; cell && numbers[cell - 1] == ' '; cell--)
		;
	numbers[cell] = '\0';
	fprintf(c->out, "%*s%s\n%-*s%s\n", c->label, "", line, c->label, name,
		numbers);
}

/* Words, broken where the line is full. */
static void draw_words(FILE *out, const char *words, unsigned int width,
		       enum term_style style)
{
	unsigned int at = 0, len;

	fputs(term_on(style), out);
	while (*words) {
		len = strcspn(words, " ");
		if (at && at + 1 + len > width) {
			fputc('\n', out);
			at = 0;
		}
		fprintf(out, "%s%.*s", at ? " " : "", (int)len, words);
		at += len + !!at;
		words += len + strspn(words + len, " ");
	}
	fprintf(out, "%s\n", term_off(style));
}

static void draw_story(const struct canvas *c, unsigned int width)
{
	const struct story *s = c->s;
	struct bin bins[MAX_CELLS];
	char sums[DRAW_SUM];
	uint32_t i;

	if (*s->title)
		draw_words(c->out, s->title, width, STYLE_BOLD);
	story_bins(s, s->from, s->from + c->length, bins, c->cells);
	if (s->nr_tasks <= DRAW_TASKS)
		for (i = 0; i < s->nr_tasks; i++)
			draw_task(c, i);
	else
		draw_many_tasks(c, bins);
	if (s->nr_lanes <= DRAW_LANES)
		for (i = 0; i < s->nr_lanes; i++)
			draw_lane(c, i);
	else
		draw_many_lanes(c, bins);
	draw_axis(c);
	draw_sum(s, sums, sizeof(sums));
	draw_words(c->out, sums, width, STYLE_NONE);
}

static void draw_key(FILE *out, unsigned int look, const char *words,
		     unsigned int *at, unsigned int width)
{
	unsigned int len = strlen(words) + 2;

	if (*at && *at + 3 + len > width) {
		fputc('\n', out);
		*at = 0;
	} else if (*at) {
		fputs("   ", out);
		*at += 3;
	}
	put(out, &looks[look]);
	fprintf(out, " %s", words);
	*at += len;
}

static void draw_legend(FILE *out, const struct drawing *d, unsigned int width)
{
	unsigned int at = 0;

	draw_key(out, LOOK_RUNS, "runs", &at, width);
	draw_key(out, LOOK_WAITS, "waits", &at, width);
	draw_key(out, LOOK_READY, "ready, has no thread or CPU", &at, width);
	if (draw_has_pool(d))
		draw_key(out, LOOK_POOL, "in the blocking pool", &at, width);
	draw_key(out, LOOK_SWITCH, "switched out", &at, width);
	draw_key(out, LOOK_OTHERS, "other tasks", &at, width);
	fputc('\n', out);
}

/**
 * draw_text() - draw in text
 * @out: where
 * @d: what
 * @width: of the lines, in columns
 */
void draw_text(FILE *out, const struct drawing *d, unsigned int width)
{
	unsigned int i;

	if (width > MAX_CELLS)
		width = MAX_CELLS;
	if (width < 30)
		width = 30;
	if (*d->title)
		draw_words(out, d->title, width, STYLE_BOLD);
	for (i = 0; i < d->count; i++) {
		struct canvas c = {
			.out = out,
			.s = &d->stories[i],
			.label = 10,
			.length = d->length_ns,
		};

		c.cells = width - c.label - 1;
		c.cell_ns = (double)c.length / c.cells;
		if (i || *d->title)
			fputc('\n', out);
		draw_story(&c, width);
	}
	fputc('\n', out);
	draw_legend(out, d, width);
}
