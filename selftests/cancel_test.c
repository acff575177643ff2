// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cancel: one verdict at once, and still exactly one completion.
 */
#include "common.h"

#define CREDITS	1024

ENGINE_FIXTURE(cancel, CREDITS)

TEST_F(cancel, unknown_id_is_enoent)
{
	const __u64 ids[] = { 0, 1, 1ULL << 32, 1ULL << 63, ~0ULL };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_EQ(-ENOENT, cancel_job(self->fd, ids[i]))
			TH_LOG("id %llu", (unsigned long long)ids[i]);
	}
}

TEST_F(cancel, neighbours_of_an_id_are_enoent)
{
	struct weft_completion c;
	__u64 id;
	int bit;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), &id));
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	for (bit = 0; bit < 64; bit++) {
		EXPECT_EQ(-ENOENT, cancel_job(self->fd, id ^ (1ULL << bit)))
			TH_LOG("bit %d", bit);
	}
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(self->fd, id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
}

TEST_F(cancel, reaped_id_is_enoent)
{
	struct weft_completion c;
	__u64 id;

	ASSERT_EQ(1, submit_one(self->fd, nop_job(1), &id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(-ENOENT, cancel_job(self->fd, id));
}

TEST_F(cancel, reaped_id_is_enoent_when_its_memory_is_used_again)
{
	enum { N = 16 };
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), N);
	int i, fd = open_client(variant->engine, N);
	struct weft_completion c[N];
	__u64 ids[N];

	ASSERT_TRUE(jobs);
	ASSERT_LE(0, fd);
	ASSERT_EQ(N, submit_all(fd, jobs, ids, N));
	ASSERT_EQ(N, cancel_and_reap(fd, c, N));
	ASSERT_EQ(N, submit_all(fd, jobs, NULL, N));
	for (i = 0; i < N; i++) {
		EXPECT_EQ(-ENOENT, cancel_job(fd, ids[i]));
	}
	ASSERT_EQ(true, until_waiting(fd, N));
	ASSERT_EQ(N, cancel_and_reap(fd, c, N));
	EXPECT_EQ(0, close(fd));
	free(jobs);
}

TEST_F(cancel, id_of_another_client_is_enoent)
{
	int other = open_client(variant->engine, 1);
	struct weft_completion c;
	__u64 id;

	ASSERT_LE(0, other);
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), &id));
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	EXPECT_EQ(-ENOENT, cancel_job(other, id));
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(self->fd, id));
	EXPECT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(0, close(other));
}

