/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * weft: an async task runner in the kernel. The interface of /dev/weft.
 *
 * One open of /dev/weft is one client. A client is set up once, submits jobs
 * in batches, and gets exactly one completion for every accepted job.
 */
#ifndef _UAPI_LINUX_WEFT_H
#define _UAPI_LINUX_WEFT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Newer than the types of older systems. */
#ifndef __aligned_s64
#define __aligned_s64 __s64 __attribute__((aligned(8)))
#endif

/**
 * DOC: rules of the interface
 *
 * The first field of every ioctl argument is its @size in bytes, set by the
 * caller. What a kernel adds to a struct later is taken as zero from callers that
 * do not know it, and not written to them; a struct larger than the kernel's is
 * accepted if what the kernel does not know is zero. Unknown flags, reserved
 * fields and the unused argument words of a job must be zero. Fields marked "out"
 * are ignored on the way in. An ioctl that returns an error has changed nothing.
 *
 * Times are nanoseconds; points in time are CLOCK_MONOTONIC.
 *
 * Each errno means one thing:
 *
 * ========== ================================================================
 * ENOTTY     the ioctl is not known
 * E2BIG      the struct has a non-zero tail that this kernel does not know,
 *            or is larger than a page
 * EINVAL     a field has a wrong value (this includes a struct that is too
 *            small)
 * EBADFD     the client is in the wrong state: not set up yet, or already
 * EBADF      there is no such file descriptor, or it is one of weft itself
 * EFAULT     an address is bad; a job names a buffer that is not there, or a range
 *            that is not inside of it
 * EAGAIN     no credit is free: POLLOUT says when one is; no kernel thread is
 *            to be had: some are when jobs of any client on threads have
 *            ended; no completion is there for a read that may not block:
 *            POLLIN says when
 * ENOENT     no job of this client has this id, or its completion was reaped; there
 *            is no buffer, or no template, of this number
 * EBADMSG    as the result of a job: a digest is not the expected one
 * EDQUOT     the user has as many clients, credits, or buffers, as one user may
 *            have; the client has as many buffers, or templates, as one client may
 *            have
 * EOPNOTSUPP the op is known, but WEFT_IOC_RESTRICT took it from this client; as
 *            the result of a job: a kernel thread cannot do this to this file
 * ELOOP      the edges of a graph go round in a circle
 * ENXIO      a node of a graph names one that is not there, or whose result it
 *            cannot have, as that is not before it
 * EBADSLT    a result of one type was bound to an argument of another
 * EBUSY      the graph's completion was not reaped yet
 * ENOMEM     no memory: at open, set-up and submit only, never for an accepted
 *            job
 * ETIME      the timeout of a wait passed and there was nothing to return; as
 *            the result of a job: its deadline passed
 * EINTR      a signal came and there was nothing to return; or the caller is
 *            being killed
 * ========== ================================================================
 */

#define WEFT_ABI_VERSION	1

#define WEFT_IOC_TYPE		0xBF

/* _IO() although arguments are passed: their sizes are in the structs. */
#define WEFT_IOC_QUERY		_IO(WEFT_IOC_TYPE, 0x00)
#define WEFT_IOC_SETUP		_IO(WEFT_IOC_TYPE, 0x01)
#define WEFT_IOC_SUBMIT		_IO(WEFT_IOC_TYPE, 0x02)
#define WEFT_IOC_WAIT		_IO(WEFT_IOC_TYPE, 0x03)
#define WEFT_IOC_CANCEL		_IO(WEFT_IOC_TYPE, 0x04)
#define WEFT_IOC_STATS		_IO(WEFT_IOC_TYPE, 0x05)
#define WEFT_IOC_RESTRICT	_IO(WEFT_IOC_TYPE, 0x06)
#define WEFT_IOC_BUFFER		_IO(WEFT_IOC_TYPE, 0x07)
#define WEFT_IOC_PROGRESS	_IO(WEFT_IOC_TYPE, 0x08)
#define WEFT_IOC_GRAPH		_IO(WEFT_IOC_TYPE, 0x09)
#define WEFT_IOC_GRAPH_RESULT	_IO(WEFT_IOC_TYPE, 0x0a)
#define WEFT_IOC_TEMPLATE	_IO(WEFT_IOC_TYPE, 0x0b)
#define WEFT_IOC_RUN		_IO(WEFT_IOC_TYPE, 0x0c)
#define WEFT_IOC_STEP		_IO(WEFT_IOC_TYPE, 0x10)

/* Engines: how a client's jobs run. */
#define WEFT_ENGINE_ASYNC	0	/* many tasks on a few workers */
#define WEFT_ENGINE_THREADS	1	/* one kernel thread a job, which blocks */

