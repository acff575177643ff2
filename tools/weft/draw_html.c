// SPDX-License-Identifier: GPL-2.0-only
/*
 * One page with all it needs: d3, our script, and the data. The data is an object:
 *   title, length (of the axis in ns), stories: a list of
 *     title, sum
 *     lanes: name, from, to, slices: [from, to, task, kind, waited, polls, then],
 *            switches: [ns]
 *     tasks: id, client, op, from, to, pieces: [from, to, kind, what it waits for]
 *     wakes: [ns, task, by whom, lane, in which thread]
 * Times are ns from the begin of the story; task and lane are -1 for none.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "embed.h"
#include "util.h"
#include "weft.h"

/* A file as an array of bytes: NAME, up to NAME_end; declared in embed.h. */
#define BLOB(name, file) \
	asm(".pushsection .rodata\n" \
	    #name ": .incbin \"" file "\"\n" \
	    #name "_end:\n" \
	    ".popsection\n")

BLOB(page_script, PAGE_JS);
BLOB(page_style, PAGE_CSS);
#ifdef D3_JS
BLOB(d3_script, D3_JS);
#endif

static const char d3_licence[] =
	"<!--\n"
	"This page contains d3 (d3js.org), copyright 2010-2022 Mike Bostock, under the BSD\n"
	"3-clause licence:\n"
	"\n"
	"Redistribution and use in source and binary forms, with or without modification,\n"
	"are permitted provided that the following conditions are met: 1. Redistributions\n"
	"of source code must retain the above copyright notice, this list of conditions and\n"
	"the following disclaimer. 2. Redistributions in binary form must reproduce the\n"
	"above copyright notice, this list of conditions and the following disclaimer in\n"
	"the documentation and/or other materials provided with the distribution. 3. Neither\n"
	"the name of the author nor the names of contributors may be used to endorse or\n"
	"promote products derived from this software without specific prior written\n"
	"permission.\n"
	"\n"
	"THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS \"AS IS\" AND ANY\n"
	"EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES\n"
	"OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT\n"
	"SHALL THE COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT,\n"
	"INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED\n"
	"TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR\n"
	"BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN\n"
	"CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN\n"
	"ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH\n"
	"DAMAGE.\n"
	"-->\n";

/* Text in HTML, or in a string of a script. */
static void put_text(FILE *out, const char *text, bool script)
{
	for (; *text; text++) {
		unsigned char c = *text;

		if (c < ' ' || (script && (c == '"' || c == '\\' || c == '<')))
			fprintf(out, script ? "\\u%04x" : "&#%u;", c);
		else if (c == '<')
			fputs("&lt;", out);
		else if (c == '&' && !script)
			fputs("&amp;", out);
		else
			fputc(c, out);
	}
}

static void put_member(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\"%s\":\"", name);
	put_text(out, text, true);
	fputs("\"", out);
}

/* From the begin of the story. */
static uint64_t since(const struct story *s, uint64_t ns)
{
	return ns > s->from ? ns - s->from : 0;
}

static int64_t number(uint32_t index)
{
	return index == UINT32_MAX ? -1 : (int64_t)index;
}

static void put_slice(FILE *out, const struct story *s, const struct slice *slice)
{
	fprintf(out, "[%" PRIu64 ",%" PRIu64 ",%" PRId64 ",%d,%" PRIu64 ",%" PRIu64,
		since(s, slice->from), since(s, slice->to), number(slice->task),
		(int)slice->kind, slice->waited, slice->polls);
	if (slice->kind != SLICE_POLL)
		fputs("]", out);
	else if (slice->detail & WEFT_POLL_READY)
		fprintf(out, ",\"it ended with %" PRId64 "\"]", slice->value);
	else
		fprintf(out, ",\"it waited for %s\"]", wait_name(slice->detail));
}

static void put_lanes(FILE *out, const struct story *s)
{
	size_t i = 0, k;
	uint32_t n;

	fputs("\"lanes\":[", out);
	for (n = 0; n < s->nr_lanes; n++) {
		const struct lane *l = &s->lanes[n];
		bool worker = l->worker != WEFT_NO_WORKER, any = false;

		fprintf(out, "%s{\"name\":\"%s\",\"from\":%" PRIu64 ",\"to\":%" PRIu64,
			n ? ",\n" : "", lane_name(s, n).s,
			worker ? 0 : since(s, l->from),
			since(s, worker && s->to > l->to ? s->to : l->to));
		fputs(",\"slices\":[", out);
		for (k = i; i < s->nr_slices && s->slices[i].lane == n; i++) {
			fputs(i > k ? "," : "", out);
			put_slice(out, s, &s->slices[i]);
		}
		fputs("],\"switches\":[", out);
		for (k = 0; k < s->nr_switches; k++) {
			if (s->switches[k].lane != n)
				continue;
			fprintf(out, "%s%" PRIu64, any ? "," : "",
				since(s, s->switches[k].ns));
			any = true;
		}
		fputs("]}", out);
	}
	fputs("],\n", out);
}

