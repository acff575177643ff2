// SPDX-License-Identifier: GPL-2.0-only
/* Many jobs that only wait: what does waiting cost? */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "demo.h"
#include "term.h"
#include "util.h"

#define HOLD_NS		(3600 * NSEC_PER_SEC)
#define SLEEP_NS	(100 * NSEC_PER_MSEC)

/* So long a held job may take until it sleeps. */
#define HOLD_PATIENCE_NS	(60 * NSEC_PER_SEC)

/**
 * struct sleepers - What came of so many jobs on one engine
 * @count: how many were asked for
 * @held: how many of them were accepted, to be held
 * @hold: while they slept, against before
 * @timed: how many slept SLEEP_NS
 * @submit_ns: how long they were submitted
 * @took_ns: from the first submit to the last completion
 * @run: after these, against before
 * @late: how late each was, sorted
 * @nr_late: how many
 * @polls: in all receipts
 */
struct sleepers {
	uint64_t count;
	uint64_t held;
	struct probe hold;
	uint64_t timed;
	uint64_t submit_ns;
	uint64_t took_ns;
	struct probe run;
	uint64_t *late;
	uint64_t nr_late;
	uint64_t polls;
};

/* All jobs have been polled and sleep. */
static int wait_until_held(struct flow *f)
{
	uint64_t deadline = now_ns() + HOLD_PATIENCE_NS;
	struct weft_stats stats;
	int ret;

	for (;;) {
		ret = weft_client_stats(f->fd, &stats);
		if (ret)
			return complain_kernel("the client has no counts", -ret);
		if (stats.waiting + stats.done >= f->accepted)
			return 0;
		if (interrupted())
			return EXIT_INTERRUPTED;
		if (now_ns() > deadline) {
			complain("%" PRIu64 " jobs do not get to sleep: see the kernel log (dmesg) and weft stat clients",
				 f->accepted - (uint64_t)stats.waiting);
			return EXIT_REFUSED;
		}
		nap_ms(5);
	}
}

static int hold_flow(struct sleepers *s, struct flow *f, unsigned int engine)
{
	struct probe before, after;
	struct weft_job job;
	int ret;

	probe_settle();
	ret = probe_take(&before, engine);
	if (!ret)
		ret = demo_open(f, engine);
	if (ret)
		return ret;
	weft_job_sleep(&job, HOLD_NS);
	s->held = flow_submit(f, &job, s->count);
	ret = wait_until_held(f);
	if (!ret)
		ret = probe_take(&after, engine);
	if (ret)
		return ret;
	probe_diff(&s->hold, &before, &after);
	if (engine == WEFT_ENGINE_ASYNC)
		s->hold.threads = after.threads;

	flow_cancel(f);
	ret = demo_drain(f);
	if (!ret && f->cancelled != f->accepted) {
		complain("%" PRIu64 " of %" PRIu64 " jobs were not cancelled: a bug in weft",
			 f->accepted - f->cancelled, f->accepted);
		ret = EXIT_JOB_FAILED;
	}
	return ret;
}

static void on_timed(void *arg, const struct weft_completion *c)
{
	struct sleepers *s = arg;

	if (c->result >= 0 && s->nr_late < s->count)
		s->late[s->nr_late++] = c->result;
	s->polls += c->receipt.polls;
}

static int timed_flow(struct sleepers *s, struct flow *f, unsigned int engine)
{
	struct probe before, after;
	struct weft_job job;
	int ret;

	ret = demo_open(f, engine);
	if (!ret)
		ret = probe_take(&before, engine);
	if (ret)
		return ret;
	f->each = on_timed;
	f->arg = s;
	weft_job_sleep(&job, SLEEP_NS);
	job.flags = WEFT_JOB_RECEIPT;
	ret = flow_run(f, &job, s->count);
	if (ret)
		return complain_kernel("running jobs failed", -ret);
	if (interrupted())
		return EXIT_INTERRUPTED;
	ret = probe_take(&after, engine);
	probe_diff(&s->run, &before, &after);
	s->timed = f->ok;
	s->submit_ns = f->submitted_ns - f->began_ns;
	s->took_ns = flow_elapsed(f);
	sort_times(s->late, s->nr_late);
	return ret;
}

static int measure(struct sleepers *s, uint64_t count, unsigned int engine)
{
	struct flow hold = { .credits = count }, timed = { .credits = count };
	int ret;

	s->count = count;
	s->late = malloc(count * sizeof(*s->late));
	if (!s->late || flow_prepare(&hold))
		return complain_memory();
	memset(s->late, 0, count * sizeof(*s->late));

	term_progress("%s jobs asleep on engine %s", text_count(count).s,
		      weft_engine_name(engine));
	ret = hold_flow(s, &hold, engine);
	flow_close(&hold);
	if (ret)
		return ret;
	if (flow_prepare(&timed))
		return complain_memory();
	term_progress("%s sleeps of %s on engine %s", text_count(count).s,
		      text_exact_time(SLEEP_NS).s, weft_engine_name(engine));
	ret = timed_flow(s, &timed, engine);
	flow_close(&timed);
	return ret;
}

