// SPDX-License-Identifier: GPL-2.0-only
/* weft tasks: every job that has not ended, and what it waits for. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "table.h"
#include "term.h"
#include "util.h"

#define DEFAULT_ROWS	40

enum {
	OPT_JSON = 1,
	OPT_ALL,
	OPT_CLIENT,
	OPT_WAITS,
};

static const struct argp_option options[] = {
	{ "client", OPT_CLIENT, "N", 0, "only those of client N (see weft stat clients)", 0 },
	{ "waits", OPT_WAITS, "WHAT", 0,
	  "only those that wait for turn, timer, waker, fd, io, punt or job", 0 },
	{ "all", OPT_ALL, NULL, 0, "all of them, not the first 40", 0 },
	{ "json", OPT_JSON, NULL, 0, "one JSON array, of all of them", 0 },
	{}
};

static const char doc[] =
	"List the jobs that have not ended: their state, what they wait for and since when.\n"
	"\n"
	"  weft tasks\n"
	"  weft tasks --waits timer --all\n"
	"  weft tasks --client 3 --json";

/* The columns of the file that are looked at, by name. */
enum column {
	ID, CLIENT, OP, STATE, CANCELLED, WAITS, SINCE, POLLS, WORKER, TAG, DEADLINE,
	COLUMNS,
};

static const char *const column_names[COLUMNS] = {
	"id", "client", "op", "state", "cancelled", "waits", "since_us", "polls",
	"worker", "tag", "deadline_ns",
};

struct tasks_plan {
	const char *client;
	const char *waits;
	bool all;
	bool json;
	unsigned int columns[COLUMNS];
};

static const char *need_source(struct argp_state *state, const char *arg)
{
	static const char *const sources[] = {
		"turn", "timer", "waker", "fd", "io", "punt", "job",
	};
	const char *near = did_you_mean(arg, sources, ARRAY_SIZE(sources));
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (!strcmp(arg, sources[i]))
			return arg;
	if (near)
		argp_error(state, "no job waits for '%s': did you mean '%s'?", arg,
			   near);
	argp_error(state, "no job waits for '%s': use turn, timer, waker, fd, io, punt or job",
		   arg);
	return NULL;
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct tasks_plan *plan = state->input;
	uint64_t n;

	switch (key) {
	case OPT_CLIENT:
		if (parse_count(arg, 1, UINT64_MAX, &n))
			argp_error(state, "--client wants a whole number from 1, not '%s'",
				   arg);
		plan->client = arg;
		break;
	case OPT_WAITS:
		plan->waits = need_source(state, arg);
		break;
	case OPT_ALL:
		plan->all = true;
		break;
	case OPT_JSON:
		plan->json = true;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Return: 0 or -EPROTO. */
static int find_columns(const struct table *table, unsigned int *columns)
{
	unsigned int i, col;

	for (i = 0; i < COLUMNS; i++) {
		for (col = 0; col < table->cols; col++)
			if (!strcmp(table_cell(table, 0, col), column_names[i]))
				break;
		if (col == table->cols)
			return -EPROTO;
		columns[i] = col;
	}
	return 0;
}

static bool is_wanted(const struct table *table, unsigned int row, const void *arg)
{
	const struct tasks_plan *plan = arg;

	if (plan->client &&
	    strcmp(plan->client, table_cell(table, row, plan->columns[CLIENT])))
		return false;
	return !plan->waits ||
	       !strcmp(plan->waits, table_cell(table, row, plan->columns[WAITS]));
}

static struct text text_deadline(const char *cell, uint64_t now)
{
	struct text text = { "-" };
	uint64_t when = 0;

	if (parse_count(cell, 0, UINT64_MAX, &when) || !when)
		return text;
	if (when <= now)
		return (struct text){ "passed" };
	snprintf(text.s, sizeof(text.s), "in_%.40s", text_time(when - now).s);
	return text;
}

/* A blank in a cell would break the table. */
static struct text one_word(struct text text)
{
	char *p;

	for (p = text.s; *p; p++)
		if (*p == ' ')
			*p = '_';
	return text;
}

static void write_row(FILE *out, const struct table *table,
		      const unsigned int *columns, unsigned int row, uint64_t now)
{
	const char *cells[COLUMNS];
	uint64_t since = 0;
	unsigned int i;

	for (i = 0; i < COLUMNS; i++)
		cells[i] = table_cell(table, row, columns[i]);
	parse_count(cells[SINCE], 0, UINT64_MAX / 1000, &since);
	fprintf(out, "%s %s %s %s%s %s %s %s %s %s %s\n", cells[ID], cells[CLIENT],
		cells[OP], cells[STATE],
		strcmp(cells[CANCELLED], "yes") ? "" : ",cancelled", cells[WAITS],
		one_word(text_time(since * 1000)).s, cells[POLLS], cells[WORKER],
		cells[TAG], one_word(text_deadline(cells[DEADLINE], now)).s);
}

/* Return: the exit code. */
static int print_short(const char *text, unsigned int left)
{
	struct table table;

	if (table_parse(&table, text))
		return complain_memory();
	if (table.rows > 1)
		table_print(&table, term_width());
	else
		puts("(none)");
	table_free(&table);
	if (left)
		printf("... and %s more: --all shows them\n", text_count(left).s);
	return 0;
}

/* Return: the exit code. */
static int print_tasks(const struct tasks_plan *plan, const struct table *table)
{
	unsigned int row, end = table->rows;
	uint64_t now = now_ns();
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int ret;

	if (!plan->all && end > DEFAULT_ROWS + 1)
		end = DEFAULT_ROWS + 1;
	out = open_memstream(&text, &size);
	if (!out)
		return complain_memory();
	fputs("id client op state waits since polls worker tag deadline\n", out);
	for (row = 1; row < end; row++)
		write_row(out, table, plan->columns, row, now);
	ret = fclose(out) ? complain_memory() :
			    print_short(text, table->rows - end);
	free(text);
	return ret;
}

static int print_json(const struct table *table)
{
	struct json_object *o = table_json(table);

	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_SPACED));
	json_object_put(o);
	return 0;
}

int cmd_tasks(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_opt,
		.doc = doc,
		.children = cmd_common,
	};
	struct tasks_plan plan = {};
	struct table table;
	int ret;

	if (argp_parse(&argp, argc, argv, 0, NULL, &plan))
		return EXIT_USAGE;
	ret = table_load(&table, "tasks");
	if (ret)
		return complain_table("tasks", -ret);
	if (find_columns(&table, plan.columns)) {
		table_free(&table);
		return complain_table("tasks", EPROTO);
	}
	table_filter(&table, is_wanted, &plan);
	ret = plan.json ? print_json(&table) : print_tasks(&plan, &table);
	table_free(&table);
	return ret;
}
