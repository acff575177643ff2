// SPDX-License-Identifier: GPL-2.0-only
/* weft step: a step as text, or as a line of JSON. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "step.h"
#include "term.h"
#include "util.h"

#define TEXT	512

static char name_of(uint64_t user_data)
{
	return user_data < STEP_JOBS ? 'A' + user_data : '?';
}

static const char *outcome_name(uint32_t outcome)
{
	static const char *const names[] = {
		[WEFT_STEP_IDLE] = "idle", [WEFT_STEP_ENDED] = "ended",
		[WEFT_STEP_PENDING] = "pending", [WEFT_STEP_YIELDED] = "yielded",
	};

	return outcome < ARRAY_SIZE(names) ? names[outcome] : "?";
}

static const char *waits_name(uint16_t waits)
{
	static const char *const names[] = {
		[WEFT_STEP_FOR_TURN] = "turn", [WEFT_STEP_FOR_TIMER] = "timer",
		[WEFT_STEP_FOR_WAKER] = "waker", [WEFT_STEP_FOR_FD] = "fd",
		[WEFT_STEP_FOR_IO] = "io", [WEFT_STEP_FOR_PUNT] = "punt",
		[WEFT_STEP_FOR_JOB] = "job",
	};

	return waits && waits < ARRAY_SIZE(names) ? names[waits] : "?";
}

void step_view_init(struct step_view *v, const struct step_plan *plan)
{
	unsigned int i;

	*v = (struct step_view){ .plan = plan };
	for (i = 0; i < WEFT_STEP_MAX_WORKERS; i++)
		v->last[i] = -1;
}

void step_show_begin(const struct step_view *v)
{
	const struct step_plan *plan = v->plan;
	char text[TEXT];
	unsigned int i;

	if (plan->json)
		return;
	printf("%u jobs on %u workers of their own, by a %s clock\n", plan->nr_jobs,
	       plan->workers, plan->real ? "real" : "virtual");
	for (i = 0; i < plan->nr_jobs; i++) {
		step_describe_job(&plan->jobs[i], text, sizeof(text));
		printf("  %c  %-5s  %s\n", name_of(i), weft_op_name(plan->jobs[i].op),
		       text);
	}
	putchar('\n');
}

static void append(char *text, const char *more)
{
	size_t len = strlen(text);

	snprintf(text + len, TEXT - len, "%s", more);
}

static void append_name(char *text, uint64_t user_data)
{
	const char word[3] = { ' ', name_of(user_data) };

	append(text, word);
}

/* The runnable jobs of a worker, the next one first. */
static void queue_text(char *text, const struct weft_step *step,
		       const struct weft_step_job *jobs, unsigned int worker)
{
	unsigned int place, i;
	bool found = true;

	*text = '\0';
	for (place = 1; found; place++) {
		found = false;
		for (i = 0; i < step->listed; i++) {
			if (jobs[i].worker != worker || jobs[i].place != place)
				continue;
			append_name(text, jobs[i].user_data);
			found = true;
		}
	}
	if (!*text)
		append(text, " -");
}

static void waiting_text(char *text, const struct weft_step *step,
			 const struct weft_step_job *jobs)
{
	char one[64];
	unsigned int i;

	*text = '\0';
	for (i = 0; i < step->listed; i++) {
		if (jobs[i].state != WEFT_STEP_JOB_WAITING)
			continue;
		append_name(text, jobs[i].user_data);
		if (jobs[i].due_ns > step->now_ns)
			snprintf(one, sizeof(one), " (%s in %s)", waits_name(jobs[i].waits),
				 text_time(jobs[i].due_ns - step->now_ns).s);
		else
			snprintf(one, sizeof(one), " (%s)", waits_name(jobs[i].waits));
		append(text, one);
	}
	if (!*text)
		append(text, " -");
}

/* Those that waited before this step, and are runnable now. */
static void woken_text(char *text, const struct step_view *v,
		       const struct weft_step *step, const struct weft_step_job *jobs)
{
	unsigned int i;

	*text = '\0';
	for (i = 0; i < step->listed; i++)
		if (jobs[i].user_data < STEP_JOBS &&
		    jobs[i].state == WEFT_STEP_JOB_QUEUED &&
		    v->before[jobs[i].user_data].state == WEFT_STEP_JOB_WAITING)
			append_name(text, jobs[i].user_data);
}

static const struct weft_step_job *job_of(const struct weft_step *step,
					  const struct weft_step_job *jobs,
					  uint64_t id)
{
	unsigned int i;

	for (i = 0; i < step->listed; i++)
		if (jobs[i].id == id)
			return &jobs[i];
	return NULL;
}

