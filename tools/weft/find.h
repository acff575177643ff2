/* SPDX-License-Identifier: GPL-2.0-only */
/* What is wrong in a snapshot: with evidence, and what to do. */
#ifndef WEFT_FIND_H
#define WEFT_FIND_H

#include "snap.h"

enum find_kind {
	FIND_SELF_WAKING,
	FIND_NEVER_YIELDS,
	FIND_BLOCKED_WORKER,
	FIND_LOST_WAKER,
	FIND_QUEUED_LONG,
	FIND_LEAK,
	FIND_CAP,
	FIND_KINDS,
};

struct finding {
	enum find_kind kind;
	char subject[64];
	char evidence[224];
};

/* Of so many of a kind what is wrong is told; the others are counted. */
#define FIND_TOLD	5

struct findings {
	struct finding told[FIND_KINDS * FIND_TOLD];
	unsigned int nr_told;
	uint64_t count[FIND_KINDS];
	uint64_t all;
};

/* A job that is runnable for longer than this is queued too long. */
#define FIND_QUEUED_NS	100000000ULL

void find(struct findings *f, struct snap *snap, uint64_t queued_ns);
const char *find_name(enum find_kind kind);
char find_letter(enum find_kind kind);
const char *find_advice(enum find_kind kind);

#endif /* WEFT_FIND_H */
