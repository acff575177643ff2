// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

void page_line(struct page *page, const char *fmt, ...)
{
	char **lines, *line;
	va_list ap;
	int ret;

	lines = reallocarray(page->lines, page->nr_lines + 1, sizeof(*lines));
	if (!lines) {
		page->error = ENOMEM;
		return;
	}
	page->lines = lines;
	va_start(ap, fmt);
	ret = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (ret < 0)
		page->error = ENOMEM;
	else
		lines[page->nr_lines++] = line;
}

/* Text of plain words, in lines of @width at most, each after @indent blanks. */
void page_wrap(struct page *page, unsigned int width, unsigned int indent,
	       const char *text)
{
	unsigned int room = width > indent + 10 ? width - indent : 10;

	while (*text) {
		unsigned int len = strlen(text), cut = len;

		if (len > room) {
			for (cut = room; cut && text[cut] != ' '; cut--)
				;
			if (!cut)
				cut = room;
		}
		page_line(page, "%*s%.*s", indent, "", cut, text);
		text += cut;
		text += strspn(text, " ");
	}
}

void page_free(struct page *page)
{
	size_t i;

	for (i = 0; i < page->nr_lines; i++)
		free(page->lines[i]);
	free(page->lines);
	*page = (struct page){};
}

/* Hands the line to @put in pieces of one style, cut at @width. */
void page_each(const char *line, unsigned int width,
	       void (*put)(void *arg, enum term_style style, const char *text,
			   unsigned int len), void *arg)
{
	enum term_style style = STYLE_NONE;
	unsigned int len;

	while (*line && width) {
		if (*line == '\001' && line[1]) {
			style = line[1] - '0';
			line += 2;
			continue;
		}
		len = strcspn(line, "\001");
		if (len > width)
			len = width;
		put(arg, style, line, len);
		line += len;
		width -= len;
	}
}

static void print_piece(void *arg, enum term_style style, const char *text,
			unsigned int len)
{
	(void)arg;
	printf("%s%.*s%s", term_on(style), len, text, term_off(style));
}

void page_print(const struct page *page, unsigned int width)
{
	size_t i;

	for (i = 0; i < page->nr_lines; i++) {
		page_each(page->lines[i], width, print_piece, NULL);
		putchar('\n');
	}
}
