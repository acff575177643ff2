// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snap.h"
#include "table.h"
#include "util.h"

#define MAX_COLUMNS	40

/* A column of a table, and where it goes in a struct. */
struct field {
	const char *name;
	size_t offset;
	bool word;
};

#define NUMBER(type, member, column) \
	{ .name = column, .offset = offsetof(struct type, member) }
#define WORD(type, member, column) \
	{ .name = column, .offset = offsetof(struct type, member), .word = true }

/* A file of debugfs, and where its rows go in struct snap. */
struct source {
	const char *file;
	const struct field *fields;
	unsigned int nr_fields;
	size_t row_size;
	size_t rows_at;
	size_t count_at;
};

#define SOURCE(name, type, rows, count) { \
	.file = name, \
	.fields = rows##_fields, \
	.nr_fields = ARRAY_SIZE(rows##_fields), \
	.row_size = sizeof(struct type), \
	.rows_at = offsetof(struct snap, rows), \
	.count_at = offsetof(struct snap, count), \
}

static const struct field engines_fields[] = {
	WORD(snap_engine, name, "engine"),
	NUMBER(snap_engine, workers, "workers"),
	NUMBER(snap_engine, threads, "threads"),
	NUMBER(snap_engine, voluntary, "voluntary"),
	NUMBER(snap_engine, involuntary, "involuntary"),
	NUMBER(snap_engine, polls, "polls"),
	NUMBER(snap_engine, coop_switches, "coop_switches"),
	NUMBER(snap_engine, accepted, "accepted"),
	NUMBER(snap_engine, done, "done"),
	NUMBER(snap_engine, queued, "queued"),
	NUMBER(snap_engine, running, "running"),
	NUMBER(snap_engine, waiting, "waiting"),
};

static const struct field workers_fields[] = {
	NUMBER(snap_worker, number, "worker"),
	NUMBER(snap_worker, pid, "pid"),
	NUMBER(snap_worker, voluntary, "voluntary"),
	NUMBER(snap_worker, involuntary, "involuntary"),
	NUMBER(snap_worker, polls, "polls"),
	NUMBER(snap_worker, coop_switches, "coop_switches"),
	NUMBER(snap_worker, wakes, "wakes"),
	NUMBER(snap_worker, parks, "parks"),
	NUMBER(snap_worker, yields, "yields"),
	WORD(snap_worker, state, "state"),
};

static const struct field clients_fields[] = {
	NUMBER(snap_client, number, "client"),
	NUMBER(snap_client, pid, "pid"),
	WORD(snap_client, comm, "comm"),
	WORD(snap_client, engine, "engine"),
	NUMBER(snap_client, credits, "credits"),
	NUMBER(snap_client, accepted, "accepted"),
	NUMBER(snap_client, done, "done"),
	NUMBER(snap_client, reaped, "reaped"),
	NUMBER(snap_client, queued, "queued"),
	NUMBER(snap_client, running, "running"),
	NUMBER(snap_client, waiting, "waiting"),
	NUMBER(snap_client, polls, "polls"),
	NUMBER(snap_client, wakes, "wakes"),
	NUMBER(snap_client, bytes, "bytes"),
	NUMBER(snap_client, refused, "refused"),
	NUMBER(snap_client, uid, "uid"),
};

static const struct field ops_fields[] = {
	WORD(snap_op, name, "op"),
	NUMBER(snap_op, done, "done"),
	NUMBER(snap_op, failed, "failed"),
	NUMBER(snap_op, cancelled, "cancelled"),
	NUMBER(snap_op, expired, "expired"),
	NUMBER(snap_op, polls, "polls"),
	NUMBER(snap_op, wakes, "wakes"),
	NUMBER(snap_op, queued_ns, "queued_ns"),
	NUMBER(snap_op, run_ns, "run_ns"),
	NUMBER(snap_op, blocked_ns, "blocked_ns"),
};

static const struct field offenders_fields[] = {
	WORD(snap_offender, op, "op"),
	NUMBER(snap_offender, count[SNAP_SLEPT], "slept"),
	NUMBER(snap_offender, count[SNAP_LONG], "long"),
	NUMBER(snap_offender, count[SNAP_PREEMPT], "preempt"),
	NUMBER(snap_offender, count[SNAP_RCU], "rcu"),
	NUMBER(snap_offender, count[SNAP_LOCK], "lock"),
	NUMBER(snap_offender, count[SNAP_LOST], "lost"),
};

