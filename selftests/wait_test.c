// SPDX-License-Identifier: GPL-2.0-only
/*
 * How completions are waited for: the wait ioctl, read() and poll().
 */
#include <poll.h>
#include <sys/epoll.h>
#include "common.h"

#define CREDITS	256

ENGINE_FIXTURE(wait, CREDITS)

/* @n nops that have ended and wait for their reaping. */
static int make_done(int fd, unsigned int n)
{
	struct weft_job *jobs = many_jobs(nop_job(0), n);
	int ret = submit_all(fd, jobs, NULL, n);

	free(jobs);
	return ret < 0 ? ret : wait_done(fd, n);
}

TEST_F(wait, min_of_zero_returns_at_once)
{
	struct weft_completion c;

	EXPECT_EQ(0, wait_until(self->fd, &c, 1, 0, WEFT_WAIT_FOREVER));
	EXPECT_EQ(0, wait_until(self->fd, NULL, 0, 0, WEFT_WAIT_FOREVER));
	EXPECT_EQ(0, wait_until(self->fd, &c, 1, 0, 0));
	EXPECT_EQ(0, wait_until(self->fd, NULL, 0, 0, 0));
}

TEST_F(wait, timeout_of_zero_with_nothing_is_etime)
{
	struct weft_completion c;

	EXPECT_EQ(-ETIME, wait_until(self->fd, &c, 1, 1, 0));
	EXPECT_EQ(-ETIME, wait_until(self->fd, NULL, 0, 1, 0));
}

TEST_F(wait, timeout_in_the_past_with_nothing_is_etime)
{
	struct weft_completion c;

	EXPECT_EQ(-ETIME, wait_until(self->fd, &c, 1, 1, 1));
	EXPECT_EQ(-ETIME, wait_until(self->fd, &c, 1, 1, now_ns() - 1));
}

TEST_F(wait, timeout_in_the_past_looks_once)
{
	struct weft_completion c;

	ASSERT_EQ(1, make_done(self->fd, 1));
	EXPECT_EQ(1, wait_until(self->fd, &c, 1, 1, 1));
}

TEST_F(wait, timeout_in_the_past_returns_what_is_there)
{
	struct weft_completion c[3];

	ASSERT_EQ(2, make_done(self->fd, 2));
	EXPECT_EQ(2, wait_until(self->fd, c, 3, 3, 1));
	EXPECT_TRUE(exactly_once(c, 2));
}

TEST_F(wait, timeout_with_nothing_is_etime_and_not_early)
{
	struct weft_completion c;
	__u64 end = in_ns(20 * MSEC);

	EXPECT_EQ(-ETIME, wait_until(self->fd, &c, 1, 1, end));
	EXPECT_LE(end, now_ns());
}

TEST_F(wait, timeout_returns_fewer_than_min_and_is_not_early)
{
	struct weft_completion c[2];
	__u64 end;

	ASSERT_EQ(1, make_done(self->fd, 1));
	end = in_ns(20 * MSEC);
	EXPECT_EQ(1, wait_until(self->fd, c, 2, 2, end));
	EXPECT_LE(end, now_ns());
}

TEST_F(wait, last_time_before_forever_waits)
{
	const __u64 ends[] = { ~0ULL >> 1, 1ULL << 63, ~0ULL - 1, WEFT_WAIT_FOREVER };
	struct weft_completion c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		ASSERT_EQ(1, submit_one(self->fd, sleep_job(i, 5 * MSEC), NULL));
		EXPECT_EQ(1, wait_until(self->fd, &c, 1, 1, ends[i]));
		EXPECT_EQ(i, c.user_data);
	}
}

