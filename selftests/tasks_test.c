// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs weft/tasks: a job that has not ended says what it waits for.
 */
#include <inttypes.h>
#include "common.h"
#include "table.h"

#define CREDITS	20000

/* Columns of the file. */
#define FIELDS	22

ENGINE_FIXTURE(tasks, CREDITS)

static struct table table;

/* The row of the job @id of this process, or 0. */
static unsigned int task_row(__u64 id)
{
	char text[24];
	unsigned int row;

	snprintf(text, sizeof(text), "%" PRIu64, (uint64_t)id);
	if (table_read(&table, "tasks") || table.ragged)
		return 0;
	for (row = 1; row <= table.rows; row++)
		if (!strcmp(table_text(&table, row, "id"), text) &&
		    table_number(&table, row, "pid") == getpid())
			return row;
	return 0;
}

TEST_F(tasks, waiting_job_tells_what_it_waits_for)
{
	__u64 id, when = in_ns(HOUR);
	struct weft_completion c;
	unsigned int row;
	pid_t tid;

	ASSERT_EQ(1, submit_one(self->fd,
				with_deadline(with_tag(sleep_job(77, HOUR), 99), when),
				&id));
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	row = task_row(id);
	ASSERT_LT(0, row);
	EXPECT_STREQ("sleep", table_text(&table, row, "op"));
	EXPECT_STREQ("waiting", table_text(&table, row, "state"));
	EXPECT_STREQ("no", table_text(&table, row, "cancelled"));
	EXPECT_STREQ("timer", table_text(&table, row, "waits"));
	EXPECT_EQ(1, table_number(&table, row, "polls"));
	EXPECT_EQ(99, table_number(&table, row, "tag"));
	EXPECT_EQ(when, (__u64)table_number(&table, row, "deadline_ns"));
	EXPECT_EQ(77, table_number(&table, row, "user_data"));
	tid = table_number(&table, row, "tid");
	EXPECT_EQ(0, kill(tid, 0));
	if (variant->engine == WEFT_ENGINE_THREADS) {
		EXPECT_STREQ("-", table_text(&table, row, "worker"));
	} else {
		EXPECT_LE(0, table_number(&table, row, "worker"));
	}
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
	EXPECT_EQ(0, task_row(id));
}

/* The time since it began to wait goes on, and is not longer than that. */
TEST_F(tasks, time_since_goes_on)
{
	__u64 id, start = now_ns(), first, second;
	struct weft_completion c;
	unsigned int row;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), &id));
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	row = task_row(id);
	ASSERT_LT(0, row);
	first = table_number(&table, row, "since_us");
	do {
		row = task_row(id);
		ASSERT_LT(0, row);
		second = table_number(&table, row, "since_us");
	} while (second < first + 2000 && now_ns() < start + PATIENCE);
	EXPECT_LE(first + 2000, second);
	EXPECT_GE((now_ns() - start) / USEC, second);
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
}

/* The row as soon as the job has been woken so often. */
static unsigned int woken_row(__u64 id, long long wakes)
{
	__u64 end = in_ns(PATIENCE);
	unsigned int row;

	do {
		row = task_row(id);
	} while (row && table_number(&table, row, "wakes") < wakes && now_ns() < end);
	return row;
}

TEST_F(tasks, job_tells_where_its_time_went)
{
	__u64 id, start = now_ns(), sum;
	struct weft_completion c;
	struct weft_query query;
	unsigned int row;

	ASSERT_EQ(0, get_query(self->fd, &query));
	if (!(query.features & WEFT_FEATURE_TIMING))
		SKIP(return, "no times: load the module with timing=1");
	ASSERT_EQ(1, submit_one(self->fd, work_job(1, ~0U, 20 * USEC, MSEC), &id));
	row = woken_row(id, 3);
	ASSERT_LT(0, row);
	ASSERT_LE(3, table_number(&table, row, "wakes"));
	EXPECT_LE(table_number(&table, row, "wakes"), table_number(&table, row, "polls"));
	EXPECT_LE(3 * MSEC, table_number(&table, row, "blocked_ns"));
	EXPECT_LE(3 * 20 * USEC, table_number(&table, row, "run_ns"));
	sum = table_number(&table, row, "blocked_ns") +
	      table_number(&table, row, "run_ns") +
	      table_number(&table, row, "queued_ns") +
	      table_number(&table, row, "since_us") * USEC;
	EXPECT_GE(now_ns() - start, sum);
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
}

