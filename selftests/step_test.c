// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stepped clients: one poll at a time, by a clock of their own, beside all others.
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common.h"
#include "table.h"

#define CREDITS		32
#define WORKERS		2

static struct weft_step_job jobs[WEFT_STEP_MAX_CREDITS];

static int do_step(int fd, struct weft_step *step)
{
	step->size = sizeof(*step);
	return call(fd, WEFT_IOC_STEP, step);
}

/* A step of any worker, with a list of the jobs. */
static int step_any(int fd, struct weft_step *step)
{
	*step = (struct weft_step){
		.worker = WEFT_STEP_ANY,
		.jobs = (uintptr_t)jobs,
		.capacity = ARRAY_SIZE(jobs),
	};
	return do_step(fd, step);
}

static int step_look(int fd, struct weft_step *step)
{
	*step = (struct weft_step){
		.flags = WEFT_STEP_LOOK,
		.worker = WEFT_STEP_ANY,
		.jobs = (uintptr_t)jobs,
		.capacity = ARRAY_SIZE(jobs),
	};
	return do_step(fd, step);
}

static int step_advance(int fd, __u64 ns, struct weft_step *step)
{
	*step = (struct weft_step){
		.flags = WEFT_STEP_LOOK,
		.worker = WEFT_STEP_ANY,
		.advance_ns = ns,
		.jobs = (uintptr_t)jobs,
		.capacity = ARRAY_SIZE(jobs),
	};
	return do_step(fd, step);
}

static int open_stepped(__u32 workers, __u32 flags)
{
	int fd = open_device(), ret;

	if (fd < 0)
		return fd;
	ret = setup_stepped(fd, workers, flags, CREDITS);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/* The row of the job in the list of the last step. */
static const struct weft_step_job *row_of(const struct weft_step *step, __u64 id)
{
	static const struct weft_step_job none;
	unsigned int i;

	for (i = 0; i < step->listed && i < step->capacity; i++)
		if (jobs[i].id == id)
			return &jobs[i];
	return &none;
}

FIXTURE(step) {
	int fd;
	struct weft_step step;
	struct weft_completion c[CREDITS];
	__u64 ids[CREDITS];
};

FIXTURE_SETUP(step)
{
	self->fd = open_stepped(WORKERS, WEFT_SETUP_VIRTUAL);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(step)
{
	EXPECT_EQ(0, close(self->fd));
}

/* How many completions are there. */
static int ready(int fd)
{
	return wait_until(fd, NULL, 0, 0, 0);
}

TEST_F(step, nothing_runs_before_a_step)
{
	struct weft_job two[] = { nop_job(1), nop_job(2) };

	ASSERT_EQ(2, submit_all(self->fd, two, self->ids, 2));
	ASSERT_EQ(0, step_look(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_IDLE, self->step.outcome);
	EXPECT_EQ(WEFT_STEP_ANY, self->step.worker);
	EXPECT_EQ(0, self->step.id);
	EXPECT_EQ(2, self->step.queued);
	EXPECT_EQ(0, self->step.waiting);
	EXPECT_EQ(2, self->step.listed);
	EXPECT_EQ(WEFT_STEP_JOB_QUEUED, row_of(&self->step, self->ids[0])->state);
	EXPECT_EQ(WEFT_STEP_FOR_TURN, row_of(&self->step, self->ids[0])->waits);
	EXPECT_EQ(1, row_of(&self->step, self->ids[0])->place);
	EXPECT_EQ(0, row_of(&self->step, self->ids[0])->polls);
	EXPECT_EQ(2, row_of(&self->step, self->ids[1])->user_data);
	EXPECT_EQ(0, ready(self->fd));
}

TEST_F(step, step_polls_one_job)
{
	struct weft_job two[] = { nop_job(1), nop_job(2) };

	ASSERT_EQ(2, submit_all(self->fd, two, self->ids, 2));
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_ENDED, self->step.outcome);
	EXPECT_TRUE(self->step.id == self->ids[0] || self->step.id == self->ids[1]);
	EXPECT_EQ(1, self->step.listed);
	EXPECT_EQ(0, row_of(&self->step, self->step.id)->id);
	EXPECT_EQ(1, ready(self->fd));
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_ENDED, self->step.outcome);
	EXPECT_EQ(0, self->step.listed);
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_IDLE, self->step.outcome);
	EXPECT_EQ(2, wait_until(self->fd, self->c, 2, 2, 0));
	EXPECT_TRUE(self->c[0].id != self->c[1].id);
}

