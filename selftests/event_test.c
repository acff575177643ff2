// SPDX-License-Identifier: GPL-2.0-only
/* poll, eventfd, notify and await: jobs that wait for others, and tell them. */
#include "files.h"
#include "table.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#define CREDITS	64

ENGINE_FIXTURE(event, CREDITS)

static struct weft_job poll_job(int fd, __u32 events)
{
	return (struct weft_job){
		.op = WEFT_OP_POLL,
		.user_data = 1,
		.poll = { .fd = fd, .events = events },
	};
}

static struct weft_job eventfd_job(int fd, __u64 value)
{
	return (struct weft_job){
		.op = WEFT_OP_EVENTFD,
		.user_data = 2,
		.eventfd = { .fd = fd, .value = value },
	};
}

static struct weft_job notify_job(__u64 id, __u64 value)
{
	return (struct weft_job){
		.op = WEFT_OP_NOTIFY,
		.user_data = 3,
		.notify = { .id = id, .value = value },
	};
}

static struct weft_job await_job(__u64 count)
{
	return (struct weft_job){
		.op = WEFT_OP_AWAIT,
		.user_data = 4,
		.await.count = count,
	};
}

/* What poll(2) says of it without waiting. */
static int poll_now(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	int ret;

	do {
		ret = poll(&p, 1, 0);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : p.revents;
}

TEST_F(event, poll_of_what_is_ready_is_as_the_system_call)
{
	int file = open("/tmp", O_RDONLY | O_CLOEXEC);
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	int event = eventfd(1, EFD_CLOEXEC);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	const short events[] = {
		POLLIN, POLLOUT, POLLIN | POLLOUT | POLLPRI, POLLRDNORM | POLLWRNORM,
	};
	int pair[2], lone, i, j;

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	ASSERT_EQ(1, write(pair[1], "x", 1));
	lone = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int fds[] = { file, zero, event, epoll, pair[0], pair[1], lone };

	for (i = 0; i < (int)ARRAY_SIZE(fds); i++) {
		for (j = 0; j < (int)ARRAY_SIZE(events); j++) {
			int want = poll_now(fds[i], events[j]);

			EXPECT_EQ(want ?: -ETIME,
				  result(self->fd, want ? poll_job(fds[i], events[j]) :
					 with_deadline(poll_job(fds[i], events[j]),
						       in_ns(MSEC))));
		}
		close(fds[i]);
	}
}

TEST_F(event, poll_waits_until_it_is_ready)
{
	struct weft_completion c;
	int pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(1, submit_one(self->fd, with_receipt(poll_job(pair[0], POLLIN)), NULL));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	EXPECT_EQ(0, look(self->fd));
	ASSERT_EQ(1, write(pair[1], "x", 1));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(POLLIN, c.result);
	EXPECT_EQ(0, c.receipt.punts);
	/* Both directions, two wait queues or one. */
	ASSERT_EQ(1, submit_one(self->fd, poll_job(pair[0], POLLPRI), NULL));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	close(pair[1]);
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(POLLHUP, c.result);
	close(pair[0]);
}

TEST_F(event, waiting_poll_is_cancelled_and_expires)
{
	struct weft_completion c;
	int pair[2];
	__u64 id;

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	ASSERT_EQ(1, submit_one(self->fd, poll_job(pair[0], POLLIN), &id));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(self->fd, id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(-ECANCELED, c.result);
	EXPECT_EQ(-ETIME, result(self->fd, with_deadline(poll_job(pair[0], POLLIN),
							 in_ns(MSEC))));
	close(pair[0]);
	close(pair[1]);
}

TEST_F(event, wakes_of_others_do_not_end_a_poll)
{
	struct weft_completion c;
	int pair[2], i;
	char byte;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(1, submit_one(self->fd, poll_job(pair[0], POLLPRI), NULL));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, write(pair[1], "x", 1));
		ASSERT_EQ(1, read(pair[0], &byte, 1));
	}
	EXPECT_EQ(0, look(self->fd));
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
	close(pair[0]);
	close(pair[1]);
}

TEST_F(event, wrong_poll_is_refused)
{
	int own = open_device();

	EXPECT_EQ(-EBADF, result(self->fd, poll_job(-1, POLLIN)));
	EXPECT_EQ(-EBADF, result(self->fd, poll_job(self->fd, POLLIN)));
	EXPECT_EQ(-EBADF, result(self->fd, poll_job(own, POLLIN)));
	EXPECT_EQ(-EINVAL, result(self->fd, poll_job(0, 1 << 16)));
	EXPECT_EQ(-EINVAL, result(self->fd, poll_job(0, EPOLLONESHOT)));
	EXPECT_EQ(-EINVAL, result(self->fd, poll_job(0, EPOLLET)));
	close(own);
}

