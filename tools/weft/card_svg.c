// SPDX-License-Identifier: GPL-2.0-only
/*
 * weft card: a picture. Each pair has an axis of its own, logarithmic, and a bar for
 * each engine from its min to its p99, with the median. Legible without colours.
 */
#include <math.h>
#include <stdio.h>

#include "card.h"
#include "util.h"

#define WIDTH		760
#define LEFT		110
#define RIGHT		150
#define TOP		96
#define PANEL		140
#define BAR		22
#define ROW		38
#define FOOT		64

/* The powers of ten around a pair. */
struct axis {
	double from, to;
};

static struct axis axis_of(const struct card *card, unsigned int pair)
{
	struct axis axis = { .from = 1e30, .to = 1 };
	unsigned int i;

	for (i = 2 * pair; i < 2 * pair + 2; i++) {
		const struct card_figure *f = &card->figures[i];
		double min = f->min ? f->min : 1, max = f->p99 ? f->p99 : 1;

		if (!f->rounds)
			continue;
		axis.from = fmin(axis.from, pow(10, floor(log10(min))));
		axis.to = fmax(axis.to, pow(10, ceil(log10(max))));
	}
	if (axis.from > axis.to)
		axis.from = 1;
	if (axis.to <= axis.from)
		axis.to = 10 * axis.from;
	return axis;
}

static double x_of(const struct axis *axis, double value)
{
	double part;

	if (value < axis->from)
		value = axis->from;
	part = (log10(value) - log10(axis->from)) / (log10(axis->to) - log10(axis->from));
	return LEFT + part * (WIDTH - LEFT - RIGHT);
}

/* Powers of ten, not of two, also of bytes: 10 kB. */
static void tick_text(char *text, size_t size, double value, bool bytes)
{
	static const char *const times[] = { "ns", "us", "ms", "s" };
	static const char *const sizes[] = { "B", "kB", "MB", "GB" };
	unsigned int unit = 0;

	while (value >= 1000 && unit < 3) {
		value /= 1000;
		unit++;
	}
	snprintf(text, size, "%.0f %s", value, bytes ? sizes[unit] : times[unit]);
}

static void draw_axis(const struct axis *axis, double y, bool bytes)
{
	char text[32];
	double value;

	for (value = axis->from; value <= axis->to * 1.001; value *= 10) {
		double x = x_of(axis, value);

		tick_text(text, sizeof(text), value, bytes);
		printf("<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
		       x, y, x, y + 2 * ROW);
		printf("<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
		       x, y + 2 * ROW + 16, text);
	}
}

static void draw_bar(const struct card *card, enum card_figure_id id,
		     const struct axis *axis, double y)
{
	const struct card_figure *f = &card->figures[id];
	double from = x_of(axis, f->min), to = x_of(axis, f->p99);
	double median = x_of(axis, f->median);

	printf("<g id=\"%s\">\n", card_texts[id].name);
	printf("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 12,
	       y + BAR * 0.7, card_texts[id].engine);
	if (!f->rounds) {
		printf("<text class=\"tick\" x=\"%d\" y=\"%.1f\">not measured</text>\n</g>\n",
		       LEFT + 8, y + BAR * 0.7);
		return;
	}
	/* One that does not vary is as wide as the mark of its median. */
	printf("<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>\n",
	       id % 2 ? "async" : "threads", from, y, fmax(to - from, 2), BAR);
	printf("<line class=\"median\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
	       median, y - 4, median, y + BAR + 4);
	printf("<text class=\"value\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n</g>\n",
	       WIDTH - 12, y + BAR * 0.7, card_value(id, f->median).s);
}

static void draw_pair(const struct card *card, unsigned int pair)
{
	const struct card_figure *threads = &card->figures[2 * pair];
	const struct card_figure *async = threads + 1;
	struct axis axis = axis_of(card, pair);
	double y = TOP + pair * PANEL;
	unsigned int i;

	printf("<text class=\"title\" x=\"12\" y=\"%.1f\">%s</text>\n", y, card_titles[pair]);
	if (threads->rounds && async->rounds && async->median)
		printf("<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">median: threads is %.3g times async</text>\n",
		       WIDTH - 12, y, (double)threads->median / async->median);
	draw_axis(&axis, y + 12, card_texts[2 * pair].bytes);
	for (i = 0; i < 2; i++)
		draw_bar(card, 2 * pair + i, &axis, y + 20 + i * ROW);
}

static void text_escaped(const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", stdout);
			break;
		case '>':
			fputs("&gt;", stdout);
			break;
		case '&':
			fputs("&amp;", stdout);
			break;
		default:
			putchar((unsigned char)*text < ' ' ? ' ' : *text);
		}
	}
}

static void draw_legend(double y)
{
	printf("<g id=\"legend\">\n<rect class=\"threads\" x=\"12\" y=\"%.1f\" width=\"30\" height=\"12\"/>\n",
	       y - 11);
	printf("<text class=\"tick\" x=\"48\" y=\"%.1f\">engine threads</text>\n", y);
	printf("<rect class=\"async\" x=\"160\" y=\"%.1f\" width=\"30\" height=\"12\"/>\n", y - 11);
	printf("<text class=\"tick\" x=\"196\" y=\"%.1f\">engine async</text>\n", y);
	printf("<line class=\"median\" x1=\"300\" y1=\"%.1f\" x2=\"300\" y2=\"%.1f\"/>\n", y - 14,
	       y + 3);
	printf("<text class=\"tick\" x=\"308\" y=\"%.1f\">median, its value at the right; a bar is from min to p99</text>\n</g>\n",
	       y);
}

void card_svg(const struct card *card)
{
	int height = TOP + CARD_PAIRS * PANEL + FOOT;
	unsigned int pair;

	printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"14\">\n",
	       WIDTH, height, WIDTH, height);
	fputs("<style>.title{font-weight:bold}.tick{font-size:12px;fill:#444}"
	      ".value{font-weight:bold}.grid{stroke:#ccc}.threads{fill:#888;stroke:#000}"
	      ".async{fill:#fff;stroke:#000}.median{stroke:#000;stroke-width:3}</style>\n",
	      stdout);
	printf("<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, height);
	puts("<text class=\"title\" x=\"12\" y=\"26\" font-size=\"18\">weft: what a job costs as a thread, and as a task</text>");
	fputs("<text class=\"tick\" x=\"12\" y=\"46\">", stdout);
	text_escaped(card->machine);
	fputs("; weft: ", stdout);
	text_escaped(card->module);
	puts("</text>");
	puts("<text class=\"tick\" x=\"12\" y=\"64\">Logarithmic axes: each line is ten times the one before.</text>");
	for (pair = 0; pair < CARD_PAIRS; pair++)
		draw_pair(card, pair);
	draw_legend(TOP + CARD_PAIRS * PANEL + 20);
	puts("</svg>");
}