TEST_F(cancel, done_job_is_already_done)
{
	struct weft_completion c;
	__u64 id;

	ASSERT_EQ(1, submit_one(self->fd, nop_job(1), &id));
	ASSERT_EQ(1, wait_done(self->fd, 1));
	EXPECT_EQ(WEFT_ALREADY_DONE, cancel_job(self->fd, id));
	EXPECT_EQ(WEFT_ALREADY_DONE, cancel_job(self->fd, id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(0, c.result);
}

/* A job that waits is cancelled, and the counts say so. */
static void check_waiting(struct __test_metadata *_metadata, int fd, struct weft_job job)
{
	struct weft_cancel cancel = { .size = sizeof(cancel) };
	struct weft_completion c;
	struct weft_stats stats;

	ASSERT_EQ(1, submit_one(fd, job, (__u64 *)&cancel.id));
	ASSERT_EQ(true, until_waiting(fd, 1));
	ASSERT_EQ(0, call(fd, WEFT_IOC_CANCEL, &cancel));
	EXPECT_EQ(WEFT_CANCELLED, cancel.verdict);
	EXPECT_EQ(1, cancel.cancelled);
	EXPECT_EQ(0, cancel.stopping);
	ASSERT_EQ(1, reap(fd, &c, 1));
	EXPECT_EQ(cancel.id, c.id);
	EXPECT_EQ(job.user_data, c.user_data);
	EXPECT_EQ(job.op, c.op);
	EXPECT_EQ(-ECANCELED, c.result);
	EXPECT_EQ(0, look(fd));
	ASSERT_EQ(0, get_stats(fd, &stats));
	EXPECT_EQ(1, stats.done);
	EXPECT_EQ(1, stats.failed);
	EXPECT_EQ(1, stats.cancelled);
}

TEST_F(cancel, sleeping_job_is_cancelled)
{
	check_waiting(_metadata, self->fd, sleep_job(7, HOUR));
}

TEST_F(cancel, sleep_until_is_cancelled)
{
	check_waiting(_metadata, self->fd, sleep_until_job(7, in_ns(HOUR)));
}

TEST_F(cancel, waiting_work_is_cancelled)
{
	check_waiting(_metadata, self->fd, work_job(7, 2, 0, HOUR));
}

TEST_F(cancel, cancelled_job_is_already_done_once_it_ended)
{
	struct weft_completion c;
	__u64 id;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), &id));
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(self->fd, id));
	ASSERT_EQ(1, wait_done(self->fd, 1));
	EXPECT_EQ(WEFT_ALREADY_DONE, cancel_job(self->fd, id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(-ECANCELED, c.result);
	EXPECT_EQ(-ENOENT, cancel_job(self->fd, id));
}

/* Queued or inside a poll: both verdicts are right, the end is the same. */
static void check_running(struct __test_metadata *_metadata, int fd, struct weft_job job)
{
	struct weft_cancel cancel = { .size = sizeof(cancel) };
	struct weft_completion c;

	ASSERT_EQ(1, submit_one(fd, job, (__u64 *)&cancel.id));
	ASSERT_EQ(0, call(fd, WEFT_IOC_CANCEL, &cancel));
	EXPECT_EQ(cancel.verdict == WEFT_CANCELLED, cancel.cancelled);
	EXPECT_EQ(cancel.verdict == WEFT_STOPPING, cancel.stopping);
	EXPECT_EQ(1, cancel.cancelled + cancel.stopping);
	ASSERT_EQ(1, reap(fd, &c, 1));
	EXPECT_EQ(-ECANCELED, c.result);
	EXPECT_EQ(0, look(fd));
}

TEST_F(cancel, spinning_job_ends)
{
	check_running(_metadata, self->fd, spin_job(1, HOUR));
}

TEST_F(cancel, yielding_job_ends)
{
	check_running(_metadata, self->fd, yield_job(1, ~0ULL));
}

TEST_F(cancel, working_job_ends)
{
	check_running(_metadata, self->fd, work_job(1, 1, HOUR, 0));
}

TEST_F(cancel, work_without_wait_ends)
{
	check_running(_metadata, self->fd, work_job(1, ~0U, 0, 0));
}

TEST_F(cancel, cancel_wakes_a_waiter)
{
	struct weft_completion c = { 0 };
	__u64 id;
	pid_t pid;
	int status;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), &id));
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		status = wait_until(self->fd, &c, 1, 1, WEFT_WAIT_FOREVER);
		_exit(status == 1 && c.result == -ECANCELED ? 0 : 1);
	}
	ASSERT_EQ(true, until_asleep(pid));
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(self->fd, id));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(cancel, receipt_of_a_cancelled_sleep_is_filled_in)
{
	struct weft_completion c;
	__u64 id;

	ASSERT_EQ(1, submit_one(self->fd, with_receipt(sleep_job(1, HOUR)), &id));
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(self->fd, id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(-ECANCELED, c.result);
	EXPECT_EQ(WEFT_COMPLETION_RECEIPT, c.flags & WEFT_COMPLETION_RECEIPT);
	EXPECT_LE(1, c.receipt.polls);
}

TEST_F(cancel, tag_cancels_its_jobs_and_no_others)
{
	enum { N = 90 };
	struct weft_completion c[N];
	struct weft_cancel cancel;
	struct weft_job jobs[N];
	int i;

	for (i = 0; i < N; i++)
		jobs[i] = with_tag(sleep_job(i, HOUR), i % 3 ? ~0U - i % 3 : 0);
	ASSERT_EQ(N, submit_all(self->fd, jobs, NULL, N));
	ASSERT_EQ(true, until_waiting(self->fd, N));
	ASSERT_EQ(0, cancel_tag(self->fd, ~0U - 2, &cancel));
	EXPECT_EQ(0, cancel.verdict);
	EXPECT_EQ(N / 3, cancel.cancelled);
	EXPECT_EQ(0, cancel.stopping);
	ASSERT_EQ(N / 3, reap(self->fd, c, N / 3));
	for (i = 0; i < N / 3; i++) {
		EXPECT_EQ(2, c[i].user_data % 3);
		EXPECT_EQ(-ECANCELED, c[i].result);
	}
	EXPECT_EQ(0, look(self->fd));
	ASSERT_EQ(0, cancel_tag(self->fd, 0, &cancel));
	EXPECT_EQ(N / 3, cancel.cancelled);
	ASSERT_EQ(N - N / 3, cancel_and_reap(self->fd, c, N - N / 3));
}

TEST_F(cancel, tag_of_no_job_is_nothing)
{
	struct weft_cancel cancel;

	ASSERT_EQ(0, cancel_tag(self->fd, 5, &cancel));
	EXPECT_EQ(0, cancel.verdict + cancel.cancelled + cancel.stopping);
}

TEST_F(cancel, tag_of_another_client_is_not_touched)
{
	int other = open_client(variant->engine, 1);
	struct weft_completion c;
	struct weft_cancel cancel;

	ASSERT_LE(0, other);
	ASSERT_EQ(1, submit_one(other, with_tag(sleep_job(1, HOUR), 5), NULL));
	ASSERT_EQ(0, cancel_tag(self->fd, 5, &cancel));
	EXPECT_EQ(0, cancel.cancelled + cancel.stopping);
	ASSERT_EQ(0, cancel_tag(other, 5, &cancel));
	EXPECT_EQ(1, cancel.cancelled + cancel.stopping);
	ASSERT_EQ(1, reap(other, &c, 1));
	EXPECT_EQ(0, close(other));
}

TEST_F(cancel, all_of_none_is_nothing)
{
	struct weft_cancel cancel;

	ASSERT_EQ(0, cancel_all(self->fd, &cancel));
	EXPECT_EQ(0, cancel.verdict);
	EXPECT_EQ(0, cancel.cancelled);
	EXPECT_EQ(0, cancel.stopping);
}

TEST_F(cancel, all_with_an_id_is_einval)
{
	struct weft_cancel cancel = {
		.size = sizeof(cancel),
		.flags = WEFT_CANCEL_ALL,
	};
	struct weft_stats stats;
	struct weft_completion c;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), (__u64 *)&cancel.id));
	EXPECT_EQ(-EINVAL, call(self->fd, WEFT_IOC_CANCEL, &cancel));
	cancel.id = 1ULL << 63;
	EXPECT_EQ(-EINVAL, call(self->fd, WEFT_IOC_CANCEL, &cancel));
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(0, stats.done);
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
}

