/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes stories from the flight recorder, of jobs that run now or did before. */
#ifndef WEFT_FILM_H
#define WEFT_FILM_H

#include "draw.h"

/**
 * struct film_plan - What to look at
 * @run: arguments of "weft run", of whose jobs; NULL for what happened before
 * @last_ns: without @run, what happened in that time
 * @client: without @run, of jobs of this client; 0 for all
 * @path: a copy of the recorder's file; NULL for the kernel's
 */
struct film_plan {
	const char *run;
	uint64_t last_ns;
	uint32_t client;
	const char *path;
};

int film_one(struct story *s, const struct film_plan *plan, const char *engine);
int film_ready(void);
int film_since(struct story *s, uint64_t from_ns, const char *engine);
int film_both(struct drawing *d, struct story *stories,
	      const struct film_plan *plan);

#endif /* WEFT_FILM_H */
