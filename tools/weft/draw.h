/* SPDX-License-Identifier: GPL-2.0-only */
/* Draws stories, one below the other on the same scale of time. */
#ifndef WEFT_DRAW_H
#define WEFT_DRAW_H

#include <stdio.h>

#include "story.h"

/* More of them are drawn as one lane, which counts them. */
#define DRAW_TASKS	32
#define DRAW_LANES	16

/**
 * struct drawing - What is drawn
 * @title: of the whole
 * @stories: from top to bottom
 * @count: how many
 * @length_ns: of the scale
 */
struct drawing {
	const char *title;
	const struct story *stories;
	unsigned int count;
	uint64_t length_ns;
};

void draw_text(FILE *out, const struct drawing *d, unsigned int width);
void draw_svg(FILE *out, const struct drawing *d);
void draw_json(FILE *out, const struct drawing *d);
void draw_html(FILE *out, const struct drawing *d);
bool draw_has_html(void);
bool draw_has_pool(const struct drawing *d);

uint64_t draw_tick(uint64_t length, unsigned int most);
const char *draw_unit(uint64_t length, uint64_t *ns);
void draw_sum(const struct story *s, char *words, size_t size);

/* Room for draw_sum(). */
#define DRAW_SUM	512

#endif /* WEFT_DRAW_H */