TEST_F(wait, capacity_of_zero_reaps_nothing)
{
	struct weft_completion c[3];
	struct weft_stats stats;

	ASSERT_EQ(3, make_done(self->fd, 3));
	EXPECT_EQ(3, wait_until(self->fd, NULL, 0, 3, WEFT_WAIT_FOREVER));
	EXPECT_EQ(3, wait_until(self->fd, NULL, 0, 0, 0));
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(0, stats.reaped);
	EXPECT_EQ(CREDITS - 3, stats.credits_free);
	EXPECT_EQ(3, reap(self->fd, c, 3));
}

TEST_F(wait, no_more_than_capacity_is_reaped)
{
	struct weft_completion c[5];

	ASSERT_EQ(5, make_done(self->fd, 5));
	EXPECT_EQ(2, wait_until(self->fd, c, 2, 0, 0));
	EXPECT_EQ(3, look(self->fd));
	EXPECT_EQ(3, wait_until(self->fd, c + 2, 3, 0, 0));
	EXPECT_TRUE(exactly_once(c, 5));
}

TEST_F(wait, min_may_be_more_than_capacity)
{
	struct weft_completion c[3];

	ASSERT_EQ(3, make_done(self->fd, 3));
	EXPECT_EQ(1, wait_until(self->fd, c, 1, 3, WEFT_WAIT_FOREVER));
	EXPECT_EQ(2, wait_until(self->fd, c + 1, 2, 2, WEFT_WAIT_FOREVER));
	EXPECT_TRUE(exactly_once(c, 3));
}

TEST_F(wait, largest_capacity_reaps_what_is_there)
{
	struct weft_completion *c = before_guard(2 * sizeof(*c));

	ASSERT_TRUE(c);
	ASSERT_EQ(2, make_done(self->fd, 2));
	EXPECT_EQ(2, wait_until(self->fd, c, ~0U, 2, WEFT_WAIT_FOREVER));
	EXPECT_TRUE(exactly_once(c, 2));
}

TEST_F(wait, reaping_stops_at_the_end_of_the_array)
{
	struct weft_completion c[4];

	memset(c, 0x5a, sizeof(c));
	ASSERT_EQ(3, make_done(self->fd, 3));
	EXPECT_EQ(2, wait_until(self->fd, c, 2, 3, WEFT_WAIT_FOREVER));
	EXPECT_EQ(0x5a5a5a5a5a5a5a5aULL, c[2].id);
	EXPECT_EQ(0x5a5a5a5a5a5a5a5aULL, c[2].user_data);
}

TEST_F(wait, min_of_all_credits_waits_for_all)
{
	struct weft_job *jobs = many_jobs(sleep_job(0, 5 * MSEC), CREDITS);
	struct weft_completion c[CREDITS];

	ASSERT_TRUE(jobs);
	ASSERT_EQ(CREDITS, submit_all(self->fd, jobs, NULL, CREDITS));
	EXPECT_EQ(CREDITS, wait_until(self->fd, c, CREDITS, CREDITS, WEFT_WAIT_FOREVER));
	EXPECT_TRUE(exactly_once(c, CREDITS));
	free(jobs);
}

TEST_F(wait, min_above_credits_is_einval)
{
	EXPECT_EQ(-EINVAL, wait_until(self->fd, NULL, 0, CREDITS + 1, 0));
	EXPECT_EQ(-EINVAL, wait_until(self->fd, NULL, 0, ~0U, WEFT_WAIT_FOREVER));
	EXPECT_EQ(-ETIME, wait_until(self->fd, NULL, 0, CREDITS, 0));
}

TEST_F(wait, failure_leaves_the_struct_as_it_was)
{
	struct weft_wait wait = {
		.size = sizeof(wait),
		.capacity = 1,
		.min = 1,
		.count = 0x5a5a5a5a,
	};
	const struct weft_wait before = wait;

	EXPECT_EQ(-ETIME, call(self->fd, WEFT_IOC_WAIT, &wait));
	EXPECT_EQ(0, memcmp(&before, &wait, sizeof(wait)));
	ASSERT_EQ(1, make_done(self->fd, 1));
	EXPECT_EQ(-EFAULT, call(self->fd, WEFT_IOC_WAIT, &wait));
	EXPECT_EQ(0, memcmp(&before, &wait, sizeof(wait)));
}

