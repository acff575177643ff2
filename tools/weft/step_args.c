// SPDX-License-Identifier: GPL-2.0-only
/* Jobs of weft step, as words: work:2,100us,1ms */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "step.h"
#include "util.h"

#define MAX_ARGS	3
#define MAX_WORD	80

static unsigned int split(char *text, char **args)
{
	unsigned int n = 0;
	char *save, *arg;

	for (arg = strtok_r(text, ",", &save); arg && n <= MAX_ARGS;
	     arg = strtok_r(NULL, ",", &save)) {
		if (n < MAX_ARGS)
			args[n] = arg;
		n++;
	}
	return n;
}

static const char *parse_yield(struct weft_job *job, char **args, unsigned int n)
{
	uint64_t count;

	if (n != 1 || parse_count(args[0], 0, 1000000, &count))
		return "yield wants how often, up to 1000000, as yield:3";
	weft_job_yield(job, count);
	return NULL;
}

static const char *parse_time(struct weft_job *job, char **args, unsigned int n,
			      bool spin)
{
	uint64_t ns;

	if (n != 1 || parse_duration(args[0], &ns))
		return spin ? "spin wants a time, as spin:1ms" :
			      "sleep wants a time, as sleep:1ms";
	if (spin)
		weft_job_spin(job, ns);
	else
		weft_job_sleep(job, ns);
	return NULL;
}

static const char *parse_work(struct weft_job *job, char **args, unsigned int n)
{
	uint64_t rounds, work, wait;

	if (n != 3 || parse_count(args[0], 1, UINT32_MAX, &rounds) ||
	    parse_duration(args[1], &work) || parse_duration(args[2], &wait))
		return "work wants rounds, work and wait, as work:2,100us,1ms";
	weft_job_work(job, rounds, work, wait);
	return NULL;
}

/* Return: NULL, or what is wrong. */
const char *step_parse_job(const char *arg, struct weft_job *job)
{
	char text[MAX_WORD], *colon, *args[MAX_ARGS];
	unsigned int n;
	int op;

	if (strlen(arg) >= sizeof(text))
		return "it is too long";
	strcpy(text, arg);
	colon = strchr(text, ':');
	if (colon)
		*colon++ = '\0';
	n = colon ? split(colon, args) : 0;
	op = weft_op_number(text);
	switch (op) {
	case WEFT_OP_NOP:
		if (colon)
			return "nop takes nothing";
		weft_job_nop(job);
		return NULL;
	case WEFT_OP_YIELD:
		return parse_yield(job, args, n);
	case WEFT_OP_SPIN:
	case WEFT_OP_SLEEP:
		return parse_time(job, args, n, op == WEFT_OP_SPIN);
	case WEFT_OP_WORK:
		return parse_work(job, args, n);
	default:
		return "use nop, yield:N, spin:TIME, sleep:TIME or work:ROUNDS,WORK,WAIT";
	}
}

void step_describe_job(const struct weft_job *job, char *text, size_t size)
{
	switch (job->op) {
	case WEFT_OP_YIELD:
		snprintf(text, size, "gives way %llu times", job->yield.count);
		break;
	case WEFT_OP_SPIN:
		snprintf(text, size, "works %s", text_exact_time(job->spin.ns).s);
		break;
	case WEFT_OP_SLEEP:
		snprintf(text, size, "waits %s", text_exact_time(job->sleep.ns).s);
		break;
	case WEFT_OP_WORK:
		snprintf(text, size, "works %s, %u times, and waits %s in between",
			 text_exact_time(job->work.work_ns).s, job->work.rounds,
			 text_exact_time(job->work.wait_ns).s);
		break;
	default:
		snprintf(text, size, "ends at once");
	}
}
