// SPDX-License-Identifier: GPL-2.0-only
/* The command line of "weft run". */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "run.h"
#include "util.h"

#define MAX_COUNT	10000000

enum {
	OPT_NS = 1,
	OPT_FOR,
	OPT_UNTIL,
	OPT_ROUNDS,
	OPT_WORK,
	OPT_WAIT,
	OPT_TIMES,
	NR_OP_OPTIONS,
	OPT_BATCH,
	OPT_CREDITS,
	OPT_DEADLINE,
	OPT_RECEIPTS,
	OPT_JSON,
};

#define BIT(n)	(1U << (n))

/* Ops from here on want files: they are not for many equal jobs. */
#define RUN_OPS	(WEFT_OP_WORK + 1)

/* Which options each op takes. */
static const unsigned int op_options[RUN_OPS] = {
	[WEFT_OP_YIELD] = BIT(OPT_TIMES),
	[WEFT_OP_SPIN] = BIT(OPT_FOR) | BIT(OPT_NS),
	[WEFT_OP_SLEEP] = BIT(OPT_FOR) | BIT(OPT_NS) | BIT(OPT_UNTIL),
	[WEFT_OP_WORK] = BIT(OPT_ROUNDS) | BIT(OPT_WORK) | BIT(OPT_WAIT),
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "What the jobs do:", 1 },
	{ "for", OPT_FOR, "TIME", 0, "spin, sleep: for so long (1ms, 100ms)", 0 },
	{ "ns", OPT_NS, "N", 0, "spin, sleep: for so many nanoseconds", 0 },
	{ "until", OPT_UNTIL, "TIME", 0,
	  "sleep: all until one moment, so long after the start", 0 },
	{ "times", OPT_TIMES, "N", 0, "yield: give way so often (10)", 0 },
	{ "rounds", OPT_ROUNDS, "N", 0, "work: work so often (2)", 0 },
	{ "work", OPT_WORK, "TIME", 0, "work: CPU time of a round (3ms)", 0 },
	{ "wait", OPT_WAIT, "TIME", 0, "work: wait between rounds (6ms)", 0 },
	{ NULL, 0, NULL, 0, "How they run:", 2 },
	{ "count", 'n', "N", 0, "so many jobs (1)", 0 },
	{ "engine", 'e', "ENGINE", 0, "async (the default) or threads", 0 },
	{ "credits", OPT_CREDITS, "N", 0,
	  "at most so many at once (as many as there are jobs)", 0 },
	{ "deadline", OPT_DEADLINE, "TIME", 0,
	  "end those that have not ended so long after the start", 0 },
	{ "batch", OPT_BATCH, "N", 0, "jobs a submit (1024)", 0 },
	{ NULL, 0, NULL, 0, "What is shown:", 3 },
	{ "receipts", OPT_RECEIPTS, NULL, 0, "what each job did and cost", 0 },
	{ "json", OPT_JSON, NULL, 0, "one JSON document", 0 },
	{ "quiet", 'q', NULL, 0, "nothing but errors", 0 },
	{ NULL, 0, NULL, 0, "Help:", -1 },
	{}
};

static const char doc[] =
	"Run jobs in the kernel and say what came of them.\n"
	"\n"
	"  weft run nop --count 1000000\n"
	"  weft run sleep --for 100ms --count 10000\n"
	"  weft run sleep --for 100ms --count 10000 --engine threads\n"
	"  weft run work --rounds 3 --work 1ms --wait 2ms --count 4 --receipts\n"
	"\n"
	"OP is nop, yield, spin, sleep or work. A TIME has a unit: ns, us, ms, s, m or h.";

struct parsing {
	struct run_plan *plan;
	struct flow *flow;
	int op;
	unsigned int used;
	uint64_t time;
	uint64_t times;
	uint64_t rounds;
	uint64_t work;
	uint64_t wait;
};

static const char *option_name(int key)
{
	const struct argp_option *o;

	for (o = options; o->name || o->doc; o++)
		if (o->key == key && o->name)
			return o->name;
	return "?";
}

static uint64_t need_count(struct argp_state *state, int key, const char *arg,
			   uint64_t min, uint64_t max)
{
	uint64_t n = 0;

	if (parse_count(arg, min, max, &n))
		argp_error(state, "--%s wants a whole number from %" PRIu64
			   " to %" PRIu64 ", not '%s'", option_name(key), min,
			   max, arg);
	return n;
}

static uint64_t need_time(struct argp_state *state, int key, const char *arg)
{
	uint64_t ns = 0;
	int ret = parse_duration(arg, &ns);

	if (ret == -ERANGE)
		argp_error(state, "--%s %s is too long: at most 2562047h",
			   option_name(key), arg);
	else if (ret)
		argp_error(state, "--%s wants a time with a unit, such as 250us, 10ms or 1.5s, not '%s'",
			   option_name(key), arg);
	return ns;
}

unsigned int need_engine(struct argp_state *state, const char *arg)
{
	const char *names[WEFT_LIB_ENGINES], *near;
	int engine = weft_engine_number(arg);
	unsigned int i;

	if (engine >= 0)
		return engine;
	for (i = 0; i < WEFT_LIB_ENGINES; i++)
		names[i] = weft_engine_name(i);
	near = did_you_mean(arg, names, WEFT_LIB_ENGINES);
	if (near)
		argp_error(state, "there is no engine '%s': did you mean '%s'?",
			   arg, near);
	argp_error(state, "there is no engine '%s': use async or threads", arg);
	return 0;
}

