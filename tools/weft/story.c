// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "weaver.h"

/**
 * story_make() - make a story of a recording
 * @s: receives it; the caller calls story_free()
 * @rec: what was recorded
 * @filter: which part of it
 *
 * Return: 0, -ENODATA (nothing of that kind) or -ENOMEM.
 */
int story_make(struct story *s, const struct recording *rec,
	       const struct story_filter *filter)
{
	struct weaver w = { .s = s, .rec = rec, .filter = filter };

	*s = (struct story){
		.from = filter->from,
		.to = filter->to < rec->last_ns ? filter->to : rec->last_ns,
		.exact = true,
		.sees_switches = rec->header.flags & WEFT_RECORDER_SWITCHES,
		.lost = rec->whole_ns && rec->whole_ns >= filter->from ?
				rec->lost : 0,
	};
	weave(&w);
	if (!w.failed && s->nr_slices)
		arrange(&w);
	free(w.lane);
	free(w.task);
	free(w.index);
	free(w.clients);
	free(w.lane_of);
	if (!w.failed && s->nr_slices && s->to > s->from)
		return 0;
	story_free(s);
	return w.failed ? -ENOMEM : -ENODATA;
}

void story_free(struct story *s)
{
	free(s->lanes);
	free(s->tasks);
	free(s->slices);
	free(s->pieces);
	free(s->wakes);
	free(s->switches);
	*s = (struct story){};
}

/* Adds the time from @from to @to to the bins it falls into, at @member. */
static void spread(struct bin *bins, unsigned int count, uint64_t begin,
		   double width, uint64_t from, uint64_t to, size_t member)
{
	uint64_t end = begin + (uint64_t)(width * count);
	unsigned int at;

	if (from < begin)
		from = begin;
	if (to > end)
		to = end;
	for (at = from >= end ? count : (from - begin) / width;
	     at < count && from < to; at++) {
		uint64_t edge = begin + (uint64_t)(width * (at + 1));
		uint64_t until = edge < to ? edge : to;

		if (until > from)
			*(uint64_t *)((char *)&bins[at] + member) += until - from;
		if (until > from)
			from = until;
	}
}

/**
 * story_bins() - sum up all tasks and threads
 * @s: the story
 * @from: begin of the first bin, in ns
 * @to: end of the last one
 * @bins: receives the sums
 * @count: how many bins
 */
void story_bins(const struct story *s, uint64_t from, uint64_t to,
		struct bin *bins, unsigned int count)
{
	double width = (double)(to - from) / count;
	size_t i;

	memset(bins, 0, count * sizeof(*bins));
	for (i = 0; i < s->nr_pieces; i++)
		spread(bins, count, from, width, s->pieces[i].from,
		       s->pieces[i].to,
		       offsetof(struct bin, share[s->pieces[i].kind]));
	for (i = 0; i < s->nr_slices; i++)
		if (s->slices[i].kind == SLICE_POLL ||
		    s->slices[i].kind == SLICE_BRIEF)
			spread(bins, count, from, width, s->slices[i].from,
			       s->slices[i].to, offsetof(struct bin, on));
	for (i = 0; i < s->nr_switches; i++) {
		uint64_t ns = s->switches[i].ns;

		if (ns >= from && ns < to)
			bins[(unsigned int)((ns - from) / width) % count].switches++;
	}
}

/* A letter each, while they suffice. */
struct text task_name(const struct story *s, uint32_t task)
{
	struct text text;

	if (task == NO_TASK)
		snprintf(text.s, sizeof(text.s), "others");
	else if (s->nr_tasks <= 26)
		snprintf(text.s, sizeof(text.s), "%c", 'A' + (char)task);
	else
		snprintf(text.s, sizeof(text.s), "%" PRIu32, task + 1);
	return text;
}

struct text lane_name(const struct story *s, uint32_t lane)
{
	const struct lane *l = &s->lanes[lane];
	struct text text;

	if (l->worker != WEFT_NO_WORKER)
		snprintf(text.s, sizeof(text.s), "weft/%u", l->worker);
	else
		snprintf(text.s, sizeof(text.s), "pid %" PRIu32, l->pid);
	return text;
}

const char *wait_name(unsigned int wait)
{
	switch (wait) {
	case WEFT_POLL_YIELD:
		return "its turn";
	case WEFT_POLL_TIMER:
		return "a timer";
	case WEFT_POLL_WAKER:
		return "a waker";
	case WEFT_POLL_FD:
		return "a file";
	case WEFT_POLL_IO:
		return "a device";
	case WEFT_POLL_PUNT:
		return "the blocking pool";
	case WEFT_POLL_JOB:
		return "another job";
	default:
		return "an earlier wait";
	}
}

const char *woken_name(unsigned int by)
{
	static const char *const names[] = {
		"timer", "waker", "module", "cancel", "lost waker", "early wake",
	};

	by &= ~WEFT_WOKEN_IN_IRQ;
	return by < ARRAY_SIZE(names) ? names[by] : "unknown";
}
