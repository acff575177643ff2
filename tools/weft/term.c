// SPDX-License-Identifier: GPL-2.0-only
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "term.h"
#include "util.h"

#define BAR_WIDTH	30
#define BAR_EVERY_NS	(100 * NSEC_PER_MSEC)

static struct {
	bool colour;
	bool utf8;
	bool progress;
	bool progress_shown;
	uint64_t bar_ns;
} term;

/* It knows no escape sequences. */
static bool dumb(void)
{
	const char *name = getenv("TERM");

	return !name || !strcmp(name, "dumb");
}

static bool colour_wanted(void)
{
	const char *no_color = getenv("NO_COLOR");

	return !(no_color && *no_color) && !dumb() && isatty(STDOUT_FILENO);
}

void term_init(void)
{
	setlocale(LC_CTYPE, "");
	term.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	term.colour = colour_wanted();
	term.progress = !dumb() && isatty(STDERR_FILENO);
}

void term_no_colour(void)
{
	term.colour = false;
}

void term_ascii(void)
{
	term.utf8 = false;
}

void term_quiet(void)
{
	term.progress = false;
}

bool term_utf8(void)
{
	return term.utf8;
}

bool term_progress_wanted(void)
{
	return term.progress;
}

/* Columns of stdout; 80 if it is no terminal. */
unsigned int term_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < 20)
		return 80;
	return size.ws_col;
}

const char *term_on(enum term_style style)
{
	static const char *const codes[] = {
		[STYLE_NONE] = "",	      [STYLE_BOLD] = "\033[1m",
		[STYLE_DIM] = "\033[2m",      [STYLE_RED] = "\033[31m",
		[STYLE_GREEN] = "\033[32m",   [STYLE_YELLOW] = "\033[33m",
		[STYLE_BLUE] = "\033[34m",
	};

	return term.colour ? codes[style] : "";
}

const char *term_off(enum term_style style)
{
	return term.colour && style != STYLE_NONE ? "\033[0m" : "";
}

/* A line that the next one replaces. */
void term_progress(const char *fmt, ...)
{
	va_list ap;

	if (!term.progress)
		return;
	fflush(stdout);
	va_start(ap, fmt);
	fputs("\r\033[K", stderr);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fflush(stderr);
	term.progress_shown = true;
}

struct bar {
	char s[BAR_WIDTH + 1];
};

static struct bar draw_bar(uint64_t done, uint64_t all)
{
	unsigned int filled = 0;
	struct bar bar;

	if (all)
		filled = done < all ? (double)done / all * BAR_WIDTH : BAR_WIDTH;
	memset(bar.s, '.', BAR_WIDTH);
	memset(bar.s, '#', filled);
	bar.s[BAR_WIDTH] = '\0';
	return bar;
}

/* Is it time for another one? */
static bool bar_due(void)
{
	uint64_t now = now_ns();

	if (now - term.bar_ns < BAR_EVERY_NS)
		return false;
	term.bar_ns = now;
	return true;
}

void term_progress_bar(const char *what, uint64_t done, uint64_t all)
{
	if (bar_due())
		term_progress("%s [%s] %s of %s", what, draw_bar(done, all).s,
			      text_count(done).s, text_count(all).s);
}

/* Of files, in the course of @ns. */
void term_progress_bytes(const char *what, uint64_t files, uint64_t all_files,
			 uint64_t bytes, uint64_t all_bytes, uint64_t ns)
{
	if (bar_due())
		term_progress("%s [%s] %s of %s files, %s of %s, %s/s", what,
			      draw_bar(bytes, all_bytes).s, text_count(files).s,
			      text_count(all_files).s, text_bytes(bytes).s,
			      text_bytes(all_bytes).s,
			      text_bytes((double)bytes * NSEC_PER_SEC / ns).s);
}

void term_progress_end(void)
{
	if (!term.progress_shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	term.progress_shown = false;
}
