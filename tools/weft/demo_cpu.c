// SPDX-License-Identifier: GPL-2.0-only
/* Where async gains nothing. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd.h"
#include "demo.h"
#include "term.h"
#include "util.h"

#define SPINNERS	8
#define SPIN_NS		(150 * NSEC_PER_MSEC)

struct spinners {
	uint64_t took_ns;
	struct probe probe;
};

static int spin_flow(struct spinners *out, struct flow *f, unsigned int engine)
{
	struct probe before, after;
	struct weft_job job;
	int ret;

	ret = demo_open(f, engine);
	if (!ret)
		ret = probe_take(&before, engine);
	if (ret)
		return ret;
	weft_job_spin(&job, SPIN_NS);
	ret = flow_run(f, &job, SPINNERS);
	if (ret)
		return complain_kernel("running jobs failed", -ret);
	if (interrupted())
		return EXIT_INTERRUPTED;
	ret = probe_take(&after, engine);
	probe_diff(&out->probe, &before, &after);
	out->took_ns = flow_elapsed(f);
	return ret;
}

static int spin(struct spinners *out, unsigned int engine)
{
	struct flow f = { .credits = SPINNERS };
	int ret;

	if (flow_prepare(&f))
		return complain_memory();
	term_progress("%d jobs that use the CPU on engine %s", SPINNERS,
		      weft_engine_name(engine));
	ret = spin_flow(out, &f, engine);
	flow_close(&f);
	return ret;
}

static void print_spinners(const struct spinners *threads,
			   const struct spinners *async)
{
	static const char *const heads[] = { "threads", "async" };

	demo_heads(40, 18, heads, 2);
	printf("  %-38s%18s%18s\n", "time until all were done",
	       text_time(threads->took_ns).s, text_time(async->took_ns).s);
	printf("  %-38s%18s%18s\n", "context switches",
	       text_count(threads->probe.switches).s,
	       text_count(async->probe.switches).s);
	printf("  %-38s%18s%18s\n", "coop switches",
	       text_count(threads->probe.coop_switches).s,
	       text_count(async->probe.coop_switches).s);
}

int demo_cpu(struct demo *demo)
{
	struct spinners threads = {}, async = {};
	int ret;

	(void)demo;
	demo_section('d', "Jobs that do not wait");
	printf("%d jobs use %s of CPU each and never wait. Here async has nothing to give:\n"
	       "expect equal times. Such a job gives way now and then so that others get their\n"
	       "turn: a coop switch on async, and one by the scheduler on threads.\n\n",
	       SPINNERS, text_exact_time(SPIN_NS).s);
	ret = spin(&threads, WEFT_ENGINE_THREADS);
	if (!ret)
		ret = spin(&async, WEFT_ENGINE_ASYNC);
	term_progress_end();
	if (ret)
		return ret;
	print_spinners(&threads, &async);
	return 0;
}
