// SPDX-License-Identifier: GPL-2.0-only
/* Three tasks, drawn from what the kernel's flight recorder saw. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "demo.h"
#include "film.h"
#include "term.h"
#include "util.h"

#define TASKS		3
#define ROUNDS		2
#define WORK_NS		(3 * NSEC_PER_MSEC)
#define WAIT_NS		(6 * NSEC_PER_MSEC)

/* Until threads that have ended are gone, and their last switch is traced. */
#define SETTLE_MS	20

struct picture {
	struct probe probe;
	struct story story;
	uint64_t began_ns;
	uint64_t took_ns;
};

static int submit_tasks(int fd, struct picture *p)
{
	struct weft_completion done[TASKS];
	struct weft_job jobs[TASKS];
	uint64_t ids[TASKS];
	int error, ret, i;

	for (i = 0; i < TASKS; i++)
		weft_job_work(&jobs[i], ROUNDS, WORK_NS, WAIT_NS);
	p->began_ns = now_ns();
	ret = weft_client_submit(fd, jobs, TASKS, ids, &error);
	if (ret != TASKS)
		return complain_kernel("a job was refused", error);
	ret = weft_client_wait(fd, done, TASKS, TASKS, WEFT_WAIT_FOREVER);
	p->took_ns = now_ns() - p->began_ns;
	if (interrupted())
		return EXIT_INTERRUPTED;
	if (ret != TASKS)
		return complain_kernel("waiting for completions failed", -ret);
	return 0;
}

static int run_tasks(struct picture *p, unsigned int engine)
{
	struct probe before, after;
	int fd, ret;

	ret = probe_take(&before, engine);
	if (ret)
		return ret;
	fd = weft_client_start(engine, NULL);
	if (fd < 0)
		return complain_kernel("the client cannot be set up", -fd);
	ret = submit_tasks(fd, p);
	nap_ms(SETTLE_MS);
	weft_client_close(fd);
	if (ret)
		return ret;
	ret = probe_take(&after, engine);
	probe_diff(&p->probe, &before, &after);
	return ret;
}

/* Twice, for the first time everything is cold. */
static int film_tasks(struct picture *p, unsigned int engine, bool filmed)
{
	int ret = run_tasks(p, engine);

	*p = (struct picture){};
	if (!ret)
		ret = run_tasks(p, engine);
	if (!ret && filmed)
		ret = film_since(&p->story, p->began_ns, weft_engine_name(engine));
	return ret;
}

static void print_pictures(const struct picture pictures[WEFT_LIB_ENGINES])
{
	const struct story *threads = &pictures[WEFT_ENGINE_THREADS].story;
	const struct story *async = &pictures[WEFT_ENGINE_ASYNC].story;
	const struct story both[] = { *threads, *async };
	struct drawing d = {
		.title = "",
		.stories = both,
		.count = 2,
		.length_ns = threads->to - threads->from,
	};

	/* One scale for both. */
	if (async->to - async->from > d.length_ns)
		d.length_ns = async->to - async->from;
	putchar('\n');
	draw_text(stdout, &d, DEMO_WIDTH);
}

static void print_row(const char *what, uint64_t threads, uint64_t async)
{
	printf("  %-46s%12s%12s\n", what, text_count(threads).s,
	       text_count(async).s);
}

static void print_counts(const struct picture *threads,
			 const struct picture *async, bool filmed)
{
	static const char *const heads[] = { "threads", "async" };

	putchar('\n');
	demo_heads(48, 12, heads, 2);
	if (filmed)
		print_row("kernel threads that ran them",
			  threads->story.nr_lanes, async->story.nr_lanes);
	print_row("context switches of these, says the scheduler",
		  threads->probe.switches, async->probe.switches);
	print_row("polls (runs of a task until it waits or yields)",
		  threads->probe.polls, async->probe.polls);
	print_row("coop switches (to another task, same thread)",
		  threads->probe.coop_switches, async->probe.coop_switches);
	printf("  %-46s%12s%12s\n", "time until all were done",
	       text_time(threads->took_ns).s, text_time(async->took_ns).s);
	printf("\nWith three tasks that is no difference to speak of. Now with more.\n");
}

int demo_tasks(struct demo *demo)
{
	struct picture pictures[WEFT_LIB_ENGINES] = {};
	struct picture *threads = &pictures[WEFT_ENGINE_THREADS];
	struct picture *async = &pictures[WEFT_ENGINE_ASYNC];
	bool filmed = !film_ready();
	int ret;

	(void)demo;
	demo_section('a', "Three tasks");
	printf("Tasks A, B and C each work %s, wait %s, and work %s again. While a task\n"
	       "waits, nobody is needed for it; the question is what that costs.\n",
	       text_exact_time(WORK_NS).s, text_exact_time(WAIT_NS).s,
	       text_exact_time(WORK_NS).s);
	ret = film_tasks(threads, WEFT_ENGINE_THREADS, filmed);
	if (!ret)
		ret = film_tasks(async, WEFT_ENGINE_ASYNC, filmed);
	if (!ret) {
		if (filmed)
			print_pictures(pictures);
		else
			printf("\nNo timeline here: the flight recorder is not on.\n");
		print_counts(threads, async, filmed);
	}
	story_free(&threads->story);
	story_free(&async->story);
	return ret;
}
