// SPDX-License-Identifier: GPL-2.0-only
/* weft demo: both engines at work, measured while you watch. */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd.h"
#include "demo.h"
#include "table.h"
#include "term.h"
#include "util.h"

#define DEFAULT_JOBS	10000
#define QUICK_JOBS	1000
#define MAX_JOBS	100000

enum {
	OPT_JOBS = 1,
	OPT_QUICK,
	OPT_ASCII,
	OPT_PICTURES,
};

static const struct argp_option options[] = {
	{ "jobs", OPT_JOBS, "N", 0,
	  "N/10 and N sleeping jobs, then 10 N at once (10000)", 0 },
	{ "quick", OPT_QUICK, NULL, 0, "the same as --jobs 1000", 0 },
	{ "pictures", OPT_PICTURES, "DIR", 0,
	  "only draw pictures of three and of 100 tasks, as SVG files in DIR", 0 },
	{ "ascii", OPT_ASCII, NULL, 0, "plain ASCII in any locale", 0 },
	{}
};

static const char doc[] =
	"Show how async tasks differ from threads: the same jobs on both engines, measured now, on this machine.\n"
	"\n"
	"  weft demo\n"
	"  weft demo --quick\n"
	"  weft demo | less\n"
	"  weft demo --pictures DIR\n"
	"\n"
	"Wants root, for debugfs.";

struct demo_plan {
	uint64_t jobs;
	const char *pictures;
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct demo_plan *plan = state->input;

