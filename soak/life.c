// SPDX-License-Identifier: GPL-2.0-only
/*
 * What close, dup, fork, exec and the end of a thread mean for a client with jobs
 * under way; and that one which is held by itself goes all the same. A cycle is one
 * of each.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include "soak.h"

#define AT_ONCE	2
#define MOST	16
#define CREDITS	32

/* For the cycles of exec: the descriptor that the new program gets, and its jobs. */
#define EXEC_ENV	"WEFT_SOAK_EXEC"

struct cycle {
	struct rng *rng;
	__u32 engine;
	unsigned int jobs;
	int fd;
};

static void open_cycle(struct cycle *cycle, struct rng *rng)
{
	cycle->rng = rng;
	cycle->engine = rng_once_in(rng, 4) ? WEFT_ENGINE_THREADS : WEFT_ENGINE_ASYNC;
	/* A thread takes long to make. */
	cycle->jobs = cycle->engine == WEFT_ENGINE_THREADS ? 2 : MOST;
	cycle->fd = must_open(cycle->engine, CREDITS);
}

/* @n cycles in each of some processes at once: most of a cycle is a wait for others. */
static void run_cycles(struct round *round, void (*run)(struct cycle *cycle), unsigned int n)
{
	pid_t pids[AT_ONCE];
	struct cycle cycle;
	unsigned int i;

	for (i = 0; i < AT_ONCE; i++) {
		struct rng rng = rng_split(&round->rng);

		pids[i] = fork_helper();
		if (pids[i])
			continue;
		while (n--) {
			open_cycle(&cycle, &rng);
			run(&cycle);
		}
		_exit(0);
	}
	for (i = 0; i < AT_ONCE; i++)
		end_helper(pids[i]);
}

/* Jobs that end, and jobs that do not; on @fd, with the cookies from 0 on. */
static void submit_some(struct cycle *cycle, bool endless)
{
	struct weft_job jobs[MOST];
	unsigned int i;

	for (i = 0; i < cycle->jobs; i++)
		jobs[i] = endless ? endless_job(cycle->rng, i) : any_job(cycle->rng, i);
	if (submit_all(cycle->fd, jobs, NULL, cycle->jobs) != (int)cycle->jobs)
		fail("%u jobs were not accepted", cycle->jobs);
}

/* All of them once, and if they were @cancelled as such. */
static void reap_all(int fd, unsigned int jobs, bool cancelled)
{
	struct weft_completion c[MOST];

	reap_exactly(fd, c, jobs);
	if (!exactly_once(c, jobs))
		fail("a job completed twice");
	if (cancelled && count_result(c, jobs, -ECANCELED) != jobs)
		fail("a job ended by itself that had no end");
}

static void cancel_and_reap_all(int fd, unsigned int jobs)
{
	struct weft_cancel cancel;

	if (cancel_all(fd, &cancel))
		fail("a cancel failed");
	reap_all(fd, jobs, true);
}

static void cycle_close(struct cycle *cycle)
{
	submit_some(cycle, true);
	close(cycle->fd);
}

static void cycle_dup(struct cycle *cycle)
{
	int other = dup(cycle->fd);

	submit_some(cycle, false);
	close(cycle->fd);
	reap_all(other, cycle->jobs, false);
	cycle->fd = other;
	submit_some(cycle, true);
	close(other);
}

/* The child owns the client, and what it submitted ends with it. */
static void cycle_fork(struct cycle *cycle)
{
	pid_t pid;

	close(cycle->fd);
	cycle->fd = open_device();
	pid = fork_helper();
	if (!pid) {
		if (setup_client(cycle->fd, cycle->engine, CREDITS))
			fail("a child cannot set up");
		submit_some(cycle, true);
		_exit(0);
	}
	end_helper(pid);
	reap_all(cycle->fd, cycle->jobs, true);
	submit_some(cycle, false);
	reap_all(cycle->fd, cycle->jobs, false);
	close(cycle->fd);
}

/* In the new program: the client is there, and so are its jobs. */
static void __attribute__((constructor)) go_on_after_exec(void)
{
	const char *env = getenv(EXEC_ENV);
	unsigned int jobs;
	int fd;

	if (!env)
		return;
	if (sscanf(env, "%d %u", &fd, &jobs) != 2)
		_exit(1);
	cancel_and_reap_all(fd, jobs);
	_exit(0);
}