TEST_F(cancel, all_cancels_every_waiting_job)
{
	enum { N = 500 };
	static struct weft_completion c[N];
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), N);
	struct weft_cancel cancel;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(N, submit_all(self->fd, jobs, NULL, N));
	ASSERT_EQ(true, until_waiting(self->fd, N));
	ASSERT_EQ(0, cancel_all(self->fd, &cancel));
	EXPECT_EQ(0, cancel.verdict);
	EXPECT_EQ(N, cancel.cancelled);
	EXPECT_EQ(0, cancel.stopping);
	ASSERT_EQ(N, reap(self->fd, c, N));
	EXPECT_TRUE(exactly_once(c, N));
	EXPECT_EQ(N, count_result(c, N, -ECANCELED));
	EXPECT_EQ(0, look(self->fd));
	free(jobs);
}

TEST_F(cancel, all_does_not_count_done_jobs)
{
	struct weft_completion c[3];
	struct weft_cancel cancel;

	ASSERT_EQ(1, submit_one(self->fd, nop_job(0), NULL));
	ASSERT_EQ(1, submit_one(self->fd, nop_job(1), NULL));
	ASSERT_EQ(2, wait_done(self->fd, 2));
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(2, HOUR), NULL));
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	ASSERT_EQ(0, cancel_all(self->fd, &cancel));
	EXPECT_EQ(1, cancel.cancelled);
	EXPECT_EQ(0, cancel.stopping);
	ASSERT_EQ(3, reap(self->fd, c, 3));
	EXPECT_TRUE(exactly_once(c, 3));
	EXPECT_EQ(2, count_result(c, 3, 0));
	EXPECT_EQ(1, count_result(c, 3, -ECANCELED));
}

TEST_F(cancel, all_leaves_other_clients_alone)
{
	int other = open_client(variant->engine, 1);
	struct weft_completion c;
	struct weft_cancel cancel;
	struct weft_stats stats;

	ASSERT_LE(0, other);
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), NULL));
	ASSERT_EQ(0, cancel_all(other, &cancel));
	EXPECT_EQ(0, cancel.cancelled + cancel.stopping);
	ASSERT_EQ(1, run_job(other, sleep_job(1, MSEC), &c));
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(0, stats.done);
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
	EXPECT_EQ(0, close(other));
}

TEST_F(cancel, jobs_after_cancel_all_run)
{
	struct weft_cancel cancel;
	struct weft_completion c;

	ASSERT_EQ(0, cancel_all(self->fd, &cancel));
	ASSERT_EQ(1, run_job(self->fd, sleep_job(1, USEC), &c));
	EXPECT_LE(0, c.result);
}

/* What a verdict promises about the result. */
static bool keeps_promise(int verdict, __s64 result)
{
	switch (verdict) {
	case WEFT_CANCELLED:
		return result == -ECANCELED;
	case WEFT_ALREADY_DONE:
		return result >= 0;
	case WEFT_STOPPING:
		return result == -ECANCELED || result >= 0;
	default:
		return false;
	}
}

