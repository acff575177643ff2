/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's tracepoints say about weft's kernel threads. */
#ifndef WEFT_TRACER_H
#define WEFT_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_kind {
	TRACE_POLL_BEGIN,
	TRACE_POLL_END,
	TRACE_SWITCH,
};

/* What a poll ended with; as in the weft_poll_end tracepoint. */
enum trace_wait {
	TRACE_WAIT_NONE,
	TRACE_WAIT_YIELD,
	TRACE_WAIT_TIMER,
	TRACE_WAIT_WAKER,
};

/**
 * struct trace_event - Something that happened
 * @ns: when, CLOCK_MONOTONIC
 * @kind: what
 * @pid: whose; at a switch, who stops running
 * @next: at a switch, the pid of who starts
 * @id: at a poll, the job
 * @ready: at the end of a poll, the job has ended
 * @wait: at the end of a poll, what the job waits for
 */
struct trace_event {
	uint64_t ns;
	enum trace_kind kind;
	int pid;
	int next;
	uint64_t id;
	bool ready;
	enum trace_wait wait;
};

/**
 * struct trace_log - All that happened, in the order of time
 * @events: an array; free()
 * @count: of @events
 * @room: of @events
 * @failed: there was no memory, or a record had no such fields
 */
struct trace_log {
	struct trace_event *events;
	size_t count;
	size_t room;
	bool failed;
};

struct tracer;

struct tracer *tracer_start(const char **why);
bool tracer_stop(struct tracer *tracer, struct trace_log *log,
		 const char **why);

#endif /* WEFT_TRACER_H */
