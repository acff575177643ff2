// SPDX-License-Identifier: GPL-2.0-only
/* weft top: what weft does, now. */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "table.h"
#include "top.h"
#include "util.h"

#define DEFAULT_DELAY_MS	1000
#define DEFAULT_ROWS		40

enum {
	OPT_ONCE = 1,
	OPT_BATCH,
	OPT_COUNT,
	OPT_DELAY,
	OPT_DIR,
	OPT_VIEW,
	OPT_SORT,
	OPT_REVERSE,
	OPT_ROWS,
	OPT_TASK,
	OPT_QUEUED,
};

static const struct argp_option options[] = {
	{ "once", OPT_ONCE, NULL, 0, "print it once; so without a terminal", 0 },
	{ "batch", OPT_BATCH, NULL, 0, "print it again and again, until Ctrl-C", 0 },
	{ "count", OPT_COUNT, "N", 0, "with --batch: so often", 0 },
	{ "delay", OPT_DELAY, "TIME", 0, "between two looks, 50ms to 1h (1s)", 0 },
	{ "view", OPT_VIEW, "VIEW", 0, "tasks (so without), workers, clients, ops or findings", 0 },
	{ "sort", OPT_SORT, "COLUMN", 0, "by the column with this title", 0 },
	{ "reverse", OPT_REVERSE, NULL, 0, "the other way round", 0 },
	{ "rows", OPT_ROWS, "N", 0, "printed rows, 0 for all (40)", 0 },
	{ "task", OPT_TASK, "CLIENT:ID", 0, "print all about this job", 0 },
	{ "queued-limit", OPT_QUEUED, "TIME", 0, "queued for longer is too long (100ms)", 0 },
	{ "dir", OPT_DIR, "DIR", 0, "look at a copy of " DEBUGFS_DIR, 0 },
	{}
};

static const char doc[] =
	"Show workers, clients, ops and jobs, again and again, and warn of what is wrong.\n"
	"\n"
	"  weft top\n"
	"  weft top --view workers --delay 250ms\n"
	"  weft top --once --sort Busy --reverse\n"
	"  weft top --once --task 3:1048576\n"
	"\n"
	"Keys: t w c o f for tasks, workers, clients, ops, findings; arrows and Enter for all\n"
	"about a row; < > to sort, r to reverse, p to pause, ? for help, q to quit.\n"
	"\v"
	"Workers are polling (they have a CPU), parked (nothing to do), or switched out:\n"
	"ready (they want a CPU) or blocked (they sleep in a poll, which is wrong). Of a job,\n"
	"Total is its life so far: Busy in polls, Sched runnable, Idle waiting. Warn has\n"
	"S self-waking, Y never yields, B blocked its worker, Q queued too long.\n"
	"\n"
	"Exit status: 0; 2 the command line is wrong, or the terminal cannot do it; 3 the\n"
	"module is not there or its files may not be read.";

struct top_plan {
	struct top top;
	bool batch;
	uint64_t count;
	uint64_t rows;
	const char *sort;
	bool reverse;
	bool task;
	uint64_t client;
	uint64_t id;
};

static const char *const view_names[] = {
	[VIEW_TASKS] = "tasks", [VIEW_WORKERS] = "workers",
	[VIEW_CLIENTS] = "clients", [VIEW_OPS] = "ops",
	[VIEW_FINDINGS] = "findings",
};

static void parse_view(struct top_plan *plan, struct argp_state *state,
		       const char *arg)
{
	const char *near = did_you_mean(arg, view_names, ARRAY_SIZE(view_names));
	size_t i;

	for (i = 0; i < ARRAY_SIZE(view_names); i++) {
		if (!strcmp(view_names[i], arg)) {
			plan->top.view = i;
			return;
		}
	}
	if (near)
		argp_error(state, "there is no view '%s': did you mean '%s'?", arg, near);
	argp_error(state, "there is no view '%s': use tasks, workers, clients, ops or findings",
		   arg);
}

static void parse_sort(struct top_plan *plan, struct argp_state *state)
{
	const struct view *view = &top_views[plan->top.view];
	unsigned int col;

	if (plan->top.view >= VIEW_TABLES) {
		argp_error(state, "findings are not sorted: leave out --sort");
		return;
	}
	for (col = 0; col < view->nr_columns; col++) {
		if (!strcasecmp(view->columns[col].title, plan->sort)) {
			plan->top.sort[plan->top.view] = col;
			return;
		}
	}
	argp_error(state, "%s has no column '%s': weft top --once --view %s shows them",
		   view->name, plan->sort, view->name);
}

static void parse_task(struct top_plan *plan, struct argp_state *state, char *arg)
{
	char *colon = strchr(arg, ':');

	plan->task = true;
	plan->batch = true;
	plan->count = 1;
	if (colon)
		*colon++ = '\0';
	if (!colon || parse_count(arg, 1, UINT64_MAX, &plan->client) ||
	    parse_count(colon, 0, UINT64_MAX, &plan->id))
		argp_error(state, "--task wants the numbers of a client and a job, as 3:1048576");
}