static const struct field tasks_fields[] = {
	NUMBER(snap_task, id, "id"),
	NUMBER(snap_task, client, "client"),
	NUMBER(snap_task, pid, "pid"),
	WORD(snap_task, op, "op"),
	WORD(snap_task, state, "state"),
	WORD(snap_task, cancelled, "cancelled"),
	WORD(snap_task, waits, "waits"),
	NUMBER(snap_task, since_us, "since_us"),
	NUMBER(snap_task, polls, "polls"),
	NUMBER(snap_task, worker, "worker"),
	NUMBER(snap_task, tid, "tid"),
	NUMBER(snap_task, tag, "tag"),
	NUMBER(snap_task, deadline_ns, "deadline_ns"),
	NUMBER(snap_task, user_data, "user_data"),
	NUMBER(snap_task, wakes, "wakes"),
	NUMBER(snap_task, moves, "moves"),
	NUMBER(snap_task, queued_ns, "queued_ns"),
	NUMBER(snap_task, run_ns, "run_ns"),
	NUMBER(snap_task, blocked_ns, "blocked_ns"),
};

static const struct field ranges_fields[] = {
	NUMBER(snap_range, from_ns, "from_ns"),
	NUMBER(snap_range, to_ns, "to_ns"),
	NUMBER(snap_range, async_wake_to_poll, "async_wake_to_poll"),
	NUMBER(snap_range, async_poll_time, "async_poll_time"),
	NUMBER(snap_range, threads_wake_to_poll, "threads_wake_to_poll"),
	NUMBER(snap_range, threads_poll_time, "threads_poll_time"),
};

static const struct source sources[] = {
	SOURCE("engines", snap_engine, engines, nr_engines),
	SOURCE("workers", snap_worker, workers, nr_workers),
	SOURCE("clients", snap_client, clients, nr_clients),
	SOURCE("ops", snap_op, ops, nr_ops),
	SOURCE("offences", snap_offender, offenders, nr_offenders),
	SOURCE("tasks", snap_task, tasks, nr_tasks),
	SOURCE("histograms", snap_range, ranges, nr_ranges),
};

/* Cuts the line at its blanks. Return: how many words there are, to @max. */
static unsigned int split(char *line, char **words, unsigned int max)
{
	unsigned int n = 0;
	char *save, *word;

	for (word = strtok_r(line, " \t", &save); word && n < max;
	     word = strtok_r(NULL, " \t", &save))
		words[n++] = word;
	return n;
}

/* Return: 0, or -EPROTO if the file has no such column. */
static int find_columns(const struct source *s, char **names, unsigned int n,
			unsigned int *columns)
{
	unsigned int i, k;

	for (i = 0; i < s->nr_fields; i++) {
		for (k = 0; k < n; k++)
			if (!strcmp(names[k], s->fields[i].name))
				break;
		if (k == n)
			return -EPROTO;
		columns[i] = k;
	}
	return 0;
}

static int fill_row(const struct source *s, char *row, char **words,
		    const unsigned int *columns)
{
	unsigned int i;

	for (i = 0; i < s->nr_fields; i++) {
		const struct field *f = &s->fields[i];
		const char *word = words[columns[i]];
		uint64_t n = SNAP_NONE;

		if (f->word) {
			snprintf(row + f->offset, SNAP_WORD, "%s", word);
			continue;
		}
		if (strcmp(word, "-") && parse_count(word, 0, UINT64_MAX, &n))
			return -EPROTO;
		memcpy(row + f->offset, &n, sizeof(n));
	}
	return 0;
}

/* Return: 0, -EPROTO or -ENOMEM. */
static int parse_rows(struct snap *snap, const struct source *s, char *text)
{
	char **rows = (char **)((char *)snap + s->rows_at);
	size_t *count = (size_t *)((char *)snap + s->count_at);
	unsigned int columns[MAX_COLUMNS], n;
	char *words[MAX_COLUMNS], *line, *save, *more;
	size_t room = 0;
	int ret;

	line = strtok_r(text, "\n", &save);
	n = line ? split(line, words, MAX_COLUMNS) : 0;
	ret = find_columns(s, words, n, columns);
	while (!ret && (line = strtok_r(NULL, "\n", &save))) {
		if (*count == room) {
			room = room ? 2 * room : 16;
			more = reallocarray(*rows, room, s->row_size);
			if (!more)
				return -ENOMEM;
			*rows = more;
		}
		memset(*rows + *count * s->row_size, 0, s->row_size);
		if (split(line, words, MAX_COLUMNS) != n)
			return -EPROTO;
		ret = fill_row(s, *rows + *count * s->row_size, words, columns);
		(*count)++;
	}
	return ret;
}

