// SPDX-License-Identifier: GPL-2.0-only
/* The tasks of an SVG image: what each does, or how many of them do it. */
#include <stdio.h>

#include "svg.h"
#include "util.h"

/* Of a task where there are many. */
#define SMALL		5

static void put_piece(const struct page *p, double from, double to, double y,
		      double height, uint32_t task, enum piece_kind kind)
{
	double width = to - from;

	switch (kind) {
	case PIECE_RUNS:
		svg_block(p, from, to, y, height, task, false);
		break;
	case PIECE_READY:
	case PIECE_POOL:
		if (width >= 0.4)
			fprintf(p->out, "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"/>\n",
				kind == PIECE_POOL ? "pool" : "ready", from, y,
				width, height);
		break;
	default:
		if (width >= SVG_THIN)
			fprintf(p->out, "<line class=\"wait\" x1=\"%.2f\" y1=\"%.1f\" x2=\"%.2f\" y2=\"%.1f\"/>\n",
				from, y + height / 2, to, y + height / 2);
	}
}

/* Pieces of one kind that touch are one. */
static void put_task(const struct page *p, uint32_t task, double y, double height)
{
	const struct task *t = &p->s->tasks[task];
	enum piece_kind kind = NR_PIECE_KINDS;
	double from = 0, to = 0;
	size_t i;

	for (i = t->first; i < t->first + t->pieces; i++) {
		const struct piece *piece = &p->s->pieces[i];
		double f = svg_x(p, piece->from), e = svg_x(p, piece->to);

		if (piece->to < p->s->from || f >= SVG_LEFT + SVG_PLOT)
			continue;
		if (piece->kind == kind && f - to < SVG_THIN) {
			to = e;
			continue;
		}
		/* A wait for the next turn that nobody can see. */
		if (piece->kind == PIECE_READY && e - f < SVG_THIN && kind == PIECE_RUNS)
			continue;
		if (kind != NR_PIECE_KINDS)
			put_piece(p, from, to, y, height, task, kind);
		kind = piece->kind;
		from = f;
		to = e;
	}
	if (kind != NR_PIECE_KINDS)
		put_piece(p, from, to, y, height, task, kind);
}

static void put_few(struct page *p)
{
	const struct story *s = p->s;
	bool few = s->nr_tasks <= DRAW_TASKS;
	double height = few ? SVG_TASK : SMALL;
	uint32_t i;

	for (i = 0; i < s->nr_tasks; i++, p->y += height) {
		char label[64];

		snprintf(label, sizeof(label), "task %s", task_name(s, i).s);
		if (few || i % 10 == 9 || !i)
			svg_text(p->out, SVG_LEFT - 8, p->y + height / 2 + 4, "label",
				 label);
		put_task(p, i, p->y + (few ? 5 : 0.5),
			 height - (few ? 10 : 1));
	}
}

static void put_many(struct page *p, const struct bin *bins)
{
	static const char *const classes[] = {
		[PIECE_READY] = "ready", [PIECE_RUNS] = "runs",
		[PIECE_WAITS] = "waits", [PIECE_POOL] = "pool",
	};
	static const enum piece_kind order[] = { PIECE_RUNS, PIECE_READY,
						 PIECE_POOL, PIECE_WAITS };
	double width = p->length / (double)SVG_BINS, most = 1;
	double below[SVG_BINS] = {}, above[SVG_BINS];
	unsigned int i, k;

	for (i = 0; i < SVG_BINS; i++) {
		double all = 0;

		for (k = 0; k < NR_PIECE_KINDS; k++)
			all += bins[i].share[k] / width;
		if (all > most)
			most = all;
	}
	for (k = 0; k < ARRAY_SIZE(order); k++) {
		if (order[k] == PIECE_POOL && !p->s->pool)
			continue;
		for (i = 0; i < SVG_BINS; i++)
			above[i] = bins[i].share[order[k]] / width;
		svg_area(p, p->y, below, above, SVG_AREA / most, classes[order[k]]);
		for (i = 0; i < SVG_BINS; i++)
			below[i] += above[i];
	}
	svg_frame(p, p->y, most, "tasks");
	p->y += SVG_AREA;
}

double svg_tasks_height(const struct story *s)
{
	if (s->nr_tasks > SVG_ROWS)
		return SVG_AREA;
	return s->nr_tasks * (s->nr_tasks <= DRAW_TASKS ? SVG_TASK : SMALL);
}

/* Below each other; @bins is for so many that they are drawn as one. */
void svg_tasks(struct page *p, const struct bin *bins)
{
	if (p->s->nr_tasks <= SVG_ROWS)
		put_few(p);
	else
		put_many(p, bins);
}
