/* SPDX-License-Identifier: GPL-2.0-only */
/* The steps of "weft demo". */
#ifndef WEFT_DEMO_H
#define WEFT_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "flow.h"
#include "probe.h"

#define DEMO_WIDTH	80

/**
 * struct demo - What all steps know
 * @counts: the step with sleeping jobs runs so many, and then so many
 * @flood: and this step so many
 * @query: what the kernel's weft can do
 */
struct demo {
	uint64_t counts[2];
	uint64_t flood;
	struct weft_query query;
};

/* Each returns 0, or an exit code when it has complained. */
int demo_tasks(struct demo *demo);
int demo_sleep(struct demo *demo);
int demo_flood(struct demo *demo);
int demo_cpu(struct demo *demo);
int demo_files(struct demo *demo);
int demo_pictures(const char *dir);

void demo_section(char letter, const char *title);
void demo_heads(unsigned int indent, unsigned int width,
		const char *const *heads, unsigned int count);
int demo_open(struct flow *f, unsigned int engine);
int demo_drain(struct flow *f);

#endif /* WEFT_DEMO_H */
