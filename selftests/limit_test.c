// SPDX-License-Identifier: GPL-2.0-only
/*
 * Credits, batches, kernel threads: where each limit is, and how to go on.
 */
#include "common.h"

#define CREDITS	8

ENGINE_FIXTURE(limit, CREDITS)

TEST_F(limit, no_credit_is_eagain_after_the_last_credit)
{
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), CREDITS + 2);
	struct weft_completion c[CREDITS];
	struct weft_stats stats;
	__u32 error;

	ASSERT_TRUE(jobs);
	EXPECT_EQ(CREDITS, submit_batch(self->fd, jobs, NULL, CREDITS + 2, &error));
	EXPECT_EQ(EAGAIN, error);
	EXPECT_EQ(0, submit_batch(self->fd, jobs, NULL, 1, &error));
	EXPECT_EQ(EAGAIN, error);
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(CREDITS, stats.accepted);
	EXPECT_EQ(2, stats.refused);
	EXPECT_EQ(0, stats.credits_free);
	ASSERT_EQ(CREDITS, cancel_and_reap(self->fd, c, CREDITS));
	EXPECT_TRUE(exactly_once(c, CREDITS));
	EXPECT_EQ(0, look(self->fd));
	free(jobs);
}

TEST_F(limit, all_credits_at_once_are_accepted)
{
	struct weft_job *jobs = many_jobs(nop_job(0), CREDITS);
	__u32 error = ~0U;

	ASSERT_TRUE(jobs);
	EXPECT_EQ(CREDITS, submit_batch(self->fd, jobs, NULL, CREDITS, &error));
	EXPECT_EQ(0, error);
	free(jobs);
}

TEST_F(limit, ended_job_keeps_its_credit_until_it_is_reaped)
{
	struct weft_job *jobs = many_jobs(nop_job(0), CREDITS);
	struct weft_completion c[CREDITS];
	struct weft_stats stats;
	__u32 error;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(CREDITS, submit_all(self->fd, jobs, NULL, CREDITS));
	ASSERT_EQ(CREDITS, wait_done(self->fd, CREDITS));
	EXPECT_EQ(0, submit_batch(self->fd, jobs, NULL, 1, &error));
	EXPECT_EQ(EAGAIN, error);
	ASSERT_EQ(3, wait_until(self->fd, c, 3, 3, 0));
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(3, stats.credits_free);
	EXPECT_EQ(3, submit_batch(self->fd, jobs, NULL, CREDITS, &error));
	EXPECT_EQ(EAGAIN, error);
	free(jobs);
}

TEST_F(limit, cancelled_job_keeps_its_credit_until_it_is_reaped)
{
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), CREDITS);
	struct weft_completion c[CREDITS];
	struct weft_cancel cancel;
	__u32 error;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(CREDITS, submit_all(self->fd, jobs, NULL, CREDITS));
	ASSERT_EQ(0, cancel_all(self->fd, &cancel));
	ASSERT_EQ(CREDITS, wait_done(self->fd, CREDITS));
	EXPECT_EQ(0, submit_batch(self->fd, jobs, NULL, 1, &error));
	EXPECT_EQ(EAGAIN, error);
	ASSERT_EQ(CREDITS, reap(self->fd, c, CREDITS));
	EXPECT_EQ(CREDITS, submit_batch(self->fd, jobs, NULL, CREDITS, &error));
	EXPECT_EQ(0, error);
	free(jobs);
}

TEST_F(limit, credits_go_round_without_loss)
{
	enum { N = 1000 };
	static struct weft_completion c[N];
	struct weft_job *jobs = many_jobs(yield_job(0, 1), N);
	struct weft_stats stats;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(N, pump(self->fd, jobs, c, N));
	EXPECT_TRUE(exactly_once(c, N));
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(CREDITS, stats.credits_free);
	free(jobs);
}

struct submitter {
	pthread_t thread;
	int fd;
	int accepted;
	const struct weft_job *jobs;
};

static void *submit_what_fits(void *arg)
{
	struct submitter *s = arg;
	__u32 error;
	int ret;

	do {
		ret = submit_batch(s->fd, s->jobs, NULL, 1, &error);
		s->accepted += ret > 0;
	} while (ret > 0);
	return NULL;
}