static struct text count_of(const struct sleepers *s)
{
	return text_count(s->timed);
}

static struct text hold_threads(const struct sleepers *s)
{
	return text_count(s->hold.threads);
}

static struct text hold_measured(const struct sleepers *s)
{
	return text_bytes(s->held ? s->hold.free_bytes / s->held : 0);
}

static struct text hold_own(const struct sleepers *s)
{
	return text_bytes(s->held ? s->hold.own_bytes / s->held : 0);
}

static struct text timed_submit(const struct sleepers *s)
{
	return text_time(s->submit_ns);
}

static struct text timed_took(const struct sleepers *s)
{
	return text_time(s->took_ns);
}

static struct text timed_switches(const struct sleepers *s)
{
	return text_count(s->run.switches);
}

static struct text timed_system(const struct sleepers *s)
{
	return text_count(s->run.system_switches);
}

static struct text timed_coop(const struct sleepers *s)
{
	return text_count(s->run.coop_switches);
}

static struct text timed_polls(const struct sleepers *s)
{
	return text_count(s->run.polls);
}

static struct text late_half(const struct sleepers *s)
{
	return text_time(percentile(s->late, s->nr_late, 50));
}

static struct text late_most(const struct sleepers *s)
{
	return text_time(percentile(s->late, s->nr_late, 99));
}

/* Columns: few jobs on threads and async, then many. */
static const struct row {
	const char *what;
	struct text (*text)(const struct sleepers *s);
} rows[] = {
	{ "all asleep for an hour:", NULL },
	{ "  kernel threads", hold_threads },
	{ "  free memory less, a job", hold_measured },
	{ "  weft's own account, a job", hold_own },
	{ "each sleeping 100 ms:", NULL },
	{ "  jobs done", count_of },
	{ "  all submitted within", timed_submit },
	{ "  first submit to last done", timed_took },
	{ "  context switches", timed_switches },
	{ "  ... of the whole machine", timed_system },
	{ "  coop switches", timed_coop },
	{ "  polls", timed_polls },
	{ "  half were late by at most", late_half },
	{ "  99 of 100 by at most", late_most },
};

static void print_rows(const struct demo *demo, struct sleepers s[2][2])
{
	static const char *const heads[] = { "threads", "async", "threads",
					     "async" };
	struct text few = text_count(demo->counts[0]);
	struct text many = text_count(demo->counts[1]);
	unsigned int i, n, c;

	printf("%*s%s%19s jobs%19s jobs%s\n", 28, "", term_on(STYLE_BOLD),
	       few.s, many.s, term_off(STYLE_BOLD));
	demo_heads(30, 12, heads, 4);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		printf("  %-28s", rows[i].what);
		for (n = 0; rows[i].text && n < 2; n++)
			for (c = 0; c < 2; c++)
				printf("%12s", rows[i].text(&s[n][!c]).s);
		putchar('\n');
	}
}

/* The receipts and debugfs must tell the same. */
static void print_check(struct sleepers s[2][2])
{
	uint64_t receipts = 0, polls = 0;
	unsigned int n, e;

	for (n = 0; n < 2; n++) {
		for (e = 0; e < WEFT_LIB_ENGINES; e++) {
			receipts += s[n][e].polls;
			polls += s[n][e].run.polls;
		}
	}
	printf("\nThe polls in the jobs' receipts add up to %s, and those in debugfs to\n"
	       "%s%s.\n",
	       text_count(receipts).s, text_count(polls).s,
	       receipts == polls ? "" :
	       ": THEY DIFFER, a bug, or other clients at work");
	printf("\nContext switches are what the scheduler counted for weft's threads; those of the\n"
	       "whole machine are from /proc/stat, with this program's own. Free memory is the\n"
	       "whole machine's, too: on a busy one, other programs move it.\n"
	       "How late: tasks that were submitted within a moment are due within a moment, and\n"
	       "the last one must wait for the others; threads are due as they were made.\n");
}

int demo_sleep(struct demo *demo)
{
	static const unsigned int order[] = { WEFT_ENGINE_THREADS,
					      WEFT_ENGINE_ASYNC };
	struct sleepers s[2][2] = {};
	unsigned int n, e;
	int ret = 0;

	demo_section('b', "Many jobs that wait");
	printf("First all jobs sleep for an hour, so that one can look at what they take, and\n"
	       "are cancelled. Then they sleep %s each, so that one sees what waking costs.\n\n",
	       text_exact_time(SLEEP_NS).s);
	for (n = 0; n < 2; n++)
		for (e = 0; e < ARRAY_SIZE(order) && !ret; e++)
			ret = measure(&s[n][order[e]], demo->counts[n],
				      order[e]);
	term_progress_end();
	if (!ret) {
		print_rows(demo, s);
		print_check(s);
	}
	for (n = 0; n < 2; n++)
		for (e = 0; e < WEFT_LIB_ENGINES; e++)
			free(s[n][e].late);
	return ret;
}