TEST_F(wait, bad_address_is_efault_and_loses_nothing)
{
	struct weft_completion c[3];
	struct weft_stats stats;

	ASSERT_EQ(3, make_done(self->fd, 3));
	EXPECT_EQ(-EFAULT, wait_until(self->fd, NULL, 3, 1, 0));
	EXPECT_EQ(-EFAULT, wait_until(self->fd, before_guard(0), 3, 1, 0));
	EXPECT_EQ(-EFAULT, wait_until(self->fd, before_guard(71), 3, 1, 0));
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(0, stats.reaped);
	EXPECT_EQ(CREDITS - 3, stats.credits_free);
	ASSERT_EQ(3, reap(self->fd, c, 3));
	EXPECT_TRUE(exactly_once(c, 3));
}

static void check_partial_fault(struct __test_metadata *_metadata, int fd,
				unsigned int room, unsigned int n)
{
	struct weft_completion *edge = before_guard(room * sizeof(*edge) + 71);
	struct weft_completion c[CREDITS];
	unsigned int rest = n - room;

	ASSERT_TRUE(edge);
	ASSERT_EQ(n, make_done(fd, n));
	ASSERT_EQ(room, wait_until(fd, edge, n, n, WEFT_WAIT_FOREVER));
	EXPECT_EQ(rest, look(fd));
	memcpy(c, edge, room * sizeof(*c));
	ASSERT_EQ(rest, reap(fd, c + room, rest));
	EXPECT_TRUE(exactly_once(c, n));
}

TEST_F(wait, fault_after_one_returns_one_and_loses_nothing)
{
	check_partial_fault(_metadata, self->fd, 1, 2);
}

TEST_F(wait, fault_after_many_returns_them_and_loses_nothing)
{
	check_partial_fault(_metadata, self->fd, 5, 40);
	check_partial_fault(_metadata, self->fd, 100, CREDITS);
}

TEST_F(wait, signal_with_nothing_is_eintr)
{
	struct weft_completion c;

	ASSERT_EQ(0, start_alarms(5000));
	EXPECT_EQ(-EINTR, wait_until(self->fd, &c, 1, 1, WEFT_WAIT_FOREVER));
	EXPECT_EQ(-EINTR, wait_until(self->fd, NULL, 0, 1, WEFT_WAIT_FOREVER));
	stop_alarms();
}

TEST_F(wait, signal_returns_what_is_there)
{
	struct weft_completion c[2];

	ASSERT_EQ(1, make_done(self->fd, 1));
	ASSERT_EQ(0, start_alarms(5000));
	EXPECT_EQ(1, wait_until(self->fd, c, 2, 2, WEFT_WAIT_FOREVER));
	stop_alarms();
}

TEST_F(wait, storm_of_signals_loses_nothing)
{
	enum { N = 3000 };
	static struct weft_completion c[N];
	struct weft_job *jobs = mixed_jobs(N);
	int in = 0, out = 0, ret;
	__u32 error;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(0, start_alarms(1000));
	while (out < N) {
		ret = submit_refused(self->fd, jobs + in, NULL, N - in, &error);
		ASSERT_LE(0, ret);
		in += ret;
		ret = wait_until(self->fd, c + out, N - out, 1, in_ns(PATIENCE));
		ASSERT_TRUE(ret > 0 || ret == -EINTR);
		out += ret > 0 ? ret : 0;
	}
	stop_alarms();
	EXPECT_TRUE(exactly_once(c, N));
	EXPECT_EQ(0, look(self->fd));
	free(jobs);
}

struct waiter {
	pthread_t thread;
	int fd;
	int ret;
	short events;
	pid_t tid;
	struct weft_completion c;
};

