/* SPDX-License-Identifier: GPL-2.0-only */
/* weft top: what its parts share. */
#ifndef WEFT_TOP_H
#define WEFT_TOP_H

#include "find.h"
#include "page.h"
#include "snap.h"
#include "util.h"

/* Columns for whole sentences. */
#define TOP_WIDE	64

enum top_view {
	VIEW_TASKS,
	VIEW_WORKERS,
	VIEW_CLIENTS,
	VIEW_OPS,
	VIEW_TABLES,
	/* These are no tables. */
	VIEW_FINDINGS = VIEW_TABLES,
	VIEW_HELP,
};

struct cell {
	char text[sizeof(struct text)];
	double key;
	enum term_style style;
};

struct column {
	const char *title;
	/* Where there is no room, the highest goes first; 0 stays. */
	unsigned int priority;
	bool left;
};

struct top {
	const char *dir;
	uint64_t queued_ns;
	unsigned int delay_ms;

	struct snap now;
	struct snap before;
	bool has_before;
	/* Which file could not be read. */
	const char *file;
	struct findings found;

	enum top_view view;
	unsigned int sort[VIEW_TABLES];
	bool descending[VIEW_TABLES];
	/* Which row is selected, by its key; the first if there is none. */
	uint64_t selected[VIEW_TABLES][2];
	size_t scroll;
	bool detail;
	bool paused;
};

/* A table of the screen. */
struct view {
	const char *name;
	const struct column *columns;
	unsigned int nr_columns;
	size_t (*rows)(const struct snap *snap);
	void (*cell)(const struct top *top, size_t row, unsigned int col,
		     struct cell *cell);
	/* Two numbers that name the row, also in the next snapshot. */
	void (*key)(const struct snap *snap, size_t row, uint64_t key[2]);
};

extern const struct view top_views[VIEW_TABLES];

/* top_grid.c */
struct grid {
	size_t *order;
	size_t rows;
	size_t selected;
};

int grid_sort(struct grid *grid, const struct top *top);
void grid_free(struct grid *grid);
void grid_draw(const struct grid *grid, const struct top *top, struct page *page,
	       size_t first, size_t count, unsigned int width, bool mark);

/* top_page.c */
int top_refresh(struct top *top);
int top_complain(const struct top *top, int error);
void top_header(const struct top *top, struct page *page, unsigned int width,
		bool workers);
void top_findings(const struct top *top, struct page *page, unsigned int width);
void top_help(struct page *page);
void top_detail(const struct top *top, struct page *page, size_t row,
		unsigned int width);
void top_find_page(const struct findings *f, struct page *page, unsigned int width);

/* top_curses.c */
int top_curses(struct top *top);

#endif /* WEFT_TOP_H */
