/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines of text with styles, to be printed or drawn. A style holds from where it
 * stands in a line to the next one: "\001" and the digit of an enum term_style.
 */
#ifndef WEFT_PAGE_H
#define WEFT_PAGE_H

#include <stddef.h>

#include "term.h"

#define PAGE_PLAIN	"\0010"
#define PAGE_BOLD	"\0011"
#define PAGE_DIM	"\0012"
#define PAGE_RED	"\0013"
#define PAGE_GREEN	"\0014"
#define PAGE_YELLOW	"\0015"
#define PAGE_BLUE	"\0016"

struct page {
	char **lines;
	size_t nr_lines;
	/* There was no memory for a line. */
	int error;
};

void page_line(struct page *page, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void page_wrap(struct page *page, unsigned int width, unsigned int indent,
	       const char *text);
void page_free(struct page *page);
void page_each(const char *line, unsigned int width,
	       void (*put)(void *arg, enum term_style style, const char *text,
			   unsigned int len), void *arg);
void page_print(const struct page *page, unsigned int width);

#endif /* WEFT_PAGE_H */