static void *wait_for_one(void *arg)
{
	struct waiter *waiter = arg;

	__atomic_store_n(&waiter->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	waiter->ret = wait_until(waiter->fd, &waiter->c, 1, 1, WEFT_WAIT_FOREVER);
	return NULL;
}

static void *poll_for_events(void *arg)
{
	struct waiter *waiter = arg;
	struct pollfd p = { .fd = waiter->fd, .events = waiter->events };

	__atomic_store_n(&waiter->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	waiter->ret = RESTARTED(poll(&p, 1, -1)) < 0 ? -errno : p.revents;
	return NULL;
}

/* Starts a thread, which has blocked or ended when this returns. */
static int start_waiter(struct waiter *waiter, void *(*fn)(void *))
{
	int ret = pthread_create(&waiter->thread, NULL, fn, waiter);

	while (!ret && !__atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	if (!ret && !until_asleep(waiter->tid))
		return -ETIME;
	return -ret;
}

TEST_F(wait, each_of_many_waiters_gets_one)
{
	enum { N = 8 };
	struct weft_job *jobs = many_jobs(sleep_job(0, USEC), N);
	struct weft_completion c[N];
	struct waiter waiters[N];
	int i;

	ASSERT_TRUE(jobs);
	for (i = 0; i < N; i++) {
		waiters[i] = (struct waiter){ .fd = self->fd };
		ASSERT_EQ(0, start_waiter(&waiters[i], wait_for_one));
	}
	ASSERT_EQ(N, submit_all(self->fd, jobs, NULL, N));
	for (i = 0; i < N; i++) {
		pthread_join(waiters[i].thread, NULL);
		EXPECT_EQ(1, waiters[i].ret);
		c[i] = waiters[i].c;
	}
	EXPECT_TRUE(exactly_once(c, N));
	free(jobs);
}

/* A waiter that takes less than is there must leave the others awake. */
TEST_F(wait, waiters_with_other_mins_all_return)
{
	struct weft_completion c[4];
	struct waiter one = { .fd = self->fd };
	pid_t pid;
	int status;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		status = wait_until(self->fd, NULL, 0, 3, WEFT_WAIT_FOREVER);
		_exit(status == 3 ? 0 : 1);
	}
	ASSERT_EQ(true, until_asleep(pid));
	ASSERT_EQ(3, make_done(self->fd, 3));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, start_waiter(&one, wait_for_one));
	pthread_join(one.thread, NULL);
	EXPECT_EQ(1, one.ret);
	c[0] = one.c;
	ASSERT_EQ(2, reap(self->fd, c + 1, 2));
	EXPECT_TRUE(exactly_once(c, 3));
}

struct taker {
	pthread_t thread;
	int fd;
	int waits;
	int ret;
	bool *failed;
};

static void *take_one_by_one(void *arg)
{
	struct taker *taker = arg;
	struct weft_completion c;

	while (taker->waits--) {
		taker->ret = wait_until(taker->fd, &c, 1, 1, WEFT_WAIT_FOREVER);
		if (taker->ret != 1) {
			__atomic_store_n(taker->failed, true, __ATOMIC_RELAXED);
			break;
		}
	}
	return NULL;
}

/* What one waiter saw may have been taken by another: it has to wait again. */
TEST_F(wait, no_waiter_among_others_returns_with_less_than_min)
{
	enum { WAITS = 400, TAKERS = 4, N = WAITS * TAKERS };
	struct weft_job *jobs = many_jobs(nop_job(0), N);
	struct taker takers[TAKERS];
	bool failed = false;
	int i, ret, in = 0;
	__u32 error;

	ASSERT_TRUE(jobs);
	for (i = 0; i < TAKERS; i++) {
		takers[i] = (struct taker){
			.fd = self->fd, .waits = WAITS, .failed = &failed,
		};
		ASSERT_EQ(0, pthread_create(&takers[i].thread, NULL, take_one_by_one,
					    &takers[i]));
	}
	while (in < N && !__atomic_load_n(&failed, __ATOMIC_RELAXED)) {
		ret = submit_batch(self->fd, jobs + in, NULL, 1, &error);
		ASSERT_LE(0, ret);
		in += ret;
	}
	ASSERT_FALSE(failed);
	for (i = 0; i < TAKERS; i++) {
		pthread_join(takers[i].thread, NULL);
		EXPECT_EQ(1, takers[i].ret);
	}
	free(jobs);
}

struct reaper {
	pthread_t thread;
	int fd;
	int ret;
	unsigned int *left;
	unsigned int n;
	struct weft_completion c[4000];
};

static void *reap_until_none_left(void *arg)
{
	struct reaper *reaper = arg;
	int ret;

	while (__atomic_load_n(reaper->left, __ATOMIC_RELAXED)) {
		ret = wait_until(reaper->fd, reaper->c + reaper->n, 7, 1, in_ns(5 * MSEC));
		if (ret == -ETIME)
			continue;
		if (ret < 0) {
			reaper->ret = ret;
			break;
		}
		reaper->n += ret;
		__atomic_sub_fetch(reaper->left, ret, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST_F(wait, many_reapers_share_a_load_without_loss)
{
	enum { N = 3000, REAPERS = 4 };
	static struct weft_completion c[N];
	static struct reaper reapers[REAPERS];
	struct weft_job *jobs = mixed_jobs(N);
	unsigned int left = N, out = 0;
	int in = 0, ret, i;
	__u32 error;

	ASSERT_TRUE(jobs);
	for (i = 0; i < REAPERS; i++) {
		reapers[i].fd = self->fd;
		reapers[i].left = &left;
		ASSERT_EQ(0, pthread_create(&reapers[i].thread, NULL,
					    reap_until_none_left, &reapers[i]));
	}
	while (in < N) {
		ret = submit_refused(self->fd, jobs + in, NULL, N - in, &error);
		ASSERT_LE(0, ret);
		in += ret;
		sched_yield();
	}
	for (i = 0; i < REAPERS; i++) {
		pthread_join(reapers[i].thread, NULL);
		EXPECT_EQ(0, reapers[i].ret);
		ASSERT_GE(N, out + reapers[i].n);
		memcpy(c + out, reapers[i].c, reapers[i].n * sizeof(*c));
		out += reapers[i].n;
	}
	EXPECT_EQ(N, out);
	EXPECT_TRUE(exactly_once(c, out));
	free(jobs);
}

TEST_F(wait, read_of_less_than_one_is_einval)
{
	char buffer[sizeof(struct weft_completion)];

	EXPECT_EQ(-EINVAL, read_completions(self->fd, buffer, 0));
	EXPECT_EQ(-EINVAL, read_completions(self->fd, buffer, sizeof(buffer) - 1));
	ASSERT_EQ(1, make_done(self->fd, 1));
	EXPECT_EQ(-EINVAL, read_completions(self->fd, buffer, 0));
	EXPECT_EQ(-EINVAL, read_completions(self->fd, buffer, sizeof(buffer) - 1));
	EXPECT_EQ(1, look(self->fd));
}

TEST_F(wait, read_returns_whole_completions)
{
	const int size = sizeof(struct weft_completion);
	struct weft_completion c[4];

	ASSERT_EQ(3, make_done(self->fd, 3));
	EXPECT_EQ(2 * size, read_completions(self->fd, c, 3 * size - 1));
	EXPECT_EQ(1, look(self->fd));
	EXPECT_EQ(size, read_completions(self->fd, c + 2, 2 * size));
	EXPECT_TRUE(exactly_once(c, 3));
}

TEST_F(wait, read_blocks_until_a_completion_is_there)
{
	struct weft_completion c;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(9, 5 * MSEC), NULL));
	EXPECT_EQ((int)sizeof(c), read_completions(self->fd, &c, sizeof(c)));
	EXPECT_EQ(9, c.user_data);
	EXPECT_LE(0, c.result);
}

TEST_F(wait, nonblocking_read_with_nothing_is_eagain)
{
	struct weft_completion c;

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, read_completions(self->fd, &c, sizeof(c)));
	ASSERT_EQ(1, make_done(self->fd, 1));
	EXPECT_EQ((int)sizeof(c), read_completions(self->fd, &c, sizeof(c)));
	EXPECT_EQ(-EAGAIN, read_completions(self->fd, &c, sizeof(c)));
}

TEST_F(wait, read_that_a_signal_ends_is_eintr)
{
	struct weft_completion c;

	ASSERT_EQ(0, start_alarms(5000));
	EXPECT_EQ(-EINTR, read_completions(self->fd, &c, sizeof(c)));
	stop_alarms();
}

TEST_F(wait, read_to_a_bad_address_is_efault_and_loses_nothing)
{
	struct weft_completion c[2];

	ASSERT_EQ(2, make_done(self->fd, 2));
	EXPECT_EQ(-EFAULT, read_completions(self->fd, before_guard(0), sizeof(c)));
	EXPECT_EQ(-EFAULT, read_completions(self->fd, before_guard(71), sizeof(c)));
	EXPECT_EQ(2, look(self->fd));
	ASSERT_EQ(2, reap(self->fd, c, 2));
	EXPECT_TRUE(exactly_once(c, 2));
}

static int poll_now(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return RESTARTED(poll(&p, 1, 0)) < 0 ? -errno : p.revents;
}

TEST_F(wait, poll_of_an_idle_client_is_writable_only)
{
	EXPECT_EQ(POLLOUT, poll_now(self->fd, POLLIN | POLLOUT));
	EXPECT_EQ(0, poll_now(self->fd, POLLIN));
}

TEST_F(wait, poll_is_readable_until_all_is_reaped)
{
	struct weft_completion c;

	ASSERT_EQ(2, make_done(self->fd, 2));
	EXPECT_EQ(POLLIN, poll_now(self->fd, POLLIN));
	EXPECT_EQ(1, wait_until(self->fd, &c, 1, 1, 0));
	EXPECT_EQ(POLLIN, poll_now(self->fd, POLLIN));
	EXPECT_EQ(1, wait_until(self->fd, &c, 1, 1, 0));
	EXPECT_EQ(0, poll_now(self->fd, POLLIN));
}

TEST_F(wait, poll_wakes_for_a_completion)
{
	struct waiter waiter = { .fd = self->fd, .events = POLLIN };

	ASSERT_EQ(0, start_waiter(&waiter, poll_for_events));
	ASSERT_EQ(1, submit_one(self->fd, nop_job(1), NULL));
	pthread_join(waiter.thread, NULL);
	EXPECT_EQ(POLLIN, waiter.ret);
}

TEST_F(wait, select_of_a_sleeping_job_wakes)
{
	struct timeval timeout = { .tv_sec = PATIENCE / SEC };
	fd_set fds;

	FD_ZERO(&fds);
	FD_SET(self->fd, &fds);
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, 5 * MSEC), NULL));
	EXPECT_EQ(1, RESTARTED(select(self->fd + 1, &fds, NULL, NULL, &timeout)));
	EXPECT_EQ(1, look(self->fd));
}

