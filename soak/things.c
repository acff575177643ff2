// SPDX-License-Identifier: GPL-2.0-only
/* Files of all kinds for jobs to work on, a buffer, and jobs that do. */
#include "soak.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define THING_BYTES	(128 * 1024)

static int open_regular(void)
{
	char path[] = "/tmp/weft-soak-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0 || unlink(path))
		fail("a file in /tmp: %s", strerror(errno));
	return fd;
}

static void open_thing(struct things *t, unsigned int n)
{
	int flags = rng_once_in(&t->rng, 4) ? O_NONBLOCK : 0;
	int *fd = t->fds + n;

	switch (n) {
	case THING_PIPE:
		if (pipe2(fd, O_CLOEXEC | flags))
			fail("a pipe: %s", strerror(errno));
		break;
	case THING_PAIR:
		if (socketpair(AF_UNIX, (rng_once_in(&t->rng, 2) ? SOCK_STREAM : SOCK_DGRAM) |
			       SOCK_CLOEXEC | flags, 0, fd))
			fail("a pair of sockets: %s", strerror(errno));
		break;
	case THING_EVENT:
		*fd = eventfd(rng_below(&t->rng, 3), EFD_CLOEXEC | flags);
		break;
	default:
		*fd = open_regular();
		/* Something to read, and a hole behind it. */
		if (pwrite(*fd, t->mem, rng_below(&t->rng, t->bytes), 0) < 0 ||
		    ftruncate(*fd, rng_below(&t->rng, THING_BYTES)))
			fail("a file in /tmp: %s", strerror(errno));
	}
}

static bool is_second(unsigned int n)
{
	return n == THING_PIPE + 1 || n == THING_PAIR + 1;
}

/* All of them new, and a buffer of the client @fd. */
void open_things(struct things *t, struct rng *rng, int fd)
{
	struct weft_buffer buffer = { .size = sizeof(buffer), .bytes = THING_BYTES };
	unsigned int i;

	if (call(fd, WEFT_IOC_BUFFER, &buffer))
		fail("a buffer: %s", strerror(errno));
	t->rng = rng_split(rng);
	t->bytes = buffer.bytes;
	t->buffer = buffer.index;
	t->mem = mmap(NULL, t->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, buffer.offset);
	if (t->mem == MAP_FAILED)
		fail("a buffer cannot be mapped: %s", strerror(errno));
	for (i = 0; i < THINGS; i++)
		if (!is_second(i))
			open_thing(t, i);
}

static void close_thing(struct things *t, unsigned int n)
{
	if (is_second(n))
		n--;
	close(t->fds[n]);
	if (is_second(n + 1))
		close(t->fds[n + 1]);
}

void close_things(struct things *t)
{
	unsigned int i;

	for (i = 0; i < THINGS; i++)
		if (!is_second(i))
			close_thing(t, i);
	munmap(t->mem, t->bytes);
}

/* What others do meanwhile: close one under its jobs, fill it, or empty it. */
void stir_things(struct things *t)
{
	unsigned int n = rng_below(&t->rng, THINGS);
	struct pollfd p = { .fd = t->fds[n] };
	char bytes[4096] = { 0 };

	if (rng_once_in(&t->rng, 8)) {
		close_thing(t, n);
		open_thing(t, is_second(n) ? n - 1 : n);
		return;
	}
	/* A job may be faster; then it would be up to the next one to end the wait. */
	p.events = rng_once_in(&t->rng, 2) ? POLLIN : POLLOUT;
	if (poll(&p, 1, 0) != 1)
		return;
	fcntl(p.fd, F_SETFL, fcntl(p.fd, F_GETFL) | O_NONBLOCK);
	if (p.revents & POLLIN && read(p.fd, bytes, sizeof(bytes)) < 0 && errno != EAGAIN &&
	    errno != ECONNRESET && errno != EBADF)
		fail("a read of thing %u: %s", n, strerror(errno));
	if (p.revents & POLLOUT &&
	    write(p.fd, bytes, n == THING_EVENT ? 8 : rng_below(&t->rng, 4096)) < 0 &&
	    errno != EAGAIN && errno != EPIPE && errno != EBADF && errno != EINVAL)
		fail("a write of thing %u: %s", n, strerror(errno));
	if (rng_once_in(&t->rng, 2))
		fcntl(p.fd, F_SETFL, fcntl(p.fd, F_GETFL) & ~O_NONBLOCK);
}