/* Jobs of about the length of the way to their cancel: each race comes up. */
static struct weft_job racing_job(unsigned int i)
{
	switch (i % 5) {
	case 0:
		return nop_job(i);
	case 1:
		return yield_job(i, i % 50);
	case 2:
		return spin_job(i, i % 50 * USEC);
	case 3:
		return sleep_job(i, i % 200 * USEC);
	default:
		return work_job(i, 1 + i % 4, i % 20 * USEC, i % 60 * USEC);
	}
}

/* A kernel thread a job takes its time. */
static int racing_rounds(__u32 engine)
{
	return engine == WEFT_ENGINE_ASYNC ? 20 : 5;
}

TEST_F(cancel, result_keeps_what_the_verdict_promised)
{
	enum { N = 200 };
	const int rounds = racing_rounds(variant->engine);
	struct weft_completion c[N];
	struct weft_job jobs[N];
	int verdict[N];
	__u64 ids[N];
	int i, round;

	for (i = 0; i < N; i++)
		jobs[i] = racing_job(i);
	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(N, submit_all(self->fd, jobs, ids, N));
		for (i = 0; i < N; i++)
			verdict[i] = cancel_job(self->fd, ids[i]);
		ASSERT_EQ(N, reap(self->fd, c, N));
		ASSERT_TRUE(exactly_once(c, N));
		for (i = 0; i < N; i++) {
			EXPECT_TRUE(keeps_promise(verdict[c[i].user_data], c[i].result))
				TH_LOG("verdict %d, result %lld",
				       verdict[c[i].user_data], (long long)c[i].result);
		}
		EXPECT_EQ(0, look(self->fd));
	}
}

struct canceller {
	int fd;
	const __u64 *ids;
	int n;
	int verdict[200];
};

static void *cancel_backwards(void *arg)
{
	struct canceller *canceller = arg;
	int i;

	for (i = canceller->n - 1; i >= 0; i--)
		canceller->verdict[i] = cancel_job(canceller->fd, canceller->ids[i]);
	return NULL;
}

/* A second cancel meets jobs that the first one is ending. */
TEST_F(cancel, two_cancels_of_a_job_agree_with_its_end)
{
	enum { N = 200 };
	const int rounds = racing_rounds(variant->engine);
	struct weft_completion c[N];
	struct weft_job jobs[N];
	struct canceller other;
	int verdict[N];
	pthread_t thread;
	__u64 ids[N];
	int i, round;

	other = (struct canceller){ .fd = self->fd, .ids = ids, .n = N };
	for (i = 0; i < N; i++)
		jobs[i] = racing_job(i);
	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(N, submit_all(self->fd, jobs, ids, N));
		ASSERT_EQ(0, pthread_create(&thread, NULL, cancel_backwards, &other));
		for (i = 0; i < N; i++)
			verdict[i] = cancel_job(self->fd, ids[i]);
		pthread_join(thread, NULL);
		ASSERT_EQ(N, reap(self->fd, c, N));
		ASSERT_TRUE(exactly_once(c, N));
		for (i = 0; i < N; i++) {
			__u64 k = c[i].user_data;
			bool promised = verdict[k] == WEFT_CANCELLED ||
					other.verdict[k] == WEFT_CANCELLED;

			EXPECT_LT(0, verdict[k]);
			EXPECT_LT(0, other.verdict[k]);
			if (promised) {
				EXPECT_EQ(-ECANCELED, c[i].result);
			}
		}
	}
}

static void *cancel_all_again_and_again(void *arg)
{
	struct canceller *canceller = arg;
	struct weft_cancel cancel;

	while (__atomic_load_n(&canceller->n, __ATOMIC_RELAXED)) {
		if (cancel_all(canceller->fd, &cancel))
			break;
		sched_yield();
	}
	return NULL;
}

TEST_F(cancel, cancel_all_under_load_loses_no_job)
{
	enum { N = 600 };
	static struct weft_completion c[N];
	struct canceller other = { .fd = self->fd, .n = 1 };
	struct weft_job *jobs = mixed_jobs(N);
	struct weft_stats stats;
	pthread_t thread;
	unsigned int cancelled;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(0, pthread_create(&thread, NULL, cancel_all_again_and_again, &other));
	EXPECT_EQ(N, pump(self->fd, jobs, c, N));
	__atomic_store_n(&other.n, 0, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_TRUE(exactly_once(c, N));
	cancelled = count_result(c, N, -ECANCELED);
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(cancelled, stats.cancelled);
	EXPECT_EQ(cancelled, stats.failed);
	EXPECT_EQ(N, stats.done);
	free(jobs);
}

WEFT_TEST_MAIN
