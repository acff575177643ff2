// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "tracer.h"

#define BUFFER_KB	1024

/* Names of the kernel threads of weft begin like this. */
#define COMM_FILTER	"prev_comm ~ \"weft/*\" || next_comm ~ \"weft/*\""

struct tracer {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
};

static void tracer_free(struct tracer *tracer)
{
	if (tracer->instance) {
		tracefs_trace_off(tracer->instance);
		tracefs_event_disable(tracer->instance, NULL, NULL);
		tracefs_instance_destroy(tracer->instance);
		tracefs_instance_free(tracer->instance);
	}
	if (tracer->tep)
		tep_free(tracer->tep);
	free(tracer);
}

/* Return: what failed, or NULL. */
static const char *tracer_open(struct tracer *tracer)
{
	static const char *const systems[] = { "weft", "sched", NULL };
	const char *dir = tracefs_tracing_dir();
	char name[32];

	if (!dir)
		return "tracefs cannot be mounted (mount -t tracefs none /sys/kernel/tracing)";
	if (access(dir, R_OK | W_OK | X_OK))
		return "tracefs may not be used by this user (run as root)";
	tracer->tep = tracefs_local_events_system(dir, systems);
	if (!tracer->tep)
		return "the kernel's event formats cannot be read";
	snprintf(name, sizeof(name), "weft-%d", (int)getpid());
	tracer->instance = tracefs_instance_create(name);
	if (!tracer->instance)
		return "tracefs makes no instance for us";
	return NULL;
}

static const char *tracer_enable(struct tracer *tracer)
{
	struct tracefs_instance *instance = tracer->instance;

	tracefs_trace_off(instance);
	tracefs_instance_set_buffer_size(instance, BUFFER_KB, -1);
	if (tracefs_instance_file_write(instance, "trace_clock", "mono") < 0)
		return "the trace clock cannot be set to mono";
	if (tracefs_event_file_write(instance, "sched", "sched_switch",
				     "filter", COMM_FILTER) < 0 ||
	    tracefs_event_enable(instance, "sched", "sched_switch") < 0)
		return "the event sched:sched_switch cannot be had";
	if (tracefs_event_enable(instance, "weft", "weft_poll_begin") < 0 ||
	    tracefs_event_enable(instance, "weft", "weft_poll_end") < 0)
		return "the module's trace events cannot be had";
	if (tracefs_trace_on(instance) < 0)
		return "tracing cannot be turned on";
	return NULL;
}

/**
 * tracer_start() - trace from now on
 * @why: receives why not, in words
 *
 * Return: the tracer, to be ended with tracer_stop(); or NULL.
 */
struct tracer *tracer_start(const char **why)
{
	struct tracer *tracer = calloc(1, sizeof(*tracer));

	*why = tracer ? NULL : "out of memory";
	if (!tracer)
		return NULL;
	tracefs_set_loglevel(TEP_LOG_NONE);
	*why = tracer_open(tracer);
	if (!*why)
		*why = tracer_enable(tracer);
	if (!*why)
		return tracer;
	tracer_free(tracer);
	return NULL;
}

static bool get_field(struct tep_event *event, struct tep_record *record,
		      const char *name, unsigned long long *value)
{
	return !tep_get_field_val(NULL, event, name, record, value, 0);
}

static bool parse_poll(struct trace_event *out, struct tep_event *event,
		       struct tep_record *record)
{
	unsigned long long value;

	out->pid = tep_data_pid(event->tep, record);
	if (!get_field(event, record, "id", &value))
		return false;
	out->id = value;
	if (out->kind == TRACE_POLL_BEGIN)
		return true;
	if (!get_field(event, record, "ready", &value))
		return false;
	out->ready = value;
	if (!get_field(event, record, "wait", &value))
		return false;
	out->wait = value;
	return true;
}

static bool parse_switch(struct trace_event *out, struct tep_event *event,
			 struct tep_record *record)
{
	unsigned long long prev, next;

	if (!get_field(event, record, "prev_pid", &prev) ||
	    !get_field(event, record, "next_pid", &next))
		return false;
	out->pid = prev;
	out->next = next;
	return true;
}

static bool log_grow(struct trace_log *log)
{
	size_t room = log->room ? log->room * 2 : 1024;
	struct trace_event *more;

	if (log->count < log->room)
		return true;
	more = reallocarray(log->events, room, sizeof(*more));
	if (!more)
		return false;
	log->events = more;
	log->room = room;
	return true;
}

static int on_record(struct tep_event *event, struct tep_record *record,
		     int cpu, void *arg)
{
	struct trace_event out = { .ns = record->ts };
	struct trace_log *log = arg;
	bool parsed;

	(void)cpu;
	if (!strcmp(event->name, "weft_poll_begin"))
		out.kind = TRACE_POLL_BEGIN;
	else if (!strcmp(event->name, "weft_poll_end"))
		out.kind = TRACE_POLL_END;
	else if (!strcmp(event->name, "sched_switch"))
		out.kind = TRACE_SWITCH;
	else
		return 0;

	parsed = out.kind == TRACE_SWITCH ? parse_switch(&out, event, record) :
					    parse_poll(&out, event, record);
	if (!parsed || !log_grow(log)) {
		log->failed = true;
		return 1;
	}
	log->events[log->count++] = out;
	return 0;
}

static int compare_events(const void *a, const void *b)
{
	const struct trace_event *x = a, *y = b;

	return (x->ns > y->ns) - (x->ns < y->ns);
}

/**
 * tracer_stop() - end tracing and get what was traced
 * @tracer: gone afterwards
 * @log: receives it
 * @why: receives why not, in words
 *
 * Return: true if @log holds something; the caller frees @log->events.
 */
bool tracer_stop(struct tracer *tracer, struct trace_log *log, const char **why)
{
	int ret;

	*log = (struct trace_log){};
	tracefs_trace_off(tracer->instance);
	ret = tracefs_iterate_raw_events(tracer->tep, tracer->instance, NULL, 0,
					 on_record, log);
	tracer_free(tracer);
	*why = ret || log->failed ? "the trace cannot be read" :
	       !log->count	  ? "the trace is empty" : NULL;
	if (*why) {
		free(log->events);
		return false;
	}
	qsort(log->events, log->count, sizeof(*log->events), compare_events);
	return true;
}
