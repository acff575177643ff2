// SPDX-License-Identifier: GPL-2.0-only
/* What all parts of an SVG image are made of. */
#include <string.h>

#include "svg.h"
#include "util.h"

static const char *const colours[SVG_COLOURS] = {
	"#1f5f99", "#f2a73b", "#2f8f5b", "#b5477d", "#6d5fa6", "#d8c38a",
	"#44515c", "#8cc0de",
};

/* Of text on these. */
static const char *const inks[SVG_COLOURS] = {
	"#fff", "#000", "#fff", "#fff", "#fff", "#000", "#fff", "#000",
};

double svg_x(const struct page *p, uint64_t ns)
{
	double x = ns < p->s->from ? 0 : (ns - p->s->from) / p->ns_px;

	return SVG_LEFT + (x > SVG_PLOT ? SVG_PLOT : x);
}

void svg_escaped(FILE *out, const char *text)
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

void svg_text(FILE *out, double x, double y, const char *class,
	      const char *text)
{
	fprintf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
	svg_escaped(out, text);
	fputs("</text>\n", out);
}

/* One line of about @most characters after the other. Return: y after them. */
double svg_words(FILE *out, double y, const char *class, double line,
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
		svg_text(out, 16, y, class, text);
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
	if (p->s->nr_tasks <= SVG_COLOURS)
		return colours[task];
	return task % 2 ? "#5b87ae" : "#1f5f99";
}

static const char *ink_of(const struct page *p, uint32_t task)
{
	if (task == NO_TASK)
		return "#000";
	return p->s->nr_tasks <= SVG_COLOURS ? inks[task] : "#fff";
}

void svg_block(const struct page *p, double from, double to, double y,
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

/* An area from @below to @below + @above, in each bin. */
void svg_area(const struct page *p, double y, const double *below,
	      const double *above, double scale, const char *class)
{
	double step = (double)SVG_PLOT / SVG_BINS;
	unsigned int i;

	fprintf(p->out, "<path class=\"%s\" d=\"M%d %.1f", class, SVG_LEFT,
		y + SVG_AREA - below[0] * scale);
	for (i = 0; i < SVG_BINS; i++)
		fprintf(p->out, "V%.1fH%.1f",
			y + SVG_AREA - (below[i] + above[i]) * scale,
			SVG_LEFT + (i + 1) * step);
	for (i = SVG_BINS; i--;)
		fprintf(p->out, "V%.1fH%.1f", y + SVG_AREA - below[i] * scale,
			SVG_LEFT + i * step);
	fputs("z\"/>\n", p->out);
}

void svg_frame(const struct page *p, double y, double most,
	       const char *what)
{
	struct text top = text_count((uint64_t)(most + 0.5));

	fprintf(p->out, "<path class=\"base\" d=\"M%d %.1fV%.1fH%d\"/>\n", SVG_LEFT, y,
		y + SVG_AREA, SVG_LEFT + SVG_PLOT);
	svg_text(p->out, SVG_LEFT - 8, y + 9, "label", top.s);
	svg_text(p->out, SVG_LEFT - 8, y + SVG_AREA, "label", "0");
	svg_text(p->out, SVG_LEFT - 8, y + SVG_AREA / 2 + 4, "label", what);
}
