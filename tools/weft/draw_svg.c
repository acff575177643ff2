// SPDX-License-Identifier: GPL-2.0-only
/*
 * A drawing for a document: legible at a glance, and without colours: what a task
 * does is told by shape, and whose work a thread does by a letter.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "svg.h"
#include "util.h"

/* From the thread that woke a task down to the task; from nowhere if it is not weft's. */
static void put_wakes(const struct page *p, double lanes_y, double tasks_y)
{
	const struct story *s = p->s;
	size_t i;

	for (i = 0; i < s->nr_wakes; i++) {
		const struct wake *w = &s->wakes[i];
		double x = svg_x(p, w->ns);

		double y = tasks_y + w->task * SVG_TASK;

		if (w->ns < s->from || w->ns > s->from + p->length)
			continue;
		fprintf(p->out, "<path class=\"wake\" d=\"M%.1f %.1fV%.1f\"/>\n", x,
			w->lane == NO_LANE ? y - 6 :
			lanes_y + w->lane * SVG_LANE + SVG_LANE - 4, y + 4);
	}
}

/* First, for it lies behind all. */
static void put_grid(const struct page *p, double height)
{
	uint64_t tick = draw_tick(p->length, 10), ns;

	for (ns = 0; ns <= p->length; ns += tick)
		fprintf(p->out, "<path class=\"grid\" d=\"M%.1f %.1fv%.1f\"/>\n",
			SVG_LEFT + ns / p->ns_px, p->y, height);
}

static void put_axis(struct page *p)
{
	uint64_t unit, tick = draw_tick(p->length, 10), ns;
	const char *name = draw_unit(p->length, &unit);
	char text[64];

	for (ns = 0; ns <= p->length; ns += tick) {
		double x = SVG_LEFT + ns / p->ns_px;

		snprintf(text, sizeof(text), "%g", (double)ns / unit);
		svg_text(p->out, x, p->y + 19, "tick", text);
	}
	svg_text(p->out, SVG_LEFT - 8, p->y + 19, "label", name);
	p->y += 26;
}

static void put_story(struct page *p)
{
	struct bin bins[SVG_BINS];
	const struct story *s = p->s;
	double lanes, tasks;
	char words[DRAW_SUM];

	story_bins(s, s->from, s->from + p->length, bins, SVG_BINS);
	p->y = svg_words(p->out, p->y + 16, "title", 19, 110, s->title);
	draw_sum(s, words, sizeof(words));
	p->y = svg_words(p->out, p->y, "sum", 15, 140, words);
	put_grid(p, 52 + svg_lanes_height(s) + svg_tasks_height(s));
	svg_text(p->out, 16, p->y + 12, "part", "kernel threads");
	p->y += 20;
	lanes = p->y;
	svg_lanes(p, bins);
	svg_text(p->out, 16, p->y + 18, "part", "tasks");
	p->y += 26;
	tasks = p->y;
	svg_tasks(p, bins);
	if (s->nr_tasks <= SVG_COLOURS && s->nr_lanes <= DRAW_LANES)
		put_wakes(p, lanes, tasks);
	put_axis(p);
	p->y += 14;
}

/* Return: y after it. */
static double put_legend(FILE *out, double y, const struct drawing *d)
{
	bool pool = draw_has_pool(d);

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
	      "<text x=\"746\" y=\"12\">a thread wakes a task</text>\n", out);
	if (pool)
		fputs("<rect class=\"pool\" x=\"0\" y=\"20\" width=\"26\" height=\"10\"/>"
		      "<text x=\"32\" y=\"30\">in the blocking pool: another thread takes a step that may block</text>\n",
		      out);
	fputs("</g>\n", out);
	return y + (pool ? 46 : 28);
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
	".pool{fill:url(#pool);stroke:#1f5f99;stroke-width:.5}\n"
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
	"<pattern id=\"pool\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\">"
	"<rect width=\"4\" height=\"4\" fill=\"#e6eef6\"/><path d=\"M0 2h4\" stroke=\"#1f5f99\" stroke-width=\".9\"/></pattern>\n"
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
		y = svg_words(inner, y + 14, "head", 22, 95, d->title);
	for (i = 0; i < d->count; i++) {
		struct page p = {
			.out = inner,
			.s = &d->stories[i],
			.length = d->length_ns,
			.ns_px = (double)d->length_ns / SVG_PLOT,
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
	y = put_legend(inner, y + 4, d);
	fclose(inner);
	fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"", out);
	fprintf(out, " viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\">\n<title>",
		SVG_WIDTH, y, SVG_WIDTH, y);
	svg_escaped(out, *d->title ? d->title : d->stories[0].title);
	fprintf(out, "</title>\n%s", style);
	fputs("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", out);
	fwrite(body, 1, size, out);
	fputs("</svg>\n", out);
	free(body);
}
