// SPDX-License-Identifier: LGPL-2.1-or-later
/* Jobs to submit, one function a kind. */
#include <string.h>

#include "weft.h"

static void weft_job_init(struct weft_job *job, uint16_t op)
{
	memset(job, 0, sizeof(*job));
	job->op = op;
}

/**
 * weft_job_nop() - a job that ends at once
 * @job: to be filled in; flags and user_data are zero
 */
void weft_job_nop(struct weft_job *job)
{
	weft_job_init(job, WEFT_OP_NOP);
}

/**
 * weft_job_yield() - a job that gives way
 * @job: to be filled in; flags and user_data are zero
 * @count: how often
 */
void weft_job_yield(struct weft_job *job, uint64_t count)
{
	weft_job_init(job, WEFT_OP_YIELD);
	job->yield.count = count;
}

/**
 * weft_job_spin() - a job that uses the CPU
 * @job: to be filled in; flags and user_data are zero
 * @ns: for so long
 */
void weft_job_spin(struct weft_job *job, uint64_t ns)
{
	weft_job_init(job, WEFT_OP_SPIN);
	job->spin.ns = ns;
}

/**
 * weft_job_sleep() - a job that waits for some time
 * @job: to be filled in; flags and user_data are zero
 * @ns: how long
 */
void weft_job_sleep(struct weft_job *job, uint64_t ns)
{
	weft_job_init(job, WEFT_OP_SLEEP);
	job->sleep.ns = ns;
}

/**
 * weft_job_sleep_until() - a job that waits for a point in time
 * @job: to be filled in; flags and user_data are zero
 * @ns: until when, CLOCK_MONOTONIC
 */
void weft_job_sleep_until(struct weft_job *job, uint64_t ns)
{
	weft_job_sleep(job, ns);
	job->sleep.flags = WEFT_SLEEP_ABS;
}

/**
 * weft_job_work() - a job that works, waits, and works again
 * @job: to be filled in; flags and user_data are zero
 * @rounds: how often it works, at least 1
 * @work_ns: CPU time of each round
 * @wait_ns: the wait between two rounds
 */
void weft_job_work(struct weft_job *job, uint32_t rounds, uint64_t work_ns,
		   uint64_t wait_ns)
{
	weft_job_init(job, WEFT_OP_WORK);
	job->work.rounds = rounds;
	job->work.work_ns = work_ns;
	job->work.wait_ns = wait_ns;
}

static void weft_job_rw(struct weft_job *job, uint16_t op, int fd, uint64_t offset,
			uint32_t buffer, uint64_t start, uint32_t len)
{
	weft_job_init(job, op);
	job->rw.fd = fd;
	job->rw.buffer = buffer;
	job->rw.offset = offset;
	job->rw.start = start;
	job->rw.len = len;
}

/**
 * weft_job_read() - a job that reads from a file
 * @job: to be filled in; flags and user_data are zero
 * @fd: the file; may be closed as soon as the job was submitted
 * @offset: where in the file, or WEFT_OFFSET_CURRENT
 * @buffer: number of the buffer, from weft_client_buffer()
 * @start: where in the buffer
 * @len: how many bytes
 */
void weft_job_read(struct weft_job *job, int fd, uint64_t offset, uint32_t buffer,
		   uint64_t start, uint32_t len)
{
	weft_job_rw(job, WEFT_OP_READ, fd, offset, buffer, start, len);
}

/**
 * weft_job_write() - a job that writes to a file
 * @job: to be filled in; flags and user_data are zero
 * @fd: the file; may be closed as soon as the job was submitted
 * @offset: where in the file, or WEFT_OFFSET_CURRENT
 * @buffer: number of the buffer, from weft_client_buffer()
 * @start: where in the buffer
 * @len: how many bytes
 */
void weft_job_write(struct weft_job *job, int fd, uint64_t offset, uint32_t buffer,
		    uint64_t start, uint32_t len)
{
	weft_job_rw(job, WEFT_OP_WRITE, fd, offset, buffer, start, len);
}

/**
 * weft_job_fsync() - a job that waits until a file is on its device
 * @job: to be filled in; flags and user_data are zero
 * @fd: the file
 * @flags: WEFT_FSYNC_DATA or 0
 */