/* Ops: the kinds of job. */
#define WEFT_OP_NOP		0	/* ends at once; result 0 */
#define WEFT_OP_YIELD		1	/* gives way yield.count times; result 0 */
#define WEFT_OP_SPIN		2	/* uses spin.ns of CPU, in slices; result 0 */
#define WEFT_OP_SLEEP		3	/* waits; result: ns later than was asked */
#define WEFT_OP_WORK		4	/* works, waits, works again; result 0 */
#define WEFT_OP_READ		5	/* read(2) or pread(2); result: bytes read */
#define WEFT_OP_WRITE		6	/* write(2) or pwrite(2); result: bytes written */
#define WEFT_OP_FSYNC		7	/* fsync(2) or fdatasync(2); result 0 */
#define WEFT_OP_COPY		8	/* a range of a file; result: bytes copied */
#define WEFT_OP_POLL		9	/* waits as poll(2); result: what is ready */
#define WEFT_OP_EVENTFD		10	/* adds to an eventfd; result 0 */
#define WEFT_OP_NOTIFY		11	/* tells a WEFT_OP_AWAIT; result 0 */
#define WEFT_OP_AWAIT		12	/* waits to be told; result: sum of the values */
#define WEFT_OP_VERIFY		13	/* digest of a file; result: bytes read */

/* In a completion: a graph. No job has this op. */
#define WEFT_OP_GRAPH		0xffff

/* Flags of a job. */
#define WEFT_JOB_RECEIPT	(1U << 0)	/* fill in the completion's receipt */

/* Flags of a sleep. */
#define WEFT_SLEEP_ABS		(1U << 0)	/* sleep.ns is a point in time */

/* Algorithms of a verify; what the kernel does not have is EOPNOTSUPP. */
#define WEFT_VERIFY_CRC32C	0	/* 4 bytes, least significant first */
#define WEFT_VERIFY_XXH64	1	/* 8 bytes, likewise; seed 0 */
#define WEFT_VERIFY_SHA256	2	/* 32 bytes */

/* Flags of a verify, one of them at most. */
#define WEFT_VERIFY_COMPARE	(1U << 0)	/* with the digest in the buffer */
#define WEFT_VERIFY_STORE	(1U << 1)	/* store the digest in the buffer */

/* In place of an offset in a file: the file's own position, or that it has none. */
#define WEFT_OFFSET_CURRENT	(~0ULL)

/* Most that a job adds to an eventfd. */
#define WEFT_EVENTFD_MAX	1024

/* Flags of a fsync. */
#define WEFT_FSYNC_DATA		(1U << 0)	/* as fdatasync(2) */

/**
 * struct weft_job - What a client submits (64 bytes)
 * @op: one of WEFT_OP_*
 * @flags: WEFT_JOB_*
 * @tag: a group of jobs, for WEFT_CANCEL_TAG; any number
 * @user_data: comes back in the completion, untouched
 * @deadline_ns: when the job is ended if it has not ended by itself, with the
 *	result -ETIME: a point in time, at most 2^63 - 1; 0 for none. It is looked
 *	at when the job has its turn: one in the past ends the job at its first
 *	poll. The submitter's timer slack applies.
 * @arg: the arguments as plain words; the ones an op does not use must be zero
 * @yield: arguments of WEFT_OP_YIELD
 * @yield.count: how often the job gives way before it ends
 * @spin: arguments of WEFT_OP_SPIN
 * @spin.ns: CPU time to use, in ns, at most 2^63 - 1
 * @sleep: arguments of WEFT_OP_SLEEP
 * @sleep.ns: how long, counted from the job's first poll, or with
 *	WEFT_SLEEP_ABS until when; at most 2^63 - 1. A point in the past ends the
 *	job at its first poll. The submitter's timer slack applies.
 * @sleep.flags: WEFT_SLEEP_*
 * @sleep.__reserved: must be zero
 * @work: arguments of WEFT_OP_WORK
 * @work.work_ns: CPU time of each round, in ns, at most 2^63 - 1
 * @work.wait_ns: the wait between two rounds, in ns, at most 2^63 - 1
 * @work.rounds: how many rounds of work; at least 1
 * @work.__reserved: must be zero
 * @rw: arguments of WEFT_OP_READ and WEFT_OP_WRITE
 * @rw.fd: the file, which the job holds from submit to its end, also if the number
 *	is closed or used for another file meanwhile
 * @rw.buffer: number of the client's buffer, likewise
 * @rw.offset: where in the file, at most 2^63 - 1, or WEFT_OFFSET_CURRENT
 * @rw.start: where in the buffer
 * @rw.len: how many bytes
 * @rw.flags: must be zero
 * @fsync: arguments of WEFT_OP_FSYNC
 * @fsync.fd: as @rw.fd
 * @fsync.flags: WEFT_FSYNC_*
 * @copy: arguments of WEFT_OP_COPY. What copy_file_range(2) cannot copy from file
 *	to file is copied through memory, if both are regular files
 * @copy.in: what to read, as @rw.fd
 * @copy.out: what to write, likewise
 * @copy.in_offset: as @rw.offset
 * @copy.out_offset: likewise
 * @copy.len: how many bytes at most; the copy ends at the end of the file
 * @copy.flags: must be zero
 * @copy.__reserved: must be zero
 * @poll: arguments of WEFT_OP_POLL
 * @poll.fd: as @rw.fd
 * @poll.events: POLLIN and others, as in poll(2); POLLERR and POLLHUP are in it
 * @eventfd: arguments of WEFT_OP_EVENTFD
 * @eventfd.fd: an eventfd, as @rw.fd; EINVAL for another file
 * @eventfd.__reserved: must be zero
 * @eventfd.value: what to add, 1 to WEFT_EVENTFD_MAX. A count that would become too
 *	large stays at the largest there is: nobody waits
 * @notify: arguments of WEFT_OP_NOTIFY. The result is -ENOENT where there is no such
 *	job, -EINVAL where it is no WEFT_OP_AWAIT, -EALREADY where that awaits no more
 * @notify.id: a job of the same client
 * @notify.value: at most 2^63 - 1
 * @await: arguments of WEFT_OP_AWAIT
 * @await.count: how many notifies to wait for; at least 1. A sum beyond 2^63 - 1 is
 *	2^63 - 1
 * @verify: arguments of WEFT_OP_VERIFY. The result is -EBADMSG if a comparison
 *	fails. It reads regular files and block devices, and with the lowest priority
 * @verify.fd: as @rw.fd
 * @verify.algorithm: WEFT_VERIFY_*
 * @verify.offset: where to begin, at most 2^63 - 1
 * @verify.len: how many bytes; it ends at the end of the file
 * @verify.start: where in the buffer the digest is, or is to be; 0 without a flag
 * @verify.buffer: number of the client's buffer; likewise
 * @verify.flags: WEFT_VERIFY_COMPARE or WEFT_VERIFY_STORE. The expected digest is
 *	looked at when all was read
 *
 * Jobs with files act with the credentials and limits of the thread that submitted
 * them, as they were then. The result is that of the system call, but that no
 * signal is ever sent for it: neither SIGPIPE nor SIGXFSZ.
 */
