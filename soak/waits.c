// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a poll job waits for goes away under it: a signalfd with its process, an epoll,
 * a socket, a pipe. The wait queue of the first dies (POLLFREE); those of the others
 * lose all who could wake them. Each job ends once, by the hang-up or its cancel.
 */
#include "soak.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#define JOBS		24
#define JOBS_THREADS	4

struct wait {
	struct rng *rng;
	int fd;
	unsigned int jobs;
	/* At the same time as what is closed, or after it. */
	pthread_t canceller;
	bool cancels;
};

static struct weft_job poll_job(__u64 cookie, int fd, __u32 events)
{
	return (struct weft_job){
		.op = WEFT_OP_POLL,
		.user_data = cookie,
		.poll = { .fd = fd, .events = events },
	};
}

static void submit_polls(struct wait *w, int fd, __u32 events)
{
	struct weft_job jobs[JOBS];
	unsigned int i;

	for (i = 0; i < w->jobs; i++)
		jobs[i] = poll_job(i, fd, events);
	if (submit_all(w->fd, jobs, NULL, w->jobs) != (int)w->jobs)
		fail("%u polls were not accepted", w->jobs);
}

static void *cancel_them(void *arg)
{
	struct weft_cancel cancel;
	struct wait *w = arg;
	int ret;

	do {
		ret = cancel_all(w->fd, &cancel);
	} while (ret == -EINTR);
	if (ret)
		fail("a cancel: %s", strerror(-ret));
	return NULL;
}

static void start_cancel(struct wait *w)
{
	w->cancels = rng_once_in(w->rng, 2);
	if (w->cancels && pthread_create(&w->canceller, NULL, cancel_them, w))
		fail("no thread is to be had");
}

static void finish_cancel(struct wait *w)
{
	if (w->cancels)
		pthread_join(w->canceller, NULL);
}

static void check_ends(struct wait *w, const struct weft_completion *c)
{
	unsigned int i;

	if (!exactly_once(c, w->jobs))
		fail("a poll completed twice");
	for (i = 0; i < w->jobs; i++)
		if (c[i].result <= 0 && c[i].result != -ECANCELED)
			fail("a poll ended with %lld", c[i].result);
}

/* Reaps them, or lets the close end them. */
static void end_wait(struct wait *w)
{
	struct weft_completion c[JOBS];

	if (rng_once_in(w->rng, 8)) {
		close(w->fd);
		return;
	}
	cancel_them(w);
	reap_exactly(w->fd, c, w->jobs);
	check_ends(w, c);
	close(w->fd);
}

static void open_wait(struct wait *w, struct rng *rng)
{
	bool threads = rng_once_in(rng, 8);

	w->rng = rng;
	w->jobs = threads ? JOBS_THREADS : JOBS;
	w->fd = must_open(threads ? WEFT_ENGINE_THREADS : WEFT_ENGINE_ASYNC, JOBS);
}

static void wait_some(struct rng *rng)
{
	__u64 end = in_ns(rng_below(rng, 100 * USEC));

	while (now_ns() < end)
		sched_yield();
}

static void must_step(int fd)
{
	struct weft_step step = { .size = sizeof(step), .worker = WEFT_STEP_ANY };
	int ret;

	do {
		ret = call(fd, WEFT_IOC_STEP, &step);
	} while (ret == -EINTR);
	if (ret)
		fail("a step: %s", strerror(-ret));
}

struct steps {
	int fd;
	bool stop;
};

static void *step_on(void *arg)
{
	struct steps *s = arg;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED))
		must_step(s->fd);
	return NULL;
}

/*
 * Who polls a stepped client is who steps it: so the signals are those of a process
 * that ends, and its wait queue goes with it, while others step or not.
 */