TEST_F(step, any_takes_the_workers_in_turn)
{
	struct weft_job four[] = {
		yield_job(0, 9), yield_job(1, 9), yield_job(2, 9), yield_job(3, 9),
	};
	__u32 before = WEFT_STEP_ANY;
	int i;

	ASSERT_EQ(4, submit_all(self->fd, four, self->ids, 4));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, step_any(self->fd, &self->step));
		EXPECT_EQ(WEFT_STEP_YIELDED, self->step.outcome);
		EXPECT_GT(WORKERS, self->step.worker);
		EXPECT_NE(before, self->step.worker);
		before = self->step.worker;
	}
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(2, row_of(&self->step, self->ids[i])->polls);
	}
}

TEST_F(step, named_worker_polls_its_own)
{
	struct weft_job four[] = {
		yield_job(0, 9), yield_job(1, 9), yield_job(2, 9), yield_job(3, 9),
	};
	__u64 order[4];
	__u32 worker;
	int i;

	ASSERT_EQ(4, submit_all(self->fd, four, self->ids, 4));
	ASSERT_EQ(0, step_look(self->fd, &self->step));
	worker = row_of(&self->step, self->ids[0])->worker;
	EXPECT_EQ(1, row_of(&self->step, self->ids[0])->place);
	EXPECT_EQ(worker, row_of(&self->step, self->ids[1])->worker);
	EXPECT_EQ(2, row_of(&self->step, self->ids[1])->place);
	for (i = 0; i < 4; i++) {
		self->step = (struct weft_step){ .worker = worker };
		ASSERT_EQ(0, do_step(self->fd, &self->step));
		EXPECT_EQ(worker, self->step.worker);
		order[i] = self->step.id;
	}
	EXPECT_EQ(self->ids[0], order[0]);
	EXPECT_EQ(self->ids[1], order[1]);
	EXPECT_EQ(self->ids[0], order[2]);
	EXPECT_EQ(self->ids[1], order[3]);
	ASSERT_EQ(0, step_look(self->fd, &self->step));
	EXPECT_EQ(0, row_of(&self->step, self->ids[2])->polls);
}

TEST_F(step, yields_are_told_until_the_end)
{
	int i;

	ASSERT_EQ(1, submit_one(self->fd, yield_job(1, 3), &self->ids[0]));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, step_any(self->fd, &self->step));
		EXPECT_EQ(WEFT_STEP_YIELDED, self->step.outcome);
		EXPECT_EQ(self->ids[0], self->step.id);
		EXPECT_EQ(i + 1, row_of(&self->step, self->ids[0])->polls);
	}
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_ENDED, self->step.outcome);
}

TEST_F(step, sleep_waits_until_the_clock_is_advanced)
{
	__u64 due;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, MSEC), &self->ids[0]));
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_PENDING, self->step.outcome);
	EXPECT_EQ(WEFT_STEP_JOB_WAITING, jobs[0].state);
	EXPECT_EQ(WEFT_STEP_FOR_TIMER, jobs[0].waits);
	EXPECT_EQ(0, jobs[0].place);
	EXPECT_EQ(1, self->step.waiting);
	due = jobs[0].due_ns;
	EXPECT_EQ(due, self->step.next_ns);
	EXPECT_LE(self->step.now_ns + MSEC - 100 * USEC, due);
	EXPECT_GE(self->step.now_ns + MSEC, due);

	ASSERT_EQ(0, step_any(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_IDLE, self->step.outcome);
	ASSERT_EQ(0, step_advance(self->fd, due - self->step.now_ns - 1, &self->step));
	EXPECT_EQ(WEFT_STEP_JOB_WAITING, jobs[0].state);
	ASSERT_EQ(0, step_advance(self->fd, 1, &self->step));
	EXPECT_EQ(due, self->step.now_ns);
	EXPECT_EQ(WEFT_STEP_JOB_QUEUED, jobs[0].state);
	EXPECT_EQ(1, jobs[0].place);
	EXPECT_EQ(0, jobs[0].due_ns);
	EXPECT_EQ(0, self->step.next_ns);
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_ENDED, self->step.outcome);
	ASSERT_EQ(1, wait_until(self->fd, self->c, 1, 1, 0));
	EXPECT_LE(0, self->c[0].result);
	EXPECT_GE(100 * USEC, self->c[0].result);
}

