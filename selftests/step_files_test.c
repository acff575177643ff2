// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs with files of a stepped client: they act as who submitted them, although who
 * steps polls them.
 */
#include "files.h"
#include <poll.h>
#include <sys/signalfd.h>

#define CREDITS	8
#define AREA	(256 * 1024)

FIXTURE(step_files) {
	int fd;
	struct area area;
};

FIXTURE_SETUP(step_files)
{
	self->fd = open_device();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, setup_stepped(self->fd, 1, 0, CREDITS));
	ASSERT_EQ(0, make_area(self->fd, AREA, &self->area));
}

FIXTURE_TEARDOWN(step_files)
{
	unmap_area(&self->area);
	EXPECT_EQ(0, close(self->fd));
}

static int step(int fd)
{
	struct weft_step step = { .size = sizeof(step), .worker = WEFT_STEP_ANY };
	int ret = call(fd, WEFT_IOC_STEP, &step);

	return ret ? ret : (int)step.outcome;
}

/* Steps until a job has ended, and reaps it. */
static bool step_to_end(int fd, struct weft_completion *c)
{
	__u64 end = in_ns(PATIENCE);
	int ret = 0;

	while (!ret && now_ns() < end) {
		if (step(fd) < 0)
			return false;
		ret = wait_until(fd, c, 1, 0, 0);
	}
	return ret == 1;
}

static __s64 stepped_result(int fd, struct weft_job job)
{
	struct weft_completion c = { .result = -EPROTO };
	int ret = submit_one(fd, job, NULL);

	return ret < 0 ? ret : step_to_end(fd, &c) ? c.result : -ETIMEDOUT;
}

TEST_F(step_files, who_steps_gets_no_signal)
{
	int pair[2];

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	close(pair[0]);
	/* That would end the test. */
	signal(SIGPIPE, SIG_DFL);
	EXPECT_EQ(-EPIPE, stepped_result(self->fd, write_job(pair[1], &self->area, 1)));
	close(pair[1]);
}

TEST_F(step_files, limit_of_who_steps_neither_counts_nor_changes)
{
	struct rlimit small = { .rlim_cur = 100, .rlim_max = RLIM_INFINITY }, after;
	char path[] = "/tmp/weft-step-XXXXXX";
	struct weft_completion c;
	int file = mkstemp(path);

	ASSERT_LE(0, file);
	unlink(path);
	signal(SIGXFSZ, SIG_DFL);
	ASSERT_EQ(1, submit_one(self->fd, write_job(file, &self->area, 4096), NULL));
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &small));
	ASSERT_TRUE(step_to_end(self->fd, &c));
	EXPECT_EQ(4096, c.result);
	ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &after));
	EXPECT_EQ(100, after.rlim_cur);
	EXPECT_EQ(-EFBIG, stepped_result(self->fd, write_job(file, &self->area, 1)));
	close(file);
}

TEST_F(step_files, all_ways_to_read_and_write_come_to_their_end)
{
	char path[] = "/tmp/weft-step-XXXXXX", byte;
	int file = mkstemp(path), pair[2], i;
	struct weft_completion c;

	ASSERT_LE(0, file);
	unlink(path);
	memset(self->area.mem, 'x', AREA);
	EXPECT_EQ(AREA, stepped_result(self->fd, write_job(file, &self->area, AREA)));
	EXPECT_EQ(100, stepped_result(self->fd, rw_job(WEFT_OP_READ, file, &self->area,
						       AREA - 100, 0, AREA)));
	EXPECT_EQ(0, stepped_result(self->fd, fsync_job(file, 0)));
	close(file);
	/* More than a pipe holds: it waits, and goes on. */
	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	ASSERT_EQ(1, submit_one(self->fd, write_job(pair[1], &self->area, AREA), NULL));
	for (i = 0; i < AREA; i++) {
		struct pollfd p = { .fd = pair[0], .events = POLLIN };

		while (!poll(&p, 1, 0))
			ASSERT_LE(0, step(self->fd));
		ASSERT_EQ(1, read(pair[0], &byte, 1));
		if (i % 4096)
			i += read(pair[0], self->area.mem, 4095);
	}
	ASSERT_TRUE(step_to_end(self->fd, &c));
	EXPECT_EQ(AREA, c.result);
	ASSERT_EQ(1, submit_one(self->fd, read_job(pair[0], &self->area, 10), NULL));
	for (i = 0; i < 10; i++)
		ASSERT_LE(0, step(self->fd));
	EXPECT_EQ(0, look(self->fd));
	ASSERT_EQ(3, write(pair[1], "abc", 3));
	ASSERT_TRUE(step_to_end(self->fd, &c));
	EXPECT_EQ(3, c.result);
	close(pair[0]);
	close(pair[1]);
}

/*
 * The wait queue of a signalfd is that of the signals of who polls it, and goes away
 * with that process: who waits there is woken, and must not look there again.
 */
TEST_F(step_files, poll_outlives_the_process_whose_signals_it_waits_for)
{
	struct weft_job job = { .op = WEFT_OP_POLL, .user_data = 1 };
	unsigned int i, n = scaled(100, 10);
	struct weft_completion c;
	sigset_t mask;
	int status;
	pid_t pid;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	job.poll.fd = signalfd(-1, &mask, SFD_CLOEXEC);
	job.poll.events = POLLIN;
	ASSERT_LE(0, job.poll.fd);
	for (i = 0; i < n; i++) {
		ASSERT_EQ(1, submit_one(self->fd, job, NULL));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(step(self->fd) != WEFT_STEP_PENDING);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
		if (i % 4 == 3) {
			struct weft_cancel cancel;

			/* Gone already, when the cancel wants to leave it. */
			ASSERT_EQ(0, cancel_all(self->fd, &cancel));
		}
		ASSERT_TRUE(step_to_end(self->fd, &c));
		ASSERT_TRUE(c.result == POLLHUP ||
			    (i % 4 == 3 && c.result == -ECANCELED));
	}
	/* One that waits there as the client closes. */
	ASSERT_EQ(1, submit_one(self->fd, job, NULL));
	ASSERT_EQ(WEFT_STEP_PENDING, step(self->fd));
	close(job.poll.fd);
}

WEFT_TEST_MAIN