TEST_F(limit, racing_submitters_never_get_more_than_the_credits)
{
	enum { ROUNDS = 50, THREADS = 3 };
	struct submitter s[THREADS];
	struct weft_completion c[CREDITS];
	struct weft_job job = nop_job(0);
	int i, round, accepted;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < THREADS; i++) {
			s[i] = (struct submitter){ .fd = self->fd, .jobs = &job };
			ASSERT_EQ(0, pthread_create(&s[i].thread, NULL,
						    submit_what_fits, &s[i]));
		}
		for (accepted = 0, i = 0; i < THREADS; i++) {
			pthread_join(s[i].thread, NULL);
			accepted += s[i].accepted;
		}
		ASSERT_EQ(CREDITS, accepted);
		ASSERT_EQ(CREDITS, reap(self->fd, c, CREDITS));
		EXPECT_EQ(0, look(self->fd));
	}
}

TEST_F(limit, whole_batch_is_accepted)
{
	struct weft_completion *c;
	struct weft_query query;
	struct weft_job *jobs;
	unsigned int n;
	__u32 error;
	int fd;

	ASSERT_EQ(0, get_query(self->fd, &query));
	n = query.max_batch < query.max_credits ? query.max_batch : query.max_credits;
	if (variant->engine == WEFT_ENGINE_THREADS && n > query.max_threads)
		n = query.max_threads;
	fd = open_client(variant->engine, n);
	ASSERT_LE(0, fd);
	jobs = many_jobs(nop_job(0), n);
	c = calloc(n, sizeof(*c));
	ASSERT_TRUE(jobs && c);
	ASSERT_EQ(n, submit_batch(fd, jobs, NULL, n, &error));
	EXPECT_EQ(0, error);
	ASSERT_EQ(n, reap(fd, c, n));
	EXPECT_TRUE(exactly_once(c, n));
	EXPECT_EQ(0, close(fd));
	free(jobs);
	free(c);
}

/* As many clients as it takes, so that a small max_credits does as well. */
#define SLEEPS		100000
#define MOST_CLIENTS	100

static int open_clients(int *fds, unsigned int *per_client)
{
	struct weft_query query;
	int i, ret, n = 1;

	ret = open_client(WEFT_ENGINE_ASYNC, 1);
	if (ret < 0 || get_query(ret, &query) || close(ret))
		return -1;
	while (SLEEPS / n > (int)query.max_credits || SLEEPS % n)
		n++;
	for (i = 0; i < n; i++) {
		fds[i] = i < MOST_CLIENTS ? open_client(WEFT_ENGINE_ASYNC, SLEEPS / n) : -1;
		if (fds[i] < 0)
			return -1;
	}
	*per_client = SLEEPS / n;
	return n;
}

TEST(hundred_thousand_sleeps_at_once_are_cancelled)
{
	struct weft_completion *c = calloc(SLEEPS, sizeof(*c));
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), SLEEPS);
	struct weft_cancel cancel;
	int i, n, fds[MOST_CLIENTS];
	unsigned int each;

	ASSERT_TRUE(jobs && c);
	n = open_clients(fds, &each);
	ASSERT_LT(0, n);
	for (i = 0; i < n; i++) {
		ASSERT_EQ(each, submit_all(fds[i], jobs, NULL, each));
	}
	for (i = 0; i < n; i++) {
		ASSERT_EQ(true, until_waiting(fds[i], each));
	}
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, cancel_all(fds[i], &cancel));
		EXPECT_EQ(each, cancel.cancelled);
		EXPECT_EQ(0, cancel.stopping);
		ASSERT_EQ(each, reap(fds[i], c, each));
		EXPECT_TRUE(exactly_once(c, each));
		EXPECT_EQ(each, count_result(c, each, -ECANCELED));
		EXPECT_EQ(0, look(fds[i]));
		EXPECT_EQ(0, close(fds[i]));
	}
	free(jobs);
	free(c);
}

TEST(hundred_thousand_sleeps_at_once_end_at_their_times)
{
	struct weft_completion *c = calloc(SLEEPS, sizeof(*c));
	struct weft_job *jobs = calloc(SLEEPS, sizeof(*jobs));
	unsigned int i, each;
	int n, fds[MOST_CLIENTS];
	__u64 start = now_ns();

	ASSERT_TRUE(jobs && c);
	n = open_clients(fds, &each);
	ASSERT_LT(0, n);
	for (i = 0; i < SLEEPS; i++)
		jobs[i] = sleep_until_job(i % each, start + i * 20 * USEC);
	for (i = 0; i < (unsigned int)n; i++) {
		ASSERT_EQ(each, submit_all(fds[i], jobs + i * each, NULL, each));
	}
	for (i = 0; i < (unsigned int)n; i++) {
		ASSERT_EQ(each, reap(fds[i], c, each));
		EXPECT_TRUE(exactly_once(c, each));
		EXPECT_EQ(0, look(fds[i]));
		EXPECT_EQ(0, close(fds[i]));
	}
	EXPECT_LE(start + (SLEEPS - 1) * 20 * USEC, now_ns());
	free(jobs);
	free(c);
}