TEST_F(step, skip_goes_on_to_the_next_timer)
{
	struct weft_job two[] = { sleep_job(1, 5 * HOUR), sleep_job(2, HOUR) };
	int i;

	ASSERT_EQ(2, submit_all(self->fd, two, self->ids, 2));
	for (i = 0; i < 2; i++) {
		self->step = (struct weft_step){ .flags = WEFT_STEP_SKIP,
						 .worker = WEFT_STEP_ANY };
		ASSERT_EQ(0, do_step(self->fd, &self->step));
		EXPECT_EQ(WEFT_STEP_PENDING, self->step.outcome);
		/* Something was runnable: no time was skipped. */
		EXPECT_GT(MSEC, self->step.now_ns);
	}
	for (i = 1; i >= 0; i--) {
		self->step = (struct weft_step){ .flags = WEFT_STEP_SKIP,
						 .worker = WEFT_STEP_ANY };
		ASSERT_EQ(0, do_step(self->fd, &self->step));
		EXPECT_EQ(WEFT_STEP_ENDED, self->step.outcome);
		EXPECT_EQ(self->ids[i], self->step.id);
		EXPECT_LE((i ? 1 : 5) * HOUR, self->step.now_ns);
	}
	self->step = (struct weft_step){ .flags = WEFT_STEP_SKIP,
					 .worker = WEFT_STEP_ANY };
	ASSERT_EQ(0, do_step(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_IDLE, self->step.outcome);
}

TEST_F(step, time_stands_still_between_steps)
{
	__u64 now, start = now_ns();

	ASSERT_EQ(0, step_look(self->fd, &self->step));
	now = self->step.now_ns;
	while (now_ns() < start + MSEC)
		;
	ASSERT_EQ(0, step_look(self->fd, &self->step));
	EXPECT_EQ(now, self->step.now_ns);
}

/* A job that computes must end though nobody advances the clock. */
TEST_F(step, spin_ends_by_the_clock_of_its_polls)
{
	unsigned int polls = 0;

	ASSERT_EQ(1, submit_one(self->fd, spin_job(1, MSEC), &self->ids[0]));
	do {
		ASSERT_EQ(0, step_any(self->fd, &self->step));
		polls++;
	} while (self->step.outcome == WEFT_STEP_YIELDED && polls < 100000);
	EXPECT_EQ(WEFT_STEP_ENDED, self->step.outcome);
	EXPECT_LE(5, polls);
	EXPECT_LE(MSEC, self->step.now_ns);
}

struct trace {
	__u32 worker, outcome;
	__u64 id;
};

/* What three jobs do until all have ended. Return: how many steps that took. */
static unsigned int record(struct trace *trace, unsigned int max)
{
	struct weft_job three[] = {
		sleep_job(0, MSEC), yield_job(1, 4), sleep_job(2, 2 * MSEC),
	};
	int fd = open_stepped(WORKERS, WEFT_SETUP_VIRTUAL);
	struct weft_step step;
	unsigned int n = 0;

	if (submit_all(fd, three, NULL, 3) != 3)
		return 0;
	do {
		step = (struct weft_step){ .flags = WEFT_STEP_SKIP,
					   .worker = WEFT_STEP_ANY };
		if (n == max || do_step(fd, &step))
			return 0;
		trace[n++] = (struct trace){ step.worker, step.outcome, step.id };
	} while (step.outcome != WEFT_STEP_IDLE);
	close(fd);
	return n;
}

TEST(same_jobs_take_the_same_steps)
{
	static struct trace first[64], second[64];
	unsigned int n = record(first, 64);

	/* Two for each sleep, five for the yields, and the one that found nothing. */
	EXPECT_EQ(10, n);
	EXPECT_EQ(n, record(second, 64));
	EXPECT_EQ(0, memcmp(first, second, n * sizeof(*first)));
}

TEST(real_clock_is_monotonic_time)
{
	int fd = open_stepped(1, 0);
	__u64 id, start = now_ns(), end = in_ns(PATIENCE);
	struct weft_completion c;
	struct weft_step step;

	ASSERT_LE(0, fd);
	ASSERT_EQ(1, submit_one(fd, sleep_job(1, HOUR), &id));
	ASSERT_EQ(0, step_any(fd, &step));
	EXPECT_EQ(WEFT_STEP_PENDING, step.outcome);
	EXPECT_LE(start, step.now_ns);
	EXPECT_GE(now_ns(), step.now_ns);
	EXPECT_LE(start + HOUR, step.next_ns);
	EXPECT_GE(now_ns() + HOUR, step.next_ns);
	ASSERT_EQ(1, submit_one(fd, sleep_job(2, MSEC), &id));
	do {
		ASSERT_EQ(0, step_any(fd, &step));
	} while (step.outcome != WEFT_STEP_ENDED && now_ns() < end);
	EXPECT_EQ(id, step.id);
	EXPECT_LE(start + MSEC, step.now_ns);
	EXPECT_EQ(1, wait_until(fd, &c, 1, 1, 0));
	EXPECT_EQ(0, close(fd));
}

TEST_F(step, cancel_ends_the_job_at_its_next_step)
{
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), &self->ids[0]));
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(self->fd, self->ids[0]));
	EXPECT_EQ(0, ready(self->fd));
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_ENDED, self->step.outcome);
	ASSERT_EQ(1, wait_until(self->fd, self->c, 1, 1, 0));
	EXPECT_EQ(-ECANCELED, self->c[0].result);
	EXPECT_EQ(0, self->step.next_ns);
}