static void put_tasks(FILE *out, const struct story *s)
{
	uint32_t n;
	size_t i;

	fputs("\"tasks\":[", out);
	for (n = 0; n < s->nr_tasks; n++) {
		const struct task *t = &s->tasks[n];
		const char *op = weft_op_name(t->op);

		fprintf(out, "%s{\"id\":\"%" PRIu64 "\",\"client\":%" PRIu32,
			n ? ",\n" : "", t->id, t->client);
		fprintf(out, ",\"op\":\"%s\",\"from\":%" PRIu64 ",\"to\":%" PRIu64,
			op ? op : "task", since(s, t->from), since(s, t->to));
		fputs(",\"pieces\":[", out);
		for (i = t->first; i < t->first + t->pieces; i++) {
			const struct piece *p = &s->pieces[i];

			fprintf(out, "%s[%" PRIu64 ",%" PRIu64 ",%d",
				i > t->first ? "," : "", since(s, p->from),
				since(s, p->to), (int)p->kind);
			if (p->kind == PIECE_WAITS)
				fprintf(out, ",\"%s\"", wait_name(p->wait));
			fputs("]", out);
		}
		fputs("]}", out);
	}
	fputs("],\n", out);
}

static void put_wakes(FILE *out, const struct story *s)
{
	size_t i;

	fputs("\"wakes\":[", out);
	for (i = 0; i < s->nr_wakes; i++) {
		const struct wake *w = &s->wakes[i];

		fprintf(out, "%s[%" PRIu64 ",%" PRIu32 ",\"%s\",%" PRId64 ",\"",
			i ? "," : "", since(s, w->ns), w->task, woken_name(w->by),
			number(w->lane));
		if (w->by & WEFT_WOKEN_IN_IRQ)
			fputs("an interrupt", out);
		else if (w->lane != NO_LANE)
			fputs(lane_name(s, w->lane).s, out);
		else
			fprintf(out, "pid %" PRIu32, w->pid);
		fputs("\"]", out);
	}
	fputs("]", out);
}

static void put_data(FILE *out, const struct drawing *d)
{
	char sum[DRAW_SUM];
	unsigned int i;

	fprintf(out, "const WEFT = {\"length\":%" PRIu64 ",\"stories\":[\n",
		d->length_ns);
	for (i = 0; i < d->count; i++) {
		const struct story *s = &d->stories[i];

		draw_sum(s, sum, sizeof(sum));
		fputs(i ? ",\n{" : "{", out);
		put_member(out, "title", s->title);
		fputs(",", out);
		put_member(out, "sum", sum);
		fputs(",\n", out);
		put_lanes(out, s);
		put_tasks(out, s);
		put_wakes(out, s);
		fputs("}", out);
	}
	fputs("]};\n", out);
}

static const char controls[] =
	"<main>\n"
	"<p><b>Wheel</b>: zoom, <b>drag</b>: go along, <b>point</b>: what is it, <b>click</b>: follow this job.</p>\n"
	"<fieldset>Show\n"
	"<label><input type=\"radio\" name=\"lanes\" value=\"both\" checked> threads and tasks</label>\n"
	"<label><input type=\"radio\" name=\"lanes\" value=\"threads\"> threads</label>\n"
	"<label><input type=\"radio\" name=\"lanes\" value=\"tasks\"> tasks</label>\n"
	"</fieldset>\n"
	"<button id=\"reset\">all of it</button><button id=\"next\">next wake</button>\n"
	"<p id=\"chosen\"></p>\n"
	"<p>Solid: runs. Hatched: ready, but has no thread or CPU. Dotted: waits. Ruled: in the blocking pool. Red: the thread is switched out. Arrow: a thread wakes a task.</p>\n"
	"</main>\n"
	"<div id=\"tip\"></div>\n";

/**
 * draw_has_html() - was this built with what a page needs
 *
 * Return: true if draw_html() draws.
 */
bool draw_has_html(void)
{
#ifdef D3_JS
	return true;
#else
	return false;
#endif
}

/**
 * draw_html() - draw as a page that moves
 * @out: where
 * @d: what
 */
void draw_html(FILE *out, const struct drawing *d)
{
	const char *title = *d->title ? d->title : d->stories[0].title;

	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n", out);
	fputs(d3_licence, out);
	fputs("<title>", out);
	put_text(out, title, false);
	fputs("</title>\n<style>\n", out);
	fwrite(page_style, 1, page_style_end - page_style, out);
	fputs("</style></head>\n<body>\n<h1>", out);
	put_text(out, title, false);
	fprintf(out, "</h1>\n%s<script>\n", controls);
#ifdef D3_JS
	fwrite(d3_script, 1, d3_script_end - d3_script, out);
#endif
	fputs("\n</script>\n<script>\n", out);
	put_data(out, d);
	fputs("</script>\n<script>\n", out);
	fwrite(page_script, 1, page_script_end - page_script, out);
	fputs("</script>\n</body></html>\n", out);
}
