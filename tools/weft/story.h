/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who did what from when to when: made from a recording, drawn by draw_*.c. Two
 * sets of lanes, the kernel threads and the tasks, and what goes from one to the
 * other.
 */
#ifndef WEFT_STORY_H
#define WEFT_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording.h"

#define NO_TASK		UINT32_MAX
#define NO_LANE		UINT32_MAX

enum slice_kind {
	SLICE_POLL,	/* a poll of @task */
	SLICE_BRIEF,	/* @polls of any tasks, which soon yielded */
	SLICE_OFF,	/* switched out while it had something to do */
	SLICE_PARK,	/* nothing to poll */
};

/**
 * struct slice - What a kernel thread did
 * @from: since when, in ns
 * @to: until when
 * @lane: which kernel thread
 * @task: the task that it polled, or NO_TASK: of another client, or several
 * @kind: what it did
 * @detail: of a poll, as in the event
 * @polls: how many it stands for
 * @waited: of a poll, how long the task was runnable before
 * @value: of a poll that ended the task, the result
 */
struct slice {
	uint64_t from;
	uint64_t to;
	uint32_t lane;
	uint32_t task;
	enum slice_kind kind;
	unsigned int detail;
	uint64_t polls;
	uint64_t waited;
	int64_t value;
};

enum piece_kind {
	PIECE_READY,	/* runnable, but has no thread or no CPU */
	PIECE_RUNS,
	PIECE_WAITS,	/* for @wait: WEFT_POLL_TIMER or WEFT_POLL_WAKER */
	PIECE_POOL,	/* a step of it is in the blocking pool, which may be full */
	NR_PIECE_KINDS,
};

/**
 * struct piece - A task was in one state
 * @from: since when, in ns
 * @to: until when
 * @task: which task
 * @lane: if it runs, on which kernel thread
 * @kind: the state
 * @wait: if it waits, for what
 */
struct piece {
	uint64_t from;
	uint64_t to;
	uint32_t task;
	uint32_t lane;
	enum piece_kind kind;
	unsigned int wait;
};

/**
 * struct lane - A kernel thread
 * @pid: of the thread
 * @worker: which worker it is, or WEFT_NO_WORKER
 * @from: when it was first seen
 * @to: when it was last seen
 */
struct lane {
	uint32_t pid;
	unsigned int worker;
	uint64_t from;
	uint64_t to;
};

/**
 * struct task - A job
 * @id: its id
 * @client: its client
 * @op: its op
 * @threads: it has a thread of its own
 * @from: when it was submitted, or first seen
 * @to: when it ended, or was last seen
 * @ended: it has ended
 * @whole: it was seen from its submit on
 * @result: how it ended
 * @polls: polls that were seen
 * @punts: steps that it sent to the blocking pool
 * @first: its first piece
 * @pieces: how many
 */
struct task {
	uint64_t id;
	uint32_t client;
	unsigned int op;
	bool threads;
	uint64_t from;
	uint64_t to;
	bool ended;
	bool whole;
	int64_t result;
	unsigned int polls;
	unsigned int punts;
	size_t first;
	size_t pieces;
};

/**
 * struct wake - A task was woken
 * @ns: when
 * @task: which task
 * @by: WEFT_WOKEN_BY_*
 * @pid: in which thread that happened
 * @lane: the same as a lane, or NO_LANE: a thread that is not weft's
 */
struct wake {
	uint64_t ns;
	uint32_t task;
	unsigned int by;
	uint32_t pid;
	uint32_t lane;
};

/**
 * struct switching - A kernel thread was switched out
 * @ns: when
 * @lane: which
 */
struct switching {
	uint64_t ns;
	uint32_t lane;
};

/**
 * struct story - All that happened
 * @title: what it is about
 * @from: begin of what is looked at, in ns
 * @to: end of it
 * @lanes: kernel threads, workers first
 * @nr_lanes: how many
 * @tasks: the tasks, by the time they were first seen
 * @nr_tasks: how many
 * @slices: what the threads did, by lane and time
 * @nr_slices: how many
 * @pieces: what the tasks did, by task and time
 * @nr_pieces: how many
 * @wakes: by time
 * @nr_wakes: how many
 * @switches: by lane and time
 * @nr_switches: how many
 * @polls: polls of all tasks there are, and those of brief events
 * @parks: times a thread had nothing to poll
 * @coop: polls of another task, without a switch in between
 * @punts: steps that went to the blocking pool
 * @pool: at some time one was there
 * @exact: @coop is exact: no brief events, which do not tell of each poll
 * @ended: tasks that ended
 * @lost: the recorder lost events that may belong here
 * @sees_switches: the kernel tells of switches
 */
struct story {
	char title[128];
	uint64_t from;
	uint64_t to;
	struct lane *lanes;
	uint32_t nr_lanes;
	struct task *tasks;
	uint32_t nr_tasks;
	struct slice *slices;
	size_t nr_slices;
	struct piece *pieces;
	size_t nr_pieces;
	struct wake *wakes;
	size_t nr_wakes;
	struct switching *switches;
	size_t nr_switches;
	uint64_t polls;
	uint64_t parks;
	uint64_t coop;
	uint64_t punts;
	bool pool;
	bool exact;
	uint64_t ended;
	uint64_t lost;
	bool sees_switches;
};

/**
 * struct story_filter - What a story is to be about
 * @from: events since then, in ns
 * @to: until then
 * @submitter: jobs that this thread submitted; 0 for all
 * @client: jobs of this client; 0 for all
 */
struct story_filter {
	uint64_t from;
	uint64_t to;
	uint32_t submitter;
	uint32_t client;
};

/**
 * struct bin - A stretch of time, of all tasks and threads together
 * @share: for how long tasks were in each state, in ns
 * @on: for how long threads ran polls, in ns
 * @switches: how often threads were switched out
 */
struct bin {
	uint64_t share[NR_PIECE_KINDS];
	uint64_t on;
	unsigned int switches;
};

int story_make(struct story *s, const struct recording *rec,
	       const struct story_filter *filter);
void story_free(struct story *s);
void story_bins(const struct story *s, uint64_t from, uint64_t to,
		struct bin *bins, unsigned int count);

struct text task_name(const struct story *s, uint32_t task);
struct text lane_name(const struct story *s, uint32_t lane);
const char *wait_name(unsigned int wait);
const char *woken_name(unsigned int by);

#endif /* WEFT_STORY_H */