TEST_F(step, deadline_is_by_the_clients_clock)
{
	struct weft_job job = with_deadline(sleep_job(1, HOUR), 10 * MSEC);

	ASSERT_EQ(1, submit_one(self->fd, job, &self->ids[0]));
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_PENDING, self->step.outcome);
	EXPECT_EQ(10 * MSEC, self->step.next_ns);
	EXPECT_EQ(10 * MSEC, jobs[0].due_ns);
	ASSERT_EQ(0, step_advance(self->fd, 10 * MSEC, &self->step));
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	EXPECT_EQ(WEFT_STEP_ENDED, self->step.outcome);
	ASSERT_EQ(1, wait_until(self->fd, self->c, 1, 1, 0));
	EXPECT_EQ(-ETIME, self->c[0].result);
}

TEST_F(step, list_is_cut_at_its_capacity)
{
	struct weft_job *many = many_jobs(sleep_job(0, HOUR), CREDITS);

	ASSERT_TRUE(many);
	ASSERT_EQ(CREDITS, submit_all(self->fd, many, self->ids, CREDITS));
	memset(jobs, 0xff, sizeof(jobs));
	self->step = (struct weft_step){
		.flags = WEFT_STEP_LOOK, .worker = WEFT_STEP_ANY,
		.jobs = (uintptr_t)jobs, .capacity = 3,
	};
	ASSERT_EQ(0, do_step(self->fd, &self->step));
	EXPECT_EQ(CREDITS, self->step.listed);
	EXPECT_EQ(self->ids[2], jobs[2].id);
	EXPECT_EQ(~0ULL, jobs[3].id);
	free(many);
}

TEST_F(step, list_that_cannot_be_written_is_efault_and_no_step)
{
	char *edge = before_guard(sizeof(*jobs));

	ASSERT_TRUE(edge);
	ASSERT_EQ(1, submit_one(self->fd, nop_job(1), &self->ids[0]));
	self->step = (struct weft_step){
		.worker = WEFT_STEP_ANY, .jobs = (uintptr_t)edge, .capacity = 2,
	};
	EXPECT_EQ(-EFAULT, do_step(self->fd, &self->step));
	self->step.jobs = 0;
	EXPECT_EQ(-EFAULT, do_step(self->fd, &self->step));
	EXPECT_EQ(0, ready(self->fd));
	self->step.jobs = (uintptr_t)edge;
	self->step.capacity = 1;
	EXPECT_EQ(0, do_step(self->fd, &self->step));
	EXPECT_EQ(1, ready(self->fd));
}

