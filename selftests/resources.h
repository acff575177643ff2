/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What jobs hold: files, ends of pipes, eventfds, buffers. And whether all of it was
 * given back, as far as that can be seen from outside: a file system that nobody uses
 * can be unmounted, a pipe without writers is at its end, a buffer counts no longer.
 */
#ifndef WEFT_SELFTESTS_RESOURCES_H
#define WEFT_SELFTESTS_RESOURCES_H

#include "files.h"
#include <sys/eventfd.h>

#define RESOURCES	"/tmp/weft-resources"
#define RESOURCE_BYTES	8192

struct resources {
	int client;
	struct area area;
	int file;
	int other;
	int pipe[2];
	int event;
	__u64 bytes;		/* of the client, when no job is there */
};

/* Slots are made when they are wanted, and kept: now all are there. */
static inline bool fill_slots(int client, __u32 credits)
{
	struct weft_job *jobs = many_jobs(nop_job(0), credits);
	struct weft_completion *c = calloc(credits, sizeof(*c));
	bool ok = jobs && c && submit_all(client, jobs, NULL, credits) == (int)credits &&
		  reap(client, c, credits) == (int)credits;

	free(jobs);
	free(c);
	return ok;
}

static inline bool open_resources(struct resources *r, __u32 engine, __u32 credits)
{
	struct weft_stats stats;

	r->client = open_client(engine, credits);
	if (r->client < 0 || !fill_slots(r->client, credits) ||
	    make_area(r->client, RESOURCE_BYTES, &r->area) || mount_tmpfs(RESOURCES, 1 << 20) ||
	    pipe2(r->pipe, O_CLOEXEC))
		return false;
	r->file = open(RESOURCES "/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	r->other = open(RESOURCES "/other", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	r->event = eventfd(0, EFD_CLOEXEC);
	if (r->file < 0 || r->other < 0 || r->event < 0 ||
	    pwrite(r->file, r->area.mem, RESOURCE_BYTES, 0) != RESOURCE_BYTES ||
	    get_stats(r->client, &stats))
		return false;
	r->bytes = stats.bytes;
	return true;
}

/* NULL, or what is still held by somebody. No job has been submitted that has not ended. */
static inline const char *what_is_held(struct resources *r)
{
	struct weft_stats stats;
	const char *held = NULL;
	char byte;

	if (get_stats(r->client, &stats) || stats.bytes != r->bytes)
		held = "memory of the client";
	unmap_area(&r->area);
	free_buffer(r->client, r->area.index);
	if (get_stats(r->client, &stats) || stats.bytes != r->bytes - RESOURCE_BYTES)
		held = held ?: "the buffer";
	close(r->pipe[1]);
	fcntl(r->pipe[0], F_SETFL, O_NONBLOCK);
	/* What was written is there still; then comes the end. */
	while (read(r->pipe[0], &byte, 1) == 1)
		;
	if (read(r->pipe[0], &byte, 1) != 0)
		held = held ?: "the pipe";
	close(r->pipe[0]);
	close(r->event);
	close(r->file);
	close(r->other);
	close(r->client);
	/* What a kernel thread dropped last is closed a moment later. */
	for (__u64 end = in_ns(PATIENCE); umount2(RESOURCES, 0);) {
		if (errno != EBUSY || now_ns() > end)
			return held ?: "a file";
		sched_yield();
	}
	return held;
}

/* One of each op that holds something; each ends by itself, but the last two. */
enum holder {
	HOLD_READ,
	HOLD_WRITE,
	HOLD_FSYNC,
	HOLD_COPY,
	HOLD_VERIFY,
	HOLD_STORE,
	HOLD_EVENTFD,
	HOLD_POLL,
	HOLD_PIPE_WRITE,
	HOLD_POLL_FOR_EVER,
	HOLD_PIPE_READ,
	HOLDERS,
};

static inline struct weft_job holder_job(const struct resources *r, enum holder which)
{
	struct weft_job job = { .user_data = which };

	switch (which) {
	case HOLD_READ:
		return rw_job(WEFT_OP_READ, r->file, &r->area, 0, 0, 4096);
	case HOLD_WRITE:
		return rw_job(WEFT_OP_WRITE, r->other, &r->area, 0, 0, 4096);
	case HOLD_FSYNC:
		return fsync_job(r->file, 0);
	case HOLD_COPY:
		job.op = WEFT_OP_COPY;
		job.copy.in = r->file;
		job.copy.out = r->other;
		job.copy.len = 4096;
		return job;
	case HOLD_VERIFY:
	case HOLD_STORE:
		job.op = WEFT_OP_VERIFY;
		job.verify.fd = r->file;
		job.verify.algorithm = WEFT_VERIFY_SHA256;
		job.verify.len = ~0ULL;
		if (which == HOLD_STORE) {
			job.verify.flags = WEFT_VERIFY_STORE;
			job.verify.buffer = r->area.index;
		}
		return job;
	case HOLD_EVENTFD:
		job.op = WEFT_OP_EVENTFD;
		job.eventfd.fd = r->event;
		job.eventfd.value = 1;
		return job;
	case HOLD_POLL:
		job.op = WEFT_OP_POLL;
		job.poll.fd = r->pipe[1];
		job.poll.events = 4;	/* POLLOUT */
		return job;
	case HOLD_PIPE_WRITE:
		return write_job(r->pipe[1], &r->area, 1);
	case HOLD_POLL_FOR_EVER:
		job.op = WEFT_OP_POLL;
		job.poll.fd = r->pipe[1];
		job.poll.events = 2;	/* POLLPRI */
		return job;
	default:
		/* It holds the file to read from, and somebody holds one to write to. */
		return read_job(r->event, &r->area, 8);
	}
}

#endif /* WEFT_SELFTESTS_RESOURCES_H */