TEST_F(tasks, job_that_is_runnable_waits_for_its_turn)
{
	struct weft_completion c[2];
	bool queued = false, running = false;
	const char *state;
	unsigned int row;
	int looks = 300;
	__u64 id;

	ASSERT_EQ(1, submit_one(self->fd, yield_job(1, ~0ULL), NULL));
	ASSERT_EQ(1, submit_one(self->fd, yield_job(2, ~0ULL), &id));
	/* On one CPU that is not preempted nobody sees it run. */
	while (!(queued && running) && looks--) {
		row = task_row(id);
		ASSERT_LT(0, row);
		state = table_text(&table, row, "state");
		if (!strcmp(state, "queued")) {
			EXPECT_STREQ("turn", table_text(&table, row, "waits"));
			queued = true;
		} else if (!strcmp(state, "running")) {
			EXPECT_STREQ("-", table_text(&table, row, "waits"));
			running = true;
		} else {
			EXPECT_STREQ("queued or running", state);
			break;
		}
	}
	EXPECT_TRUE(queued || running);
	ASSERT_EQ(2, cancel_and_reap(self->fd, c, 2));
}

/* Reads the file in pieces; counts the rows of this process, by user_data. */
static int count_rows(unsigned char *seen, unsigned int n, size_t piece)
{
	int fd = open(DEBUGFS "tasks", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[512], *field[FIELDS], *save;
	int i, rows = 0;

	if (!file)
		return -1;
	setvbuf(file, NULL, _IOFBF, piece);
	while (fgets(line, sizeof(line), file)) {
		field[0] = strtok_r(line, "\n ", &save);
		for (i = 1; i < FIELDS && field[i - 1]; i++)
			field[i] = strtok_r(NULL, "\n ", &save);
		if (i < FIELDS || !field[i - 1] || strtok_r(NULL, "\n ", &save))
			return -1;
		if (strtol(field[2], NULL, 10) != getpid())
			continue;
		rows++;
		if (strtoul(field[13], NULL, 10) < n)
			seen[strtoul(field[13], NULL, 10)]++;
	}
	fclose(file);
	return rows;
}

TEST_F(tasks, each_job_is_there_once)
{
	const int n = variant->engine == WEFT_ENGINE_ASYNC ? 10000 : 300;
	struct weft_completion *c = calloc(n, sizeof(*c));
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), n);
	unsigned char *seen = calloc(n, 1);
	const size_t pieces[] = { 100, 4096, 1 << 20 };
	size_t k;
	int i;

	ASSERT_TRUE(jobs && c && seen);
	ASSERT_EQ(n, submit_all(self->fd, jobs, NULL, n));
	ASSERT_EQ(true, until_waiting(self->fd, n));
	for (k = 0; k < ARRAY_SIZE(pieces); k++) {
		memset(seen, 0, n);
		ASSERT_EQ(n, count_rows(seen, n, pieces[k]));
		for (i = 0; i < n; i++) {
			ASSERT_EQ(1, seen[i]) TH_LOG("job %d", i);
		}
	}
	ASSERT_EQ(n, cancel_and_reap(self->fd, c, n));
	EXPECT_EQ(0, count_rows(seen, n, 4096));
	free(jobs);
	free(seen);
	free(c);
}

struct lister {
	pthread_t thread;
	bool stop;
	unsigned int reads;
	bool wrong;
};

static void *list_again_and_again(void *arg)
{
	struct lister *lister = arg;
	unsigned char none;

	while (!__atomic_load_n(&lister->stop, __ATOMIC_RELAXED)) {
		lister->wrong |= count_rows(&none, 0, 1000) < 0;
		__atomic_fetch_add(&lister->reads, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST_F(tasks, list_can_be_read_while_jobs_and_clients_come_and_go)
{
	enum { N = 300 };
	static struct weft_completion c[N];
	struct weft_job *jobs = mixed_jobs(N);
	struct lister lister = { 0 };
	__u64 end = in_ns(PATIENCE);
	int fd;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(0, pthread_create(&lister.thread, NULL, list_again_and_again, &lister));
	do {
		EXPECT_EQ(N, pump(self->fd, jobs, c, N));
		fd = open_client(variant->engine, 4);
		EXPECT_EQ(1, submit_one(fd, sleep_job(0, HOUR), NULL));
		EXPECT_EQ(0, close(fd));
	} while (__atomic_load_n(&lister.reads, __ATOMIC_RELAXED) < 20 && now_ns() < end);
	__atomic_store_n(&lister.stop, true, __ATOMIC_RELAXED);
	pthread_join(lister.thread, NULL);
	EXPECT_FALSE(lister.wrong);
	EXPECT_LE(20, lister.reads);
	free(jobs);
}

/* What a file does when it is asked not to wait is the file's, see docs/uapi.md. */
static bool may_sleep(const char *op)
{
	return !strcmp(op, "read") || !strcmp(op, "write");
}

TEST(nobody_is_an_offender)
{
	unsigned int row;

	ASSERT_EQ(0, table_read(&table, "offences"));
	for (row = 1; row <= table.rows; row++) {
		const char *op = table_text(&table, row, "op");

		EXPECT_EQ(0, (may_sleep(op) ? 0 : table_number(&table, row, "slept")) +
			     table_number(&table, row, "preempt") +
			     table_number(&table, row, "rcu") +
			     table_number(&table, row, "lock") +
			     table_number(&table, row, "lost"))
			TH_LOG("op %s", op);
	}
}

WEFT_TEST_MAIN