TEST_F(step, wrong_steps_are_einval)
{
	const struct weft_step wrong[] = {
		{ .worker = WORKERS },
		{ .worker = WEFT_STEP_ANY - 1 },
		{ .worker = WEFT_STEP_ANY, .capacity = WEFT_STEP_MAX_CREDITS + 1 },
		{ .worker = WEFT_STEP_ANY, .advance_ns = 1ULL << 63 },
		{ .worker = WEFT_STEP_ANY, .advance_ns = ~0ULL },
	};
	struct weft_step step;
	size_t i;

	ASSERT_EQ(1, submit_one(self->fd, nop_job(1), &self->ids[0]));
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		step = wrong[i];
		step.jobs = (uintptr_t)jobs;
		EXPECT_EQ(-EINVAL, do_step(self->fd, &step)) TH_LOG("step %zu", i);
	}
	EXPECT_EQ(0, ready(self->fd));
	ASSERT_EQ(0, step_look(self->fd, &step));
	EXPECT_EQ(0, step.now_ns);
	/* As far as time goes; not further. */
	ASSERT_EQ(0, step_advance(self->fd, (1ULL << 63) - 1, &step));
	EXPECT_EQ(-EINVAL, step_advance(self->fd, 1, &step));
}

TEST(real_clock_cannot_be_advanced)
{
	int fd = open_stepped(1, 0);
	struct weft_step step = { .worker = WEFT_STEP_ANY, .advance_ns = 1 };

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, do_step(fd, &step));
	step = (struct weft_step){ .worker = WEFT_STEP_ANY, .flags = WEFT_STEP_SKIP };
	EXPECT_EQ(-EINVAL, do_step(fd, &step));
	EXPECT_EQ(0, close(fd));
}

TEST(step_of_another_client_is_ebadfd)
{
	const __u32 engines[] = { WEFT_ENGINE_ASYNC, WEFT_ENGINE_THREADS };
	struct weft_step step = { .worker = WEFT_STEP_ANY };
	int fd = open_device();
	size_t i;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADFD, do_step(fd, &step));
	EXPECT_EQ(0, close(fd));
	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		fd = open_client(engines[i], 1);
		ASSERT_LE(0, fd);
		EXPECT_EQ(-EBADFD, do_step(fd, &step));
		EXPECT_EQ(0, close(fd));
	}
}

TEST(wrong_setups_are_einval)
{
	const struct weft_setup wrong[] = {
		{ .flags = WEFT_SETUP_STEP, .workers = 0 },
		{ .flags = WEFT_SETUP_STEP, .workers = WEFT_STEP_MAX_WORKERS + 1 },
		{ .flags = WEFT_SETUP_STEP, .workers = ~0U },
		{ .flags = WEFT_SETUP_STEP, .workers = 1,
		  .engine = WEFT_ENGINE_THREADS },
		{ .flags = WEFT_SETUP_STEP, .workers = 1,
		  .credits = WEFT_STEP_MAX_CREDITS + 1 },
		{ .flags = WEFT_SETUP_STEP, .workers = 1, .__reserved = 1 },
		{ .flags = WEFT_SETUP_VIRTUAL, .workers = 1 },
		{ .flags = WEFT_SETUP_VIRTUAL },
		{ .flags = 0, .workers = 1 },
		{ .flags = WEFT_SETUP_STEP | 4, .workers = 1 },
	};
	struct weft_setup setup;
	int fd = open_device();
	size_t i;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		setup = wrong[i];
		setup.size = sizeof(setup);
		EXPECT_EQ(-EINVAL, call(fd, WEFT_IOC_SETUP, &setup))
			TH_LOG("setup %zu", i);
	}
	/* It was not set up by any of them. */
	EXPECT_EQ(0, setup_stepped(fd, WEFT_STEP_MAX_WORKERS, 0, WEFT_STEP_MAX_CREDITS));
	EXPECT_EQ(-EBADFD, setup_stepped(fd, 1, 0, 1));
	EXPECT_EQ(0, close(fd));
}

