// SPDX-License-Identifier: GPL-2.0-only
/* The kernel threads of an SVG image: what they poll, and when they are switched out. */
#include "svg.h"
#include "util.h"

/*
 * Polls of the same task that touch are one block, and have one name. So are polls
 * of several tasks that are too short to be told apart.
 */
static void put_lane(const struct page *p, uint32_t lane, double y)
{
	const struct story *s = p->s;
	double from = 0, to = -1;
	uint32_t task = NO_TASK;
	size_t i;

	for (i = 0; i < s->nr_slices; i++) {
		const struct slice *slice = &s->slices[i];
		double f, t;

		if (slice->lane != lane || slice->kind == SLICE_PARK ||
		    slice->to < s->from || slice->from > s->from + p->length)
			continue;
		f = svg_x(p, slice->from);
		t = svg_x(p, slice->to);
		if (slice->kind == SLICE_OFF) {
			/* In the middle of a poll. */
			if (f < to && t - f >= SVG_THIN) {
				svg_block(p, from, f, y + 4, SVG_LANE - 8, task, true);
				from = t;
			}
			continue;
		}
		if (to >= 0 && f - to < SVG_THIN &&
		    (task == slice->task || t - from < SVG_THIN)) {
			to = t;
			continue;
		}
		if (to >= 0)
			svg_block(p, from, to, y + 4, SVG_LANE - 8, task, true);
		from = f;
		to = t;
		task = slice->task;
	}
	if (to >= 0)
		svg_block(p, from, to, y + 4, SVG_LANE - 8, task, true);
}

/* Marks that would cover each other are one, with their number. */
static void put_switches(const struct page *p, uint32_t lane, double y)
{
	const struct story *s = p->s;
	double at = -10;
	size_t i;

	for (i = 0; i < s->nr_switches; i++) {
		double x;

		if (s->switches[i].lane != lane || s->switches[i].ns < s->from ||
		    s->switches[i].ns > s->from + p->length)
			continue;
		x = svg_x(p, s->switches[i].ns);
		if (x - at < 1)
			continue;
		at = x;
		fprintf(p->out, "<path class=\"switch\" d=\"M%.1f %.1fl-3 -5h6zv%d\"/>\n",
			x, y + 4, SVG_LANE - 6);
	}
}

static void put_few(struct page *p)
{
	const struct story *s = p->s;
	uint32_t i;

	for (i = 0; i < s->nr_lanes; i++, p->y += SVG_LANE) {
		double from = svg_x(p, s->lanes[i].from);
		double to = svg_x(p, s->lanes[i].to);

		if (s->lanes[i].worker != WEFT_NO_WORKER) {
			from = SVG_LEFT;
			to = SVG_LEFT + SVG_PLOT;
		}
		svg_text(p->out, SVG_LEFT - 8, p->y + SVG_LANE / 2 + 4, "label",
			 lane_name(s, i).s);
		fprintf(p->out, "<line class=\"base\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
			from, p->y + SVG_LANE / 2.0, to, p->y + SVG_LANE / 2.0);
		put_lane(p, i, p->y);
		put_switches(p, i, p->y);
	}
}

static void put_many(struct page *p, const struct bin *bins)
{
	double width = p->length / (double)SVG_BINS, most = 1;
	double below[SVG_BINS] = {}, above[SVG_BINS];
	unsigned int i;

	for (i = 0; i < SVG_BINS; i++) {
		above[i] = bins[i].on / width;
		if (above[i] > most)
			most = above[i];
	}
	svg_area(p, p->y, below, above, SVG_AREA / most, "runs");
	svg_frame(p, p->y, most, "in a poll");
	p->y += SVG_AREA + 16;
	if (!p->s->sees_switches)
		return;
	for (i = 0, most = 1; i < SVG_BINS; i++) {
		above[i] = bins[i].switches;
		if (above[i] > most)
			most = above[i];
	}
	svg_area(p, p->y, below, above, SVG_AREA / most, "switches");
	svg_frame(p, p->y, most, "switches");
	p->y += SVG_AREA;
}

double svg_lanes_height(const struct story *s)
{
	if (s->nr_lanes <= DRAW_LANES)
		return s->nr_lanes * SVG_LANE;
	return s->sees_switches ? 2 * SVG_AREA + 16 : SVG_AREA + 16;
}

/* Below each other; @bins is for so many that they are drawn as one. */
void svg_lanes(struct page *p, const struct bin *bins)
{
	if (p->s->nr_lanes <= DRAW_LANES)
		put_few(p);
	else
		put_many(p, bins);
}