TEST(client_of_one_credit_works)
{
	struct weft_completion c[100];
	struct weft_job *jobs = many_jobs(nop_job(0), 100);
	int fd = open_client(WEFT_ENGINE_ASYNC, 1);

	ASSERT_LE(0, fd);
	ASSERT_TRUE(jobs);
	ASSERT_EQ(100, pump(fd, jobs, c, 100));
	EXPECT_TRUE(exactly_once(c, 100));
	EXPECT_EQ(0, close(fd));
	free(jobs);
}

/* A client that has every kernel thread of the threads engine, asleep. */
FIXTURE(threads) {
	int fd;
	unsigned int max;
	struct weft_job *jobs;
	struct weft_completion *c;
};

FIXTURE_SETUP(threads)
{
	struct weft_query query;
	__u32 error;
	int fd;

	fd = open_device();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, get_query(fd, &query));
	self->fd = fd;
	self->max = query.max_threads;
	self->jobs = many_jobs(sleep_job(0, HOUR), self->max + 1);
	self->c = calloc(self->max, sizeof(*self->c));
	ASSERT_TRUE(self->jobs && self->c);
	ASSERT_LT(self->max, query.max_credits);
	ASSERT_EQ(0, setup_client(fd, WEFT_ENGINE_THREADS, query.max_credits));
	ASSERT_EQ(self->max,
		  submit_refused(fd, self->jobs, NULL, self->max + 1, &error));
	ASSERT_EQ(EAGAIN, error);
}

FIXTURE_TEARDOWN(threads)
{
	EXPECT_EQ(0, close(self->fd));
	free(self->jobs);
	free(self->c);
}

TEST_F(threads, accepted_jobs_all_end_once)
{
	ASSERT_EQ(true, until_waiting(self->fd, self->max));
	ASSERT_EQ(self->max, cancel_and_reap(self->fd, self->c, self->max));
	EXPECT_TRUE(exactly_once(self->c, self->max));
	EXPECT_EQ(self->max, count_result(self->c, self->max, -ECANCELED));
	EXPECT_EQ(0, look(self->fd));
}

TEST_F(threads, other_client_gets_eagain)
{
	int other = open_client(WEFT_ENGINE_THREADS, 1);
	struct weft_job job = nop_job(0);
	struct weft_stats stats;
	__u32 error;

	ASSERT_LE(0, other);
	EXPECT_EQ(0, submit_batch(other, &job, NULL, 1, &error));
	EXPECT_EQ(EAGAIN, error);
	ASSERT_EQ(0, get_stats(other, &stats));
	EXPECT_EQ(0, stats.accepted);
	EXPECT_EQ(1, stats.credits_free);
	EXPECT_EQ(0, close(other));
}

TEST_F(threads, other_client_goes_on_when_threads_are_free_again)
{
	int other = open_client(WEFT_ENGINE_THREADS, 1);
	struct weft_job job = nop_job(0);
	__u64 end = in_ns(PATIENCE);
	struct weft_completion c;
	__u32 error;

	ASSERT_LE(0, other);
	ASSERT_EQ(self->max, cancel_and_reap(self->fd, self->c, self->max));
	while (!submit_batch(other, &job, NULL, 1, &error) && now_ns() < end) {
		ASSERT_EQ(EAGAIN, error);
		sched_yield();
	}
	ASSERT_EQ(1, reap(other, &c, 1));
	EXPECT_EQ(0, c.result);
	EXPECT_EQ(0, close(other));
}

TEST_F(threads, async_engine_has_no_such_limit)
{
	int other = open_client(WEFT_ENGINE_ASYNC, 1);
	struct weft_completion c;

	ASSERT_LE(0, other);
	ASSERT_EQ(1, run_job(other, sleep_job(0, USEC), &c));
	EXPECT_LE(0, c.result);
	EXPECT_EQ(0, close(other));
}

TEST_F(threads, fork_still_works)
{
	pid_t pid = fork();
	int status;

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(7);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(7, WEXITSTATUS(status));
}

WEFT_TEST_MAIN