TEST(default_credits_are_no_more_than_there_may_be)
{
	struct weft_setup setup = {
		.size = sizeof(setup), .flags = WEFT_SETUP_STEP, .workers = 1,
	};
	int fd = open_device();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, call(fd, WEFT_IOC_SETUP, &setup));
	EXPECT_EQ(WEFT_STEP_MAX_CREDITS, setup.credits);
	EXPECT_EQ(0, close(fd));
}

/* Its jobs stand, those of others run; and they are not counted with theirs. */
TEST_F(step, others_are_not_affected)
{
	int other = open_client(WEFT_ENGINE_ASYNC, CREDITS);
	static struct table before, after;
	struct weft_job *mixed = mixed_jobs(CREDITS);
	unsigned int row, i;

	ASSERT_LE(0, other);
	ASSERT_TRUE(mixed);
	ASSERT_EQ(0, table_read(&before, "engines"));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(1, submit_one(self->fd, yield_job(i, 1), &self->ids[i]));
		ASSERT_EQ(0, step_any(self->fd, &self->step));
	}
	ASSERT_EQ(0, table_read(&after, "engines"));
	row = table_row(&before, "engine", "async");
	EXPECT_EQ(table_number(&before, row, "accepted"), table_number(&after, row, "accepted"));
	EXPECT_EQ(table_number(&before, row, "polls"), table_number(&after, row, "polls"));
	EXPECT_EQ(CREDITS, pump(other, mixed, self->c, CREDITS));
	ASSERT_EQ(0, step_look(self->fd, &self->step));
	EXPECT_LT(0, self->step.listed);
	EXPECT_EQ(0, close(other));
	free(mixed);
}

TEST_F(step, client_in_debugfs_is_stepped)
{
	static struct table t;
	struct weft_stats stats;
	unsigned int row;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), &self->ids[0]));
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	row = client_row(&t, getpid());
	ASSERT_LT(0, row);
	EXPECT_STREQ("stepped", table_text(&t, row, "engine"));
	EXPECT_EQ(1, table_number(&t, row, "waiting"));
	EXPECT_EQ(0, table_number(&t, row, "running"));
	/* The executor and the list are the client's memory. */
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_LT(CREDITS * sizeof(struct weft_step_job), stats.bytes);
	ASSERT_EQ(0, table_read(&t, "memory"));
	row = table_row(&t, "what", "stepped_clients");
	ASSERT_LT(0, row);
	EXPECT_LE(stats.bytes, (__u64)table_number(&t, row, "bytes"));
	ASSERT_EQ(0, table_read(&t, "tasks"));
	row = table_row(&t, "op", "sleep");
	EXPECT_STREQ("-", table_text(&t, row, "worker"));
	EXPECT_EQ(0, table_number(&t, row, "tid"));
}

static bool until_client_gone(pid_t pid)
{
	__u64 end = in_ns(PATIENCE);

	while (client_exists(pid)) {
		if (now_ns() > end)
			return false;
		sched_yield();
	}
	return true;
}

/* Closed after each number of steps, with jobs in each state. */
TEST(close_at_any_step_ends_the_jobs)
{
	struct weft_job five[] = {
		sleep_job(0, HOUR), yield_job(1, ~0ULL), work_job(2, 3, USEC, USEC),
		with_deadline(sleep_job(3, HOUR), HOUR), spin_job(4, HOUR),
	};
	struct weft_step step;
	int steps, i, fd;

	for (steps = 0; steps < 12; steps++) {
		fd = open_stepped(WORKERS, steps % 2 ? WEFT_SETUP_VIRTUAL : 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(5, submit_all(fd, five, NULL, 5));
		for (i = 0; i < steps; i++) {
			ASSERT_EQ(0, step_any(fd, &step));
		}
		EXPECT_EQ(0, close(fd));
	}
	EXPECT_TRUE(until_client_gone(getpid()));
}

static int step_until_killed(int out)
{
	int fd = open_stepped(WORKERS, WEFT_SETUP_VIRTUAL);
	struct weft_step step;

	if (submit_one(fd, yield_job(1, ~0ULL), NULL) != 1 ||
	    submit_one(fd, sleep_job(2, HOUR), NULL) != 1)
		return 1;
	for (;;) {
		if (step_any(fd, &step) || write(out, "x", 1) != 1)
			return 1;
	}
}

TEST(kill_while_stepping_ends_the_jobs)
{
	int ends[2], status;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ends));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(step_until_killed(ends[1]));
	ASSERT_EQ(1, read(ends[0], &byte, 1));
	EXPECT_TRUE(client_exists(pid));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_TRUE(until_client_gone(pid));
	close(ends[0]);
	close(ends[1]);
}

