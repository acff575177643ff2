// SPDX-License-Identifier: GPL-2.0-only
/*
 * A drawing for a document: legible at a glance, and without colours: what a task
 * does is told by shape, and whose work a thread does by a letter.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "util.h"

#define WIDTH		960
#define LEFT		96
#define RIGHT		24
#define PLOT		(WIDTH - LEFT - RIGHT)
#define LANE		24
#define TASK		20
/* So many tasks have a row of this height each; more are one area. */
#define MANY_ROWS	128
#define SMALL		5
#define AREA		96
#define BINS		208
/* What is thinner is no shape of its own, in px. */
#define THIN		0.8
/* So many tasks have a colour each, and arrows for their wakes. */
#define COLOURS		8

static const char *const colours[COLOURS] = {
	"#1f5f99", "#f2a73b", "#2f8f5b", "#b5477d", "#6d5fa6", "#d8c38a",
	"#44515c", "#8cc0de",
};

/* Of text on these. */
static const char *const inks[COLOURS] = {
	"#fff", "#000", "#fff", "#fff", "#fff", "#000", "#fff", "#000",
};

struct page {
	FILE *out;
	const struct story *s;
	double ns_px;
	uint64_t length;
	double y;
};

static double x_of(const struct page *p, uint64_t ns)
{
	double x = ns < p->s->from ? 0 : (ns - p->s->from) / p->ns_px;

	return LEFT + (x > PLOT ? PLOT : x);
}

static void text_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '<')
			fputs("&lt;", out);
		else
			fputc(*text, out);
	}
}

static void put_text(FILE *out, double x, double y, const char *class,
		     const char *text)
{
	fprintf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
	text_escaped(out, text);
	fputs("</text>\n", out);
}

/* One line of about @most characters after the other. Return: y after them. */
static double put_words(FILE *out, double y, const char *class, double line,
			unsigned int most, const char *words)
{
	char text[DRAW_SUM];
	unsigned int len;

	while (*words) {
		len = strlen(words);
		if (len > most) {
			for (len = most; len && words[len] != ' '; len--)
				;
			if (!len)
				len = most;
		}
		snprintf(text, sizeof(text), "%.*s", (int)len, words);
		put_text(out, 16, y, class, text);
		y += line;
		words += len;
		words += strspn(words, " ");
	}
	return y;
}

static const char *fill_of(const struct page *p, uint32_t task)
{
	if (task == NO_TASK)
		return "#bbb";
	if (p->s->nr_tasks <= COLOURS)
		return colours[task];
	return task % 2 ? "#5b87ae" : "#1f5f99";
}

static const char *ink_of(const struct page *p, uint32_t task)
{
	if (task == NO_TASK)
		return "#000";
	return p->s->nr_tasks <= COLOURS ? inks[task] : "#fff";
}

static void put_block(const struct page *p, double from, double to, double y,
		      double height, uint32_t task, bool named)
{
	double width = to - from > 0.4 ? to - from : 0.4;
	struct text name = task_name(p->s, task);

	fprintf(p->out, "<rect class=\"run\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"%s\"/>\n",
		from, y, width, height, fill_of(p, task));
	if (named && task != NO_TASK && p->s->nr_tasks <= 26 && width >= 11)
		fprintf(p->out, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\" style=\"fill:%s\">%s</text>\n",
			from + width / 2, y + height / 2 + 4, ink_of(p, task),
			name.s);
}

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
		f = x_of(p, slice->from);
		t = x_of(p, slice->to);
		if (slice->kind == SLICE_OFF) {
			/* In the middle of a poll. */
			if (f < to && t - f >= THIN) {
				put_block(p, from, f, y + 4, LANE - 8, task, true);
				from = t;
			}
			continue;
		}
		if (to >= 0 && f - to < THIN &&
		    (task == slice->task || t - from < THIN)) {
			to = t;
			continue;
		}
		if (to >= 0)
			put_block(p, from, to, y + 4, LANE - 8, task, true);
		from = f;
		to = t;
		task = slice->task;
	}
	if (to >= 0)
		put_block(p, from, to, y + 4, LANE - 8, task, true);
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
		x = x_of(p, s->switches[i].ns);
		if (x - at < 1)
			continue;
		at = x;
		fprintf(p->out, "<path class=\"switch\" d=\"M%.1f %.1fl-3 -5h6zv%d\"/>\n",
			x, y + 4, LANE - 6);
	}
}

