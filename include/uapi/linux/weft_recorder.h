/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The flight recorder of weft, as debugfs shows it: weft/recorder/events. No part
 * of the interface of /dev/weft: its version is its own. docs/tracing.md says what
 * each event means.
 *
 * The file is a header, then for each ring a &struct weft_recorder_ring and its
 * events, oldest first. All numbers are in the byte order of the machine. Who reads
 * it steps by @header_size, @ring_size and @event_size, so fields may be added at
 * the end of each.
 */
#ifndef _UAPI_LINUX_WEFT_RECORDER_H
#define _UAPI_LINUX_WEFT_RECORDER_H

#include <linux/types.h>

#define WEFT_RECORDER_MAGIC	"weftrec"
#define WEFT_RECORDER_VERSION	1

/* weft_recorder_header.flags */
#define WEFT_RECORDER_SWITCHES	1	/* this kernel tells of context switches */
#define WEFT_RECORDER_TIMED	2	/* times are taken, so there are events */

/* weft_recorder_header.state */
#define WEFT_RECORDER_OFF	0
#define WEFT_RECORDER_ON	1
#define WEFT_RECORDER_FROZEN	2	/* by request */
#define WEFT_RECORDER_SLOW	3	/* by a job slower than @slow_ns */

/**
 * struct weft_recorder_header - What the file begins with
 * @magic: WEFT_RECORDER_MAGIC
 * @version: WEFT_RECORDER_VERSION
 * @header_size: of this struct
 * @ring_size: of &struct weft_recorder_ring
 * @event_size: of &struct weft_recorder_event
 * @rings: how many follow
 * @flags: WEFT_RECORDER_SWITCHES and others
 * @state: WEFT_RECORDER_ON and others, as the file was opened
 * @workers: workers of the async engine
 * @now_ns: when the file was opened, CLOCK_MONOTONIC
 * @brief_ns: polls that yielded sooner are counted, see WEFT_EVENT_BRIEF
 * @slow_ns: a job that takes longer freezes the recorder; 0 for none
 * @slow_id: the job that did
 * @slow_client: its client
 * @reserved: 0
 */
struct weft_recorder_header {
	char magic[8];
	__u32 version;
	__u32 header_size;
	__u32 ring_size;
	__u32 event_size;
	__u32 rings;
	__u32 flags;
	__u32 state;
	__u32 workers;
	__u64 now_ns;
	__u64 brief_ns;
	__u64 slow_ns;
	__u64 slow_id;
	__u32 slow_client;
	__u32 reserved;
};

/**
 * struct weft_recorder_ring - The events of one CPU
 * @cpu: its number
 * @events: events that follow
 * @written: events there ever were
 * @lost: of these, not in the file: overwritten, or just being written
 */
struct weft_recorder_ring {
	__u32 cpu;
	__u32 events;
	__u64 written;
	__u64 lost;
};

/* weft_recorder_event.kind; numbers are never used again. */
#define WEFT_EVENT_SUBMIT	1	/* @value jobs; @detail: WEFT_ENGINE_* */
#define WEFT_EVENT_POLL		2	/* @detail: what for; @value: how it ended */
#define WEFT_EVENT_BRIEF	3	/* @value: polls that soon yielded */
#define WEFT_EVENT_WAKE		4	/* @detail: WEFT_WOKEN_BY_* */
#define WEFT_EVENT_CANCEL	5	/* @detail: the verdict, WEFT_CANCELLED and others */
#define WEFT_EVENT_PARK		6	/* nothing to poll */
#define WEFT_EVENT_IN		7	/* switched in */
#define WEFT_EVENT_OUT		8	/* switched out; @detail: 1 if still runnable */
#define WEFT_EVENT_EXIT		9	/* the thread of a job is about to end */
#define WEFT_EVENT_PUNT		10	/* a step of the job goes to the blocking pool */

/* @detail of WEFT_EVENT_POLL: what the job waits for, or that it has ended. */
#define WEFT_POLL_NONE		0
#define WEFT_POLL_YIELD		1
#define WEFT_POLL_TIMER		2
#define WEFT_POLL_WAKER		3
#define WEFT_POLL_FD		4
#define WEFT_POLL_IO		5
#define WEFT_POLL_PUNT		6
#define WEFT_POLL_JOB		7
#define WEFT_POLL_READY		128
#define WEFT_POLL_FIRST		64	/* flag: it waited since it was submitted */

/* @detail of WEFT_EVENT_WAKE: who woke the job. */
#define WEFT_WOKEN_BY_TIMER	0
#define WEFT_WOKEN_BY_WAKER	1
#define WEFT_WOKEN_BY_CALL	2	/* weft_wake() of another module */
#define WEFT_WOKEN_BY_CANCEL	3
#define WEFT_WOKEN_BY_DROP	4	/* its last waker was dropped: it will end */
#define WEFT_WOKEN_BY_EARLY	5	/* woken during the poll, by one of these */
#define WEFT_WOKEN_IN_IRQ	128	/* flag: in an interrupt, so @pid is not to blame */

/* @worker of a thread of a job, and of an event that has no worker. */
#define WEFT_NO_WORKER		255

/**
 * struct weft_recorder_event - Something that happened
 * @ns: when it began, CLOCK_MONOTONIC
 * @id: the job; 0 if it is about none; the first of several
 * @value: by @kind
 * @took_ns: how long it took, for WEFT_EVENT_POLL and WEFT_EVENT_BRIEF
 * @waited_ns: for WEFT_EVENT_POLL, how long the job was runnable before
 * @client: the job's client, as in debugfs
 * @pid: the thread in which it happened
 * @seq: of the events of this CPU, cut to 32 bits
 * @kind: WEFT_EVENT_*
 * @op: WEFT_OP_* of the job
 * @worker: the worker whose thread @pid is, or to whom the job was woken
 * @detail: by @kind
 */
struct weft_recorder_event {
	__u64 ns;
	__u64 id;
	__s64 value;
	__u64 took_ns;
	__u64 waited_ns;
	__u32 client;
	__u32 pid;
	__u32 seq;
	__u8 kind;
	__u8 op;
	__u8 worker;
	__u8 detail;
};

#endif /* _UAPI_LINUX_WEFT_RECORDER_H */