struct stepper {
	pthread_t thread;
	int fd;
	int ret;
	__u32 yields;
};

static void *step_to_the_end(void *arg)
{
	struct stepper *s = arg;
	struct weft_step step;

	do {
		step = (struct weft_step){ .worker = WEFT_STEP_ANY };
		s->ret = do_step(s->fd, &step);
		s->yields += step.outcome == WEFT_STEP_YIELDED;
	} while (!s->ret && step.outcome != WEFT_STEP_IDLE);
	return NULL;
}

TEST_F(step, threads_that_step_take_turns)
{
	struct stepper steppers[3] = {};
	struct weft_job two[] = { yield_job(0, 500), yield_job(1, 500) };
	__u32 yields = 0;
	size_t i;

	ASSERT_EQ(2, submit_all(self->fd, two, self->ids, 2));
	for (i = 0; i < ARRAY_SIZE(steppers); i++) {
		steppers[i].fd = self->fd;
		ASSERT_EQ(0, pthread_create(&steppers[i].thread, NULL, step_to_the_end,
					    &steppers[i]));
	}
	for (i = 0; i < ARRAY_SIZE(steppers); i++) {
		ASSERT_EQ(0, pthread_join(steppers[i].thread, NULL));
		EXPECT_EQ(0, steppers[i].ret);
		yields += steppers[i].yields;
	}
	EXPECT_EQ(1000, yields);
	EXPECT_EQ(2, wait_until(self->fd, self->c, 2, 2, 0));
}

struct waiter {
	pthread_t thread;
	int fd;
	pid_t tid;
	int ret;
	struct weft_completion c;
};

static void *wait_for_one(void *arg)
{
	struct waiter *w = arg;

	__atomic_store_n(&w->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	w->ret = wait_until(w->fd, &w->c, 1, 1, WEFT_WAIT_FOREVER);
	return NULL;
}

TEST_F(step, waiter_is_woken_by_the_step_of_another_thread)
{
	struct waiter w = { .fd = self->fd };

	ASSERT_EQ(1, submit_one(self->fd, nop_job(7), &self->ids[0]));
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, wait_for_one, &w));
	while (!__atomic_load_n(&w.tid, __ATOMIC_ACQUIRE))
		sched_yield();
	until_asleep(w.tid);
	ASSERT_EQ(0, step_any(self->fd, &self->step));
	ASSERT_EQ(0, pthread_join(w.thread, NULL));
	EXPECT_EQ(1, w.ret);
	EXPECT_EQ(7, w.c.user_data);
}

TEST_F(step, receipts_and_stats_are_as_of_others)
{
	struct weft_job job = with_receipt(work_job(1, 2, 5 * USEC, MSEC));
	struct weft_stats stats;
	unsigned int steps = 0;

	ASSERT_EQ(1, submit_one(self->fd, job, &self->ids[0]));
	do {
		self->step = (struct weft_step){ .flags = WEFT_STEP_SKIP,
						 .worker = WEFT_STEP_ANY };
		ASSERT_EQ(0, do_step(self->fd, &self->step));
		steps++;
	} while (self->step.outcome != WEFT_STEP_ENDED && steps < 100);
	ASSERT_EQ(1, wait_until(self->fd, self->c, 1, 1, 0));
	EXPECT_EQ(steps, self->c[0].receipt.polls);
	EXPECT_EQ(1, self->c[0].receipt.wakes);
	if (self->c[0].flags & WEFT_COMPLETION_TIMED) {
		/* By the clock of the client. */
		EXPECT_LE(MSEC - 100 * USEC, self->c[0].receipt.blocked_ns);
		EXPECT_GE(MSEC, self->c[0].receipt.blocked_ns);
	}
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(1, stats.done);
	EXPECT_EQ(steps, stats.polls);
}

WEFT_TEST_MAIN
