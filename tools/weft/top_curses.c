// SPDX-License-Identifier: GPL-2.0-only
/* weft top on a terminal: draws pages, and listens to keys. */
#include <curses.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "top.h"
#include "util.h"

/* Lines of a screen that has room for the workers above the table. */
#define ROOMY	18

#define KEY_ESCAPE	27

/* What is on the screen. */
struct screen {
	struct top *top;
	struct grid grid;
	/* Rows of the table, or lines of the text, that fit. */
	size_t room;
	size_t lines;
	bool coloured;
};

static int style_attr(const struct screen *s, enum term_style style)
{
	static const int plain[] = {
		[STYLE_BOLD] = A_BOLD, [STYLE_DIM] = A_DIM, [STYLE_RED] = A_BOLD,
	};

	if (s->coloured && style >= STYLE_RED)
		return COLOR_PAIR(style) | (style == STYLE_RED ? A_BOLD : 0);
	return style < ARRAY_SIZE(plain) ? plain[style] : 0;
}

static void put_piece(void *arg, enum term_style style, const char *text,
		      unsigned int len)
{
	attrset(style_attr(arg, style));
	addnstr(text, len);
}

/* Draws lines @from up to @end of the page from @y on. Return: the next y. */
static int put_lines(struct screen *s, const struct page *page, size_t from,
		     size_t end, int y)
{
	size_t i;

	for (i = from; i < page->nr_lines && i < end && y < LINES; i++, y++) {
		move(y, 0);
		page_each(page->lines[i], COLS, put_piece, s);
	}
	attrset(0);
	return y;
}

static void put_footer(const struct screen *s)
{
	static const char *const names[] = {
		[VIEW_TASKS] = "tasks", [VIEW_WORKERS] = "workers",
		[VIEW_CLIENTS] = "clients", [VIEW_OPS] = "ops",
		[VIEW_FINDINGS] = "findings", [VIEW_HELP] = "help",
	};

	if (LINES < 2)
		return;
	attrset(A_REVERSE);
	mvhline(LINES - 1, 0, ' ', COLS);
	mvaddnstr(LINES - 1, 0, names[s->top->view], COLS - 1);
	attrset(0);
	if (COLS > 40)
		mvaddnstr(LINES - 1, 10,
			  " t w c o f: views  Enter: more  < > r: sort  ?: help  q: quit",
			  COLS - 11);
	else if (COLS > 30)
		mvaddnstr(LINES - 1, 10, " ?: help  q: quit", COLS - 11);
}

static bool is_text(const struct top *top)
{
	return top->detail || top->view >= VIEW_TABLES;
}

/* Keeps what is scrolled to within what there is. */
static void clamp_scroll(struct screen *s)
{
	struct top *top = s->top;

	if (!is_text(top)) {
		if (s->grid.selected < top->scroll)
			top->scroll = s->grid.selected;
		if (s->room && s->grid.selected >= top->scroll + s->room)
			top->scroll = s->grid.selected - s->room + 1;
	} else if (top->scroll + s->room > s->lines) {
		top->scroll = s->lines > s->room ? s->lines - s->room : 0;
	}
}

static void draw_text(struct screen *s, struct page *text)
{
	struct top *top = s->top;

	if (top->view == VIEW_HELP)
		top_help(text);
	else if (top->view == VIEW_FINDINGS)
		top_findings(top, text, COLS);
	else if (s->grid.rows)
		top_detail(top, text, s->grid.order[s->grid.selected], COLS);
	else
		page_line(text, "(none)");
}

static void draw(struct screen *s)
{
	struct page head = {}, body = {};
	struct top *top = s->top;
	int y;

	erase();
	top_header(top, &head, COLS, LINES >= ROOMY);
	y = put_lines(s, &head, 0, head.nr_lines, 0);
	s->room = LINES - 1 > y ? LINES - 1 - y : 0;
	if (is_text(top)) {
		draw_text(s, &body);
		s->lines = body.nr_lines;
		clamp_scroll(s);
		put_lines(s, &body, top->scroll, top->scroll + s->room, y);
	} else {
		/* The titles take one. */
		s->room -= !!s->room;
		clamp_scroll(s);
		grid_draw(&s->grid, top, &body, top->scroll, s->room, COLS, true);
		put_lines(s, &body, 0, body.nr_lines, y);
	}
	put_footer(s);
	refresh();
	page_free(&head);
	page_free(&body);
}

static int sort_again(struct screen *s)
{
	grid_free(&s->grid);
	if (s->top->view >= VIEW_TABLES)
		return 0;
	return grid_sort(&s->grid, s->top);
}

static void show(struct top *top, enum top_view view)
{
	top->view = view;
	top->detail = false;
	top->scroll = 0;
}

static void select_row(struct screen *s, long step)
{
	struct top *top = s->top;
	long row = s->grid.selected + step;

	if (is_text(top)) {
		top->scroll = step < 0 && (size_t)-step > top->scroll ? 0 :
			      top->scroll + step;
		return;
	}
	if (!s->grid.rows)
		return;
	if (row < 0)
		row = 0;
	if ((size_t)row >= s->grid.rows)
		row = s->grid.rows - 1;
	s->grid.selected = row;
	top_views[top->view].key(&top->now, s->grid.order[row], top->selected[top->view]);
}