struct weft_job {
	__u16 op;
	__u16 flags;
	__u32 tag;
	__aligned_u64 user_data;
	__aligned_u64 deadline_ns;
	union {
		__aligned_u64 arg[5];
		struct {
			__aligned_u64 count;
		} yield;
		struct {
			__aligned_u64 ns;
		} spin;
		struct {
			__aligned_u64 ns;
			__u32 flags;
			__u32 __reserved;
		} sleep;
		struct {
			__aligned_u64 work_ns;
			__aligned_u64 wait_ns;
			__u32 rounds;
			__u32 __reserved;
		} work;
		struct {
			__s32 fd;
			__u32 buffer;
			__aligned_u64 offset;
			__aligned_u64 start;
			__u32 len;
			__u32 flags;
		} rw;
		struct {
			__s32 fd;
			__u32 flags;
		} fsync;
		struct {
			__s32 in;
			__s32 out;
			__aligned_u64 in_offset;
			__aligned_u64 out_offset;
			__aligned_u64 len;
			__u32 flags;
			__u32 __reserved;
		} copy;
		struct {
			__s32 fd;
			__u32 events;
		} poll;
		struct {
			__s32 fd;
			__u32 __reserved;
			__aligned_u64 value;
		} eventfd;
		struct {
			__aligned_u64 id;
			__aligned_u64 value;
		} notify;
		struct {
			__aligned_u64 count;
		} await;
		struct {
			__s32 fd;
			__u32 algorithm;
			__aligned_u64 offset;
			__aligned_u64 len;
			__aligned_u64 start;
			__u32 buffer;
			__u32 flags;
		} verify;
	};
};

/**
 * struct weft_receipt - What a job did and cost (40 bytes)
 * @queued_ns: time it was runnable and waited for a worker
 * @run_ns: time inside its polls
 * @blocked_ns: time it waited for its wait source
 * @polls: how often it was polled
 * @wakes: how often a wait source made it runnable again
 * @moves: how often it went from one worker to another
 * @punts: how often a step was moved to the blocking pool
 *
 * The times are zero unless the completion has WEFT_COMPLETION_TIMED.
 */
struct weft_receipt {
	__aligned_u64 queued_ns;
	__aligned_u64 run_ns;
	__aligned_u64 blocked_ns;
	__u32 polls;
	__u32 wakes;
	__u32 moves;
	__u32 punts;
};

/* Flags of a completion. */
#define WEFT_COMPLETION_RECEIPT	(1U << 0)	/* the receipt is filled in */
#define WEFT_COMPLETION_TIMED	(1U << 1)	/* and so are its times */

/**
 * struct weft_completion - The one record of a job's end (72 bytes)
 * @id: the job's id
 * @user_data: as submitted
 * @result: what the op says, not negative, or a negative errno: -ECANCELED for
 *	a cancelled job, -ETIME for one whose deadline passed, -EDEADLK for one that
 *	nothing could have woken any more (a bug in its op)
 * @op: as submitted; WEFT_OP_GRAPH for a graph
 * @flags: WEFT_COMPLETION_*
 * @__reserved: zero
 * @receipt: zero without WEFT_COMPLETION_RECEIPT
 *
 * read() on /dev/weft returns an array of these, as many as are there and fit.
 */
