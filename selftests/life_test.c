// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a client: it lives until the last close of its file, and then
 * all of its jobs end.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include "common.h"
#include "table.h"

#define CREDITS	64
#define JOBS	32

/* For the exec tests: the new program only waits to be killed. */
#define PAUSE_ENV	"WEFT_TEST_PAUSE"

static void __attribute__((constructor)) pause_if_asked(void)
{
	const char *fd = getenv(PAUSE_ENV);

	if (!fd)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(atoi(fd), "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* What a client is doing when its end comes. */
FIXTURE(end) {
	int pipe[2];
};

FIXTURE_VARIANT(end) {
	__u32 engine;
	struct weft_job job;
};

#define END_VARIANTS(_name, _job...) \
	FIXTURE_VARIANT_ADD(end, _name##_async) { \
		.engine = WEFT_ENGINE_ASYNC, .job = _job, \
	}; \
	FIXTURE_VARIANT_ADD(end, _name##_threads) { \
		.engine = WEFT_ENGINE_THREADS, .job = _job, \
	}

END_VARIANTS(nop, { .op = WEFT_OP_NOP });
END_VARIANTS(yield, { .op = WEFT_OP_YIELD, .yield.count = ~0ULL });
END_VARIANTS(spin, { .op = WEFT_OP_SPIN, .spin.ns = HOUR });
END_VARIANTS(sleep, { .op = WEFT_OP_SLEEP, .sleep.ns = HOUR });
END_VARIANTS(short_sleep, { .op = WEFT_OP_SLEEP, .sleep.ns = 200 * USEC });
END_VARIANTS(work, {
	.op = WEFT_OP_WORK,
	.work = { .work_ns = USEC, .wait_ns = 10 * USEC, .rounds = ~0U },
});

FIXTURE_SETUP(end)
{
	ASSERT_EQ(0, pipe(self->pipe));
}

FIXTURE_TEARDOWN(end)
{
	close(self->pipe[0]);
	close(self->pipe[1]);
}

static int open_busy(__u32 engine, struct weft_job job)
{
	struct weft_job *jobs = many_jobs(job, JOBS);
	int fd = open_client(engine, CREDITS);
	int ret = fd < 0 ? fd : submit_all(fd, jobs, NULL, JOBS);

	free(jobs);
	return ret < 0 ? ret : fd;
}

TEST_F(end, close_ends_every_job)
{
	int i, fd;

	for (i = 0; i < 5; i++) {
		fd = open_busy(variant->engine, variant->job);
		ASSERT_LE(0, fd);
		EXPECT_TRUE(client_exists(getpid()));
		ASSERT_EQ(0, close(fd));
		EXPECT_TRUE(until_gone(getpid(), variant->engine));
	}
}

TEST_F(end, close_with_unreaped_completions_ends)
{
	struct weft_cancel cancel;
	int fd = open_busy(variant->engine, variant->job);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cancel_all(fd, &cancel));
	ASSERT_EQ(JOBS, wait_done(fd, JOBS));
	ASSERT_EQ(0, close(fd));
	EXPECT_TRUE(until_gone(getpid(), variant->engine));
}

TEST_F(end, close_right_after_cancel_all_ends)
{
	struct weft_cancel cancel;
	int fd = open_busy(variant->engine, variant->job);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cancel_all(fd, &cancel));
	ASSERT_EQ(0, close(fd));
	EXPECT_TRUE(until_gone(getpid(), variant->engine));
}

enum stage {
	STAGE_OPEN,
	STAGE_SETUP,
	STAGE_SUBMITTED,
	STAGE_WAITING,
	STAGE_POLLED_LOOP,
	STAGES,
};

static void submit_for_ever(int fd, struct weft_job job)
{
	struct weft_completion c[JOBS];
	struct weft_job *jobs = many_jobs(job, JOBS);
	struct weft_cancel cancel;
	__u32 error;

	for (;;) {
		if (submit_batch(fd, jobs, NULL, JOBS, &error) < 0)
			_exit(1);
		cancel_all(fd, &cancel);
		wait_until(fd, c, JOBS, 1, in_ns(MSEC));
	}
}

/* Writes a byte when @stage is reached; then only a kill ends it. */
static void live_until_killed(enum stage stage, const FIXTURE_VARIANT(end) *variant,
			      int pipe)
{
	int fd = open_device();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd < 0)
		_exit(1);
	if (stage >= STAGE_SETUP && setup_client(fd, variant->engine, CREDITS))
		_exit(1);
	if (stage >= STAGE_SUBMITTED) {
		struct weft_job *jobs = many_jobs(variant->job, JOBS);

		if (submit_all(fd, jobs, NULL, JOBS) != JOBS)
			_exit(1);
	}
	if (write(pipe, "x", 1) != 1)
		_exit(1);
	if (stage == STAGE_WAITING)
		wait_until(fd, NULL, 0, CREDITS, WEFT_WAIT_FOREVER);
	if (stage == STAGE_POLLED_LOOP)
		submit_for_ever(fd, variant->job);
	for (;;)
		pause();
}

