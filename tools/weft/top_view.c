// SPDX-License-Identifier: GPL-2.0-only
/* The tables of weft top: their columns and cells. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "top.h"
#include "util.h"

static void put_number(struct cell *cell, uint64_t n)
{
	cell->key = n == SNAP_NONE ? -1 : (double)n;
	if (n == SNAP_NONE)
		strcpy(cell->text, "-");
	else
		snprintf(cell->text, sizeof(cell->text), "%" PRIu64, n);
}

static void put_count(struct cell *cell, uint64_t n)
{
	cell->key = n;
	snprintf(cell->text, sizeof(cell->text), "%s", text_count(n).s);
}

static void put_time(struct cell *cell, uint64_t ns)
{
	cell->key = ns;
	snprintf(cell->text, sizeof(cell->text), "%s", text_time(ns).s);
}

static void put_word(struct cell *cell, const char *word)
{
	snprintf(cell->text, sizeof(cell->text), "%s", word);
}

/* What @now is more than @before, each second; "-" if there is no snapshot before. */
static void put_rate(struct cell *cell, const struct top *top, uint64_t now,
		     uint64_t before)
{
	double seconds = (top->now.taken_ns - top->before.taken_ns) / 1e9;

	cell->key = -1;
	strcpy(cell->text, "-");
	if (!top->has_before || seconds <= 0 || now < before)
		return;
	cell->key = (now - before) / seconds;
	put_count(cell, cell->key + 0.5);
}

static enum term_style state_style(const char *state)
{
	static const struct {
		const char *state;
		enum term_style style;
	} styles[] = {
		{ "running", STYLE_GREEN }, { "polling", STYLE_GREEN },
		{ "queued", STYLE_YELLOW }, { "ready", STYLE_YELLOW },
		{ "blocked", STYLE_RED }, { "waiting", STYLE_DIM },
		{ "parked", STYLE_DIM },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(styles); i++)
		if (!strcmp(styles[i].state, state))
			return styles[i].style;
	return STYLE_NONE;
}

enum {
	T_WARN, T_ID, T_STATE, T_NAME, T_TOTAL, T_BUSY, T_SCHED, T_IDLE,
	T_POLLS, T_WAITS, T_CLIENT, T_WORKER,
};

/* The first nine are those of tokio-console, in its order. */
static const struct column task_columns[] = {
	[T_WARN] = { "Warn", 0, true }, [T_ID] = { "ID", 0 },
	[T_STATE] = { "State", 0, true }, [T_NAME] = { "Name", 1, true },
	[T_TOTAL] = { "Total", 3 }, [T_BUSY] = { "Busy", 4 },
	[T_SCHED] = { "Sched", 5 }, [T_IDLE] = { "Idle", 6 },
	[T_POLLS] = { "Polls", 7 }, [T_WAITS] = { "Waits", 2, true },
	[T_CLIENT] = { "Client", 8 }, [T_WORKER] = { "Worker", 9 },
};

static void put_warnings(struct cell *cell, unsigned int warn)
{
	size_t at = 0;
	int kind;

	for (kind = 0; kind < FIND_KINDS; kind++) {
		if (!(warn & 1U << kind))
			continue;
		cell->key++;
		cell->text[at++] = find_letter(kind);
	}
	cell->text[at] = '\0';
	cell->style = at ? STYLE_RED : STYLE_NONE;
}

static void task_cell(const struct top *top, size_t row, unsigned int col,
		      struct cell *cell)
{
	const struct snap_task *t = &top->now.tasks[row];

	*cell = (struct cell){};
	switch (col) {
	case T_WARN:
		return put_warnings(cell, t->warn);
	case T_ID:
		return put_number(cell, t->id);
	case T_STATE:
		cell->style = state_style(t->state);
		return put_word(cell, t->state);
	case T_NAME:
		return put_word(cell, t->op);
	case T_TOTAL:
		return put_time(cell, task_busy_ns(t) + task_sched_ns(t) +
				      task_idle_ns(t));
	case T_BUSY:
		return put_time(cell, task_busy_ns(t));
	case T_SCHED:
		return put_time(cell, task_sched_ns(t));
	case T_IDLE:
		return put_time(cell, task_idle_ns(t));
	case T_POLLS:
		return put_count(cell, t->polls);
	case T_WAITS:
		return put_word(cell, t->waits);
	case T_CLIENT:
		return put_number(cell, t->client);
	default:
		return put_number(cell, t->worker);
	}
}