static void put_lanes(struct page *p)
{
	const struct story *s = p->s;
	uint32_t i;

	for (i = 0; i < s->nr_lanes; i++, p->y += LANE) {
		double from = x_of(p, s->lanes[i].from);
		double to = x_of(p, s->lanes[i].to);

		if (s->lanes[i].worker != WEFT_NO_WORKER) {
			from = LEFT;
			to = LEFT + PLOT;
		}
		put_text(p->out, LEFT - 8, p->y + LANE / 2 + 4, "label",
			 lane_name(s, i).s);
		fprintf(p->out, "<line class=\"base\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
			from, p->y + LANE / 2.0, to, p->y + LANE / 2.0);
		put_lane(p, i, p->y);
		put_switches(p, i, p->y);
	}
}

static void put_piece(const struct page *p, double from, double to, double y,
		      double height, uint32_t task, enum piece_kind kind)
{
	double width = to - from;

	switch (kind) {
	case PIECE_RUNS:
		put_block(p, from, to, y, height, task, false);
		break;
	case PIECE_READY:
		if (width >= 0.4)
			fprintf(p->out, "<rect class=\"ready\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"/>\n",
				from, y, width, height);
		break;
	default:
		if (width >= THIN)
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
		double f = x_of(p, piece->from), e = x_of(p, piece->to);

		if (piece->to < p->s->from || f >= LEFT + PLOT)
			continue;
		if (piece->kind == kind && f - to < THIN) {
			to = e;
			continue;
		}
		/* A wait for the next turn that nobody can see. */
		if (piece->kind == PIECE_READY && e - f < THIN && kind == PIECE_RUNS)
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

static void put_tasks(struct page *p)
{
	const struct story *s = p->s;
	bool few = s->nr_tasks <= DRAW_TASKS;
	double height = few ? TASK : SMALL;
	uint32_t i;

	for (i = 0; i < s->nr_tasks; i++, p->y += height) {
		char label[64];

		snprintf(label, sizeof(label), "task %s", task_name(s, i).s);
		if (few || i % 10 == 9 || !i)
			put_text(p->out, LEFT - 8, p->y + height / 2 + 4, "label",
				 label);
		put_task(p, i, p->y + (few ? 5 : 0.5),
			 height - (few ? 10 : 1));
	}
}

/* From the thread that woke a task down to the task. */
static void put_wakes(const struct page *p, double lanes_y, double tasks_y)
{
	const struct story *s = p->s;
	size_t i;

	for (i = 0; i < s->nr_wakes; i++) {
		const struct wake *w = &s->wakes[i];
		double x = x_of(p, w->ns);

		if (w->lane == NO_LANE || w->ns < s->from ||
		    w->ns > s->from + p->length)
			continue;
		fprintf(p->out, "<path class=\"wake\" d=\"M%.1f %.1fV%.1f\"/>\n", x,
			lanes_y + w->lane * LANE + LANE - 4,
			tasks_y + w->task * TASK + 4);
	}
}

/* An area from @below to @below + @above, in each bin. */
static void put_area(const struct page *p, double y, const double *below,
		     const double *above, double scale, const char *class)
{
	double step = (double)PLOT / BINS;
	unsigned int i;

	fprintf(p->out, "<path class=\"%s\" d=\"M%d %.1f", class, LEFT,
		y + AREA - below[0] * scale);
	for (i = 0; i < BINS; i++)
		fprintf(p->out, "V%.1fH%.1f",
			y + AREA - (below[i] + above[i]) * scale,
			LEFT + (i + 1) * step);
	for (i = BINS; i--;)
		fprintf(p->out, "V%.1fH%.1f", y + AREA - below[i] * scale,
			LEFT + i * step);
	fputs("z\"/>\n", p->out);
}

static void put_frame(const struct page *p, double y, double most,
		      const char *what)
{
	struct text top = text_count((uint64_t)(most + 0.5));

	fprintf(p->out, "<path class=\"base\" d=\"M%d %.1fV%.1fH%d\"/>\n", LEFT, y,
		y + AREA, LEFT + PLOT);
	put_text(p->out, LEFT - 8, y + 9, "label", top.s);
	put_text(p->out, LEFT - 8, y + AREA, "label", "0");
	put_text(p->out, LEFT - 8, y + AREA / 2 + 4, "label", what);
}

static void put_many_tasks(struct page *p, const struct bin *bins)
{
	static const char *const classes[] = {
		[PIECE_READY] = "ready", [PIECE_RUNS] = "runs",
		[PIECE_WAITS] = "waits",
	};
	static const enum piece_kind order[] = { PIECE_RUNS, PIECE_READY,
						 PIECE_WAITS };
	double width = p->length / (double)BINS, most = 1;
	double below[BINS] = {}, above[BINS];
	unsigned int i, k;

	for (i = 0; i < BINS; i++) {
		double all = 0;

		for (k = 0; k < NR_PIECE_KINDS; k++)
			all += bins[i].share[k] / width;
		if (all > most)
			most = all;
	}
	for (k = 0; k < ARRAY_SIZE(order); k++) {
		for (i = 0; i < BINS; i++)
			above[i] = bins[i].share[order[k]] / width;
		put_area(p, p->y, below, above, AREA / most, classes[order[k]]);
		for (i = 0; i < BINS; i++)
			below[i] += above[i];
	}
	put_frame(p, p->y, most, "tasks");
	p->y += AREA;
}

static void put_many_lanes(struct page *p, const struct bin *bins)
{
	double width = p->length / (double)BINS, most = 1;
	double below[BINS] = {}, above[BINS];
	unsigned int i;

	for (i = 0; i < BINS; i++) {
		above[i] = bins[i].on / width;
		if (above[i] > most)
			most = above[i];
	}
	put_area(p, p->y, below, above, AREA / most, "runs");
	put_frame(p, p->y, most, "in a poll");
	p->y += AREA + 16;
	if (!p->s->sees_switches)
		return;
	for (i = 0, most = 1; i < BINS; i++) {
		above[i] = bins[i].switches;
		if (above[i] > most)
			most = above[i];
	}
	put_area(p, p->y, below, above, AREA / most, "switches");
	put_frame(p, p->y, most, "switches");
	p->y += AREA;
}

static double lanes_height(const struct story *s)
{
	if (s->nr_lanes <= DRAW_LANES)
		return s->nr_lanes * LANE;
	return s->sees_switches ? 2 * AREA + 16 : AREA + 16;
}

static double tasks_height(const struct story *s)
{
	if (s->nr_tasks > MANY_ROWS)
		return AREA;
	return s->nr_tasks * (s->nr_tasks <= DRAW_TASKS ? TASK : SMALL);
}

/* First, for it lies behind all. */
static void put_grid(const struct page *p, double height)
{
	uint64_t tick = draw_tick(p->length, 10), ns;

	for (ns = 0; ns <= p->length; ns += tick)
		fprintf(p->out, "<path class=\"grid\" d=\"M%.1f %.1fv%.1f\"/>\n",
			LEFT + ns / p->ns_px, p->y, height);
}

static void put_axis(struct page *p)
{
	uint64_t unit, tick = draw_tick(p->length, 10), ns;
	const char *name = draw_unit(p->length, &unit);
	char text[64];

	for (ns = 0; ns <= p->length; ns += tick) {
		double x = LEFT + ns / p->ns_px;

		snprintf(text, sizeof(text), "%g", (double)ns / unit);
		put_text(p->out, x, p->y + 19, "tick", text);
	}
	put_text(p->out, LEFT - 8, p->y + 19, "label", name);
	p->y += 26;
}

static void put_story(struct page *p)
{
	struct bin bins[BINS];
	const struct story *s = p->s;
	double lanes, tasks;
	char words[DRAW_SUM];

	story_bins(s, s->from, s->from + p->length, bins, BINS);
	p->y = put_words(p->out, p->y + 16, "title", 19, 110, s->title);
	draw_sum(s, words, sizeof(words));
	p->y = put_words(p->out, p->y, "sum", 15, 140, words);
	put_grid(p, 52 + lanes_height(s) + tasks_height(s));
	put_text(p->out, 16, p->y + 12, "part", "kernel threads");
	p->y += 20;
	lanes = p->y;
	if (s->nr_lanes <= DRAW_LANES)
		put_lanes(p);
	else
		put_many_lanes(p, bins);
	put_text(p->out, 16, p->y + 18, "part", "tasks");
	p->y += 26;
	tasks = p->y;
	if (s->nr_tasks <= MANY_ROWS)
		put_tasks(p);
	else
		put_many_tasks(p, bins);
	if (s->nr_tasks <= COLOURS && s->nr_lanes <= DRAW_LANES)
		put_wakes(p, lanes, tasks);
	put_axis(p);
	p->y += 14;
}

static void put_legend(FILE *out, double y)
{
	fprintf(out, "<g transform=\"translate(16 %.1f)\">\n", y);
	fputs("<rect class=\"run\" x=\"0\" y=\"2\" width=\"26\" height=\"10\" fill=\"#44515c\"/>"
	      "<text x=\"32\" y=\"12\">runs</text>\n"
	      "<rect class=\"ready\" x=\"80\" y=\"2\" width=\"26\" height=\"10\"/>"
	      "<text x=\"112\" y=\"12\">ready, but has no thread or no CPU</text>\n"
	      "<line class=\"wait\" x1=\"330\" y1=\"7\" x2=\"356\" y2=\"7\"/>"
	      "<rect class=\"waits\" x=\"360\" y=\"2\" width=\"14\" height=\"10\"/>"
	      "<text x=\"380\" y=\"12\">waits</text>\n"
	      "<path class=\"switch\" d=\"M446 4l-3 -5h6zv12\"/>"
	      "<text x=\"456\" y=\"12\">context switch: the thread leaves its CPU</text>\n"
	      "<path class=\"wake\" d=\"M736 -2V12\"/>"
	      "<text x=\"746\" y=\"12\">a thread wakes a task</text>\n"
	      "</g>\n", out);
}

/* Rules of CSS, and hatches for who sees no colours. */
static const char style[] =
	"<style>\n"
	"text{font:12px sans-serif;fill:#222}\n"
	".head{font:bold 17px sans-serif}.title{font:bold 15px sans-serif}\n"
	".sum{fill:#444}.part{font:italic 12px sans-serif;fill:#444}\n"
	".label{text-anchor:end}.tick{text-anchor:middle}\n"
	".name{font:bold 11px sans-serif;text-anchor:middle}\n"
	".run{stroke:#222;stroke-width:.3}\n"
	".ready{fill:url(#ready);stroke:#a06a00;stroke-width:.5}\n"
	".wait{stroke:#666;stroke-width:1.6;stroke-dasharray:1.6 3}\n"
	".waits{fill:url(#waits);stroke:#888;stroke-width:.4}\n"
	".runs{fill:#1f5f99}.switches{fill:#c22}\n"
	".switch{stroke:#c22;stroke-width:1;fill:#c22}\n"
	".wake{fill:none;stroke:#333;stroke-width:.8;marker-end:url(#tip);opacity:.75}\n"
	".base{fill:none;stroke:#999;stroke-width:.8}.grid{stroke:#ccc;stroke-width:.6}\n"
	"</style>\n"
	"<defs>\n"
	"<pattern id=\"ready\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">"
	"<rect width=\"5\" height=\"5\" fill=\"#ffe9b8\"/><path d=\"M-1 1l2 -2M0 5l5 -5M4 6l2 -2\" stroke=\"#a06a00\" stroke-width=\".9\"/></pattern>\n"
	"<pattern id=\"waits\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\">"
	"<rect width=\"4\" height=\"4\" fill=\"#f4f4f4\"/><circle cx=\"2\" cy=\"2\" r=\".7\" fill=\"#777\"/></pattern>\n"
	"<marker id=\"tip\" viewBox=\"0 0 6 6\" refX=\"5\" refY=\"3\" markerWidth=\"5\" markerHeight=\"5\" orient=\"auto\">"
	"<path d=\"M0 0l6 3l-6 3z\" fill=\"#333\"/></marker>\n"
	"</defs>\n";

/**
 * draw_svg() - draw as an SVG image
 * @out: where
 * @d: what
 */
void draw_svg(FILE *out, const struct drawing *d)
{
	char *body = NULL;
	size_t size = 0;
	FILE *inner = open_memstream(&body, &size);
	double y = 12;
	unsigned int i;

	if (!inner) {
		complain_memory();
		return;
	}
	if (*d->title)
		y = put_words(inner, y + 14, "head", 22, 95, d->title);
	for (i = 0; i < d->count; i++) {
		struct page p = {
			.out = inner,
			.s = &d->stories[i],
			.length = d->length_ns,
			.ns_px = (double)d->length_ns / PLOT,
			.y = y,
		};

		fprintf(inner, "<g class=\"story\" data-lanes=\"%" PRIu32 "\"",
			p.s->nr_lanes);
		fprintf(inner, " data-tasks=\"%" PRIu32 "\" data-polls=\"%" PRIu64 "\">\n",
			p.s->nr_tasks, p.s->polls);
		put_story(&p);
		fputs("</g>\n", inner);
		y = p.y;
	}
	put_legend(inner, y + 4);
	y += 32;
	fclose(inner);
	fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"", out);
	fprintf(out, " viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\">\n<title>",
		WIDTH, y, WIDTH, y);
	text_escaped(out, *d->title ? d->title : d->stories[0].title);
	fprintf(out, "</title>\n%s", style);
	fputs("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", out);
	fwrite(body, 1, size, out);
	fputs("</svg>\n", out);
	free(body);
}