static uint64_t read_param(const char *dir, const char *name)
{
	uint64_t n = SNAP_NONE;
	char *text;

	if (table_read(dir, name, &text))
		return n;
	text[strcspn(text, "\n")] = '\0';
	if (!strcmp(text, "Y") || !strcmp(text, "N"))
		n = *text == 'Y';
	else if (parse_count(text, 0, UINT64_MAX, &n))
		n = SNAP_NONE;
	free(text);
	return n;
}

static void read_params(struct snap_params *p, const char *dir)
{
	char path[512] = "/sys/module/weft/parameters";

	/* A folder that was recorded has them beside the tables. */
	if (strcmp(dir, DEBUGFS_DIR))
		snprintf(path, sizeof(path), "%s/parameters", dir);
	p->max_threads = read_param(path, "max_threads");
	p->max_punts = read_param(path, "max_punts");
	p->max_user_clients = read_param(path, "max_user_clients");
	p->max_user_credits = read_param(path, "max_user_credits");
	p->poll_budget_us = read_param(path, "poll_budget_us");
	p->timing = read_param(path, "timing") != 0;
}

static void count_queued(struct snap *snap)
{
	size_t i, w;

	for (i = 0; i < snap->nr_tasks; i++) {
		if (strcmp(snap->tasks[i].state, "queued"))
			continue;
		for (w = 0; w < snap->nr_workers; w++)
			snap->workers[w].queued +=
				snap->workers[w].number == snap->tasks[i].worker;
	}
}

/**
 * snap_take() - read all tables
 * @snap: receives them; the caller's to free, also after an error
 * @dir: DEBUGFS_DIR, or a folder with copies of its files
 * @file: receives which file it was, after an error
 *
 * Return: 0 or a negative errno; see complain_table().
 */
int snap_take(struct snap *snap, const char *dir, const char **file)
{
	size_t i;
	char *text;
	int ret;

	*snap = (struct snap){ .taken_ns = now_ns() };
	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		*file = sources[i].file;
		ret = table_read(dir, sources[i].file, &text);
		if (ret)
			return ret;
		ret = parse_rows(snap, &sources[i], text);
		free(text);
		if (ret)
			return ret;
	}
	read_params(&snap->params, dir);
	count_queued(snap);
	return 0;
}

void snap_free(struct snap *snap)
{
	free(snap->engines);
	free(snap->workers);
	free(snap->clients);
	free(snap->ops);
	free(snap->offenders);
	free(snap->tasks);
	free(snap->ranges);
	*snap = (struct snap){};
}

/* NULL if there is none of that name. */
const struct snap_engine *snap_engine(const struct snap *snap, const char *name)
{
	size_t i;

	for (i = 0; i < snap->nr_engines; i++)
		if (!strcmp(snap->engines[i].name, name))
			return &snap->engines[i];
	return NULL;
}

/* NULL if there is none of that number. */
const struct snap_client *snap_client(const struct snap *snap, uint64_t number)
{
	size_t i;

	for (i = 0; i < snap->nr_clients; i++)
		if (snap->clients[i].number == number)
			return &snap->clients[i];
	return NULL;
}

/* NULL if it has ended. */
const struct snap_task *snap_task(const struct snap *snap, uint64_t client,
				  uint64_t id)
{
	size_t i;

	for (i = 0; i < snap->nr_tasks; i++)
		if (snap->tasks[i].client == client && snap->tasks[i].id == id)
			return &snap->tasks[i];
	return NULL;
}

/* The task inside a poll of the worker; NULL if there is none. */
const struct snap_task *snap_polled_by(const struct snap *snap, uint64_t worker)
{
	size_t i;

	for (i = 0; i < snap->nr_tasks; i++)
		if (snap->tasks[i].worker == worker &&
		    !strcmp(snap->tasks[i].state, "running"))
			return &snap->tasks[i];
	return NULL;
}

/* What goes on now comes to the time of its kind. */
static uint64_t with_since(const struct snap_task *t, uint64_t ns,
			   const char *state)
{
	return strcmp(t->state, state) ? ns : ns + t->since_us * 1000;
}

uint64_t task_busy_ns(const struct snap_task *t)
{
	return with_since(t, t->run_ns, "running");
}

uint64_t task_sched_ns(const struct snap_task *t)
{
	return with_since(t, t->queued_ns, "queued");
}

uint64_t task_idle_ns(const struct snap_task *t)
{
	return with_since(t, t->blocked_ns, "waiting");
}

/* Turns that it gave itself: all polls but the first and those after a wake. */
uint64_t task_self_wakes(const struct snap_task *t)
{
	return t->polls > t->wakes ? t->polls - t->wakes - 1 : 0;
}
