// SPDX-License-Identifier: GPL-2.0-only
/* The trace events, as tracefs shows them. */
#include "files.h"

#define TRACEFS	"/sys/kernel/tracing/"
#define ENABLE	TRACEFS "events/weft/enable"

static void __attribute__((constructor)) need_events(void)
{
	if (access(ENABLE, W_OK))
		ksft_exit_skip("no " ENABLE ": mount tracefs\n");
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* Return: how many lines of the trace have all three of these. */
static int count_lines(const char *event, const char *word, const char *other)
{
	FILE *trace = fopen(TRACEFS "trace", "re");
	char line[512];
	int n = 0;

	if (!trace)
		return -errno;
	while (fgets(line, sizeof(line), trace))
		n += strstr(line, event) && strstr(line, word) && strstr(line, other);
	fclose(trace);
	return n;
}

FIXTURE(trace) { int fd; };
FIXTURE_VARIANT(trace) { __u32 engine; };
FIXTURE_VARIANT_ADD(trace, async) { .engine = WEFT_ENGINE_ASYNC };
FIXTURE_VARIANT_ADD(trace, threads) { .engine = WEFT_ENGINE_THREADS };

FIXTURE_SETUP(trace)
{
	self->fd = open_client(variant->engine, 4);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, write_file(TRACEFS "trace", ""));
	ASSERT_EQ(0, write_file(ENABLE, "1"));
}

FIXTURE_TEARDOWN(trace)
{
	EXPECT_EQ(0, write_file(ENABLE, "0"));
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(trace, each_poll_has_its_begin_and_its_end)
{
	struct weft_completion c;

	ASSERT_EQ(1, run_job(self->fd, yield_job(7, 2), &c));
	EXPECT_EQ(3, count_lines("weft_poll_begin:", "op=yield ", "polls="));
	EXPECT_EQ(2, count_lines("weft_poll_end:", "op=yield pending ", "wait=yield"));
	EXPECT_EQ(1, count_lines("weft_poll_end:", "op=yield ready ", "wait=none"));
}

TEST_F(trace, wait_says_for_what)
{
	struct weft_completion c;

	ASSERT_EQ(1, run_job(self->fd, sleep_job(7, MSEC), &c));
	EXPECT_LE(1, count_lines("weft_poll_end:", "op=sleep pending ", "wait=timer"));
	EXPECT_EQ(1, count_lines("weft_poll_end:", "op=sleep ready ", "wait=none"));
}

TEST_F(trace, life_of_a_job_is_traced)
{
	struct weft_completion c;
	char id[32];
	__u64 job;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(7, MSEC), &job));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	snprintf(id, sizeof(id), "id=%llu op=sleep ", job);
	EXPECT_EQ(1, count_lines("weft_submit:", id, "client="));
	EXPECT_EQ(1, count_lines("weft_wake:", id, "by=timer"));
	EXPECT_EQ(1, count_lines("weft_complete:", id, "polls=2"));
	EXPECT_EQ(0, count_lines("weft_cancel:", id, ""));
	EXPECT_LE(1, count_lines("weft_park:", "worker=",
				 variant->engine == WEFT_ENGINE_ASYNC ? "id=0" : "worker=-1"));
}

TEST_F(trace, step_on_the_pool_is_traced)
{
	bool async = variant->engine == WEFT_ENGINE_ASYNC;
	int file = memfd_create("trace", MFD_CLOEXEC);
	struct weft_completion c;
	char id[32];
	__u64 job;

	ASSERT_LE(0, file);
	ASSERT_EQ(1, submit_one(self->fd, fsync_job(file, 0), &job));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(0, c.result);
	snprintf(id, sizeof(id), "id=%llu op=fsync ", job);
	/* A thread of its own may block by itself. */
	EXPECT_EQ(async, count_lines("weft_punt:", id, "punts=0"));
	EXPECT_EQ(async, count_lines("weft_punt:", id, "worker="));
	EXPECT_EQ(async, count_lines("weft_poll_end:", id, "wait=punt"));
	EXPECT_EQ(async, count_lines("weft_wake:", id, "by="));
	close(file);
}

TEST_F(trace, cancel_says_its_verdict)
{
	struct weft_completion c;
	char id[32];
	__u64 job;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(7, HOUR), &job));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	ASSERT_EQ(WEFT_CANCELLED, cancel_job(self->fd, job));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	snprintf(id, sizeof(id), "id=%llu op=sleep ", job);
	EXPECT_EQ(1, count_lines("weft_cancel:", id, "verdict=will"));
	EXPECT_EQ(1, count_lines("weft_wake:", id, "by=cancel"));
	EXPECT_EQ(1, count_lines("weft_complete:", id, "result=-125"));
}

/* It has no worker, and never had one. */
TEST_F(trace, cancel_of_a_job_that_has_not_started_is_traced)
{
	struct weft_node n[2] = { { .job = sleep_job(1, HOUR) }, { .after_end = 1 } };
	struct weft_graph graph = {
		.size = sizeof(graph),
		.nodes = (uintptr_t)n,
		.count = 2,
	};
	struct weft_completion c;

	ASSERT_EQ(1, call(self->fd, WEFT_IOC_GRAPH, &graph));
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
	EXPECT_EQ(-ECANCELED, c.result);
	EXPECT_LE(1, count_lines("weft_cancel:", "op=nop ", "worker=-1"));
}

WEFT_TEST_MAIN