static void kill_and_check(struct __test_metadata *_metadata, pid_t pid, __u32 engine)
{
	int status;

	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_TRUE(until_gone(pid, engine));
}

TEST_F(end, kill_ends_every_job_at_every_stage)
{
	enum stage stage;
	pid_t pid;
	char x;

	for (stage = STAGE_OPEN; stage < STAGES; stage++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			live_until_killed(stage, variant, self->pipe[1]);
		ASSERT_EQ(1, read(self->pipe[0], &x, 1));
		if (stage == STAGE_WAITING) {
			ASSERT_EQ(true, until_asleep(pid));
		}
		kill_and_check(_metadata, pid, variant->engine);
	}
}

/* No stage: the kill comes wherever the child has got to by then. */
TEST_F(end, kill_at_any_point_ends_every_job)
{
	unsigned int i, spin;
	pid_t pid;

	for (i = 0; i < 12; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			live_until_killed(STAGE_POLLED_LOOP, variant, self->pipe[1]);
		for (spin = 0; spin < i * i * 8; spin++)
			sched_yield();
		kill_and_check(_metadata, pid, variant->engine);
	}
}

ENGINE_FIXTURE(life, CREDITS)

static int wait_for_exit(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

TEST_F(life, dup_is_the_same_client)
{
	int other = dup(self->fd);
	struct weft_completion c;

	ASSERT_LE(0, other);
	EXPECT_EQ(-EBADFD, setup_client(other, variant->engine, 1));
	ASSERT_EQ(1, submit_one(self->fd, nop_job(5), NULL));
	ASSERT_EQ(1, reap(other, &c, 1));
	EXPECT_EQ(5, c.user_data);
	EXPECT_EQ(0, look(self->fd));
	EXPECT_EQ(0, close(other));
}

TEST_F(life, closing_a_dup_ends_nothing)
{
	int other = dup(self->fd);
	struct weft_stats stats;
	struct weft_completion c;

	ASSERT_LE(0, other);
	ASSERT_EQ(1, submit_one(other, sleep_job(5, HOUR), NULL));
	ASSERT_EQ(0, close(other));
	ASSERT_EQ(1, run_job(self->fd, sleep_job(6, MSEC), &c));
	EXPECT_EQ(6, c.user_data);
	/* The other one's thread may not have had its first poll yet. */
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(1, stats.done);
	EXPECT_EQ(1, stats.waiting);
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
}

TEST_F(life, exit_of_a_child_ends_nothing)
{
	struct weft_completion c;
	struct weft_stats stats;
	pid_t pid;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(5, HOUR), NULL));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(close(self->fd));
	ASSERT_EQ(0, wait_for_exit(pid));
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(0, stats.done);
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
	EXPECT_EQ(5, c.user_data);
}

TEST_F(life, jobs_of_a_dead_child_complete_for_the_parent)
{
	struct weft_completion c[2];
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (submit_one(self->fd, sleep_job(0, 5 * MSEC), NULL) != 1 ||
		    submit_one(self->fd, work_job(1, 3, USEC, MSEC), NULL) != 1)
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(0, wait_for_exit(pid));
	ASSERT_EQ(2, reap(self->fd, c, 2));
	EXPECT_TRUE(exactly_once(c, 2));
	EXPECT_LE(0, c[0].result);
	EXPECT_LE(0, c[1].result);
}

TEST_F(life, client_lives_until_the_child_closes_it)
{
	int go[2];
	struct weft_completion c;
	pid_t pid;
	char x;

	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(5, 5 * MSEC), NULL));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (read(go[0], &x, 1) != 1 || reap(self->fd, &c, 1) != 1)
			_exit(1);
		_exit(c.user_data == 5 && c.result >= 0 ? 0 : 1);
	}
	ASSERT_EQ(0, close(self->fd));
	EXPECT_TRUE(client_exists(getpid()));
	ASSERT_EQ(1, write(go[1], "x", 1));
	EXPECT_EQ(0, wait_for_exit(pid));
	EXPECT_TRUE(until_gone(getpid(), variant->engine));
	self->fd = dup(go[0]);
	close(go[0]);
	close(go[1]);
}