struct weft_completion {
	__aligned_u64 id;
	__aligned_u64 user_data;
	__aligned_s64 result;
	__u16 op;
	__u16 flags;
	__u32 __reserved;
	struct weft_receipt receipt;
};

/* Features that a query reports. */
#define WEFT_FEATURE_TIMING	(1U << 0)	/* receipts and histograms have times */
#define WEFT_FEATURE_GRAPHS	(1U << 1)	/* there are graphs and templates */
#define WEFT_FEATURE_STEP	(1U << 4)	/* WEFT_SETUP_STEP and WEFT_IOC_STEP */

/**
 * struct weft_query - WEFT_IOC_QUERY: what this kernel's weft can do
 * @size: size of this struct
 * @abi_version: out: WEFT_ABI_VERSION of the module
 * @ops: out: bit n is set if op n is known, and allowed to this client
 * @engines: out: bit n is set if engine n is known
 * @features: out: WEFT_FEATURE_*
 * @max_credits: out: most credits of one client
 * @default_credits: out: credits of a client that asks for none
 * @max_batch: out: most jobs of one submit
 * @max_threads: out: most kernel threads of all clients on the threads engine
 * @workers: out: workers of the async engine
 * @job_size: out: sizeof(struct weft_job)
 * @completion_size: out: sizeof(struct weft_completion)
 * @job_bytes: out: kernel memory a job takes on the async engine, in bytes
 *
 * Works before and after set-up. Return: 0, or E2BIG, EINVAL, EFAULT.
 */
struct weft_query {
	__u32 size;
	__u32 abi_version;
	__aligned_u64 ops;
	__u32 engines;
	__u32 features;
	__u32 max_credits;
	__u32 default_credits;
	__u32 max_batch;
	__u32 max_threads;
	__u32 workers;
	__u32 job_size;
	__u32 completion_size;
	__u32 job_bytes;
};

/* Flags of a set-up. */
#define WEFT_SETUP_STEP		(1U << 0)	/* workers of its own, see WEFT_IOC_STEP */
#define WEFT_SETUP_VIRTUAL	(1U << 1)	/* and a clock of its own */

/* What a stepped client may have. */
#define WEFT_STEP_MAX_WORKERS	8
#define WEFT_STEP_MAX_CREDITS	1024

/**
 * struct weft_setup - WEFT_IOC_SETUP: make this open a client
 * @size: size of this struct
 * @flags: WEFT_SETUP_*; VIRTUAL goes with STEP only, and STEP with engine async
 * @engine: WEFT_ENGINE_*
 * @credits: in: how many jobs may be under way or unreaped at once, 0 for the
 *	default; out: the credits given. At most WEFT_STEP_MAX_CREDITS with
 *	WEFT_SETUP_STEP
 * @workers: with WEFT_SETUP_STEP: workers of its own, 1 to WEFT_STEP_MAX_WORKERS;
 *	else 0
 * @__reserved: must be zero
 *
 * Once for each open. The process that does it owns the client: when that
 * process exits, the client's jobs are cancelled, also if others hold the client
 * and may go on to use it. Return: 0, or E2BIG, EINVAL, EFAULT, EBADFD (set up
 * already), EDQUOT, ENOMEM.
 */
struct weft_setup {
	__u32 size;
	__u32 flags;
	__u32 engine;
	__u32 credits;
	__u32 workers;
	__u32 __reserved;
};

/**
 * struct weft_submit - WEFT_IOC_SUBMIT: submit a batch of jobs, in order
 * @size: size of this struct
 * @flags: must be zero
 * @jobs: address of @count struct weft_job
 * @ids: address of @count __u64 that receive the ids of the accepted jobs, or 0
 * @count: how many jobs, at most max_batch of the query
 * @accepted: out: how many were accepted; also the index of the first refused
 * @error: out: why job @accepted was refused (a positive errno), 0 if all were
 *	accepted: EINVAL, EOPNOTSUPP, EFAULT, EAGAIN, ENOMEM, or EINTR when the
 *	caller is being killed. Entries of @ids past @accepted are undefined.
 * @__reserved: must be zero
 *
 * Each job is accepted or refused as a whole; after the first refusal no
 * further job is looked at. Return: @accepted, or, when no job was looked at,
 * E2BIG, EINVAL, EFAULT, EBADFD, EINTR.
 */
struct weft_submit {
	__u32 size;
	__u32 flags;
	__aligned_u64 jobs;
	__aligned_u64 ids;
	__u32 count;
	__u32 accepted;
	__u32 error;
	__u32 __reserved;
};

/* The timeout of a wait that has none. */
#define WEFT_WAIT_FOREVER	(~0ULL)

/**
 * struct weft_wait - WEFT_IOC_WAIT: wait for completions, and reap them
 * @size: size of this struct
 * @flags: must be zero
 * @completions: address of @capacity struct weft_completion; may be 0 if
 *	@capacity is 0
 * @timeout_ns: until when to wait, CLOCK_MONOTONIC; WEFT_WAIT_FOREVER for no
 *	limit, 0 to return at once
 * @capacity: how many completions may be reaped; 0 waits and reaps none
 * @min: wait until so many completions are there; at most the client's credits
 * @count: out: how many were reaped or, if @capacity is 0, are there
 * @__reserved: must be zero
 *
 * The timeout or a signal ends the wait early; what is there by then is
 * returned. Return: @count, or E2BIG, EINVAL, EFAULT, EBADFD; ETIME or EINTR if
 * the wait ended early and @count would be 0.
 */