static int any_fd(struct things *t)
{
	return rng_once_in(&t->rng, 256) ? -1 : t->fds[rng_below(&t->rng, THINGS)];
}

static int any_regular(struct things *t)
{
	return rng_once_in(&t->rng, 16) ? any_fd(t) : t->fds[rng_below(&t->rng, REGULARS)];
}

static __u64 any_offset(struct things *t)
{
	return rng_once_in(&t->rng, 2) ? WEFT_OFFSET_CURRENT :
					 rng_below(&t->rng, THING_BYTES);
}

static struct weft_job any_rw(struct things *t)
{
	struct weft_job job = {
		.op = rng_once_in(&t->rng, 2) ? WEFT_OP_READ : WEFT_OP_WRITE,
	};

	job.rw.fd = any_fd(t);
	job.rw.buffer = t->buffer;
	job.rw.len = rng_once_in(&t->rng, 8) ? rng_below(&t->rng, t->bytes) :
					       rng_below(&t->rng, 5000);
	job.rw.start = rng_below(&t->rng, t->bytes - job.rw.len);
	job.rw.offset = any_offset(t);
	if (rng_once_in(&t->rng, 256))
		job.rw.start = t->bytes;
	return job;
}

static struct weft_job any_verify(struct things *t)
{
	struct weft_job job = { .op = WEFT_OP_VERIFY };

	job.verify.fd = any_regular(t);
	job.verify.algorithm = rng_once_in(&t->rng, 2) ? WEFT_VERIFY_CRC32C :
							 WEFT_VERIFY_SHA256;
	job.verify.offset = rng_below(&t->rng, THING_BYTES);
	job.verify.len = rng_once_in(&t->rng, 2) ? ~0ULL : rng_below(&t->rng, 9000);
	job.verify.flags = rng_below(&t->rng, 3);
	if (job.verify.flags) {
		job.verify.buffer = t->buffer;
		job.verify.start = rng_below(&t->rng, t->bytes - 32);
	}
	return job;
}

/* Those that wait for somebody may wait for ever: they are to be cancelled. */
struct weft_job any_file_job(struct things *t, __u64 cookie)
{
	struct weft_job job = { 0 };

	switch (rng_below(&t->rng, 12)) {
	case 0:
		job.op = WEFT_OP_FSYNC;
		job.fsync.fd = any_fd(t);
		job.fsync.flags = rng_below(&t->rng, 2);
		break;
	case 1:
	case 2:
		job.op = WEFT_OP_COPY;
		job.copy.in = any_regular(t);
		job.copy.out = any_regular(t);
		job.copy.in_offset = any_offset(t);
		job.copy.out_offset = any_offset(t);
		job.copy.len = rng_below(&t->rng, 20000);
		break;
	case 3:
	case 4:
		job.op = WEFT_OP_POLL;
		job.poll.fd = any_fd(t);
		job.poll.events = 1U << rng_below(&t->rng, 8);
		break;
	case 5:
		job.op = WEFT_OP_EVENTFD;
		job.eventfd.fd = t->fds[THING_EVENT];
		job.eventfd.value = 1 + rng_below(&t->rng, 4);
		break;
	case 6:
		job = any_verify(t);
		break;
	default:
		job = any_rw(t);
	}
	job.user_data = cookie;
	job.tag = rng_below(&t->rng, 8);
	if (rng_once_in(&t->rng, 2))
		job.flags |= WEFT_JOB_RECEIPT;
	if (rng_once_in(&t->rng, 4))
		job.deadline_ns = in_ns(rng_below(&t->rng, 2 * MSEC));
	return job;
}

/* What a job with files may come to, whatever others do to the files meanwhile. */
bool is_file_result(__s64 result)
{
	static const int known[] = {
		ECANCELED, ETIME, EBADF, EINVAL, EAGAIN, EPIPE, ESPIPE, EOPNOTSUPP, EBADMSG,
		ENOSPC, EFBIG, EMSGSIZE, ECONNRESET, ECONNREFUSED, ENOTCONN, EXDEV, EIO,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (result == -known[i])
			return true;
	return result >= 0;
}
