// SPDX-License-Identifier: GPL-2.0-only
/* The order of a story: what is sorted by what, and numbered how. */
#include <stdlib.h>

#include "weaver.h"

static int compare_slices(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	if (x->lane != y->lane)
		return x->lane < y->lane ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	/* What is around comes first. */
	return x->to != y->to ? (x->to > y->to ? -1 : 1) :
				(int)x->kind - (int)y->kind;
}

static int compare_pieces(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->task != y->task)
		return x->task < y->task ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

/* The piece of a task that begins at @from. */
static struct piece *piece_at(struct story *s, size_t count, uint32_t task,
			      uint64_t from)
{
	const struct piece key = { .task = task, .from = from };

	return bsearch(&key, s->pieces, count, sizeof(key), compare_pieces);
}

/* A task whose thread was switched out in the middle of a poll did not run. */
static void cut_pieces(struct weaver *w)
{
	struct story *s = w->s;
	size_t sorted = s->nr_pieces, i, k;

	for (i = 0; i < s->nr_slices; i++) {
		const struct slice *poll = &s->slices[i];
		struct piece *p;
		size_t at;

		if (poll->kind != SLICE_POLL || poll->task == NO_TASK)
			continue;
		p = piece_at(s, sorted, poll->task, poll->from);
		if (!p || p->kind != PIECE_RUNS)
			continue;
		at = p - s->pieces;
		for (k = i + 1; k < s->nr_slices; k++) {
			const struct slice *off = &s->slices[k];
			uint64_t end = s->pieces[at].to;

			if (off->lane != poll->lane || off->from >= end)
				break;
			if (off->kind != SLICE_OFF)
				continue;
			s->pieces[at].to = off->from;
			weave_piece(w, poll->task, PIECE_READY, off->from,
				    off->to < end ? off->to : end, NO_LANE, 0);
			if (off->to >= end)
				break;
			weave_piece(w, poll->task, PIECE_RUNS, off->to, end,
				    poll->lane, 0);
			at = s->nr_pieces - 1;
		}
	}
}