struct weft_wait {
	__u32 size;
	__u32 flags;
	__aligned_u64 completions;
	__aligned_u64 timeout_ns;
	__u32 capacity;
	__u32 min;
	__u32 count;
	__u32 __reserved;
};

/* Flags of a cancel. */
#define WEFT_CANCEL_ALL		(1U << 0)	/* every job of the client; id must be 0 */
#define WEFT_CANCEL_TAG		(1U << 1)	/* every job with the tag; id must be 0 */

/* Verdicts of a cancel. */
#define WEFT_CANCELLED		1	/* it will end with -ECANCELED */
#define WEFT_ALREADY_DONE	2	/* it has ended; the completion is there */
#define WEFT_STOPPING		3	/* it is running; it ends soon, either way */

/**
 * struct weft_cancel - WEFT_IOC_CANCEL: end one job, those of a tag, or all
 * @size: size of this struct
 * @flags: WEFT_CANCEL_*, one of them at most
 * @id: the job
 * @verdict: out: one of WEFT_CANCELLED, WEFT_ALREADY_DONE, WEFT_STOPPING; 0 with
 *	a flag
 * @cancelled: out: how many jobs got the verdict WEFT_CANCELLED
 * @stopping: out: how many jobs got the verdict WEFT_STOPPING
 * @tag: the tag, with WEFT_CANCEL_TAG; else 0
 *
 * With a flag, that there is no such job is no error: the counts say so.
 * Never waits. Every job still gets its one completion. Return: 0, or E2BIG,
 * EINVAL, EFAULT, EBADFD, ENOENT.
 */
struct weft_cancel {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__u32 verdict;
	__u32 cancelled;
	__u32 stopping;
	__u32 tag;
};

/**
 * struct weft_stats - WEFT_IOC_STATS: the client's own counts
 * @size: size of this struct
 * @flags: must be zero
 * @accepted: out: jobs accepted since set-up
 * @refused: out: submits that ended at a refused job
 * @done: out: jobs that ended; @accepted = @done + @queued + @running + @waiting
 * @failed: out: of these, with a negative result, cancelled ones included
 * @cancelled: out: of these, with -ECANCELED
 * @reaped: out: completions that were reaped
 * @queued: out: jobs that are runnable and wait for a worker
 * @running: out: jobs inside a poll
 * @waiting: out: jobs that wait for their wait source
 * @polls: out: sum of the receipts of @done jobs; so are the next ones
 * @wakes: out: see struct weft_receipt
 * @moves: out: see struct weft_receipt
 * @punts: out: see struct weft_receipt
 * @queued_ns: out: see struct weft_receipt
 * @run_ns: out: see struct weft_receipt
 * @blocked_ns: out: see struct weft_receipt
 * @bytes: out: kernel memory held for this client, without thread stacks
 * @credits: out: credits of the client
 * @credits_free: out: of these, free now
 * @expired: out: of the @failed jobs, those with -ETIME
 *
 * Return: 0, or E2BIG, EINVAL, EFAULT, EBADFD.
 */
struct weft_stats {
	__u32 size;
	__u32 flags;
	__aligned_u64 accepted;
	__aligned_u64 refused;
	__aligned_u64 done;
	__aligned_u64 failed;
	__aligned_u64 cancelled;
	__aligned_u64 reaped;
	__aligned_u64 queued;
	__aligned_u64 running;
	__aligned_u64 waiting;
	__aligned_u64 polls;
	__aligned_u64 wakes;
	__aligned_u64 moves;
	__aligned_u64 punts;
	__aligned_u64 queued_ns;
	__aligned_u64 run_ns;
	__aligned_u64 blocked_ns;
	__aligned_u64 bytes;
	__u32 credits;
	__u32 credits_free;
	__aligned_u64 expired;
};

/**
 * struct weft_restrict - WEFT_IOC_RESTRICT: take ops from this client
 * @size: size of this struct
 * @flags: must be zero
 * @ops: in: bit n keeps op n, bits of unknown ops are ignored; out: the ops that
 *	are left
 *
 * For good: no call gives an op back. Before or after set-up, as often as one
 * likes; jobs that were accepted are not touched. Return: 0, or E2BIG, EINVAL,
 * EFAULT.
 */
struct weft_restrict {
	__u32 size;
	__u32 flags;
	__aligned_u64 ops;
};

/* Flags of a step. */
#define WEFT_STEP_LOOK		(1U << 0)	/* poll nothing, only look */
#define WEFT_STEP_SKIP		(1U << 1)	/* nothing is runnable: on to the next timer */

/* Whichever worker has something runnable, each in its turn. */
#define WEFT_STEP_ANY		(~0U)