static size_t task_rows(const struct snap *snap)
{
	return snap->nr_tasks;
}

static void task_key(const struct snap *snap, size_t row, uint64_t key[2])
{
	key[0] = snap->tasks[row].client;
	key[1] = snap->tasks[row].id;
}

enum {
	W_NUMBER, W_STATE, W_POLLS_S, W_COOP_S, W_SWITCHES_S, W_PARKS_S,
	W_QUEUED, W_POLLS, W_PID, W_JOB,
};

static const struct column worker_columns[] = {
	[W_NUMBER] = { "Worker", 0 }, [W_STATE] = { "State", 0, true },
	[W_POLLS_S] = { "Polls/s", 1 }, [W_COOP_S] = { "Coop/s", 2 },
	[W_SWITCHES_S] = { "Switch/s", 3 }, [W_PARKS_S] = { "Parks/s", 6 },
	[W_QUEUED] = { "Queued", 4 }, [W_POLLS] = { "Polls", 7 },
	[W_PID] = { "PID", 8 }, [W_JOB] = { "Polls job", 5 },
};

static const struct snap_worker *worker_before(const struct top *top,
					       const struct snap_worker *w)
{
	static const struct snap_worker none;
	size_t i;

	for (i = 0; i < top->before.nr_workers; i++)
		if (top->before.workers[i].number == w->number)
			return &top->before.workers[i];
	return &none;
}

static void put_polled(struct cell *cell, const struct snap *snap, uint64_t worker)
{
	const struct snap_task *t = snap_polled_by(snap, worker);

	strcpy(cell->text, "-");
	if (t)
		snprintf(cell->text, sizeof(cell->text), "%" PRIu64 ":%.8s", t->id, t->op);
}

static void worker_cell(const struct top *top, size_t row, unsigned int col,
			struct cell *cell)
{
	const struct snap_worker *w = &top->now.workers[row];
	const struct snap_worker *b = worker_before(top, w);

	*cell = (struct cell){};
	switch (col) {
	case W_NUMBER:
		return put_number(cell, w->number);
	case W_STATE:
		cell->style = state_style(w->state);
		return put_word(cell, w->state);
	case W_POLLS_S:
		return put_rate(cell, top, w->polls, b->polls);
	case W_COOP_S:
		return put_rate(cell, top, w->coop_switches, b->coop_switches);
	case W_SWITCHES_S:
		return put_rate(cell, top, w->voluntary + w->involuntary,
				b->voluntary + b->involuntary);
	case W_PARKS_S:
		return put_rate(cell, top, w->parks, b->parks);
	case W_QUEUED:
		return put_count(cell, w->queued);
	case W_POLLS:
		return put_count(cell, w->polls);
	case W_PID:
		return put_number(cell, w->pid);
	default:
		return put_polled(cell, &top->now, w->number);
	}
}

static size_t worker_rows(const struct snap *snap)
{
	return snap->nr_workers;
}

static void worker_key(const struct snap *snap, size_t row, uint64_t key[2])
{
	key[0] = 1;
	key[1] = snap->workers[row].number;
}

enum {
	C_NUMBER, C_PID, C_NAME, C_ENGINE, C_QUEUED, C_RUNNING, C_WAITING,
	C_DONE, C_USED, C_CREDITS, C_REFUSED, C_BYTES,
};

static const struct column client_columns[] = {
	[C_NUMBER] = { "Client", 0 }, [C_PID] = { "PID", 5 },
	[C_NAME] = { "Name", 1, true }, [C_ENGINE] = { "Engine", 4, true },
	[C_QUEUED] = { "Queued", 2 }, [C_RUNNING] = { "Running", 2 },
	[C_WAITING] = { "Waiting", 2 }, [C_DONE] = { "Done", 3 },
	[C_USED] = { "Used", 6 }, [C_CREDITS] = { "Credits", 6 },
	[C_REFUSED] = { "Refused", 8 }, [C_BYTES] = { "Memory", 7 },
};

static void client_cell(const struct top *top, size_t row, unsigned int col,
			struct cell *cell)
{
	const struct snap_client *c = &top->now.clients[row];

