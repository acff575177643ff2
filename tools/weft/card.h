/* SPDX-License-Identifier: GPL-2.0-only */
/* weft card: what its parts share. */
#ifndef WEFT_CARD_H
#define WEFT_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* On engine threads and on engine async, one after the other. */
enum card_figure_id {
	CARD_KTHREAD_SWITCH,
	CARD_COOP_SWITCH,
	CARD_WAKE_THREADS,
	CARD_WAKE_ASYNC,
	CARD_BYTES_THREADS,
	CARD_BYTES_ASYNC,
	CARD_FIGURES,
};

/* What is compared: two figures each. */
#define CARD_PAIRS	(CARD_FIGURES / 2)

struct card_figure {
	uint64_t min, median, p99;
	/* So many times it was measured; 0 if it was not. */
	uint64_t rounds;
};

struct card {
	char machine[160];
	char module[96];
	/* Jobs of others that were runnable meanwhile: they disturb. */
	uint64_t others;
	uint64_t took_ns;
	struct card_figure figures[CARD_FIGURES];
};

/* What is the same of all cards. */
struct card_text {
	const char *name;
	const char *title;
	const char *engine;
	bool bytes;
	/* What the figure includes. */
	const char *includes;
};

extern const struct card_text card_texts[CARD_FIGURES];
extern const char *const card_titles[CARD_PAIRS];

int card_measure(struct card *card);

int card_load(struct card *card, const char *path);
void card_print(const struct card *card);
void card_json(const struct card *card);
void card_svg(const struct card *card);

struct text card_value(enum card_figure_id id, uint64_t value);

#endif /* WEFT_CARD_H */