/* Outcomes of a step. */
#define WEFT_STEP_IDLE		0	/* nothing was polled */
#define WEFT_STEP_ENDED		1	/* the job has ended; its completion is there */
#define WEFT_STEP_PENDING	2	/* it waits */
#define WEFT_STEP_YIELDED	3	/* it gave way, and is queued again */

/* States of a job between two steps. */
#define WEFT_STEP_JOB_QUEUED	1	/* runnable */
#define WEFT_STEP_JOB_WAITING	2	/* pending */

/* What such a job waits for. */
#define WEFT_STEP_FOR_TURN	1	/* its turn in the run queue */
#define WEFT_STEP_FOR_TIMER	2	/* a point in time */
#define WEFT_STEP_FOR_WAKER	3	/* whoever holds its waker */
#define WEFT_STEP_FOR_FD	4	/* a file to be ready */
#define WEFT_STEP_FOR_IO	5	/* a device or page */
#define WEFT_STEP_FOR_PUNT	6	/* the blocking pool */
#define WEFT_STEP_FOR_JOB	7	/* another job */

/**
 * struct weft_step_job - A job of a stepped client between two steps (48 bytes)
 * @id: its id
 * @user_data: as submitted
 * @due_ns: when a timer wakes it, by the client's clock; 0 if none does
 * @polls: polls so far
 * @wakes: wakes so far; that of a job which is queued counts from its poll on
 * @worker: its worker; WEFT_STEP_ANY if it has none yet
 * @place: its place in that worker's run queue, from 1; 0 if it waits, or is on its
 *	way there, as one is that is being submitted
 * @op: as submitted
 * @state: WEFT_STEP_JOB_*
 * @waits: WEFT_STEP_FOR_*
 * @__reserved: zero
 */
struct weft_step_job {
	__aligned_u64 id;
	__aligned_u64 user_data;
	__aligned_u64 due_ns;
	__u32 polls;
	__u32 wakes;
	__u32 worker;
	__u32 place;
	__u16 op;
	__u16 state;
	__u16 waits;
	__u16 __reserved;
};

/**
 * struct weft_step - WEFT_IOC_STEP: one poll of a stepped client
 * @size: size of this struct
 * @flags: WEFT_STEP_LOOK or WEFT_STEP_SKIP, or none
 * @jobs: address of @capacity struct weft_step_job, or 0 if that is 0; receives the
 *	jobs that have not ended, by slot, as they are after the step
 * @capacity: at most WEFT_STEP_MAX_CREDITS
 * @listed: out: how many are there, also if that is more than @capacity
 * @worker: in: which worker polls, or WEFT_STEP_ANY; out: which one did, or
 *	WEFT_STEP_ANY if none
 * @outcome: out: WEFT_STEP_*
 * @advance_ns: before that, the client's virtual clock goes on by so much; 0
 *	without WEFT_SETUP_VIRTUAL
 * @id: out: the job that was polled; 0 if none was
 * @now_ns: out: the client's clock after the step
 * @next_ns: out: when the next timer is due, by that clock; 0 if there is none
 * @queued: out: of the jobs, runnable
 * @waiting: out: of the jobs, pending
 *
 * Return: 0, or E2BIG, EINVAL, EFAULT, EBADFD (the client is not stepped), EINTR
 * (the caller is being killed).
 */
struct weft_step {
	__u32 size;
	__u32 flags;
	__aligned_u64 jobs;
	__u32 capacity;
	__u32 listed;
	__u32 worker;
	__u32 outcome;
	__aligned_u64 advance_ns;
	__aligned_u64 id;
	__aligned_u64 now_ns;
	__aligned_u64 next_ns;
	__u32 queued;
	__u32 waiting;
};

/* Flags of a buffer. */
#define WEFT_BUFFER_FREE	(1U << 0)	/* take the number from a buffer */

/**
 * struct weft_buffer - WEFT_IOC_BUFFER: make a buffer for jobs, or free one
 * @size: size of this struct
 * @flags: WEFT_BUFFER_*
 * @bytes: in: how large, rounded up to whole pages; out: how large it is. 0 with
 *	WEFT_BUFFER_FREE
 * @offset: out: where to mmap() it, MAP_SHARED, in whole or in part; 0 with
 *	WEFT_BUFFER_FREE
 * @index: in with WEFT_BUFFER_FREE, out otherwise: its number
 * @__reserved: must be zero
 *
 * A new buffer is full of zeros. A freed one has no number any more; its memory
 * goes, and counts no longer, when the last job that uses it has ended and the last
 * mapping is gone. A mapping is a use of the client: it is not closed before. What
 * is in a buffer while a job reads or writes it is up to who writes it then. Return:
 * 0, or E2BIG, EINVAL (no bytes, or more than any client may have), EFAULT, EBADFD,
 * EDQUOT, ENOENT, ENOMEM.
 */
struct weft_buffer {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	__aligned_u64 offset;
	__u32 index;
	__u32 __reserved;
};