static int wait_for_event(int ep, struct epoll_event *event, int ms)
{
	return RESTARTED(epoll_wait(ep, event, 1, ms));
}

TEST_F(wait, level_triggered_epoll_reports_until_reaped)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct weft_completion c;
	int ep = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, wait_for_event(ep, &event, 0));
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, 5 * MSEC), NULL));
	EXPECT_EQ(1, wait_for_event(ep, &event, PATIENCE / MSEC));
	EXPECT_EQ(EPOLLIN, event.events);
	EXPECT_EQ(1, wait_for_event(ep, &event, 0));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(0, wait_for_event(ep, &event, 0));
	EXPECT_EQ(0, close(ep));
}

TEST_F(wait, edge_triggered_epoll_reports_each_new_completion_once)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct weft_completion c;
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int i;

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &event));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(1, submit_one(self->fd, sleep_job(i, MSEC), NULL));
		ASSERT_EQ(1, wait_for_event(ep, &event, PATIENCE / MSEC));
		EXPECT_EQ(0, wait_for_event(ep, &event, 0));
		ASSERT_EQ(1, reap(self->fd, &c, 1));
		EXPECT_EQ(0, wait_for_event(ep, &event, 0));
	}
	EXPECT_EQ(0, close(ep));
}

TEST_F(wait, closing_in_an_epoll_leaves_no_event)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = open_client(variant->engine, 1);
	int ep = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	ASSERT_EQ(1, submit_one(fd, sleep_job(1, HOUR), NULL));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, wait_for_event(ep, &event, 0));
	EXPECT_EQ(0, close(ep));
}

