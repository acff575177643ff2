// SPDX-License-Identifier: GPL-2.0-only
/* weft step: jobs, one poll at a time. */
#include <argp.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "step.h"
#include "util.h"

#define DEFAULT_WORKERS	1
#define DEFAULT_MAX	1000

enum {
	OPT_WORKERS = 1,
	OPT_DELAY,
	OPT_MAX,
	OPT_REAL,
	OPT_JSON,
};

static const struct argp_option options[] = {
	{ "workers", OPT_WORKERS, "N", 0, "so many workers, 1 to 8 (1)", 0 },
	{ "delay", OPT_DELAY, "TIME", 0, "do not ask, but wait so long between two steps", 0 },
	{ "max", OPT_MAX, "N", 0, "no more steps than this (1000)", 0 },
	{ "real", OPT_REAL, NULL, 0, "by the real clock: timers take their time", 0 },
	{ "json", OPT_JSON, NULL, 0, "a line of JSON for each step", 0 },
	{}
};

static const char doc[] =
	"Run jobs one poll at a time, and show who is queued, who waits for what, and who\n"
	"wakes whom. They have workers of their own: nobody else's jobs are slowed down.\n"
	"\n"
	"  weft step\n"
	"  weft step sleep:2ms yield:3 --workers 2\n"
	"  weft step --delay 500ms\n"
	"\n"
	"A JOB is nop, yield:N, spin:TIME, sleep:TIME or work:ROUNDS,WORK,WAIT; without any\n"
	"there are three, A, B and C, which work, wait, and work again.\n"
	"\v"
	"On a terminal each step waits for Enter; q ends it, r runs the rest. Elsewhere, and\n"
	"with --delay, it goes on by itself. The clock is virtual: it goes on by 1 us at each\n"
	"look of a poll at it, and from timer to timer when nothing is runnable, so the same\n"
	"jobs take the same steps each time.";

