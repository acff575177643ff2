// SPDX-License-Identifier: GPL-2.0-only
/* weft stat: the tables of debugfs. */
#include <argp.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "table.h"
#include "term.h"
#include "util.h"

#define MAX_WATCH	3600

enum {
	OPT_JSON = 1,
	OPT_WATCH,
};

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "JSON; with --watch a line each time", 0 },
	{ "watch", OPT_WATCH, "SECONDS", 0, "again and again, until Ctrl-C", 0 },
	{}
};

static const char doc[] =
	"Show what weft counts: the tables in " DEBUGFS_DIR ".\n"
	"\n"
	"  weft stat\n"
	"  weft stat engines ops\n"
	"  weft stat --watch 1 workers\n"
	"  weft stat --json memory\n"
	"\n"
	"FILE is engines, workers, ops, clients, histograms, memory, offences or tasks; all\n"
	"but tasks without one: those are many, and weft tasks shows them better.";

struct stat_plan {
	const char *files[DEBUGFS_FILES];
	unsigned int nr_files;
	unsigned int watch;
	bool json;
};

static void parse_file(struct stat_plan *plan, struct argp_state *state,
		       const char *arg)
{
	const char *near;
	unsigned int i;

	for (i = 0; i < plan->nr_files; i++)
		if (!strcmp(plan->files[i], arg))
			return;
	for (i = 0; i < DEBUGFS_FILES; i++) {
		if (!strcmp(debugfs_files[i], arg)) {
			plan->files[plan->nr_files++] = debugfs_files[i];
			return;
		}
	}
	near = did_you_mean(arg, debugfs_files, DEBUGFS_FILES);
	if (near)
		argp_error(state, "there is no file '%s': did you mean '%s'?",
			   arg, near);
	argp_error(state, "there is no file '%s': use engines, workers, ops, clients, histograms, memory, offences or tasks",
		   arg);
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct stat_plan *plan = state->input;
	uint64_t n;

	switch (key) {
	case OPT_JSON:
		plan->json = true;
		break;
	case OPT_WATCH:
		if (parse_count(arg, 1, MAX_WATCH, &n))
			argp_error(state, "--watch wants whole seconds from 1 to %d, not '%s'",
				   MAX_WATCH, arg);
		plan->watch = n;
		break;
	case ARGP_KEY_ARG:
		parse_file(plan, state, arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Return: the exit code. */
static int stat_json(const struct stat_plan *plan)
{
	struct json_object *o = json_object_new_object();
	struct table table;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < plan->nr_files && !ret; i++) {
		ret = table_load(&table, plan->files[i]);
		if (ret) {
			ret = complain_table(plan->files[i], -ret);
			break;
		}
		json_object_object_add(o, plan->files[i], table_json(&table));
		table_free(&table);
	}
	if (!ret)
		puts(json_object_to_json_string_ext(o, plan->watch ?
					JSON_C_TO_STRING_PLAIN :
					JSON_C_TO_STRING_PRETTY |
					JSON_C_TO_STRING_SPACED));
	json_object_put(o);
	return ret;
}

/* Return: the exit code. */
static int stat_text(const struct stat_plan *plan)
{
	struct table table;
	unsigned int i;
	int ret;

	for (i = 0; i < plan->nr_files; i++) {
		ret = table_load(&table, plan->files[i]);
		if (ret)
			return complain_table(plan->files[i], -ret);
		if (plan->nr_files > 1)
			printf("%s%s%s%s\n", i ? "\n" : "",
			       term_on(STYLE_BLUE), plan->files[i],
			       term_off(STYLE_BLUE));
		if (table.rows > 1)
			table_print(&table, term_width());
		else
			puts("(none)");
		table_free(&table);
	}
	return 0;
}

static int stat_once(const struct stat_plan *plan)
{
	int ret = plan->json ? stat_json(plan) : stat_text(plan);

	fflush(stdout);
	return ret;
}

static int stat_watch(const struct stat_plan *plan)
{
	int ret = 0;

	interrupt_catch();
	while (!interrupted() && !ret) {
		if (!plan->json && *term_on(STYLE_BOLD))
			fputs("\033[H\033[2J", stdout);
		ret = stat_once(plan);
		if (!plan->json && !*term_on(STYLE_BOLD))
			putchar('\n');
		if (!ret)
			nap_ms(plan->watch * 1000);
	}
	return ret;
}

int cmd_stat(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_opt,
		.args_doc = "[FILE...]",
		.doc = doc,
		.children = cmd_common,
	};
	struct stat_plan plan = {};

	if (argp_parse(&argp, argc, argv, 0, NULL, &plan))
		return EXIT_USAGE;
	if (!plan.nr_files) {
		memcpy(plan.files, debugfs_files, sizeof(plan.files));
		/* The last one is long. */
		plan.nr_files = DEBUGFS_FILES - 1;
	}
	return plan.watch ? stat_watch(&plan) : stat_once(&plan);
}