/* A credit comes back when its completion is reaped, not when the job ends. */
FIXTURE(credit) {
	int fd;
};

FIXTURE_VARIANT(credit) {
	__u32 engine;
};

FIXTURE_VARIANT_ADD(credit, async) {
	.engine = WEFT_ENGINE_ASYNC,
};

FIXTURE_VARIANT_ADD(credit, threads) {
	.engine = WEFT_ENGINE_THREADS,
};

FIXTURE_SETUP(credit)
{
	self->fd = open_client(variant->engine, 2);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(2, make_done(self->fd, 2));
}

FIXTURE_TEARDOWN(credit)
{
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(credit, poll_without_a_credit_is_readable_only)
{
	EXPECT_EQ(POLLIN, poll_now(self->fd, POLLIN | POLLOUT));
	EXPECT_EQ(0, poll_now(self->fd, POLLOUT));
}

TEST_F(credit, reaping_makes_writable)
{
	struct weft_completion c;

	ASSERT_EQ(1, wait_until(self->fd, &c, 1, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, poll_now(self->fd, POLLIN | POLLOUT));
}

TEST_F(credit, reaping_wakes_a_poll_for_writing)
{
	struct waiter waiter = { .fd = self->fd, .events = POLLOUT };
	struct weft_completion c;

	ASSERT_EQ(0, start_waiter(&waiter, poll_for_events));
	ASSERT_EQ(1, wait_until(self->fd, &c, 1, 1, 0));
	pthread_join(waiter.thread, NULL);
	EXPECT_EQ(POLLOUT, waiter.ret);
	EXPECT_EQ(1, submit_one(self->fd, nop_job(1), NULL));
}

TEST_F(credit, reading_wakes_a_poll_for_writing)
{
	struct waiter waiter = { .fd = self->fd, .events = POLLOUT };
	struct weft_completion c;

	ASSERT_EQ(0, start_waiter(&waiter, poll_for_events));
	ASSERT_EQ((int)sizeof(c), read_completions(self->fd, &c, sizeof(c)));
	pthread_join(waiter.thread, NULL);
	EXPECT_EQ(POLLOUT, waiter.ret);
}

TEST_F(credit, edge_triggered_epoll_reports_the_return)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	struct weft_completion c;
	int ep = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, wait_for_event(ep, &event, 0));
	ASSERT_EQ(1, wait_until(self->fd, &c, 1, 1, 0));
	EXPECT_EQ(1, wait_for_event(ep, &event, 0));
	EXPECT_EQ(EPOLLOUT, event.events);
	EXPECT_EQ(0, close(ep));
}

TEST(poll_before_setup_is_an_error)
{
	int fd = open_device();

	ASSERT_LE(0, fd);
	EXPECT_EQ(POLLERR, poll_now(fd, 0));
	EXPECT_EQ(POLLERR, poll_now(fd, POLLIN | POLLOUT));
	EXPECT_EQ(0, close(fd));
}

WEFT_TEST_MAIN