static void add_job(struct step_plan *plan, struct argp_state *state, const char *arg)
{
	const char *wrong;

	if (plan->nr_jobs == STEP_JOBS) {
		argp_error(state, "at most %d jobs can be told apart", STEP_JOBS);
		return;
	}
	wrong = step_parse_job(arg, &plan->jobs[plan->nr_jobs]);
	if (wrong)
		argp_error(state, "'%s' is no job: %s", arg, wrong);
	plan->nr_jobs++;
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct step_plan *plan = state->input;
	uint64_t n = 0;

	switch (key) {
	case OPT_WORKERS:
		if (parse_count(arg, 1, WEFT_STEP_MAX_WORKERS, &n))
			argp_error(state, "--workers wants a number from 1 to %d, not '%s'",
				   WEFT_STEP_MAX_WORKERS, arg);
		plan->workers = n;
		break;
	case OPT_DELAY:
		if (parse_duration(arg, &plan->delay_ns) ||
		    plan->delay_ns > 3600 * NSEC_PER_SEC)
			argp_error(state, "--delay wants a time up to 1h, not '%s'", arg);
		plan->prompt = false;
		break;
	case OPT_MAX:
		if (parse_count(arg, 1, 10000000, &n))
			argp_error(state, "--max wants a number from 1 to 10000000, not '%s'",
				   arg);
		plan->max_steps = n;
		break;
	case OPT_REAL:
		plan->real = true;
		break;
	case OPT_JSON:
		plan->json = true;
		plan->prompt = false;
		break;
	case ARGP_KEY_ARG:
		add_job(plan, state, arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The three tasks of the demo, with less work: each slice of it is a step. */
static void default_jobs(struct step_plan *plan)
{
	while (plan->nr_jobs < 3)
		weft_job_work(&plan->jobs[plan->nr_jobs++], 2, 150000, 500000);
}

/* Return: the exit code. */
static int start(struct step_plan *plan, int *fd)
{
	unsigned int credits = STEP_JOBS, i;
	int ret, error;

	*fd = weft_client_start_stepped(plan->workers, plan->real ? 0 : WEFT_SETUP_VIRTUAL,
					&credits);
	if (*fd == -EINVAL) {
		complain("the module cannot step: build the module and this command from one source");
		return EXIT_REFUSED;
	}
	if (*fd == -EDQUOT || *fd == -ENOMEM)
		return complain_kernel("the client was refused", -*fd);
	if (*fd < 0)
		return complain_device(-*fd);
	for (i = 0; i < plan->nr_jobs; i++)
		plan->jobs[i].user_data = i;
	ret = weft_client_submit(*fd, plan->jobs, plan->nr_jobs, NULL, &error);
	if (ret != (int)plan->nr_jobs) {
		weft_client_close(*fd);
		return complain_kernel("a job was refused", ret < 0 ? -ret : error);
	}
	return 0;
}

/* Return: 'q' to end, 'r' to run on, else go on. */
static char ask(void)
{
	char line[16];

	printf("      Enter: next  r: run on  q: quit > ");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 'q';
	return *line;
}

/* Between two steps. Return: false to end. */
static bool go_on(struct step_plan *plan)
{
	char answer;

	if (plan->delay_ns)
		nap_ms(plan->delay_ns / NSEC_PER_MSEC ?: 1);
	if (!plan->prompt)
		return !interrupted();
	answer = ask();
	if (answer == 'r')
		plan->prompt = false;
	return answer != 'q' && !interrupted();
}

/* Until the next timer of the real clock is due. */
static void wait_for_timer(const struct weft_step *step)
{
	uint64_t now = now_ns();

	if (step->next_ns > now)
		nap_ms((step->next_ns - now) / NSEC_PER_MSEC + 1);
}

/* Return: 0 or a negative errno. */
static int do_step(const struct step_plan *plan, int fd, uint32_t flags,
		   struct weft_step *step, struct weft_step_job *jobs)
{
	/* The clock goes on in a step of its own, so that one sees who is woken. */
	if (step->size && !step->queued && !plan->real)
		flags |= WEFT_STEP_LOOK | WEFT_STEP_SKIP;
	if (step->size && !step->queued && plan->real)
		wait_for_timer(step);
	*step = (struct weft_step){
		.flags = flags, .worker = WEFT_STEP_ANY,
		.jobs = (uintptr_t)jobs, .capacity = STEP_JOBS,
	};
	return weft_client_step(fd, step);
}

/* Return: the exit code. */
static int run(struct step_plan *plan, int fd)
{
	struct weft_step_job jobs[STEP_JOBS];
	struct weft_step step = {};
	struct step_view view;
	int ret;

	step_view_init(&view, plan);
	step_show_begin(&view);
	ret = do_step(plan, fd, WEFT_STEP_LOOK, &step, jobs);
	while (!ret) {
		step_show(&view, &step, jobs);
		if (!step.listed || view.steps > plan->max_steps || !go_on(plan))
			break;
		ret = do_step(plan, fd, 0, &step, jobs);
	}
	if (ret)
		return complain_kernel("a step was refused", -ret);
	step_show_end(&view, &step, !step.listed);
	if (interrupted())
		return EXIT_INTERRUPTED;
	return EXIT_OK;
}

int cmd_step(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_opt,
		.args_doc = "[JOB...]",
		.doc = doc,
		.children = cmd_common,
	};
	struct step_plan plan = {
		.workers = DEFAULT_WORKERS,
		.max_steps = DEFAULT_MAX,
		.prompt = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
	};
	int fd, ret;

	if (argp_parse(&argp, argc, argv, 0, NULL, &plan))
		return EXIT_USAGE;
	if (!plan.nr_jobs)
		default_jobs(&plan);
	ret = start(&plan, &fd);
	if (ret)
		return ret;
	interrupt_catch();
	ret = run(&plan, fd);
	weft_client_close(fd);
	return ret;
}
