/* SPDX-License-Identifier: GPL-2.0-only */
/* How a story is made: parts of story.c. */
#ifndef WEFT_WEAVER_H
#define WEFT_WEAVER_H

#include "story.h"

/* Linux has no greater pids. */
#define MAX_PID		(1U << 22)

/* Where a lane is while events go by. */
struct lane_state {
	bool parked;
	uint64_t off_ns;	/* switched out, or parked, since then; 0 if not */
};

/* Where a task is. */
struct task_state {
	uint64_t end;		/* of the last poll; 0 if none was seen */
	unsigned int wait;	/* and what it waited for */
	uint64_t woken;		/* when; 0 if not since then */
};

struct weaver {
	struct story *s;
	const struct recording *rec;
	const struct story_filter *filter;
	struct lane_state *lane;
	struct task_state *task;
	size_t room_lanes;
	size_t room_tasks;
	size_t room_slices;
	size_t room_pieces;
	size_t room_wakes;
	size_t room_switches;
	uint32_t *index;	/* of tasks, + 1; open addressing */
	size_t index_size;
	uint32_t *lane_of;	/* of the threads of jobs, by pid, + 1 */
	uint32_t *clients;	/* whose jobs are looked at */
	size_t nr_clients;
	bool failed;
};

/* weave.c */
void weave(struct weaver *w);
void weave_piece(struct weaver *w, uint32_t task, enum piece_kind kind,
		 uint64_t from, uint64_t to, uint32_t lane, unsigned int wait);

/* arrange.c */
void arrange(struct weaver *w);

#endif /* WEFT_WEAVER_H */
