/* SPDX-License-Identifier: GPL-2.0-only */
/* How an SVG image is made: parts of draw_svg.c. */
#ifndef WEFT_SVG_H
#define WEFT_SVG_H

#include "draw.h"

#define SVG_WIDTH	960
#define SVG_LEFT	96
#define SVG_RIGHT	24
#define SVG_PLOT	(SVG_WIDTH - SVG_LEFT - SVG_RIGHT)
/* Heights: of a kernel thread, of a task, of all of them together. */
#define SVG_LANE	24
#define SVG_TASK	20
#define SVG_AREA	96
/* So many tasks have a row each; more are one area. */
#define SVG_ROWS	128
#define SVG_BINS	208
/* What is thinner is no shape of its own, in px. */
#define SVG_THIN	0.8
/* So many tasks have a colour each, and arrows for their wakes. */
#define SVG_COLOURS	8

/**
 * struct page - Where a story is drawn
 * @out: where to
 * @s: the story
 * @ns_px: how much time a px is
 * @length: of the axis, in ns
 * @y: what is drawn next begins here
 */
struct page {
	FILE *out;
	const struct story *s;
	double ns_px;
	uint64_t length;
	double y;
};

/* svg.c */
double svg_x(const struct page *p, uint64_t ns);
void svg_escaped(FILE *out, const char *text);
void svg_text(FILE *out, double x, double y, const char *class, const char *text);
double svg_words(FILE *out, double y, const char *class, double line,
		 unsigned int most, const char *words);
void svg_block(const struct page *p, double from, double to, double y,
	       double height, uint32_t task, bool named);
void svg_area(const struct page *p, double y, const double *below,
	      const double *above, double scale, const char *class);
void svg_frame(const struct page *p, double y, double most, const char *what);

/* svg_lanes.c: the kernel threads */
void svg_lanes(struct page *p, const struct bin *bins);
double svg_lanes_height(const struct story *s);

/* svg_tasks.c: the tasks */
void svg_tasks(struct page *p, const struct bin *bins);
double svg_tasks_height(const struct story *s);

#endif /* WEFT_SVG_H */