static void *submit_in_thread(void *arg)
{
	int *fd = arg;

	return submit_one(*fd, sleep_job(5, 5 * MSEC), NULL) == 1 ? fd : NULL;
}

TEST_F(life, job_outlives_the_thread_that_submitted_it)
{
	struct weft_completion c;
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, submit_in_thread, &self->fd));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	ASSERT_TRUE(ret);
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(5, c.user_data);
	EXPECT_LE(0, c.result);
}

static int send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int socket)
{
	char x, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = &x, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

TEST_F(life, client_lives_in_a_message)
{
	struct weft_completion c;
	int sockets[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(5, 5 * MSEC), NULL));
	ASSERT_EQ(0, send_fd(sockets[0], self->fd));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_TRUE(client_exists(getpid()));
	self->fd = receive_fd(sockets[1]);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(5, c.user_data);
	EXPECT_LE(0, c.result);
	close(sockets[0]);
	close(sockets[1]);
}

/* Sets up a client, submits a job that never ends, sends the client to @socket. */
static void own_and_send(__u32 engine, int socket, bool wait)
{
	int fd = open_client(engine, 4);

	if (fd < 0 || submit_one(fd, sleep_job(5, HOUR), NULL) != 1 ||
	    send_fd(socket, fd))
		_exit(1);
	while (wait)
		pause();
	_exit(0);
}

static void check_owner_died(struct __test_metadata *_metadata, int fd)
{
	struct weft_completion c;

	ASSERT_LE(0, fd);
	ASSERT_EQ(1, reap(fd, &c, 1));
	EXPECT_EQ(5, c.user_data);
	EXPECT_EQ(-ECANCELED, c.result);
	/* What is left is a client as any. */
	ASSERT_EQ(1, run_job(fd, sleep_job(6, USEC), &c));
	EXPECT_LE(0, c.result);
	EXPECT_EQ(0, close(fd));
}

TEST_F(life, exit_of_the_owner_cancels_its_jobs)
{
	int sockets[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		own_and_send(variant->engine, sockets[1], false);
	check_owner_died(_metadata, receive_fd(sockets[0]));
	EXPECT_EQ(0, wait_for_exit(pid));
	close(sockets[0]);
	close(sockets[1]);
}

TEST_F(life, kill_of_the_owner_cancels_its_jobs)
{
	int fd, status, sockets[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		own_and_send(variant->engine, sockets[1], true);
	fd = receive_fd(sockets[0]);
	ASSERT_EQ(true, until_waiting(fd, 1));
	EXPECT_EQ(0, look(fd));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	check_owner_died(_metadata, fd);
	close(sockets[0]);
	close(sockets[1]);
}

static void *leave(void *arg)
{
	syscall(SYS_exit, 0);
	return arg;
}

/* The process lives on: a thread is not the owner. */
TEST_F(life, exit_of_a_thread_of_the_owner_ends_nothing)
{
	struct weft_completion c;
	pthread_t thread;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(5, HOUR), NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, leave, NULL));
	pthread_join(thread, NULL);
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	EXPECT_EQ(0, look(self->fd));
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
}

/* The message that holds the client waits in a socket that it holds itself. */
TEST_F(life, client_in_a_circle_of_sockets_ends)
{
	int i, fd, sockets[2];

	for (i = 0; i < 20; i++) {
		fd = open_busy(variant->engine, sleep_job(0, HOUR));
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
		ASSERT_EQ(0, send_fd(sockets[0], fd));
		ASSERT_EQ(0, send_fd(sockets[0], sockets[0]));
		ASSERT_EQ(0, send_fd(sockets[0], sockets[1]));
		close(fd);
		close(sockets[0]);
		close(sockets[1]);
	}
	/* The next socket that is closed has the others collected. */
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	close(sockets[0]);
	close(sockets[1]);
	ASSERT_EQ(0, close(self->fd));
	EXPECT_TRUE(until_gone(getpid(), variant->engine));
	self->fd = open_client(variant->engine, 1);
}

TEST_F(life, epoll_holds_no_client)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };
	int i, fd, ep;

	for (i = 0; i < 20; i++) {
		fd = open_busy(variant->engine, sleep_job(0, HOUR));
		ASSERT_LE(0, fd);
		ep = epoll_create1(EPOLL_CLOEXEC);
		ASSERT_LE(0, ep);
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
		close(i % 2 ? fd : ep);
		close(i % 2 ? ep : fd);
	}
	ASSERT_EQ(0, close(self->fd));
	EXPECT_TRUE(until_gone(getpid(), variant->engine));
	self->fd = open_client(variant->engine, 1);
}