/**
 * struct weft_progress - WEFT_IOC_PROGRESS: how far a job is
 * @size: size of this struct
 * @flags: must be zero
 * @id: the job
 * @done: out: bytes done
 * @total: out: of so many, or fewer if the file ends before
 * @ended: out: 1 if it has ended
 * @__reserved: must be zero
 *
 * @done and @total are zero for ops other than WEFT_OP_COPY and WEFT_OP_VERIFY. Never
 * waits. Return: 0, or E2BIG, EINVAL, EFAULT, EBADFD, ENOENT.
 */
struct weft_progress {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 done;
	__aligned_u64 total;
	__u32 ended;
	__u32 __reserved;
};

/* Most nodes of a graph. */
#define WEFT_MAX_NODES		64
/* Most results that are bound to arguments of one node. */
#define WEFT_NODE_BINDS		4

/* Flags of a node. */
#define WEFT_NODE_FINALLY	(1U << 0)	/* after all others, whatever came of them */
#define WEFT_NODE_RACE		(1U << 1)	/* as it starts, what it waited for ends */
#define WEFT_NODE_UNLESS	(1U << 2)	/* the guard must not hold */

/* Guards: what the result of another node must be for a node to run. */
#define WEFT_GUARD_NONE		0	/* there is no guard */
#define WEFT_GUARD_NEGATIVE	1	/* less than 0 */
#define WEFT_GUARD_EQUAL	2	/* guard_value */
#define WEFT_GUARD_SHORT	3	/* not negative, and less than guard_value */

/* What of another node a binding takes. */
#define WEFT_BIND_NONE		0	/* there is no binding */
#define WEFT_BIND_RESULT	1	/* its result */
#define WEFT_BIND_ID		2	/* its job's id */

/**
 * struct weft_bind - Something of one node as an argument of another
 * @node: the one
 * @what: WEFT_BIND_*
 * @arg: the argument: how many bytes after the first one it is in struct weft_job
 * @__reserved: must be zero
 *
 * The types must be the same; docs/graphs.md has those of results and arguments.
 * What the job has there is not used, but must be right by itself.
 */
struct weft_bind {
	__u8 node;
	__u8 what;
	__u8 arg;
	__u8 __reserved;
};

/**
 * struct weft_node - A node of a graph: a job, and when it starts (128 bytes)
 * @job: the job
 * @after_success: bit n is set: starts after node n has ended with a result that
 *	is not negative
 * @after_end: likewise, with any result
 * @after_failure: likewise, with a negative result
 * @flags: WEFT_NODE_*
 * @need: how many of these must have come true; 0 for all
 * @guard: WEFT_GUARD_*
 * @guard_node: whose result it looks at
 * @guard_value: see WEFT_GUARD_*
 * @bind: what it gets from other nodes
 * @__reserved: must be zero
 *
 * At most one edge from each node. A node whose edges can no longer come true, whose
 * guard says no, or to which a result is bound that is not there or negative, is
 * skipped: it does not run, its result is -ECANCELED, and no edge from it comes true.
 */
struct weft_node {
	struct weft_job job;
	__aligned_u64 after_success;
	__aligned_u64 after_end;
	__aligned_u64 after_failure;
	__u32 flags;
	__u16 need;
	__u8 guard;
	__u8 guard_node;
	__aligned_s64 guard_value;
	struct weft_bind bind[WEFT_NODE_BINDS];
	__aligned_u64 __reserved;
};

/* Flags of a graph. */
#define WEFT_GRAPH_RECEIPT	(1U << 0)	/* its completion has the sums of all nodes */
#define WEFT_GRAPH_KEEP		(1U << 1)	/* keep the results after it was reaped */

/* No node of a graph is at fault. */
#define WEFT_NO_NODE		(~0U)

/**
 * struct weft_graph - WEFT_IOC_GRAPH: submit jobs that wait for each other
 * @size: size of this struct
 * @flags: WEFT_GRAPH_*
 * @nodes: address of @count struct weft_node
 * @count: how many, 1 to WEFT_MAX_NODES
 * @tag: as of a job
 * @user_data: comes back in the completion, untouched
 * @deadline_ns: when the graph is ended if it has not ended by itself, with the
 *	result -ETIME; 0 for none
 * @after: the id of a job or graph of this client: no node starts before that has
 *	ended; 0 for none
 * @id: out: its id, for a cancel, an @after, or WEFT_IOC_GRAPH_RESULT
 * @error: out: why it was refused (a positive errno); 0 if it was accepted. As for
 *	a job, and ELOOP, ENXIO, EBADSLT; ENOENT if @after was never given out
 * @node: out: the node at fault; WEFT_NO_NODE if none is
 *
 * A graph is accepted or refused as a whole. It takes a credit for each node and one
 * for itself, which come back when its completion was reaped (with WEFT_GRAPH_KEEP:
 * when its results were freed). It gets one completion, when all its nodes have
 * ended: its result is that of the first node that failed with nothing in the graph
 * to answer for that, or 0; -ECANCELED if it was cancelled, -ETIME if its deadline
 * passed. Return: 1 if it was accepted, 0 if not; or E2BIG, EINVAL, EFAULT, EBADFD,
 * EINTR.
 */