static int compare_switches(const void *a, const void *b)
{
	const struct switching *x = a, *y = b;

	if (x->lane != y->lane)
		return x->lane < y->lane ? -1 : 1;
	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

/*
 * As the kernel counts them: polls of another task than the one before, with no
 * switch from the end of that one to their own.
 */
static void count_coop(struct story *s)
{
	const struct slice *before = NULL;
	size_t i, k = 0;

	if (s->nr_switches)
		qsort(s->switches, s->nr_switches, sizeof(*s->switches),
		      compare_switches);
	for (i = 0; i < s->nr_slices; i++) {
		const struct slice *poll = &s->slices[i];
		size_t first;

		if (poll->kind == SLICE_BRIEF)
			before = NULL;
		if (poll->kind != SLICE_POLL)
			continue;
		if (before && before->lane != poll->lane)
			before = NULL;
		while (k < s->nr_switches &&
		       (s->switches[k].lane < poll->lane ||
			(s->switches[k].lane == poll->lane &&
			 s->switches[k].ns < (before ? before->to : poll->from))))
			k++;
		first = k;
		while (k < s->nr_switches && s->switches[k].lane == poll->lane &&
		       s->switches[k].ns < poll->to)
			k++;
		s->coop += poll->task != NO_TASK && before &&
			   before->task != poll->task && first == k;
		before = poll;
	}
}

static void index_pieces(struct story *s)
{
	size_t i;

	if (s->nr_pieces)
		qsort(s->pieces, s->nr_pieces, sizeof(*s->pieces), compare_pieces);
	for (i = s->nr_pieces; i--;) {
		struct task *t = &s->tasks[s->pieces[i].task];

		t->first = i;
		t->pieces++;
	}
}

/* Which lanes did anything for the tasks that we look at. */
static void mark_lanes(const struct story *s, bool filtered, bool *used)
{
	size_t i;

	for (i = 0; i < s->nr_slices; i++)
		used[s->slices[i].lane] |= s->slices[i].task != NO_TASK ||
			(!filtered && s->slices[i].kind != SLICE_OFF);
}

/* New numbers for those: workers first. Return: how many. */
static uint32_t number_lanes(const struct weaver *w, const bool *used,
			     uint32_t *number, struct lane *sorted)
{
	const struct story *s = w->s;
	unsigned int worker;
	uint32_t i, pid, kept = 0;

	for (worker = 0; worker < WEFT_NO_WORKER; worker++) {
		for (i = 0; i < s->nr_lanes; i++) {
			if (s->lanes[i].worker != worker)
				continue;
			number[i] = used[i] ? kept : NO_LANE;
			if (used[i])
				sorted[kept++] = s->lanes[i];
		}
	}
	/* Threads by their pids: so in the order in which they were made. */
	for (pid = 0; pid < MAX_PID; pid++) {
		i = w->lane_of[pid] - 1;
		if (i == NO_LANE)
			continue;
		number[i] = used[i] ? kept : NO_LANE;
		if (used[i])
			sorted[kept++] = s->lanes[i];
	}
	return kept;
}

static void renumber_lanes(struct story *s, const uint32_t *number)
{
	size_t n, k;

	for (n = 0, k = 0; n < s->nr_slices; n++) {
		s->slices[k] = s->slices[n];
		s->slices[k].lane = number[s->slices[n].lane];
		k += s->slices[k].lane != NO_LANE;
	}
	s->nr_slices = k;
	for (n = 0, k = 0; n < s->nr_switches; n++) {
		s->switches[k] = s->switches[n];
		s->switches[k].lane = number[s->switches[n].lane];
		k += s->switches[k].lane != NO_LANE;
	}
	s->nr_switches = k;
	for (n = 0; n < s->nr_pieces; n++)
		if (s->pieces[n].lane != NO_LANE)
			s->pieces[n].lane = number[s->pieces[n].lane];
	qsort(s->slices, s->nr_slices, sizeof(*s->slices), compare_slices);
}

/* Drops lanes that have nothing to do with it, and sorts the others. */
static void sort_lanes(struct weaver *w)
{
	const struct story_filter *f = w->filter;
	struct story *s = w->s;
	uint32_t *number = calloc(s->nr_lanes + 1, sizeof(*number));
	bool *used = calloc(s->nr_lanes + 1, sizeof(*used));
	struct lane *sorted = calloc(s->nr_lanes + 1, sizeof(*sorted));

	w->failed |= !number || !used || !sorted;
	if (!w->failed) {
		mark_lanes(s, f->submitter || f->client, used);
		s->nr_lanes = number_lanes(w, used, number, sorted);
		renumber_lanes(s, number);
		free(s->lanes);
		s->lanes = sorted;
	} else {
		free(sorted);
	}
	free(number);
	free(used);
}

static int compare_tasks(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* By the time of their submit, and those of one submit by their ids. */
static void sort_tasks(struct weaver *w)
{
	uint32_t *number = calloc(w->s->nr_tasks + 1, sizeof(*number)), i;
	struct story *s = w->s;
	size_t n;

	w->failed |= !number;
	if (!number)
		return;
	/* Where a task was is in @pieces until index_pieces(). */
	for (i = 0; i < s->nr_tasks; i++)
		s->tasks[i].pieces = i;
	if (s->nr_tasks)
		qsort(s->tasks, s->nr_tasks, sizeof(*s->tasks), compare_tasks);
	for (i = 0; i < s->nr_tasks; i++) {
		number[s->tasks[i].pieces] = i;
		s->tasks[i].pieces = 0;
	}
	for (n = 0; n < s->nr_pieces; n++)
		s->pieces[n].task = number[s->pieces[n].task];
	for (n = 0; n < s->nr_wakes; n++)
		s->wakes[n].task = number[s->wakes[n].task];
	for (n = 0; n < s->nr_slices; n++)
		if (s->slices[n].task != NO_TASK)
			s->slices[n].task = number[s->slices[n].task];
	free(number);
}

static void find_wakers(struct story *s)
{
	size_t i;
	uint32_t few = s->nr_lanes <= 256 ? s->nr_lanes : 64, k;

	/* Many lanes are drawn as one: who woke matters for few. */
	for (i = 0; i < s->nr_wakes; i++)
		for (k = 0; k < few; k++)
			if (!(s->wakes[i].by & WEFT_WOKEN_IN_IRQ) &&
			    s->lanes[k].pid == s->wakes[i].pid)
				s->wakes[i].lane = k;
}

/**
 * arrange() - put lanes, tasks and what they did in order
 * @w: woven; has slices
 */
void arrange(struct weaver *w)
{
	struct story *s = w->s;

	qsort(s->slices, s->nr_slices, sizeof(*s->slices), compare_slices);
	if (s->nr_pieces)
		qsort(s->pieces, s->nr_pieces, sizeof(*s->pieces),
		      compare_pieces);
	cut_pieces(w);
	sort_lanes(w);
	if (!w->failed)
		sort_tasks(w);
	count_coop(s);
	index_pieces(s);
	find_wakers(s);
}
