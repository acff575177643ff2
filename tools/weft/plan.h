/* SPDX-License-Identifier: GPL-2.0-only */
/* A graph out of a file: names in place of numbers. */
#ifndef WEFT_PLAN_H
#define WEFT_PLAN_H

#include <linux/weft.h>
#include <stdbool.h>
#include <stdint.h>

#include "jread.h"

struct plan {
	const char *file;
	struct j_value *text;
	unsigned int engine;
	struct weft_graph graph;
	uint64_t deadline_ns;		/* from the start on */
	unsigned int count;
	struct weft_node nodes[WEFT_MAX_NODES];
	struct j_value *values[WEFT_MAX_NODES];
	uint64_t deadlines[WEFT_MAX_NODES];	/* likewise */
	bool until[WEFT_MAX_NODES];	/* sleep.ns is from the start on */
};

int plan_read(struct plan *plan, const char *file);
void plan_free(struct plan *plan);
const char *plan_name(const struct plan *plan, unsigned int node);
void plan_complain(const struct plan *plan, unsigned int line, unsigned int column,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void plan_print_dot(const struct plan *plan);

#endif /* WEFT_PLAN_H */
