/* SPDX-License-Identifier: GPL-2.0-only */
/* What the terminal can do. */
#ifndef WEFT_TERM_H
#define WEFT_TERM_H

#include <stdbool.h>
#include <stdint.h>

enum term_style {
	STYLE_NONE,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_RED,
	STYLE_GREEN,
	STYLE_YELLOW,
	STYLE_BLUE,
};

void term_init(void);
void term_no_colour(void);
void term_ascii(void);
void term_quiet(void);

bool term_utf8(void);
bool term_progress_wanted(void);
unsigned int term_width(void);
const char *term_on(enum term_style style);
const char *term_off(enum term_style style);

void term_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void term_progress_bar(const char *what, uint64_t done, uint64_t all);
void term_progress_bytes(const char *what, uint64_t files, uint64_t all_files,
			 uint64_t bytes, uint64_t all_bytes, uint64_t ns);
void term_progress_end(void);

#endif /* WEFT_TERM_H */