static void what_text(char *text, const struct weft_step *step,
		      const struct weft_step_job *job)
{
	switch (step->outcome) {
	case WEFT_STEP_ENDED:
		strcpy(text, "it has ended");
		break;
	case WEFT_STEP_YIELDED:
		strcpy(text, "it gives way, and is queued again");
		break;
	case WEFT_STEP_PENDING:
		snprintf(text, TEXT, "it waits (%s)", job ? waits_name(job->waits) : "?");
		break;
	default:
		strcpy(text, "nothing is runnable");
	}
}

static void show_text(const struct step_view *v, const struct weft_step *step,
		      const struct weft_step_job *jobs, char name)
{
	char text[TEXT];
	unsigned int w;

	what_text(text, step, job_of(step, jobs, step->id));
	if (step->outcome != WEFT_STEP_IDLE)
		printf("%s%4u  worker %u polls %c%s: %s\n", term_on(STYLE_BOLD),
		       v->steps, step->worker, name, term_off(STYLE_BOLD), text);
	else
		printf("%4u  %s\n", v->steps, !v->steps ? "before the first step" :
		       step->queued ? "nothing was runnable: the clock has gone on" : text);
	if (!v->plan->real)
		printf("      now      %s\n", text_time(step->now_ns).s);
	for (w = 0; w < v->plan->workers; w++) {
		queue_text(text, step, jobs, w);
		printf("      queue %-2u%s\n", w, text);
	}
	waiting_text(text, step, jobs);
	printf("      waiting %s\n", text);
	woken_text(text, v, step, jobs);
	if (*text)
		printf("      woken  %s%s%s\n", term_on(STYLE_GREEN), text,
		       term_off(STYLE_GREEN));
}

static struct json_object *json_letters(const char *text)
{
	struct json_object *list = json_object_new_array();

	for (; *text; text++)
		if (*text != ' ' && *text != '-')
			json_object_array_add(list, json_object_new_string_len(text, 1));
	return list;
}

static void show_json(const struct step_view *v, const struct weft_step *step,
		      const struct weft_step_job *jobs, char name)
{
	struct json_object *o = json_object_new_object();
	struct json_object *queues = json_object_new_array();
	struct json_object *waiting = json_object_new_object();
	char text[TEXT];
	unsigned int w, i;

	json_object_object_add(o, "step", json_object_new_int(v->steps));
	json_object_object_add(o, "outcome",
			       json_object_new_string(outcome_name(step->outcome)));
	if (step->outcome != WEFT_STEP_IDLE) {
		json_object_object_add(o, "worker", json_object_new_int(step->worker));
		json_object_object_add(o, "job", json_object_new_string_len(&name, 1));
	}
	json_object_object_add(o, "now_ns", json_object_new_int64(step->now_ns));
	json_object_object_add(o, "next_ns", json_object_new_int64(step->next_ns));
	for (w = 0; w < v->plan->workers; w++) {
		queue_text(text, step, jobs, w);
		json_object_array_add(queues, json_letters(text));
	}
	json_object_object_add(o, "queues", queues);
	for (i = 0; i < step->listed; i++) {
		if (jobs[i].state != WEFT_STEP_JOB_WAITING)
			continue;
		snprintf(text, sizeof(text), "%c", name_of(jobs[i].user_data));
		json_object_object_add(waiting, text,
				       json_object_new_string(waits_name(jobs[i].waits)));
	}
	json_object_object_add(o, "waiting", waiting);
	woken_text(text, v, step, jobs);
	json_object_object_add(o, "woken", json_letters(text));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
}

/* What was polled, by its name: it may have ended, and be in no list any more. */
static char polled_name(const struct step_view *v, const struct weft_step *step)
{
	unsigned int i;

	for (i = 0; i < STEP_JOBS; i++)
		if (v->before[i].id && v->before[i].id == step->id)
			return name_of(i);
	return '?';
}

/* Shows the step, and remembers it. */
void step_show(struct step_view *v, const struct weft_step *step,
	       const struct weft_step_job *jobs)
{
	char name = polled_name(v, step);
	unsigned int i;

	if (step->outcome != WEFT_STEP_IDLE) {
		v->polls++;
		if (v->last[step->worker] >= 0 && v->last[step->worker] != name)
			v->coop_switches++;
		v->last[step->worker] = name;
	}
	if (v->plan->json)
		show_json(v, step, jobs, name);
	else
		show_text(v, step, jobs, name);
	fflush(stdout);
	memset(v->before, 0, sizeof(v->before));
	for (i = 0; i < step->listed; i++)
		if (jobs[i].user_data < STEP_JOBS)
			v->before[jobs[i].user_data] = jobs[i];
	v->steps++;
}

void step_show_end(const struct step_view *v, const struct weft_step *step, bool all)
{
	if (v->plan->json)
		return;
	printf("\n%s: %u polls, %u of them of another job than that worker had polled\n"
	       "before (coop switches)", all ? "All have ended" : "Not all have ended",
	       v->polls, v->coop_switches);
	if (!v->plan->real)
		printf("; %s of virtual time", text_time(step->now_ns).s);
	puts("");
}
