// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table is printed in the first of these forms that fits: as it is; with the
 * names of its columns broken at underscores; turned by 90 degrees; in parts.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "term.h"

#define GAP		2
#define MAX_TURNED	6

/* The length of the next line of a name that is broken to @width columns. */
static unsigned int name_line(const char *name, unsigned int width)
{
	unsigned int len = strlen(name), end, best = 0;

	if (len <= width)
		return len;
	for (end = 1; end <= width; end++)
		if (name[end - 1] == '_')
			best = end;
	return best ? best : width;
}

static unsigned int name_lines(const char *name, unsigned int width)
{
	unsigned int lines = 0;

	while (*name) {
		name += name_line(name, width);
		lines++;
	}
	return lines;
}

static unsigned int longest_part(const char *name)
{
	unsigned int longest = 0, len;

	while (*name) {
		len = strcspn(name, "_");
		if (name[len])
			len++;
		if (len > longest)
			longest = len;
		name += len;
	}
	return longest;
}

/* Of all columns, with whole or broken names. Return: their sum, with gaps. */
static unsigned int set_widths(const struct table *t, unsigned int *widths,
			       bool broken)
{
	unsigned int row, col, len, sum = 0;

	for (col = 0; col < t->cols; col++) {
		const char *name = table_cell(t, 0, col);

		widths[col] = broken ? longest_part(name) : strlen(name);
		for (row = 1; row < t->rows; row++) {
			len = strlen(table_cell(t, row, col));
			if (len > widths[col])
				widths[col] = len;
		}
		sum += widths[col] + (col ? GAP : 0);
	}
	return sum;
}

/* The column whose name has the most lines. */
static unsigned int highest(const struct table *t, const unsigned int *widths)
{
	unsigned int col, lines, best = 0, most = 0;

	for (col = 0; col < t->cols; col++) {
		lines = name_lines(table_cell(t, 0, col), widths[col]);
		if (lines > most) {
			most = lines;
			best = col;
		}
	}
	return best;
}

/* Spends what is left of the line on names of fewer lines. */
static void widen(const struct table *t, unsigned int *widths,
		  unsigned int left)
{
	unsigned int col, lines, wider;

	for (;;) {
		col = highest(t, widths);
		lines = name_lines(table_cell(t, 0, col), widths[col]);
		wider = widths[col];
		while (lines > 1 &&
		       name_lines(table_cell(t, 0, col), wider) == lines)
			wider++;
		if (wider == widths[col] || wider - widths[col] > left)
			return;
		left -= wider - widths[col];
		widths[col] = wider;
	}
}

/* Words stand at the left of their column, numbers at the right. */
static bool is_words(const struct table *t, unsigned int col)
{
	unsigned int row;

	for (row = 1; row < t->rows; row++) {
		const char *cell = table_cell(t, row, col);

		if (cell[strspn(cell, "0123456789-.")])
			return true;
	}
	return false;
}

static void print_cell(unsigned int width, bool words, bool last,
		       const char *cell, unsigned int len)
{
	if (!words)
		printf("%*.*s", width, len, cell);
	else if (last)
		printf("%.*s", len, cell);
	else
		printf("%-*.*s", width, len, cell);
	if (!last)
		printf("%*s", GAP, "");
}

/* Names shorter than the highest stand at the bottom. */
static void print_names(const struct table *t, const unsigned int *widths,
			unsigned int first, unsigned int end)
{
	unsigned int lines = 1, line, col, i, n;

	for (col = 0; col < end; col++) {
		n = name_lines(table_cell(t, 0, col), widths[col]);
		if ((!col || col >= first) && n > lines)
			lines = n;
	}
	for (line = 0; line < lines; line++) {
		fputs(term_on(STYLE_BOLD), stdout);
		for (col = 0; col < end; col++) {
			const char *name = table_cell(t, 0, col);
			unsigned int skip = lines - name_lines(name,
							       widths[col]);

			if (col && col < first)
				continue;
			for (i = skip; i < line; i++)
				name += name_line(name, widths[col]);
			print_cell(widths[col], is_words(t, col),
				   col + 1 == end, name, line < skip ? 0 :
				   name_line(name, widths[col]));
		}
		printf("%s\n", term_off(STYLE_BOLD));
	}
}

/* Column 0, and columns from @first up to @end. */
static void print_columns(const struct table *t, const unsigned int *widths,
			  unsigned int first, unsigned int end)
{
	bool *words = calloc(t->cols, sizeof(*words));
	unsigned int row, col;

	for (col = 0; words && col < end; col++)
		words[col] = is_words(t, col);
	print_names(t, widths, first, end);
	for (row = 1; row < t->rows; row++) {
		for (col = 0; col < end; col++) {
			const char *cell = table_cell(t, row, col);

			if (!col || col >= first)
				print_cell(widths[col], words && words[col],
					   col + 1 == end, cell, strlen(cell));
		}
		putchar('\n');
	}
	free(words);
}

static void print_parts(const struct table *t, const unsigned int *widths,
			unsigned int width)
{
	unsigned int first = 1, end, used;

	while (first < t->cols) {
		used = widths[0];
		for (end = first; end < t->cols; end++) {
			used += GAP + widths[end];
			if (used > width && end > first)
				break;
		}
		if (first > 1)
			putchar('\n');
		print_columns(t, widths, first, end);
		first = end;
	}
}

/* The cells stay @from's. */
static bool turn(struct table *to, const struct table *from)
{
	unsigned int row, col;

	to->rows = from->cols;
	to->cols = from->rows;
	to->cells = calloc(to->rows * to->cols, sizeof(*to->cells));
	if (!to->cells)
		return false;
	for (row = 0; row < to->rows; row++)
		for (col = 0; col < to->cols; col++)
			to->cells[row * to->cols + col] =
				from->cells[col * from->cols + row];
	return true;
}

static bool print_turned(const struct table *table, unsigned int width)
{
	unsigned int widths[MAX_TURNED];
	struct table turned = {};
	bool fits;

	if (table->rows > MAX_TURNED || !turn(&turned, table))
		return false;
	fits = set_widths(&turned, widths, false) <= width;
	if (fits)
		print_columns(&turned, widths, 1, turned.cols);
	free(turned.cells);
	return fits;
}

void table_print(const struct table *table, unsigned int width)
{
	unsigned int *widths = calloc(table->cols, sizeof(*widths));
	unsigned int used;

	if (!widths)
		return;
	used = set_widths(table, widths, false);
	if (used > width) {
		used = set_widths(table, widths, true);
		if (used <= width)
			widen(table, widths, width - used);
	}
	if (used <= width)
		print_columns(table, widths, 1, table->cols);
	else if (!print_turned(table, width))
		print_parts(table, widths, width);
	free(widths);
}