static void next_sort(struct top *top, int step)
{
	unsigned int n;

	if (top->view >= VIEW_TABLES)
		return;
	n = top_views[top->view].nr_columns;
	top->sort[top->view] = (top->sort[top->view] + n + step) % n;
}

static void move_key(struct screen *s, int key)
{
	long page = s->room > 1 ? s->room - 1 : 1;
	long all = s->grid.rows + s->lines;

	switch (key) {
	case KEY_UP:
	case 'k':
		return select_row(s, -1);
	case KEY_DOWN:
	case 'j':
		return select_row(s, 1);
	case KEY_PPAGE:
		return select_row(s, -page);
	case KEY_NPAGE:
		return select_row(s, page);
	case KEY_HOME:
		return select_row(s, -all);
	case KEY_END:
		return select_row(s, all);
	}
}

/* Views, sorting and the rest. Return: false to quit. */
static bool other_key(struct screen *s, int key)
{
	struct top *top = s->top;

	switch (key) {
	case 'q':
		return false;
	case 't':
		show(top, VIEW_TASKS);
		break;
	case 'w':
		show(top, VIEW_WORKERS);
		break;
	case 'c':
		show(top, VIEW_CLIENTS);
		break;
	case 'o':
		show(top, VIEW_OPS);
		break;
	case 'f':
		show(top, VIEW_FINDINGS);
		break;
	case '?':
	case 'h':
		show(top, VIEW_HELP);
		break;
	case '<':
	case ',':
		next_sort(top, -1);
		break;
	case '>':
	case '.':
		next_sort(top, 1);
		break;
	case 'r':
		if (top->view < VIEW_TABLES)
			top->descending[top->view] ^= true;
		break;
	case 'p':
	case ' ':
		top->paused ^= true;
		break;
	case '\n':
	case '\r':
	case KEY_ENTER:
		if (top->view < VIEW_TABLES && s->grid.rows) {
			/* It stays the same row, wherever that goes. */
			select_row(s, 0);
			top->detail = true;
			top->scroll = 0;
		}
		break;
	case KEY_ESCAPE:
	case KEY_BACKSPACE:
		show(top, top->view < VIEW_TABLES ? top->view : VIEW_TASKS);
		break;
	}
	return true;
}

static void start_colours(struct screen *s)
{
	static const short colours[] = {
		[STYLE_RED] = COLOR_RED, [STYLE_GREEN] = COLOR_GREEN,
		[STYLE_YELLOW] = COLOR_YELLOW, [STYLE_BLUE] = COLOR_BLUE,
	};
	short style;

	s->coloured = *term_on(STYLE_RED) && has_colors() && start_color() != ERR;
	if (!s->coloured)
		return;
	use_default_colors();
	for (style = STYLE_RED; style <= STYLE_BLUE; style++)
		init_pair(style, colours[style], -1);
}

/* The task of the detail page has ended: say so by going back. */
static void leave_ended(struct screen *s)
{
	struct top *top = s->top;
	uint64_t key[2];

	if (!top->detail)
		return;
	if (s->grid.rows) {
		top_views[top->view].key(&top->now, s->grid.order[s->grid.selected], key);
		if (!memcmp(key, top->selected[top->view], sizeof(key)))
			return;
	}
	top->detail = false;
	top->scroll = 0;
}

/* Return: 0 or a negative errno. */
static int run(struct screen *s)
{
	uint64_t due = now_ns() + s->top->delay_ms * NSEC_PER_MSEC, now;
	int key, ret = 0;

	do {
		now = now_ns();
		if (now >= due && !s->top->paused) {
			ret = top_refresh(s->top);
			due = now + s->top->delay_ms * NSEC_PER_MSEC;
		}
		if (!ret)
			ret = sort_again(s);
		if (ret)
			break;
		leave_ended(s);
		draw(s);
		timeout(s->top->paused || due <= now ? (int)s->top->delay_ms :
			(int)((due - now) / NSEC_PER_MSEC) + 1);
		key = getch();
		move_key(s, key);
	} while (other_key(s, key) && !interrupted());
	grid_free(&s->grid);
	return ret;
}

/* Return: the exit code. */
int top_curses(struct top *top)
{
	struct screen s = { .top = top };
	const char *name = getenv("TERM");
	SCREEN *terminal;
	int ret;

	/* What is wrong is said where it can be read. */
	ret = top_refresh(top);
	if (ret)
		return top_complain(top, -ret);
	terminal = name && strcmp(name, "dumb") ? newterm(NULL, stdout, stdin) : NULL;
	if (!terminal) {
		complain("this terminal (TERM=%s) cannot be drawn on: use weft top --once, or --batch",
			 name ? name : "");
		return EXIT_USAGE;
	}
	interrupt_catch();
	cbreak();
	noecho();
	keypad(stdscr, true);
	set_escdelay(50);
	curs_set(0);
	start_colours(&s);
	ret = run(&s);
	endwin();
	delscreen(terminal);
	return ret ? top_complain(top, -ret) : 0;
}