TEST_F(life, dropped_message_ends_its_client)
{
	int fd = open_busy(variant->engine, sleep_job(0, HOUR));
	int sockets[2];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	ASSERT_EQ(0, send_fd(sockets[0], fd));
	ASSERT_EQ(0, close(fd));
	EXPECT_TRUE(client_exists(getpid()));
	close(sockets[0]);
	close(sockets[1]);
	EXPECT_TRUE(until_gone(getpid(), variant->engine));
	self->fd = open_client(variant->engine, 1);
}

/* A child that execs with a client that has jobs; returns when it has. */
static pid_t exec_with_client(__u32 engine, int fd_flags)
{
	char *argv[] = { "life_test", NULL };
	char env[32], *envp[] = { env, NULL };
	int fd, go[2];
	pid_t pid;
	char x;

	if (pipe(go))
		return -1;
	pid = fork();
	if (!pid) {
		fd = open_busy(engine, sleep_job(0, HOUR));
		snprintf(env, sizeof(env), PAUSE_ENV "=%d", go[1]);
		if (fd < 0 || fcntl(fd, F_SETFD, fd_flags))
			_exit(1);
		/* They would go on in the new program, which has no handler yet. */
		no_alarms();
		execve("/proc/self/exe", argv, envp);
		_exit(1);
	}
	close(go[1]);
	if (pid > 0 && read(go[0], &x, 1) != 1)
		pid = -1;
	close(go[0]);
	return pid;
}

TEST_F(life, exec_ends_a_close_on_exec_client)
{
	pid_t pid = exec_with_client(variant->engine, FD_CLOEXEC);

	ASSERT_LT(0, pid);
	EXPECT_TRUE(until_gone(pid, variant->engine));
	EXPECT_EQ(0, kill(pid, 0));
	kill_and_check(_metadata, pid, variant->engine);
}

TEST_F(life, exec_keeps_another_client)
{
	pid_t pid = exec_with_client(variant->engine, 0);

	ASSERT_LT(0, pid);
	EXPECT_TRUE(client_exists(pid));
	EXPECT_FALSE(engine_idle(variant->engine));
	kill_and_check(_metadata, pid, variant->engine);
}

TEST_F(life, clients_come_and_go_by_the_hundred)
{
	int i, fd;

	for (i = 0; i < 200; i++) {
		fd = open_client(variant->engine, 4);
		ASSERT_LE(0, fd);
		ASSERT_EQ(1, submit_one(fd, sleep_job(0, i % 2 ? HOUR : USEC), NULL));
		ASSERT_EQ(0, close(fd));
	}
	ASSERT_EQ(0, close(self->fd));
	EXPECT_TRUE(until_gone(getpid(), variant->engine));
	self->fd = open_client(variant->engine, 1);
}

struct waiter {
	int fd;
	int ret;
	pid_t tid;
	struct weft_completion c;
};

static void *wait_for_ever(void *arg)
{
	struct waiter *waiter = arg;

	__atomic_store_n(&waiter->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	waiter->ret = wait_until(waiter->fd, &waiter->c, 1, 1, WEFT_WAIT_FOREVER);
	return NULL;
}

/* Submits the job, and closes the client under the wait for it. */
static void close_under_wait(struct __test_metadata *_metadata, struct waiter *waiter,
			     struct weft_job job)
{
	pthread_t thread;

	ASSERT_EQ(1, submit_one(waiter->fd, job, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_ever, waiter));
	while (!__atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	ASSERT_EQ(true, until_asleep(waiter->tid));
	ASSERT_EQ(0, close(waiter->fd));
	pthread_join(thread, NULL);
	EXPECT_EQ(1, waiter->ret);
}

/* The wait holds the client: closing its number ends neither, nor the job. */
TEST_F(life, close_under_a_wait_lets_the_wait_end)
{
	struct waiter waiter = { .fd = self->fd };

	close_under_wait(_metadata, &waiter, sleep_job(0, 300 * MSEC));
	/* By itself, that is, after its time. */
	EXPECT_LE(0, waiter.c.result);
	EXPECT_TRUE(until_gone(getpid(), variant->engine));
	self->fd = open_device();
}

/* But jobs with files: what they hold might be what holds the client. */
TEST_F(life, close_under_a_wait_ends_jobs_with_files)
{
	struct waiter waiter = { .fd = self->fd };
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	close_under_wait(_metadata, &waiter, (struct weft_job){
		.op = WEFT_OP_POLL,
		.poll = { .fd = ends[0], .events = 1 },
	});
	EXPECT_EQ(-ECANCELED, waiter.c.result);
	EXPECT_TRUE(until_gone(getpid(), variant->engine));
	close(ends[0]);
	close(ends[1]);
	self->fd = open_device();
}

WEFT_TEST_MAIN