static bool until_ended(int fd, __u64 id)
{
	struct weft_progress p = { .size = sizeof(p), .id = id };
	__u64 end = in_ns(PATIENCE);

	while (!call(fd, WEFT_IOC_PROGRESS, &p) && !p.ended && now_ns() < end)
		sched_yield();
	return p.ended;
}

/* The jobs hold what was closed; those of which an end is gone end by the hang-up. */
static void check_closed(struct __test_metadata *_metadata, const struct weft_completion *c)
{
	unsigned int i;

	ASSERT_TRUE(exactly_once(c, 4));
	for (i = 0; i < 4; i++) {
		__s64 got = c[i].result;

		switch (c[i].user_data) {
		case 0:
			/* It was told of the pipe's end, or that is gone from it. */
			EXPECT_TRUE(got == POLLIN || got == -ECANCELED);
			break;
		case 1:
			EXPECT_EQ(-ECANCELED, got);
			break;
		case 2:
			EXPECT_EQ(POLLHUP, got);
			break;
		default:
			EXPECT_EQ(POLLIN | POLLHUP, got);
		}
	}
}

/* The files that a poll waits for are closed, and with them all else that is. */
TEST_F(event, files_closed_under_a_wait)
{
	unsigned int i, j, n = scaled(100, 20);
	struct weft_completion c[4];
	__u64 ids[4];
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	for (i = 0; i < n; i++) {
		int epoll = epoll_create1(EPOLL_CLOEXEC);
		int sig = signalfd(-1, &mask, SFD_CLOEXEC);
		int pipes[2], pair[2];

		ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
		struct epoll_event e = { .events = EPOLLIN };

		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &e));
		struct weft_job jobs[] = {
			poll_job(epoll, POLLIN), poll_job(sig, POLLIN),
			poll_job(pipes[0], POLLIN), poll_job(pair[0], POLLIN),
		};

		for (j = 0; j < 4; j++)
			jobs[j].user_data = j;
		ASSERT_EQ(4, submit_all(self->fd, jobs, ids, 4));
		if (i % 2) {
			ASSERT_TRUE(until_waiting(self->fd, 4));
		}
		close(epoll);
		close(sig);
		close(pair[0]);
		close(pair[1]);
		close(pipes[0]);
		close(pipes[1]);
		ASSERT_TRUE(until_ended(self->fd, ids[2]));
		ASSERT_TRUE(until_ended(self->fd, ids[3]));
		ASSERT_EQ(4, cancel_and_reap(self->fd, c, 4));
		check_closed(_metadata, c);
	}
}

struct poker {
	pthread_t thread;
	int fd;
	bool stop;
};

static void *poke(void *arg)
{
	struct poker *p = arg;
	__u64 value = 1;

	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		if (write(p->fd, &value, 8) != 8 || read(p->fd, &value, 8) != 8)
			break;
		sched_yield();
	}
	return NULL;
}

TEST_F(event, wake_against_poll_and_cancel_loses_nothing)
{
	struct poker p = { .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	unsigned int i, n = scaled(3000, 200);
	struct weft_completion c;
	__u64 id;

	ASSERT_EQ(0, pthread_create(&p.thread, NULL, poke, &p));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(1, submit_one(self->fd, poll_job(p.fd, POLLIN), &id));
		if (i % 3 == 0) {
			ASSERT_LE(0, cancel_job(self->fd, id));
		}
		ASSERT_EQ(1, reap(self->fd, &c, 1));
		ASSERT_TRUE(c.result == POLLIN || (c.result == -ECANCELED && i % 3 == 0));
	}
	__atomic_store_n(&p.stop, true, __ATOMIC_RELAXED);
	pthread_join(p.thread, NULL);
	close(p.fd);
}

TEST_F(event, eventfd_is_added_to)
{
	int event = eventfd(0, EFD_CLOEXEC), pair[2];
	__u64 value;

	EXPECT_EQ(0, result(self->fd, eventfd_job(event, 1)));
	EXPECT_EQ(0, result(self->fd, eventfd_job(event, 1024)));
	ASSERT_EQ(8, read(event, &value, 8));
	EXPECT_EQ(1025, value);
	EXPECT_EQ(-EINVAL, result(self->fd, eventfd_job(event, 0)));
	EXPECT_EQ(-EINVAL, result(self->fd, eventfd_job(event, 1025)));
	EXPECT_EQ(-EINVAL, result(self->fd, eventfd_job(event, ~0ULL)));
	EXPECT_EQ(-EBADF, result(self->fd, eventfd_job(-1, 1)));
	EXPECT_EQ(-EBADF, result(self->fd, eventfd_job(self->fd, 1)));
	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	EXPECT_EQ(-EINVAL, result(self->fd, eventfd_job(pair[1], 1)));
	/* One that is full stays full, and nobody waits. */
	value = ~0ULL - 1;
	ASSERT_EQ(8, write(event, &value, 8));
	EXPECT_EQ(0, result(self->fd, eventfd_job(event, 1024)));
	close(pair[0]);
	close(pair[1]);
	close(event);
}

