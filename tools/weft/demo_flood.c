// SPDX-License-Identifier: GPL-2.0-only
/* More jobs than there can be threads. */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "demo.h"
#include "term.h"
#include "util.h"

#define HOLD_NS		(3600 * NSEC_PER_SEC)

/**
 * struct flood - What came of it on one engine
 * @accepted: so many jobs were accepted
 * @error: why no more, or 0
 * @submit_ns: how long they were submitted
 * @threads: kernel threads while they slept
 * @memory: while they slept, against before
 * @alive: 0 if another program ran meanwhile, or an errno
 * @completions: so many jobs got their completion
 * @end_ns: from the cancel to the last completion
 */
struct flood {
	uint64_t accepted;
	int error;
	uint64_t submit_ns;
	uint64_t threads;
	struct probe memory;
	int alive;
	uint64_t completions;
	uint64_t end_ns;
};

/* Does the machine still start programs? Return: 0 or an errno. */
static int start_program(void)
{
	char *argv[2] = { "true" };
	int ret, status;
	pid_t pid;

	ret = posix_spawnp(&pid, "true", NULL, NULL, argv, environ);
	if (ret)
		return ret;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : EIO;
}

static int flood_flow(const struct demo *demo, struct flood *out,
		      struct flow *f, unsigned int engine)
{
	struct probe before, after;
	struct weft_job job;
	uint64_t cancel_ns;
	int ret;

	probe_settle();
	ret = probe_take(&before, engine);
	if (!ret)
		ret = demo_open(f, engine);
	if (ret)
		return ret;
	weft_job_sleep(&job, HOLD_NS);
	out->accepted = flow_submit(f, &job, demo->flood);
	out->submit_ns = now_ns() - f->began_ns;
	out->error = f->error;
	out->alive = start_program();
	ret = probe_take(&after, engine);
	if (ret)
		return ret;
	probe_diff(&out->memory, &before, &after);
	out->threads = after.threads;

	cancel_ns = now_ns();
	flow_cancel(f);
	ret = demo_drain(f);
	out->completions = f->reaped;
	out->end_ns = now_ns() - cancel_ns;
	return ret;
}

static int flood(const struct demo *demo, struct flood *out,
		 unsigned int engine)
{
	struct flow f = { .credits = demo->flood };
	int ret;

	if (flow_prepare(&f))
		return complain_memory();
	term_progress("%s jobs at once on engine %s",
		      text_count(demo->flood).s, weft_engine_name(engine));
	ret = flood_flow(demo, out, &f, engine);
	flow_close(&f);
	return ret;
}

static void print_row(const char *what, struct text threads, struct text async)
{
	printf("  %-38s%18s%18s\n", what, threads.s, async.s);
}

static struct text describe_end(const struct flood *f)
{
	struct text text = { "all accepted" };

	if (f->error)
		snprintf(text.s, sizeof(text.s), "%.30s",
			 strerrorname_np(f->error) ?: "an error");
	return text;
}

static struct text describe_alive(const struct flood *f)
{
	struct text text = { "runs" };

	if (f->alive)
		snprintf(text.s, sizeof(text.s), "fails: %.30s",
			 strerrorname_np(f->alive) ?: "an error");
	return text;
}

static void print_floods(const struct flood *threads, const struct flood *async)
{
	static const char *const heads[] = { "threads", "async" };

	demo_heads(40, 18, heads, 2);
	print_row("jobs accepted", text_count(threads->accepted),
		  text_count(async->accepted));
	print_row("then the kernel said", describe_end(threads),
		  describe_end(async));
	print_row("submitted within", text_time(threads->submit_ns),
		  text_time(async->submit_ns));
	print_row("kernel threads now", text_count(threads->threads),
		  text_count(async->threads));
	print_row("free memory less, in all",
		  text_bytes(threads->memory.free_bytes),
		  text_bytes(async->memory.free_bytes));
	print_row("another program (true) meanwhile", describe_alive(threads),
		  describe_alive(async));
	print_row("cancelled; completions then",
		  text_count(threads->completions),
		  text_count(async->completions));
	print_row("all ended within", text_time(threads->end_ns),
		  text_time(async->end_ns));
}

int demo_flood(struct demo *demo)
{
	struct flood threads = {}, async = {};
	int ret;

	demo_section('c', "More jobs than there can be threads");
	printf("%s jobs that sleep for an hour, all at once. The module makes at most\n"
	       "%s threads (parameter max_threads), so that the machine can go on: to be\n"
	       "refused is an error for who submits, and nothing else. Then all are cancelled.\n\n",
	       text_count(demo->flood).s,
	       text_count(demo->query.max_threads).s);
	ret = flood(demo, &threads, WEFT_ENGINE_THREADS);
	if (!ret)
		ret = flood(demo, &async, WEFT_ENGINE_ASYNC);
	term_progress_end();
	if (!ret)
		print_floods(&threads, &async);
	return ret;
}