static unsigned int under_signalfd(struct rng *rng)
{
	struct wait w = { .rng = rng, .jobs = JOBS };
	struct steps s = { .fd = open_device() };
	bool beside = rng_once_in(rng, 2);
	struct weft_completion c[JOBS];
	__u64 end = in_ns(PATIENCE);
	unsigned int i, got = 0;
	pthread_t stepper;
	sigset_t mask;
	int sig;
	pid_t pid;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sig = signalfd(-1, &mask, SFD_CLOEXEC);
	w.fd = s.fd;
	if (sig < 0 || w.fd < 0 || setup_stepped(w.fd, 1, 0, JOBS))
		fail("a signalfd and a stepped client: %s", strerror(errno));
	submit_polls(&w, sig, POLLIN);
	pid = fork_helper();
	if (!pid) {
		for (i = 0; i < JOBS; i++)
			must_step(w.fd);
		_exit(0);
	}
	if (beside && pthread_create(&stepper, NULL, step_on, &s))
		fail("no thread is to be had");
	start_cancel(&w);
	end_helper(pid);
	finish_cancel(&w);
	if (beside) {
		__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
		pthread_join(stepper, NULL);
	}
	close(sig);
	if (!rng_once_in(rng, 8)) {
		cancel_them(&w);
		while (got < JOBS) {
			must_step(w.fd);
			got += reap_some(w.fd, c + got, JOBS - got, 0, 0);
			if (now_ns() > end)
				fail("%u polls of a signalfd do not end", JOBS - got);
		}
		check_ends(&w, c);
	}
	close(w.fd);
	return w.jobs;
}

static unsigned int under_epoll(struct rng *rng)
{
	struct epoll_event e = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC), ends[2];
	struct wait w;

	open_wait(&w, rng);
	if (epoll < 0 || pipe2(ends, O_CLOEXEC) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &e))
		fail("an epoll with a pipe: %s", strerror(errno));
	submit_polls(&w, epoll, POLLIN);
	wait_some(rng);
	start_cancel(&w);
	if (rng_once_in(rng, 2))
		epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], &e);
	if (rng_once_in(rng, 2))
		close(ends[1]);
	else
		ends[1] = dup(ends[1]);
	close(epoll);
	close(ends[0]);
	close(ends[1]);
	finish_cancel(&w);
	end_wait(&w);
	return w.jobs;
}

static unsigned int under_two(struct rng *rng, int first, int second)
{
	struct wait w;

	open_wait(&w, rng);
	submit_polls(&w, first, rng_once_in(rng, 2) ? POLLIN : POLLPRI);
	wait_some(rng);
	start_cancel(&w);
	if (rng_once_in(rng, 2)) {
		close(first);
		close(second);
	} else {
		close(second);
		close(first);
	}
	finish_cancel(&w);
	end_wait(&w);
	return w.jobs;
}

static unsigned int under_socket(struct rng *rng)
{
	int pair[2], types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

	if (socketpair(AF_UNIX, types[rng_below(rng, 3)] | SOCK_CLOEXEC, 0, pair))
		fail("socketpair: %s", strerror(errno));
	return under_two(rng, pair[0], pair[1]);
}

static unsigned int under_pipe(struct rng *rng)
{
	unsigned int which = rng_below(rng, 2);
	static const char bytes[4096];
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		fail("pipe: %s", strerror(errno));
	/* One that can be written to is ready at once: then it is full. */
	if (which) {
		fcntl(ends[1], F_SETFL, O_NONBLOCK);
		while (write(ends[1], bytes, sizeof(bytes)) > 0)
			;
	}
	return under_two(rng, ends[which], ends[!which]);
}

static unsigned int (*const kinds[])(struct rng *rng) = {
	under_signalfd, under_epoll, under_socket, under_pipe,
};

static void round_waits(struct round *round)
{
	unsigned int i, which = round->seed % ARRAY_SIZE(kinds), n = 12 / slowness() ?: 1;

	signal(SIGPIPE, SIG_IGN);
	start_some_alarms(&round->rng);
	for (i = 0; i < n; i++)
		reach(which, kinds[which](&round->rng));
	must_be_idle(PATIENCE);
}

const struct storm storm_waits = {
	.name = "waits",
	.share = 60,
	.figures = {
		{ "waits_signalfd", 14, 10000 },
		{ "waits_epoll", 14, 10000 },
		{ "waits_socket", 14, 10000 },
		{ "waits_pipe", 14, 10000 },
	},
	.round = round_waits,
};
