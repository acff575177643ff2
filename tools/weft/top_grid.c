// SPDX-License-Identifier: GPL-2.0-only
/* A table of weft top: sorted, and as wide as there is room. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top.h"
#include "util.h"

#define MAX_COLUMNS	16

struct sort_key {
	struct cell cell;
	size_t row;
};

static int compare_up(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;
	int order;

	if (x->cell.key != y->cell.key)
		return x->cell.key < y->cell.key ? -1 : 1;
	order = strcmp(x->cell.text, y->cell.text);
	if (order)
		return order;
	/* As they stand in the file: the same each time. */
	return x->row < y->row ? -1 : 1;
}

static int compare_down(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;
	int order = compare_up(a, b);

	if (x->cell.key == y->cell.key && !strcmp(x->cell.text, y->cell.text))
		return order;
	return -order;
}

static void find_selected(struct grid *grid, const struct top *top)
{
	const struct view *view = &top_views[top->view];
	const uint64_t *wanted = top->selected[top->view];
	uint64_t key[2];
	size_t i;

	grid->selected = 0;
	for (i = 0; i < grid->rows; i++) {
		view->key(&top->now, grid->order[i], key);
		if (!memcmp(key, wanted, sizeof(key)))
			grid->selected = i;
	}
}

/* Return: 0 or -ENOMEM. */
int grid_sort(struct grid *grid, const struct top *top)
{
	const struct view *view = &top_views[top->view];
	size_t rows = view->rows(&top->now), i;
	struct sort_key *keys = calloc(rows + 1, sizeof(*keys));

	*grid = (struct grid){ .rows = rows };
	grid->order = calloc(rows + 1, sizeof(*grid->order));
	if (!keys || !grid->order) {
		free(keys);
		grid_free(grid);
		return -ENOMEM;
	}
	for (i = 0; i < rows; i++) {
		view->cell(top, i, top->sort[top->view], &keys[i].cell);
		keys[i].row = i;
	}
	qsort(keys, rows, sizeof(*keys),
	      top->descending[top->view] ? compare_down : compare_up);
	for (i = 0; i < rows; i++)
		grid->order[i] = keys[i].row;
	free(keys);
	find_selected(grid, top);
	return 0;
}

void grid_free(struct grid *grid)
{
	free(grid->order);
	*grid = (struct grid){};
}

/* Takes columns away until the others fit: those have the width 0. */
static void fit(const struct view *view, unsigned int *widths, unsigned int width)
{
	unsigned int used, col;
	int worst;

	do {
		used = 0;
		worst = -1;
		for (col = 0; col < view->nr_columns; col++) {
			if (!widths[col])
				continue;
			used += widths[col] + (used ? 1 : 0);
			if (view->columns[col].priority &&
			    (worst < 0 || view->columns[col].priority >=
						  view->columns[worst].priority))
				worst = col;
		}
		if (used > width && worst >= 0)
			widths[worst] = 0;
	} while (used > width && worst >= 0);
}

static void put_cell(FILE *out, const struct column *column, unsigned int width,
		     const char *style, const char *text, bool first)
{
	fprintf(out, "%s%s%*s%s", first ? "" : " ", style,
		column->left ? -(int)width : (int)width, text,
		*style ? PAGE_PLAIN : "");
}

static const char *style_mark(enum term_style style)
{
	static const char *const marks[] = {
		"", PAGE_BOLD, PAGE_DIM, PAGE_RED, PAGE_GREEN, PAGE_YELLOW, PAGE_BLUE,
	};

	return marks[style];
}

static void draw_titles(const struct top *top, const struct view *view,
			const unsigned int *widths, struct page *page, bool mark)
{
	unsigned int col;
	char *text = NULL;
	bool first = true;
	char title[32];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	fputs(mark ? "  " : "", out);
	for (col = 0; col < view->nr_columns; col++) {
		if (!widths[col])
			continue;
		snprintf(title, sizeof(title), "%s%s", view->columns[col].title,
			 col != top->sort[top->view] ? "" :
			 top->descending[top->view] ? "v" : "^");
		put_cell(out, &view->columns[col], widths[col], PAGE_BOLD, title, first);
		first = false;
	}
	if (!fclose(out))
		page_line(page, "%s", text);
	free(text);
}

static void draw_row(const struct view *view, const struct cell *cells,
		     const unsigned int *widths, struct page *page,
		     const char *mark)
{
	unsigned int col;
	char *text = NULL;
	bool first = true;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	fputs(mark, out);
	for (col = 0; col < view->nr_columns; col++) {
		if (!widths[col])
			continue;
		put_cell(out, &view->columns[col], widths[col],
			 style_mark(cells[col].style), cells[col].text, first);
		first = false;
	}
	if (!fclose(out))
		page_line(page, "%s", text);
	free(text);
}

/* Draws the titles, and @count rows from @first on. */
void grid_draw(const struct grid *grid, const struct top *top, struct page *page,
	       size_t first, size_t count, unsigned int width, bool mark)
{
	const struct view *view = &top_views[top->view];
	unsigned int widths[MAX_COLUMNS], col, len;
	struct cell (*cells)[MAX_COLUMNS];
	size_t i;

	if (first > grid->rows)
		first = grid->rows;
	if (count > grid->rows - first)
		count = grid->rows - first;
	cells = calloc(count + 1, sizeof(*cells));
	if (!cells) {
		page->error = ENOMEM;
		return;
	}
	for (col = 0; col < view->nr_columns; col++) {
		widths[col] = strlen(view->columns[col].title) + 1;
		for (i = 0; i < count; i++) {
			view->cell(top, grid->order[first + i], col, &cells[i][col]);
			len = strlen(cells[i][col].text);
			if (len > widths[col])
				widths[col] = len;
		}
	}
	fit(view, widths, mark ? width - 2 : width);
	draw_titles(top, view, widths, page, mark);
	for (i = 0; i < count; i++)
		draw_row(view, cells[i], widths, page, !mark ? "" :
			 first + i == grid->selected ? PAGE_BOLD "> " PAGE_PLAIN : "  ");
	free(cells);
}