TEST_F(event, await_ends_after_so_many_notifies)
{
	struct weft_completion c;
	__u64 id;

	ASSERT_EQ(1, submit_one(self->fd, await_job(3), &id));
	EXPECT_EQ(0, result(self->fd, notify_job(id, 5)));
	EXPECT_EQ(0, result(self->fd, notify_job(id, 0)));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	EXPECT_EQ(0, look(self->fd));
	ASSERT_EQ(1, submit_one(self->fd, notify_job(id, 7), NULL));
	ASSERT_EQ(2, wait_done(self->fd, 2));
	ASSERT_EQ(1, wait_until(self->fd, &c, 1, 1, 0));
	if (c.op == WEFT_OP_NOTIFY) {
		EXPECT_EQ(0, c.result);
		ASSERT_EQ(1, wait_until(self->fd, &c, 1, 1, 0));
	} else {
		struct weft_completion other;

		/* It has ended, and not been reaped by others: it is reaped now. */
		ASSERT_EQ(1, wait_until(self->fd, &other, 1, 1, 0));
		EXPECT_EQ(0, other.result);
	}
	EXPECT_EQ(WEFT_OP_AWAIT, c.op);
	EXPECT_EQ(12, c.result);
	EXPECT_EQ(-ENOENT, result(self->fd, notify_job(id, 1)));
}

TEST_F(event, notify_says_why_it_cannot)
{
	struct weft_completion c;
	__u64 nop, await;

	EXPECT_EQ(-ENOENT, result(self->fd, notify_job(0, 1)));
	EXPECT_EQ(-ENOENT, result(self->fd, notify_job(~0ULL, 1)));
	EXPECT_EQ(-EINVAL, result(self->fd, notify_job(1, 1ULL << 63)));
	EXPECT_EQ(-EINVAL, result(self->fd, await_job(0)));
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), &nop));
	EXPECT_EQ(-EINVAL, result(self->fd, notify_job(nop, 1)));
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
	ASSERT_EQ(1, submit_one(self->fd, await_job(1), &await));
	ASSERT_LE(0, cancel_job(self->fd, await));
	ASSERT_EQ(1, wait_done(self->fd, 1));
	ASSERT_EQ(1, submit_one(self->fd, notify_job(await, 1), NULL));
	ASSERT_EQ(2, wait_done(self->fd, 2));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(-ECANCELED, c.result);
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(-EALREADY, c.result);
}

TEST_F(event, sum_does_not_wrap)
{
	struct weft_completion c[3];
	__u64 id;

	ASSERT_EQ(1, submit_one(self->fd, await_job(2), &id));
	ASSERT_EQ(1, submit_one(self->fd, notify_job(id, INT64_MAX), NULL));
	ASSERT_EQ(1, submit_one(self->fd, notify_job(id, INT64_MAX), NULL));
	ASSERT_EQ(3, reap(self->fd, c, 3));
	EXPECT_EQ(1, count_result(c, 3, INT64_MAX));
	EXPECT_EQ(2, count_result(c, 3, 0));
}

TEST_F(event, client_cannot_notify_jobs_of_another)
{
	int other = open_client(variant->engine, 4);
	__u64 id;

	ASSERT_LE(0, other);
	/* The first id is that of the notify itself, for each client has its own. */
	ASSERT_EQ(1, submit_one(self->fd, await_job(1), NULL));
	ASSERT_EQ(1, submit_one(self->fd, await_job(1), &id));
	EXPECT_EQ(-ENOENT, result(other, notify_job(id, 1)));
	ASSERT_TRUE(until_waiting(self->fd, 2));
	close(other);
}

static struct table table;

static int number_of_clients(void)
{
	return table_read(&table, "clients") ? -1 : (int)table.rows;
}

/* A client that is on its way to a socket, which a job of the client holds. */
static int make_cycle(__u32 engine)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd = open_client(engine, 2), pair[2], ret;

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -1;
	if (submit_one(fd, poll_job(pair[0], POLLPRI), NULL) != 1 || !until_waiting(fd, 1))
		return -1;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	ret = sendmsg(pair[1], &msg, 0) == 1 ? 0 : -1;
	close(fd);
	/* Without a peer the job would end by a hang-up. */
	fcntl(pair[1], F_DUPFD_CLOEXEC, 900);
	close(pair[0]);
	close(pair[1]);
	return ret;
}

TEST_F(event, client_that_its_own_job_holds_is_closed)
{
	__u64 end = in_ns(PATIENCE);
	int before = number_of_clients(), status;
	pid_t pid;

	if (before < 0)
		SKIP(return, "no debugfs");
	ASSERT_EQ(0, make_cycle(variant->engine));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(make_cycle(variant->engine) ? 1 : 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	while (number_of_clients() != before && now_ns() < end)
		sched_yield();
	EXPECT_EQ(before, number_of_clients());
}

WEFT_TEST_MAIN