static void cycle_exec(struct cycle *cycle)
{
	char env[32], name[] = "soak";
	char *const argv[] = { name, NULL };
	pid_t pid = fork_helper();

	if (pid) {
		end_helper(pid);
		close(cycle->fd);
		return;
	}
	/* The first one goes with the exec, the other one does not. */
	close(cycle->fd);
	cycle->fd = must_open(cycle->engine, CREDITS);
	submit_some(cycle, true);
	cycle->fd = must_open(cycle->engine, CREDITS);
	submit_some(cycle, true);
	if (fcntl(cycle->fd, F_SETFD, 0))
		_exit(1);
	snprintf(env, sizeof(env), "%d %u", cycle->fd, cycle->jobs);
	setenv(EXEC_ENV, env, 1);
	execv("/proc/self/exe", argv);
	_exit(1);
}

static void *submit_and_end(void *arg)
{
	submit_some(arg, false);
	return NULL;
}

static void cycle_thread(struct cycle *cycle)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, submit_and_end, cycle))
		fail("no thread is to be had");
	pthread_join(thread, NULL);
	reap_all(cycle->fd, cycle->jobs, false);
	close(cycle->fd);
}

static void (*const cycles[])(struct cycle *cycle) = {
	cycle_close, cycle_dup, cycle_fork, cycle_exec, cycle_thread,
};

static void round_life(struct round *round)
{
	unsigned int which = round->seed % ARRAY_SIZE(cycles);
	unsigned int n = 20 / slowness() ?: 1;

	run_cycles(round, cycles[which], n);
	must_be_idle(PATIENCE);
	reach(which, AT_ONCE * n);
}

const struct storm storm_life = {
	.name = "life",
	.share = 60,
	.figures = {
		{ "life_close", 9, 2000 },
		{ "life_dup", 9, 2000 },
		{ "life_fork", 9, 2000 },
		{ "life_exec", 9, 2000 },
		{ "life_thread", 9, 2000 },
	},
	.round = round_life,
};

static void send_fds(int socket, const int *fds, unsigned int n)
{
	char control[CMSG_SPACE(4 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
	if (sendmsg(socket, &msg, 0) != 1)
		fail("a descriptor cannot be sent: %s", strerror(errno));
}

/* A client watched by an epoll, that is watched by another; closed in any order. */
static void loop_epoll(struct cycle *cycle)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int inner = epoll_create1(EPOLL_CLOEXEC), outer = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_ctl(inner, EPOLL_CTL_ADD, cycle->fd, &event) ||
	    epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event) ||
	    epoll_ctl(outer, EPOLL_CTL_ADD, cycle->fd, &event))
		fail("epoll_ctl: %s", strerror(errno));
	submit_some(cycle, true);
	if (rng_once_in(cycle->rng, 2))
		close(inner);
	else
		inner = dup(inner);
	close(cycle->fd);
	close(inner);
	close(outer);
}

/*
 * In flight over a socket that is in flight over itself: only the kernel's garbage
 * collection ends that. Whoever closes a socket sets it off.
 */
static void loop_flight(struct cycle *cycle)
{
	int sockets[2], fds[3];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets))
		fail("socketpair: %s", strerror(errno));
	submit_some(cycle, true);
	fds[0] = cycle->fd;
	fds[1] = sockets[0];
	fds[2] = sockets[1];
	send_fds(sockets[0], fds, 3);
	if (rng_once_in(cycle->rng, 2))
		send_fds(sockets[1], fds, 3);
	close(sockets[0]);
	close(sockets[1]);
	close(cycle->fd);
}

static void round_loops(struct round *round)
{
	unsigned int which = round->seed % 2, n = 20 / slowness() ?: 1;
	int sockets[2];

	run_cycles(round, which ? loop_flight : loop_epoll, n);
	if (!socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets)) {
		close(sockets[0]);
		close(sockets[1]);
	}
	must_be_idle(PATIENCE);
	reach(which, AT_ONCE * n);
}

const struct storm storm_loops = {
	.name = "loops",
	.share = 20,
	.figures = { { "loops_epoll", 13, 1000 }, { "loops_flight", 13, 1000 } },
	.round = round_loops,
};