void weft_job_fsync(struct weft_job *job, int fd, uint32_t flags)
{
	weft_job_init(job, WEFT_OP_FSYNC);
	job->fsync.fd = fd;
	job->fsync.flags = flags;
}

/**
 * weft_job_copy() - a job that copies a range of a file to another
 * @job: to be filled in; flags and user_data are zero
 * @in: what to read
 * @in_offset: from where, or WEFT_OFFSET_CURRENT
 * @out: what to write
 * @out_offset: to where, or WEFT_OFFSET_CURRENT
 * @len: how many bytes at most; UINT64_MAX for all there are
 */
void weft_job_copy(struct weft_job *job, int in, uint64_t in_offset, int out,
		   uint64_t out_offset, uint64_t len)
{
	weft_job_init(job, WEFT_OP_COPY);
	job->copy.in = in;
	job->copy.out = out;
	job->copy.in_offset = in_offset;
	job->copy.out_offset = out_offset;
	job->copy.len = len;
}

/**
 * weft_job_poll() - a job that waits until a file is ready
 * @job: to be filled in; flags and user_data are zero
 * @fd: the file
 * @events: POLLIN and others
 */
void weft_job_poll(struct weft_job *job, int fd, uint32_t events)
{
	weft_job_init(job, WEFT_OP_POLL);
	job->poll.fd = fd;
	job->poll.events = events;
}

/**
 * weft_job_eventfd() - a job that adds to an eventfd
 * @job: to be filled in; flags and user_data are zero
 * @fd: the eventfd
 * @value: what to add, 1 to WEFT_EVENTFD_MAX
 */
void weft_job_eventfd(struct weft_job *job, int fd, uint64_t value)
{
	weft_job_init(job, WEFT_OP_EVENTFD);
	job->eventfd.fd = fd;
	job->eventfd.value = value;
}

/**
 * weft_job_notify() - a job that tells another one
 * @job: to be filled in; flags and user_data are zero
 * @id: that of a weft_job_await() of the same client
 * @value: what to tell, at most INT64_MAX
 */
void weft_job_notify(struct weft_job *job, uint64_t id, uint64_t value)
{
	weft_job_init(job, WEFT_OP_NOTIFY);
	job->notify.id = id;
	job->notify.value = value;
}

/**
 * weft_job_await() - a job that waits to be told
 * @job: to be filled in; flags and user_data are zero
 * @count: how often, at least 1
 */
void weft_job_await(struct weft_job *job, uint64_t count)
{
	weft_job_init(job, WEFT_OP_AWAIT);
	job->await.count = count;
}

/**
 * weft_job_verify() - a job that reads a range of a file for its digest
 * @job: to be filled in; flags and user_data are zero
 * @fd: the file
 * @algorithm: WEFT_VERIFY_*
 * @offset: where to begin
 * @len: how many bytes at most; UINT64_MAX for all there are
 *
 * What becomes of the digest is said by weft_job_verify_store() or
 * weft_job_verify_compare(), after this; without them it only counts the bytes.
 */
void weft_job_verify(struct weft_job *job, int fd, uint32_t algorithm,
		     uint64_t offset, uint64_t len)
{
	weft_job_init(job, WEFT_OP_VERIFY);
	job->verify.fd = fd;
	job->verify.algorithm = algorithm;
	job->verify.offset = offset;
	job->verify.len = len;
}

static void weft_job_verify_with(struct weft_job *job, uint32_t buffer,
				 uint64_t start, uint32_t flags)
{
	job->verify.buffer = buffer;
	job->verify.start = start;
	job->verify.flags = flags;
}

/**
 * weft_job_verify_store() - store the digest
 * @job: made by weft_job_verify()
 * @buffer: number of the buffer, from weft_client_buffer()
 * @start: where in the buffer; it takes weft_algorithm_bytes()
 */
void weft_job_verify_store(struct weft_job *job, uint32_t buffer, uint64_t start)
{
	weft_job_verify_with(job, buffer, start, WEFT_VERIFY_STORE);
}

/**
 * weft_job_verify_compare() - compare the digest; the result is -EBADMSG if it differs
 * @job: made by weft_job_verify()
 * @buffer: number of the buffer in which the expected one is
 * @start: where in the buffer
 */
void weft_job_verify_compare(struct weft_job *job, uint32_t buffer, uint64_t start)
{
	weft_job_verify_with(job, buffer, start, WEFT_VERIFY_COMPARE);
}