struct weft_graph {
	__u32 size;
	__u32 flags;
	__aligned_u64 nodes;
	__u32 count;
	__u32 tag;
	__aligned_u64 user_data;
	__aligned_u64 deadline_ns;
	__aligned_u64 after;
	__aligned_u64 id;
	__u32 error;
	__u32 node;
};

/* States of a node, and of a graph. */
#define WEFT_NODE_HELD		0	/* has not started */
#define WEFT_NODE_STARTED	1	/* has not ended */
#define WEFT_NODE_ENDED		2	/* has ended; its result is there */
#define WEFT_NODE_SKIPPED	3	/* will not start any more */

/**
 * struct weft_node_result - What came of a node (72 bytes)
 * @id: its job's id
 * @user_data: as submitted
 * @result: as of a job; 0 while it is WEFT_NODE_HELD or WEFT_NODE_STARTED
 * @op: as submitted
 * @flags: WEFT_COMPLETION_*
 * @state: WEFT_NODE_*
 * @receipt: zero without WEFT_COMPLETION_RECEIPT
 */
struct weft_node_result {
	__aligned_u64 id;
	__aligned_u64 user_data;
	__aligned_s64 result;
	__u16 op;
	__u16 flags;
	__u32 state;
	struct weft_receipt receipt;
};

/* Flags of a look at the results. */
#define WEFT_RESULT_FREE	(1U << 0)	/* and give the credits back */

/**
 * struct weft_graph_result - WEFT_IOC_GRAPH_RESULT: the results of a graph's nodes
 * @size: size of this struct
 * @flags: WEFT_RESULT_*
 * @id: the graph
 * @results: address of @capacity struct weft_node_result; may be 0 if that is 0
 * @capacity: how many results are wanted
 * @count: out: how many nodes there are
 * @result: out: the graph's result, 0 if it has not ended
 * @state: out: WEFT_NODE_HELD, WEFT_NODE_STARTED or WEFT_NODE_ENDED
 * @__reserved: must be zero
 *
 * From its acceptance until its completion was reaped; with WEFT_GRAPH_KEEP until a
 * call with WEFT_RESULT_FREE, which is EBUSY before it was reaped. Return: how many
 * results were written, or E2BIG, EINVAL, EFAULT, EBADFD, ENOENT, EBUSY, ENOMEM.
 */
struct weft_graph_result {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 results;
	__u32 capacity;
	__u32 count;
	__aligned_s64 result;
	__u32 state;
	__u32 __reserved;
};

/* Flags of a template. */
#define WEFT_TEMPLATE_FREE	(1U << 0)	/* forget it; nodes and count must be 0 */

/**
 * struct weft_template - WEFT_IOC_TEMPLATE: keep nodes, to run them again and again
 * @size: size of this struct
 * @flags: WEFT_TEMPLATE_*
 * @nodes: as of a graph
 * @count: as of a graph
 * @number: in with WEFT_TEMPLATE_FREE, else out: the template's number
 * @error: out: as of a graph
 * @node: out: as of a graph
 *
 * Runs that are under way do not need the template any more. Return: 1 if it was kept
 * or forgotten, 0 if not; or E2BIG, EINVAL, EFAULT, EBADFD, EINTR, ENOENT (no such
 * template), EDQUOT (too many), ENOMEM.
 */
struct weft_template {
	__u32 size;
	__u32 flags;
	__aligned_u64 nodes;
	__u32 count;
	__u32 number;
	__u32 error;
	__u32 node;
};

/* What of a node's job a change changes, beside the argument words 0 to 4. */
#define WEFT_CHANGE_USER_DATA	5
#define WEFT_CHANGE_DEADLINE	6

/**
 * struct weft_change - Another argument for a run of a template (16 bytes)
 * @node: whose
 * @what: 0 to 4 for a word of arg[], or WEFT_CHANGE_*
 * @value: what it is in this run
 */
struct weft_change {
	__u32 node;
	__u32 what;
	__aligned_u64 value;
};

/* Most changes of one run. */
#define WEFT_MAX_CHANGES	256

/**
 * struct weft_run - WEFT_IOC_RUN: submit the graph of a template
 * @size: size of this struct
 * @flags: as of a graph
 * @changes: address of @count struct weft_change
 * @count: how many, up to WEFT_MAX_CHANGES
 * @number: the template
 * @tag: as of a graph
 * @__reserved: must be zero
 * @user_data: as of a graph
 * @deadline_ns: as of a graph
 * @after: as of a graph
 * @id: out: as of a graph
 * @error: out: as of a graph; ENXIO if a change is for a node that is not there
 * @node: out: as of a graph
 *
 * Return: as of a graph, and ENOENT (no such template).
 */
struct weft_run {
	__u32 size;
	__u32 flags;
	__aligned_u64 changes;
	__u32 count;
	__u32 number;
	__u32 tag;
	__u32 __reserved;
	__aligned_u64 user_data;
	__aligned_u64 deadline_ns;
	__aligned_u64 after;
	__aligned_u64 id;
	__u32 error;
	__u32 node;
};

#endif /* _UAPI_LINUX_WEFT_H */
