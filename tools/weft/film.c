// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "film.h"
#include "term.h"
#include "util.h"
#include "weft.h"

#define MAX_ARGS	64

/* Until threads that have ended are gone, and their last event is there. */
#define SETTLE_MS	20

/* In the child: never returns. */
static void run_child(const char *run, const char *engine)
{
	char *words = strdup(run), *argv[MAX_ARGS + 5], *word, *save;
	int argc = 0;

	argv[argc++] = (char *)"weft run";
	for (word = words ? strtok_r(words, " \t\n", &save) : NULL;
	     word && argc < MAX_ARGS; word = strtok_r(NULL, " \t\n", &save))
		argv[argc++] = word;
	if (engine) {
		argv[argc++] = (char *)"--engine";
		argv[argc++] = (char *)engine;
	}
	argv[argc++] = (char *)"--quiet";
	argv[argc] = NULL;
	term_quiet();
	exit(cmd_run(argc, argv));
}

/* Return: 0, or an exit code. */
static int run_jobs(const char *run, const char *engine, pid_t *pid)
{
	int status;

	fflush(stdout);
	*pid = fork();
	if (*pid < 0) {
		complain("no process for the jobs: %s", strerror(errno));
		return EXIT_REFUSED;
	}
	if (!*pid)
		run_child(run, engine);
	while (waitpid(*pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_REFUSED;
	nap_ms(SETTLE_MS);
	if (!WIFEXITED(status))
		return EXIT_INTERRUPTED;
	/* Jobs that fail have their pictures, too. */
	return WEXITSTATUS(status) == EXIT_JOB_FAILED ? 0 : WEXITSTATUS(status);
}

/* Is there a recorder, and must it be on? Return: 0, or an exit code. */
static int check_recorder(const struct recording *rec, bool must_record)
{
	const struct weft_recorder_header *h = &rec->header;

	if (!(h->flags & WEFT_RECORDER_TIMED)) {
		complain("the module takes no times, so there is nothing to see: load it without timing=N");
		return EXIT_REFUSED;
	}
	if (!h->rings) {
		complain("the module has no flight recorder: load it without recorder=0");
		return EXIT_REFUSED;
	}
	if (must_record && h->state != WEFT_RECORDER_ON) {
		complain("the flight recorder is %s: run echo on > /sys/kernel/debug/weft/recorder/state",
			 h->state == WEFT_RECORDER_OFF ? "off" : "frozen");
		return EXIT_REFUSED;
	}
	return 0;
}

/* Return: 0, or an exit code. */
static int check_now(void)
{
	struct recording rec;
	int ret = recording_load(&rec, NULL);

	if (ret)
		return ret;
	ret = check_recorder(&rec, true);
	recording_free(&rec);
	return ret;
}

/* What was overwritten is not drawn as if it had not been. */
static void clip_lost(const struct recording *rec, struct story_filter *filter)
{
	if (rec->whole_ns <= filter->from)
		return;
	complain("%s older events were overwritten: the picture begins where all are there%s",
		 text_count(rec->lost).s,
		 rec->header.rings ?
			 "; for more, load the module with a larger recorder=" : "");
	filter->from = rec->whole_ns;
}

static int complain_empty(const struct recording *rec, const struct film_plan *plan)
{
	if (!rec->count)
		complain("the flight recorder is empty%s: run jobs, or use --run",
			 rec->header.state == WEFT_RECORDER_OFF ? ", and off" : "");
	else if (plan->last_ns == 0)
		complain("none of these jobs is in the flight recorder");
	else
		complain("nothing happened in that time%s: run jobs, use --run, or a longer --last",
			 plan->client ? " for this client" : "");
	return EXIT_REFUSED;
}

/* The time from the first of its tasks to the end of the last. */
static void trim(struct story *s)
{
	uint64_t from = UINT64_MAX, to = 0;
	uint32_t i;

	for (i = 0; i < s->nr_tasks; i++) {
		if (s->tasks[i].from < from)
			from = s->tasks[i].from;
		if (s->tasks[i].to > to)
			to = s->tasks[i].to;
	}
	if (from < to) {
		s->from = from > s->from ? from : s->from;
		s->to = to;
	}
}

/* How a story of an engine is called. */
static void name_engine(struct story *s, const char *engine, unsigned int workers)
{
	const char *words = "the workers take whichever task is ready";

	if (!strcmp(engine, "threads"))
		words = "each task has a kernel thread, which sleeps when it waits";
	else if (workers == 1)
		words = "one worker takes whichever task is ready";
	snprintf(s->title, sizeof(s->title), "engine %s: %s", engine, words);
}

/* Return: 0, or an exit code. */
static int tell(struct story *s, const struct film_plan *plan,
		struct story_filter *filter, const char *engine)
{
	struct recording rec;
	uint64_t end;
	int ret = recording_load(&rec, plan->path);

	if (ret)
		return ret;
	ret = check_recorder(&rec, false);
	if (ret) {
		recording_free(&rec);
		return ret;
	}
	/* Frozen or off, or a copy, its time ended with the last event. */
	end = rec.header.state == WEFT_RECORDER_ON && !plan->path ?
		      rec.header.now_ns : rec.last_ns;
	filter->to = rec.last_ns;
	if (!filter->submitter)
		filter->from = end > plan->last_ns ? end - plan->last_ns : 0;
	/* Before that nothing is known. */
	if (rec.count && filter->from < rec.events[0].ns)
		filter->from = rec.events[0].ns;
	clip_lost(&rec, filter);
	ret = story_make(s, &rec, filter);
	if (!ret && filter->submitter)
		trim(s);
	if (!ret && engine)
		name_engine(s, engine, rec.header.workers);
	if (ret == -ENODATA || (!ret && s->to <= s->from))
		ret = complain_empty(&rec, plan);
	else if (ret)
		ret = complain_memory();
	recording_free(&rec);
	return ret;
}

/**
 * film_one() - take one story
 * @s: receives it; the caller calls story_free()
 * @plan: what it is about
 * @engine: on which the jobs run; NULL to leave it to @plan->run
 *
 * Return: 0, or an exit code when it has complained.
 */
int film_one(struct story *s, const struct film_plan *plan, const char *engine)
{
	struct story_filter filter = { .client = plan->client };
	pid_t pid = 0;
	int ret;

	if (plan->run) {
		ret = check_now();
		if (ret)
			return ret;
		filter.from = now_ns();
		ret = run_jobs(plan->run, engine, &pid);
		if (ret)
			return ret;
		filter.submitter = pid;
	}
	ret = tell(s, plan, &filter, engine);
	if (ret || engine)
		return ret;
	if (plan->run)
		snprintf(s->title, sizeof(s->title), "weft run %s", plan->run);
	else
		snprintf(s->title, sizeof(s->title), "%s of the flight recorder",
			 text_time(s->to - s->from).s);
	return 0;
}

/**
 * film_ready() - is the flight recorder on
 *
 * Return: 0, or an exit code when it has complained.
 */
int film_ready(void)
{
	return check_now();
}

/**
 * film_since() - take a story of jobs that this process has run
 * @s: receives it; the caller calls story_free()
 * @from_ns: after this
 * @engine: on which
 *
 * Return: 0, or an exit code when it has complained.
 */
int film_since(struct story *s, uint64_t from_ns, const char *engine)
{
	const struct film_plan plan = {};
	struct story_filter filter = {
		.from = from_ns,
		.submitter = getpid(),
	};

	return tell(s, &plan, &filter, engine);
}

/**
 * film_both() - run the same jobs on both engines
 * @d: receives what is to be drawn, but for the title
 * @stories: room for one of each engine
 * @plan: has @run
 *
 * Return: 0, or an exit code when it has complained.
 */
int film_both(struct drawing *d, struct story *stories,
	      const struct film_plan *plan)
{
	static const unsigned int order[] = { WEFT_ENGINE_THREADS,
					      WEFT_ENGINE_ASYNC };
	unsigned int i;
	int ret;

	d->stories = stories;
	d->count = 0;
	d->length_ns = 0;
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		struct story *s = &stories[i];

		ret = film_one(s, plan, weft_engine_name(order[i]));
		if (ret)
			return ret;
		d->count++;
		if (s->to - s->from > d->length_ns)
			d->length_ns = s->to - s->from;
	}
	return 0;
}
