// SPDX-License-Identifier: GPL-2.0-only
/* weft card: what things cost on this machine, on one page. */
#include <argp.h>
#include <stdio.h>

#include "card.h"
#include "cmd.h"
#include "util.h"

enum {
	OPT_JSON = 1,
	OPT_SVG,
	OPT_FROM,
};

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "one JSON object", 0 },
	{ "svg", OPT_SVG, NULL, 0, "a picture", 0 },
	{ "from", OPT_FROM, "FILE", 0, "measure nothing: show a card that --json wrote", 0 },
	{}
};

static const char doc[] =
	"Measure in a few seconds what a job costs on this machine, as a thread and as a task.\n"
	"\n"
	"  weft card\n"
	"  weft card --json >card.json\n"
	"  weft card --from card.json --svg >card.svg\n"
	"\v"
	"Pairs of figures of equal work: from one job to the next (a context switch of kernel\n"
	"threads, a coop switch), from the end of a sleep to the poll, and the memory of a job\n"
	"that waits. Each with its min, median and p99, and with what is in it. Two CPUs are\n"
	"kept busy for that time. It needs root: to read debugfs, and to bind two kernel\n"
	"threads of its own jobs to one CPU.";

struct card_plan {
	bool json;
	bool svg;
	const char *from;
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct card_plan *plan = state->input;

	switch (key) {
	case OPT_JSON:
		plan->json = true;
		break;
	case OPT_SVG:
		plan->svg = true;
		break;
	case OPT_FROM:
		plan->from = arg;
		break;
	case ARGP_KEY_END:
		if (plan->json && plan->svg)
			argp_error(state, "--json and --svg do not go together: write JSON, then use --from");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int cmd_card(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_opt,
		.doc = doc,
		.children = cmd_common,
	};
	struct card_plan plan = {};
	struct card card = {};
	int ret;

	if (argp_parse(&argp, argc, argv, 0, NULL, &plan))
		return EXIT_USAGE;
	interrupt_catch();
	ret = plan.from ? card_load(&card, plan.from) : card_measure(&card);
	if (ret)
		return ret;
	if (plan.json)
		card_json(&card);
	else if (plan.svg)
		card_svg(&card);
	else
		card_print(&card);
	return 0;
}