	*cell = (struct cell){};
	switch (col) {
	case C_NUMBER:
		return put_number(cell, c->number);
	case C_PID:
		return put_number(cell, c->pid);
	case C_NAME:
		return put_word(cell, c->comm);
	case C_ENGINE:
		return put_word(cell, c->engine);
	case C_QUEUED:
		return put_count(cell, c->queued);
	case C_RUNNING:
		return put_count(cell, c->running);
	case C_WAITING:
		return put_count(cell, c->waiting);
	case C_DONE:
		return put_count(cell, c->done);
	case C_USED:
		return put_count(cell, c->accepted - c->reaped);
	case C_CREDITS:
		return put_count(cell, c->credits);
	case C_REFUSED:
		return put_count(cell, c->refused);
	default:
		cell->key = c->bytes;
		return put_word(cell, text_bytes(c->bytes).s);
	}
}

static size_t client_rows(const struct snap *snap)
{
	return snap->nr_clients;
}

static void client_key(const struct snap *snap, size_t row, uint64_t key[2])
{
	key[0] = 1;
	key[1] = snap->clients[row].number;
}

enum {
	O_NAME, O_DONE, O_FAILED, O_POLLS, O_BUSY, O_SCHED, O_IDLE, O_POLL,
	O_SLEPT, O_LONG, O_LOST,
};

static const struct column op_columns[] = {
	[O_NAME] = { "Op", 0, true }, [O_DONE] = { "Done", 0 },
	[O_FAILED] = { "Failed", 2 }, [O_POLLS] = { "Polls", 6 },
	[O_BUSY] = { "Busy", 3 }, [O_SCHED] = { "Sched", 4 },
	[O_IDLE] = { "Idle", 5 }, [O_POLL] = { "Busy/poll", 7 },
	[O_SLEPT] = { "Slept", 1 }, [O_LONG] = { "Long", 1 },
	[O_LOST] = { "Lost", 1 },
};

static uint64_t offences(const struct snap *snap, const char *op,
			 enum snap_offence what)
{
	size_t i;

	for (i = 0; i < snap->nr_offenders; i++)
		if (!strcmp(snap->offenders[i].op, op))
			return snap->offenders[i].count[what];
	return 0;
}

static void put_offences(struct cell *cell, uint64_t n)
{
	put_count(cell, n);
	cell->style = n ? STYLE_RED : STYLE_NONE;
}

static void op_cell(const struct top *top, size_t row, unsigned int col,
		    struct cell *cell)
{
	const struct snap *snap = &top->now;
	const struct snap_op *o = &snap->ops[row];

	*cell = (struct cell){};
	switch (col) {
	case O_NAME:
		return put_word(cell, o->name);
	case O_DONE:
		return put_count(cell, o->done);
	case O_FAILED:
		return put_count(cell, o->failed);
	case O_POLLS:
		return put_count(cell, o->polls);
	case O_BUSY:
		return put_time(cell, o->run_ns);
	case O_SCHED:
		return put_time(cell, o->queued_ns);
	case O_IDLE:
		return put_time(cell, o->blocked_ns);
	case O_POLL:
		return put_time(cell, o->polls ? o->run_ns / o->polls : 0);
	case O_SLEPT:
		return put_offences(cell, offences(snap, o->name, SNAP_SLEPT));
	case O_LONG:
		return put_offences(cell, offences(snap, o->name, SNAP_LONG));
	default:
		return put_offences(cell, offences(snap, o->name, SNAP_LOST));
	}
}

static size_t op_rows(const struct snap *snap)
{
	return snap->nr_ops;
}

/* A name has no number: its letters are one. */
static void op_key(const struct snap *snap, size_t row, uint64_t key[2])
{
	char name[2 * sizeof(key[0])] = {};

	memcpy(name, snap->ops[row].name, sizeof(name) - 1);
	memcpy(key, name, sizeof(name));
}

#define VIEW(title, one) { \
	.name = title, \
	.columns = one##_columns, \
	.nr_columns = ARRAY_SIZE(one##_columns), \
	.rows = one##_rows, \
	.cell = one##_cell, \
	.key = one##_key, \
}

const struct view top_views[VIEW_TABLES] = {
	[VIEW_TASKS] = VIEW("tasks", task),
	[VIEW_WORKERS] = VIEW("workers", worker),
	[VIEW_CLIENTS] = VIEW("clients", client),
	[VIEW_OPS] = VIEW("ops", op),
};