static uint64_t parse_time(struct argp_state *state, const char *option,
			   const char *arg, uint64_t min, uint64_t max)
{
	uint64_t ns = 0;

	if (parse_duration(arg, &ns) || ns < min || ns > max)
		argp_error(state, "%s wants a time from %s to %s, not '%s'", option,
			   text_exact_time(min).s, text_exact_time(max).s, arg);
	return ns;
}

static uint64_t parse_number(struct argp_state *state, const char *option,
			     const char *arg, uint64_t min)
{
	uint64_t n = 0;

	if (parse_count(arg, min, 1000000000, &n))
		argp_error(state, "%s wants a whole number from %" PRIu64 ", not '%s'",
			   option, min, arg);
	return n;
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct top_plan *plan = state->input;

	switch (key) {
	case OPT_ONCE:
		plan->count = 1;
		plan->batch = true;
		break;
	case OPT_BATCH:
		plan->batch = true;
		break;
	case OPT_COUNT:
		plan->count = parse_number(state, "--count", arg, 1);
		break;
	case OPT_DELAY:
		plan->top.delay_ms = parse_time(state, "--delay", arg, 50 * NSEC_PER_MSEC,
						3600 * NSEC_PER_SEC) / NSEC_PER_MSEC;
		break;
	case OPT_DIR:
		plan->top.dir = arg;
		break;
	case OPT_VIEW:
		parse_view(plan, state, arg);
		break;
	case OPT_SORT:
		plan->sort = arg;
		break;
	case OPT_REVERSE:
		plan->reverse = true;
		break;
	case OPT_ROWS:
		plan->rows = parse_number(state, "--rows", arg, 0);
		break;
	case OPT_TASK:
		parse_task(plan, state, arg);
		break;
	case OPT_QUEUED:
		plan->top.queued_ns = parse_time(state, "--queued-limit", arg, 1000,
						 3600 * NSEC_PER_SEC);
		break;
	case ARGP_KEY_END:
		if (plan->sort)
			parse_sort(plan, state);
		if (plan->top.view < VIEW_TABLES)
			plan->top.descending[plan->top.view] ^= plan->reverse;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Return: the exit code. */
static int print_task(const struct top_plan *plan, struct page *page)
{
	const struct snap *snap = &plan->top.now;
	const struct snap_task *t = snap_task(snap, plan->client, plan->id);

	if (!t) {
		complain("client %" PRIu64 " has no job %" PRIu64 " that goes on: see weft tasks",
			 plan->client, plan->id);
		return EXIT_USAGE;
	}
	top_detail(&plan->top, page, t - snap->tasks, term_width());
	return 0;
}

static int print_table(const struct top_plan *plan, struct page *page)
{
	const struct top *top = &plan->top;
	size_t rows = plan->rows ? plan->rows : SIZE_MAX;
	struct grid grid;

	if (grid_sort(&grid, top))
		return complain_memory();
	grid_draw(&grid, top, page, 0, rows, term_width(), false);
	if (!grid.rows)
		page_line(page, "(none)");
	else if (grid.rows > rows)
		page_line(page, "... and %s more: --rows 0 shows them",
			  text_count(grid.rows - rows).s);
	grid_free(&grid);
	return 0;
}

static int print_once(struct top_plan *plan)
{
	struct page page = {};
	int ret = top_refresh(&plan->top);

	if (ret)
		return top_complain(&plan->top, -ret);
	if (plan->task) {
		ret = print_task(plan, &page);
	} else {
		top_header(&plan->top, &page, term_width(), true);
		if (plan->top.view == VIEW_FINDINGS)
			top_findings(&plan->top, &page, term_width());
		else
			ret = print_table(plan, &page);
	}
	if (page.error)
		ret = complain_memory();
	if (!ret)
		page_print(&page, term_width());
	page_free(&page);
	fflush(stdout);
	return ret;
}

static int print_batch(struct top_plan *plan)
{
	uint64_t i;
	int ret = 0;

	interrupt_catch();
	for (i = 0; !ret && !interrupted() && (!plan->count || i < plan->count); i++) {
		if (i) {
			nap_ms(plan->top.delay_ms);
			putchar('\n');
		}
		if (!interrupted())
			ret = print_once(plan);
	}
	return ret;
}

int cmd_top(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_opt,
		.doc = doc,
		.children = cmd_common,
	};
	struct top_plan plan = {
		.rows = DEFAULT_ROWS,
		.top = {
			.dir = DEBUGFS_DIR,
			.queued_ns = FIND_QUEUED_NS,
			.delay_ms = DEFAULT_DELAY_MS,
			.sort = { [VIEW_TASKS] = 1 },
		},
	};
	int ret;

	if (argp_parse(&argp, argc, argv, 0, NULL, &plan))
		return EXIT_USAGE;
	if (!plan.batch && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))) {
		plan.batch = true;
		plan.count = 1;
	}
	ret = plan.batch ? print_batch(&plan) : top_curses(&plan.top);
	snap_free(&plan.top.now);
	snap_free(&plan.top.before);
	return ret;
}