static int need_op(struct argp_state *state, const char *arg)
{
	const char *names[RUN_OPS], *near;
	int op = weft_op_number(arg);
	unsigned int i;

	if (op >= 0 && op < RUN_OPS)
		return op;
	for (i = 0; i < RUN_OPS; i++)
		names[i] = weft_op_name(i);
	near = did_you_mean(arg, names, RUN_OPS);
	if (near)
		argp_error(state, "there is no op '%s': did you mean '%s'?",
			   arg, near);
	argp_error(state, "there is no op '%s': use nop, yield, spin, sleep or work",
		   arg);
	return 0;
}

static void parse_op_option(struct parsing *p, struct argp_state *state,
			    int key, const char *arg)
{
	p->used |= BIT(key);
	switch (key) {
	case OPT_NS:
		p->time = need_count(state, key, arg, 0, INT64_MAX);
		break;
	case OPT_FOR:
		p->time = need_time(state, key, arg);
		break;
	case OPT_UNTIL:
		p->plan->until = true;
		p->plan->until_ns = need_time(state, key, arg);
		break;
	case OPT_TIMES:
		p->times = need_count(state, key, arg, 0, UINT64_MAX);
		break;
	case OPT_ROUNDS:
		p->rounds = need_count(state, key, arg, 1, UINT32_MAX);
		break;
	case OPT_WORK:
		p->work = need_time(state, key, arg);
		break;
	case OPT_WAIT:
		p->wait = need_time(state, key, arg);
		break;
	}
}

static void check_together(const struct parsing *p, struct argp_state *state)
{
	unsigned int times = p->used & (BIT(OPT_FOR) | BIT(OPT_NS) |
					BIT(OPT_UNTIL));
	int key;

	if (p->op < 0)
		argp_error(state, "which op? nop, yield, spin, sleep or work, such as: weft run nop");
	for (key = OPT_NS; key < NR_OP_OPTIONS; key++)
		if (p->used & ~op_options[p->op] & BIT(key))
			argp_error(state, "the op %s takes no --%s",
				   weft_op_name(p->op), option_name(key));
	if (times & (times - 1))
		argp_error(state, "give one of --for, --ns and --until, not several");
	if (p->plan->quiet && p->plan->json)
		argp_error(state, "--quiet and --json exclude each other");
}

static void make_job(const struct parsing *p)
{
	struct weft_job *job = &p->plan->job;

	switch (p->op) {
	case WEFT_OP_NOP:
		weft_job_nop(job);
		break;
	case WEFT_OP_YIELD:
		weft_job_yield(job, p->times);
		break;
	case WEFT_OP_SPIN:
		weft_job_spin(job, p->used ? p->time : NSEC_PER_MSEC);
		break;
	case WEFT_OP_SLEEP:
		if (p->plan->until)
			weft_job_sleep_until(job, 0);
		else
			weft_job_sleep(job, p->used ? p->time :
						      100 * NSEC_PER_MSEC);
		break;
	case WEFT_OP_WORK:
		weft_job_work(job, p->rounds, p->work, p->wait);
		break;
	}
	if (p->plan->receipts)
		job->flags |= WEFT_JOB_RECEIPT;
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct parsing *p = state->input;
	struct run_plan *plan = p->plan;

	if (key >= OPT_NS && key < NR_OP_OPTIONS) {
		parse_op_option(p, state, key, arg);
		return 0;
	}
	switch (key) {
	case 'n':
		plan->count = need_count(state, key, arg, 1, MAX_COUNT);
		break;
	case 'e':
		plan->engine = need_engine(state, arg);
		break;
	case OPT_CREDITS:
		p->flow->credits = need_count(state, key, arg, 1, UINT32_MAX);
		break;
	case OPT_BATCH:
		p->flow->batch = need_count(state, key, arg, 1, UINT32_MAX);
		break;
	case OPT_DEADLINE:
		plan->deadline_ns = need_time(state, key, arg);
		if (!plan->deadline_ns)
			argp_error(state, "--deadline wants more than nothing: leave it out for none");
		break;
	case OPT_RECEIPTS:
		plan->receipts = true;
		break;
	case OPT_JSON:
		plan->json = true;
		break;
	case 'q':
		plan->quiet = true;
		break;
	case ARGP_KEY_ARG:
		if (p->op >= 0)
			argp_error(state, "one op at a time: '%s' is one too many",
				   arg);
		p->op = need_op(state, arg);
		break;
	case ARGP_KEY_END:
		check_together(p, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Ends the program if the command line is wrong, or asks for help. */
int run_parse(struct run_plan *plan, struct flow *flow, int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_opt,
		.args_doc = "OP",
		.doc = doc,
		.children = cmd_common,
	};
	struct parsing p = {
		.plan = plan,
		.flow = flow,
		.op = -1,
		.times = 10,
		.rounds = 2,
		.work = 3 * NSEC_PER_MSEC,
		.wait = 6 * NSEC_PER_MSEC,
	};

	plan->count = 1;
	plan->engine = WEFT_ENGINE_ASYNC;
	if (argp_parse(&argp, argc, argv, 0, NULL, &p))
		return EXIT_USAGE;
	make_job(&p);
	return 0;
}