	switch (key) {
	case OPT_PICTURES:
		plan->pictures = arg;
		break;
	case OPT_JOBS:
		if (parse_count(arg, 100, MAX_JOBS, &plan->jobs))
			argp_error(state, "--jobs wants a whole number from 100 to %d, not '%s'",
				   MAX_JOBS, arg);
		break;
	case OPT_QUICK:
		plan->jobs = QUICK_JOBS;
		break;
	case OPT_ASCII:
		term_ascii();
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void demo_section(char letter, const char *title)
{
	term_progress_end();
	printf("\n%s%c) %s%s\n\n", term_on(STYLE_BOLD), letter, title,
	       term_off(STYLE_BOLD));
}

void demo_heads(unsigned int indent, unsigned int width,
		const char *const *heads, unsigned int count)
{
	unsigned int i;

	printf("%*s", indent, "");
	for (i = 0; i < count; i++)
		printf("%s%*s%s", term_on(STYLE_BOLD), width, heads[i],
		       term_off(STYLE_BOLD));
	putchar('\n');
}

int demo_open(struct flow *f, unsigned int engine)
{
	int ret = flow_open(f, engine);

	return ret ? complain_kernel("the client cannot be set up", -ret) : 0;
}

int demo_drain(struct flow *f)
{
	int ret = flow_drain(f);

	if (ret)
		return complain_kernel("waiting for completions failed", -ret);
	return interrupted() ? EXIT_INTERRUPTED : 0;
}

static int demo_prepare(struct demo *demo, uint64_t jobs)
{
	int fd = weft_client_open();
	int ret;

	if (fd < 0)
		return complain_device(-fd);
	ret = weft_client_query(fd, &demo->query);
	weft_client_close(fd);
	if (ret)
		return complain_kernel("the kernel does not say what it can do",
				       -ret);
	if (jobs > demo->query.max_credits) {
		complain("--jobs %" PRIu64 " is too much: a client has at most %u credits (module parameter max_credits)",
			 jobs, demo->query.max_credits);
		return EXIT_USAGE;
	}
	demo->counts[0] = jobs / 10;
	demo->counts[1] = jobs;
	demo->flood = jobs * 10;
	if (demo->flood > demo->query.max_credits)
		demo->flood = demo->query.max_credits;
	return 0;
}

static int demo_hello(const struct demo *demo)
{
	struct utsname system;
	uint64_t others;
	char cpu[64];
	int ret;

	ret = probe_other_clients(&others);
	if (ret)
		return ret;
	uname(&system);
	probe_cpu_name(cpu, sizeof(cpu));
	printf("%sweft: async tasks and threads in one kernel, doing the same jobs%s\n\n",
	       term_on(STYLE_BOLD), term_off(STYLE_BOLD));
	printf("A job that must wait can be run in two ways. As a thread of its own, which\n"
	       "sleeps: the kernel keeps a thread, with its stack, for every job. Or as an async\n"
	       "task: when it must wait it hands its thread back, which goes on with another\n"
	       "task, and a timer queues it again. weft does both, inside the kernel. Engine\n"
	       "'threads' makes a kernel thread a job; engine 'async' has %u kernel threads,\n"
	       "its workers, for all jobs together. Every number below was measured just now.\n\n",
	       demo->query.workers);
	printf("  machine  Linux %s, %ld CPUs, %s of memory\n", system.release,
	       sysconf(_SC_NPROCESSORS_ONLN),
	       text_bytes(probe_memory_bytes()).s);
	printf("  CPU      %s\n", cpu);
	if (others)
		printf("\nCareful: %" PRIu64 " other client%s /dev/weft open. Its work is in these numbers, too.\n",
		       others, others == 1 ? " has" : "s have");
	return 0;
}

int demo_files(struct demo *demo)
{
	static const char *const files[] = {
		"engines", "workers", "ops", "histograms", "memory",
	};
	struct table table;
	unsigned int i;
	int ret;

	(void)demo;
	demo_section('e', "What the kernel counted");
	printf("These are files that root can read, laid out for this page. They count from the\n"
	       "loading of the module on; 'weft stat' shows them, too.\n");
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		ret = table_load(&table, files[i]);
		if (ret)
			return complain_table(files[i], -ret);
		printf("\n%s" DEBUGFS_DIR "/%s%s\n", term_on(STYLE_BLUE),
		       files[i], term_off(STYLE_BLUE));
		table_print(&table, DEMO_WIDTH);
		table_free(&table);
	}
	return 0;
}

static void print_words(void)
{
	demo_section('f', "How this was measured, and what it does not show");
	printf("How: each pair of columns is the same job, submitted by the same program through\n"
	       "one door, polled by the same code; only the engine differs. Context switches are\n"
	       "the scheduler's own counts, memory is what the machine had less of, times are\n"
	       "CLOCK_MONOTONIC in this program, and timelines are from the flight recorder.\n"
	       "\n"
	       "What it does not show:\n"
	       "- CPU-bound work gains nothing (step d), and has all CPUs to itself on threads,\n"
	       "  but only as many as there are workers on async.\n"
	       "- Work that blocks inside the kernel (files, locks) would block a worker and all\n"
	       "  tasks behind it: async has to send it to a pool of threads, and threads do not\n"
	       "  have that problem. These jobs never block.\n"
	       "- What a context switch costs beyond itself: cold caches and TLBs. An emulated\n"
	       "  machine has neither, and its times say little about real hardware: compare\n"
	       "  columns, not machines.\n"
	       "- Each figure is one run. Run it again to see how much they vary.\n");
}

static int demo_steps(struct demo *demo)
{
	int (*const steps[])(struct demo *) = {
		demo_tasks, demo_sleep, demo_flood, demo_cpu, demo_files,
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(steps) && !ret; i++) {
		ret = steps[i](demo);
		fflush(stdout);
	}
	term_progress_end();
	if (!ret)
		print_words();
	return ret;
}

int cmd_demo(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_opt,
		.doc = doc,
		.children = cmd_common,
	};
	struct demo_plan plan = { .jobs = DEFAULT_JOBS };
	struct demo demo = {};
	int ret;

	if (argp_parse(&argp, argc, argv, 0, NULL, &plan))
		return EXIT_USAGE;
	if (plan.pictures)
		return demo_pictures(plan.pictures);
	ret = demo_prepare(&demo, plan.jobs);
	if (ret)
		return ret;
	interrupt_catch();
	ret = demo_hello(&demo);
	if (!ret)
		ret = demo_steps(&demo);
	if (ret == EXIT_INTERRUPTED)
		complain("interrupted: the jobs were cancelled");
	return ret;
}
