// SPDX-License-Identifier: GPL-2.0-only
/* Three tasks, drawn from what the kernel's tracepoints saw. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "demo.h"
#include "term.h"
#include "timeline.h"
#include "util.h"

#define TASKS		3
#define ROUNDS		2
#define WORK_NS		(3 * NSEC_PER_MSEC)
#define WAIT_NS		(6 * NSEC_PER_MSEC)

/* Until threads that have ended are gone, and their last switch is traced. */
#define SETTLE_MS	20

struct picture {
	struct probe probe;
	struct trace_log log;
	struct timeline timeline;
	struct timeline_sum sum;
	uint64_t ids[TASKS];
	uint64_t began_ns;
	uint64_t took_ns;
};

static int submit_tasks(int fd, struct picture *p)
{
	struct weft_completion done[TASKS];
	struct weft_job jobs[TASKS];
	int error, ret, i;

	for (i = 0; i < TASKS; i++)
		weft_job_work(&jobs[i], ROUNDS, WORK_NS, WAIT_NS);
	p->began_ns = now_ns();
	ret = weft_client_submit(fd, jobs, TASKS, p->ids, &error);
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

/* Without a trace the step goes on, with *@why set. */
static int trace_once(struct picture *p, unsigned int engine, const char **why)
{
	struct tracer *tracer = *why ? NULL : tracer_start(why);
	const char *stop_why;
	int ret;

	ret = run_tasks(p, engine);
	if (!tracer)
		return ret;
	if (!tracer_stop(tracer, &p->log, &stop_why)) {
		*why = stop_why;
		return ret;
	}
	p->timeline = (struct timeline){
		.log = &p->log,
		.ids = p->ids,
		.nr_tasks = TASKS,
		.wait_ns = WAIT_NS,
		.begin_ns = p->began_ns,
	};
	timeline_look(&p->timeline, &p->sum);
	return ret;
}

/* Twice, for the first time everything is cold. */
static int trace_tasks(struct picture *p, unsigned int engine, const char **why)
{
	int ret = trace_once(p, engine, why);

	free(p->log.events);
	*p = (struct picture){};
	return ret ? ret : trace_once(p, engine, why);
}

static void print_pictures(struct picture pictures[WEFT_LIB_ENGINES])
{
	static const char *const titles[] = {
		[WEFT_ENGINE_THREADS] = "engine threads: each task has a kernel thread, which sleeps when it waits",
		[WEFT_ENGINE_ASYNC] = "engine async: the workers take whichever task is ready",
	};
	uint64_t length = 0, l;
	int engine;

	for (engine = 0; engine < WEFT_LIB_ENGINES; engine++) {
		l = pictures[engine].sum.end_ns - pictures[engine].began_ns;
		if (l > length)
			length = l;
	}
	/* One scale for both. */
	for (engine = WEFT_LIB_ENGINES - 1; engine >= 0; engine--) {
		struct timeline *t = &pictures[engine].timeline;

		t->end_ns = t->begin_ns + length;
		printf("\n%s%s%s\n", term_on(STYLE_BOLD), titles[engine],
		       term_off(STYLE_BOLD));
		timeline_print(t);
	}
	putchar('\n');
	timeline_legend();
}

static void print_row(const char *what, uint64_t threads, uint64_t async)
{
	printf("  %-46s%12s%12s\n", what, text_count(threads).s,
	       text_count(async).s);
}

static void print_counts(const struct picture *threads,
			 const struct picture *async, bool traced)
{
	static const char *const heads[] = { "threads", "async" };

	putchar('\n');
	demo_heads(48, 12, heads, 2);
	if (traced)
		print_row("kernel threads that ran them",
			  threads->sum.kthreads, async->sum.kthreads);
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

static bool pictured(const struct picture pictures[WEFT_LIB_ENGINES])
{
	return pictures[WEFT_ENGINE_THREADS].sum.end_ns &&
	       pictures[WEFT_ENGINE_ASYNC].sum.end_ns;
}

int demo_tasks(struct demo *demo)
{
	struct picture pictures[WEFT_LIB_ENGINES] = {};
	const char *why = NULL;
	int ret;

	(void)demo;
	demo_section('a', "Three tasks");
	printf("Tasks A, B and C each work %s, wait %s, and work %s again. While a task\n"
	       "waits, nobody is needed for it; the question is what that costs.\n",
	       text_exact_time(WORK_NS).s, text_exact_time(WAIT_NS).s,
	       text_exact_time(WORK_NS).s);
	ret = trace_tasks(&pictures[WEFT_ENGINE_THREADS], WEFT_ENGINE_THREADS,
			  &why);
	if (!ret)
		ret = trace_tasks(&pictures[WEFT_ENGINE_ASYNC],
				  WEFT_ENGINE_ASYNC, &why);
	if (!ret) {
		if (!why && pictured(pictures))
			print_pictures(pictures);
		else
			printf("\nNo timeline here: %s.\n",
			       why ? why : "the trace does not show the jobs");
		print_counts(&pictures[WEFT_ENGINE_THREADS],
			     &pictures[WEFT_ENGINE_ASYNC],
			     !why && pictured(pictures));
	}
	free(pictures[WEFT_ENGINE_THREADS].log.events);
	free(pictures[WEFT_ENGINE_ASYNC].log.events);
	return ret;
}
