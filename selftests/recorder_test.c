// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flight recorder: what its files say, and that its totals are those of the
 * other files.
 */
#include "files.h"
#include "recorder.h"

static void __attribute__((constructor)) need_debugfs(void)
{
	if (access(RECORDER "events", R_OK))
		ksft_exit_skip("no " RECORDER "events: mount debugfs\n");
}

static struct table table;

static long long engine_number(__u32 engine, const char *column)
{
	if (table_read(&table, "engines"))
		return -1;
	return table_number(&table, table_row(&table, "engine", engine_name(engine)),
			    column);
}

static long long both_engines(const char *column)
{
	return engine_number(WEFT_ENGINE_ASYNC, column) +
	       engine_number(WEFT_ENGINE_THREADS, column);
}

FIXTURE(recorder) {
	int fd;
	struct recording rec;
	__u64 began_ns;
};

FIXTURE_VARIANT(recorder) { __u32 engine; };
FIXTURE_VARIANT_ADD(recorder, async) { .engine = WEFT_ENGINE_ASYNC };
FIXTURE_VARIANT_ADD(recorder, threads) { .engine = WEFT_ENGINE_THREADS };

FIXTURE_SETUP(recorder)
{
	self->fd = open_client(variant->engine, 64);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, recorder_write("state", "on"));
	self->began_ns = now_ns();
}

FIXTURE_TEARDOWN(recorder)
{
	EXPECT_EQ(0, recorder_write("slow_ns", "0"));
	EXPECT_EQ(0, recorder_write("state", "on"));
	recording_free(&self->rec);
	EXPECT_EQ(0, close(self->fd));
}

static __u64 is_poll(const struct weft_recorder_event *e)
{
	if (e->kind == WEFT_EVENT_BRIEF)
		return e->value;
	return e->kind == WEFT_EVENT_POLL;
}

static __u64 is_wake(const struct weft_recorder_event *e)
{
	return e->kind == WEFT_EVENT_WAKE;
}

static __u64 is_park(const struct weft_recorder_event *e)
{
	return e->kind == WEFT_EVENT_PARK;
}

static __u64 is_punt(const struct weft_recorder_event *e)
{
	return e->kind == WEFT_EVENT_PUNT;
}

static __u64 is_switch(const struct weft_recorder_event *e)
{
	return e->kind == WEFT_EVENT_OUT || e->kind == WEFT_EVENT_IN;
}

static __u64 is_end(const struct weft_recorder_event *e)
{
	return e->kind == WEFT_EVENT_POLL && e->detail & WEFT_POLL_READY;
}

static __u64 submitted(const struct weft_recorder_event *e)
{
	return e->kind == WEFT_EVENT_SUBMIT ? e->value : 0;
}

TEST_F(recorder, file_is_as_its_header_says)
{
	struct weft_query query;
	struct weft_completion c;
	unsigned int i, k;

	ASSERT_EQ(1, run_job(self->fd, sleep_job(1, MSEC), &c));
	ASSERT_EQ(0, recording_read(&self->rec));
	EXPECT_STREQ(WEFT_RECORDER_MAGIC, self->rec.header.magic);
	EXPECT_EQ(WEFT_RECORDER_VERSION, self->rec.header.version);
	EXPECT_EQ(WEFT_RECORDER_ON, self->rec.header.state);
	ASSERT_EQ(0, get_query(self->fd, &query));
	EXPECT_EQ(query.workers, self->rec.header.workers);
	EXPECT_LE(self->began_ns, self->rec.header.now_ns);
	EXPECT_GE(now_ns(), self->rec.header.now_ns);
	EXPECT_LE(1, self->rec.header.rings);
	for (i = 0; i < self->rec.header.rings; i++) {
		const struct weft_recorder_ring *ring = &self->rec.ring[i];

		EXPECT_EQ(ring->written, ring->events + ring->lost);
		for (k = 1; k < ring->events; k++) {
			ASSERT_EQ((__u32)(self->rec.events[i][0].seq + k),
				  self->rec.events[i][k].seq);
		}
	}
}

/* Waits until @end for the events of @each to be as many as @column has grown by. */
static bool add_up(struct recording *rec, __u64 from_ns, const char *column,
		   long long before, __u64 (*each)(const struct weft_recorder_event *e),
		   __u64 end)
{
	long long more, seen;

	do {
		recording_free(rec);
		more = both_engines(column) - before;
		if (recording_read(rec))
			return false;
		seen = recording_sum(rec, from_ns, each);
		if (more == seen)
			return true;
		sched_yield();
	} while (now_ns() < end);
	printf("# %s: %lld in engines, %lld in the recorder\n", column, more, seen);
	return false;
}

TEST_F(recorder, totals_are_those_of_engines)
{
	__u64 end = in_ns(PATIENCE);
	long long polls, wakes, done;
	struct weft_completion c[60];
	struct weft_job *jobs = mixed_jobs(60);

	ASSERT_NE(NULL, jobs);
	ASSERT_TRUE(until_gone(0, variant->engine));
	polls = both_engines("polls");
	wakes = both_engines("wakes");
	done = both_engines("done");
	self->began_ns = now_ns();
	ASSERT_EQ(60, pump(self->fd, jobs, c, 60));
	EXPECT_TRUE(add_up(&self->rec, self->began_ns, "polls", polls, is_poll, end));
	EXPECT_TRUE(add_up(&self->rec, self->began_ns, "wakes", wakes, is_wake, end));
	EXPECT_TRUE(add_up(&self->rec, self->began_ns, "done", done, is_end, end));
	EXPECT_EQ(60, recording_sum(&self->rec, self->began_ns, submitted));
	free(jobs);
}

/*
 * A worker goes on to where it parks when its last job has long been reaped. If it gets
 * there between the look at the count and @began_ns, one of the two has it and the other
 * has not, for ever: then it is tried again. What is not recorded never adds up.
 */
TEST_F(recorder, parks_are_those_of_engines)
{
	__u64 end = in_ns(PATIENCE);
	struct weft_completion c;
	bool same = false;
	long long parks;

	while (!same && now_ns() < end) {
		parks = both_engines("parks");
		self->began_ns = now_ns();
		ASSERT_EQ(1, run_job(self->fd, sleep_job(1, 50 * MSEC), &c));
		same = add_up(&self->rec, self->began_ns, "parks", parks, is_park,
			      in_ns(PATIENCE / 10));
	}
	EXPECT_TRUE(same);
	EXPECT_LE(1, recording_sum(&self->rec, self->began_ns, is_park));
}

/* The events of one job, in the order of time. */
static unsigned int of_job(const struct recording *rec, __u64 id, __u64 from_ns,
			   struct weft_recorder_event *out, unsigned int room)
{
	const struct weft_recorder_event *e;
	unsigned int i, k, n = 0, at;

	for (i = 0; i < rec->header.rings; i++) {
		for (k = 0; k < rec->ring[i].events; k++) {
			e = &rec->events[i][k];
			if (e->id != id || e->ns < from_ns || n == room ||
			    e->kind == WEFT_EVENT_PARK)
				continue;
			for (at = n++; at && out[at - 1].ns > e->ns; at--)
				out[at] = out[at - 1];
			out[at] = *e;
		}
	}
	return n;
}

/* Whether the event happened in a worker, or in a thread of which the end is there. */
static bool is_its_thread(const struct recording *rec,
			  const struct weft_recorder_event *e)
{
	unsigned int i, k;
	char text[16];

	if (e->worker != WEFT_NO_WORKER) {
		snprintf(text, sizeof(text), "%u", e->worker);
		return !table_read(&table, "workers") &&
		       table_number(&table, table_row(&table, "worker", text),
				    "pid") == e->pid;
	}
	for (i = 0; i < rec->header.rings; i++)
		for (k = 0; k < rec->ring[i].events; k++)
			if (rec->events[i][k].kind == WEFT_EVENT_EXIT &&
			    rec->events[i][k].pid == e->pid && e->pid)
				return true;
	return false;
}

/* A thread that has ended its job may still be in its last steps. */
static bool until_no_thread(void)
{
	__u64 end = in_ns(PATIENCE);

	while (engine_number(WEFT_ENGINE_THREADS, "threads"))
		if (now_ns() > end)
			return false;
	return true;
}

TEST_F(recorder, job_has_its_events)
{
	struct weft_recorder_event e[8];
	struct weft_completion c;
	bool async = variant->engine == WEFT_ENGINE_ASYNC;
	unsigned int n;
	__u64 id;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, MSEC), &id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	ASSERT_TRUE(until_no_thread());
	ASSERT_EQ(0, recording_read(&self->rec));
	n = of_job(&self->rec, id, self->began_ns, e, 8);
	ASSERT_EQ(4, n);
	EXPECT_EQ(WEFT_EVENT_SUBMIT, e[0].kind);
	EXPECT_EQ(variant->engine, e[0].detail);
	EXPECT_EQ(1, e[0].value);
	EXPECT_EQ(getpid(), (pid_t)e[0].pid);
	EXPECT_EQ(WEFT_EVENT_POLL, e[1].kind);
	EXPECT_EQ(WEFT_POLL_TIMER | WEFT_POLL_FIRST, e[1].detail);
	EXPECT_EQ(e[0].ns + e[1].waited_ns, e[1].ns);
	EXPECT_EQ(WEFT_EVENT_WAKE, e[2].kind);
	EXPECT_EQ(WEFT_WOKEN_BY_TIMER, e[2].detail);
	EXPECT_LE(e[1].ns + MSEC, e[2].ns);
	EXPECT_EQ(WEFT_EVENT_POLL, e[3].kind);
	EXPECT_EQ(WEFT_POLL_READY, e[3].detail);
	EXPECT_EQ(c.result, e[3].value);
	EXPECT_EQ(e[2].ns + e[3].waited_ns, e[3].ns);
	EXPECT_EQ(WEFT_OP_SLEEP, e[3].op);
	EXPECT_EQ(async, e[3].worker != WEFT_NO_WORKER);
	EXPECT_EQ(e[0].client, e[3].client);
	EXPECT_TRUE(is_its_thread(&self->rec, &e[1]));
	EXPECT_TRUE(is_its_thread(&self->rec, &e[3]));
}

TEST_F(recorder, step_on_the_pool_is_recorded)
{
	bool async = variant->engine == WEFT_ENGINE_ASYNC;
	int file = memfd_create("recorder", MFD_CLOEXEC);
	long long punts = both_engines("punts");
	struct weft_recorder_event e[8];
	struct weft_completion c;
	__u64 id;

	ASSERT_LE(0, file);
	ASSERT_EQ(1, submit_one(self->fd, fsync_job(file, 0), &id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	ASSERT_EQ(0, recording_read(&self->rec));
	EXPECT_EQ(async, recording_sum(&self->rec, self->began_ns, is_punt));
	EXPECT_EQ(punts + async, both_engines("punts"));
	/* A thread of its own may block by itself. */
	ASSERT_EQ(async ? 5 : 2, of_job(&self->rec, id, self->began_ns, e, 8));
	EXPECT_EQ(WEFT_EVENT_POLL, e[1].kind);
	if (async) {
		EXPECT_EQ(WEFT_POLL_PUNT | WEFT_POLL_FIRST, e[1].detail);
		EXPECT_EQ(WEFT_EVENT_PUNT, e[2].kind);
		EXPECT_EQ(e[1].worker, e[2].worker);
		EXPECT_EQ(e[1].pid, e[2].pid);
		EXPECT_EQ(WEFT_OP_FSYNC, e[2].op);
		EXPECT_LE(e[1].ns, e[2].ns);
		EXPECT_GE(e[1].ns + e[1].took_ns, e[2].ns);
		EXPECT_EQ(WEFT_EVENT_WAKE, e[3].kind);
	}
	close(file);
}

TEST_F(recorder, cancel_is_recorded)
{
	struct weft_recorder_event e[8];
	struct weft_completion c;
	__u64 id;

	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, HOUR), &id));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	ASSERT_EQ(WEFT_CANCELLED, cancel_job(self->fd, id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	ASSERT_EQ(0, recording_read(&self->rec));
	ASSERT_EQ(5, of_job(&self->rec, id, self->began_ns, e, 8));
	EXPECT_EQ(WEFT_EVENT_CANCEL, e[2].kind);
	EXPECT_EQ(WEFT_CANCELLED, e[2].detail);
	EXPECT_EQ(WEFT_EVENT_WAKE, e[3].kind);
	EXPECT_EQ(WEFT_WOKEN_BY_CANCEL, e[3].detail);
	EXPECT_EQ(getpid(), (pid_t)e[3].pid);
	EXPECT_EQ(-ECANCELED, e[4].value);
}

/* Only kernels that tell say so. */
TEST_F(recorder, switches_are_there_if_promised)
{
	__u64 end = in_ns(PATIENCE), seen;
	struct weft_completion c;

	ASSERT_EQ(1, run_job(self->fd, sleep_job(1, MSEC), &c));
	/* Who ended the job may not have been switched out yet. */
	do {
		recording_free(&self->rec);
		ASSERT_EQ(0, recording_read(&self->rec));
		seen = recording_sum(&self->rec, self->began_ns, is_switch);
	} while (self->rec.header.flags & WEFT_RECORDER_SWITCHES && seen < 2 &&
		 now_ns() < end);
	if (self->rec.header.flags & WEFT_RECORDER_SWITCHES) {
		EXPECT_LE(2, seen);
	} else {
		EXPECT_EQ(0, recording_sum(&self->rec, 0, is_switch));
	}
}

TEST_F(recorder, frozen_it_stands_still)
{
	struct weft_completion c;
	unsigned long long before;

	ASSERT_EQ(1, run_job(self->fd, nop_job(1), &c));
	ASSERT_EQ(0, recorder_write("state", "freeze"));
	EXPECT_STREQ("frozen by request", recorder_word("state"));
	self->began_ns = now_ns();
	ASSERT_EQ(1, run_job(self->fd, nop_job(1), &c));
	ASSERT_EQ(0, recording_read(&self->rec));
	EXPECT_EQ(WEFT_RECORDER_FROZEN, self->rec.header.state);
	before = recording_sum(&self->rec, 0, is_end);
	EXPECT_LE(1, before);
	EXPECT_EQ(0, recording_sum(&self->rec, self->began_ns, is_end));

	ASSERT_EQ(0, recorder_write("state", "on\n"));
	ASSERT_EQ(1, run_job(self->fd, nop_job(1), &c));
	recording_free(&self->rec);
	ASSERT_EQ(0, recording_read(&self->rec));
	EXPECT_LE(1, recording_sum(&self->rec, self->began_ns, is_end));
}

TEST_F(recorder, off_it_records_nothing)
{
	struct weft_completion c;

	ASSERT_EQ(0, recorder_write("state", "off"));
	EXPECT_STREQ("off", recorder_word("state"));
	self->began_ns = now_ns();
	ASSERT_EQ(1, run_job(self->fd, nop_job(1), &c));
	ASSERT_EQ(0, recording_read(&self->rec));
	EXPECT_EQ(WEFT_RECORDER_OFF, self->rec.header.state);
	EXPECT_EQ(0, recording_sum(&self->rec, self->began_ns, is_end));
}

TEST_F(recorder, other_words_are_einval)
{
	EXPECT_EQ(-EINVAL, recorder_write("state", "o"));
	EXPECT_EQ(-EINVAL, recorder_write("state", "freezer"));
	EXPECT_EQ(-EINVAL, recorder_write("state", "on and on"));
	EXPECT_EQ(-EINVAL, recorder_write("slow_ns", "soon"));
	EXPECT_STREQ("on", recorder_word("state"));
}

TEST_F(recorder, slow_job_freezes_it)
{
	struct weft_completion c;
	char expected[64];
	__u64 id;

	ASSERT_EQ(0, recorder_write("slow_ns", "20000000"));
	EXPECT_STREQ("20000000", recorder_word("slow_ns"));
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(1, 30 * MSEC), &id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	ASSERT_EQ(0, recording_read(&self->rec));
	ASSERT_EQ(WEFT_RECORDER_SLOW, self->rec.header.state);
	EXPECT_EQ(id, self->rec.header.slow_id);
	EXPECT_EQ(20 * MSEC, self->rec.header.slow_ns);
	snprintf(expected, sizeof(expected), "frozen by job %llu of client %u", id,
		 self->rec.header.slow_client);
	EXPECT_STREQ(expected, recorder_word("state"));
	/* Its own end is the last thing that is seen. */
	EXPECT_EQ(1, recording_sum(&self->rec, self->began_ns, is_end));
}

/* More events than there is room for: the rest is counted. */
TEST_F(recorder, overwritten_events_are_counted)
{
	const unsigned int n = 64;
	struct weft_completion c[64];
	struct weft_job *jobs = many_jobs(nop_job(0), n);
	__u64 rounds = 0, lost;

	ASSERT_NE(NULL, jobs);
	ASSERT_EQ(0, recording_read(&self->rec));
	lost = recording_lost(&self->rec);
	do {
		ASSERT_EQ(n, pump(self->fd, jobs, c, n));
		recording_free(&self->rec);
		ASSERT_EQ(0, recording_read(&self->rec));
		rounds++;
	} while (recording_lost(&self->rec) == lost && rounds < 10000);
	EXPECT_LT(lost, recording_lost(&self->rec));
	ASSERT_EQ(0, table_read(&table, "recorder/rings"));
	EXPECT_EQ(self->rec.header.rings, table.rows);
	free(jobs);
}

TEST_F(recorder, text_says_the_same)
{
	struct weft_completion c;
	char *text, *line, *save, row[256];
	unsigned int i = 0, k = 0, n = 0;
	size_t size;

	ASSERT_EQ(1, run_job(self->fd, sleep_job(1, MSEC), &c));
	ASSERT_EQ(0, recorder_write("state", "freeze"));
	/* Who wrote as it was frozen has written. */
	ASSERT_EQ(0, recording_read(&self->rec));
	recording_free(&self->rec);
	ASSERT_EQ(0, recording_read(&self->rec));
	text = read_whole(RECORDER "text", &size);
	ASSERT_NE(NULL, text);
	line = strtok_r(text, "\n", &save);
	ASSERT_NE(NULL, line);
	while ((line = strtok_r(NULL, "\n", &save))) {
		const struct weft_recorder_event *e;
		unsigned int cpu, seq, client, op, worker, pid, detail;
		unsigned long long ns, id, took, waited;
		long long value;
		int fields;

		while (i < self->rec.header.rings && k == self->rec.ring[i].events) {
			i++;
			k = 0;
		}
		ASSERT_LT(i, self->rec.header.rings);
		e = &self->rec.events[i][k++];
		fields = sscanf(line, "%u %u %llu %*s %u %llu %u %u %u %u %lld %llu %llu",
				&cpu, &seq, &ns, &client, &id, &op, &worker, &pid,
				&detail, &value, &took, &waited);
		ASSERT_EQ(12, fields);
		snprintf(row, sizeof(row), "%u %u %llu %u %llu %u %u %u %u %lld %llu %llu",
			 cpu, seq, ns, client, id, op, worker, pid, detail, value, took,
			 waited);
		ASSERT_EQ(self->rec.ring[i].cpu, cpu);
		ASSERT_TRUE(seq == e->seq && ns == e->ns && client == e->client &&
			    id == e->id && op == e->op && worker == e->worker &&
			    pid == e->pid && detail == e->detail && value == e->value &&
			    took == e->took_ns && waited == e->waited_ns)
			TH_LOG("line %u: %s", n, row);
		n++;
	}
	while (i < self->rec.header.rings && k == self->rec.ring[i].events) {
		i++;
		k = 0;
	}
	EXPECT_EQ(i, self->rec.header.rings);
	EXPECT_LE(4, n);
	free(text);
}

/* A file shows one moment, however slowly it is read. */
TEST_F(recorder, open_file_does_not_change)
{
	struct weft_recorder_header header;
	struct weft_completion c;
	char *whole, *now;
	size_t size, len;
	ssize_t ret;
	int fd;

	ASSERT_EQ(0, recorder_write("state", "freeze"));
	whole = read_whole(RECORDER "events", &size);
	ASSERT_NE(NULL, whole);
	fd = open(RECORDER "events", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, recorder_write("state", "on"));
	ASSERT_EQ(1, run_job(self->fd, nop_job(1), &c));
	now = malloc(size + 1);
	ASSERT_NE(NULL, now);
	for (len = 0; len < size + 1; len += ret) {
		ret = read(fd, now + len, len ? size + 1 - len : 7);
		if (ret <= 0)
			break;
	}
	ASSERT_EQ(size, len);
	/* The moment of opening differs. */
	EXPECT_EQ(0, memcmp(whole + sizeof(header), now + sizeof(header),
			    size - sizeof(header)));
	EXPECT_EQ(0, close(fd));
	free(whole);
	free(now);
}

TEST_F(recorder, others_may_not_look)
{
	static const char *const files[] = { "events", "text", "rings", "state", "slow_ns" };
	char path[64];
	int status, i, bad = 0;
	pid_t pid = fork();

	if (!pid) {
		if (setresuid(65534, 65534, 65534))
			_exit(100);
		for (i = 0; i < (int)ARRAY_SIZE(files); i++) {
			snprintf(path, sizeof(path), RECORDER "%s", files[i]);
			if (open(path, O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
				bad++;
		}
		_exit(bad);
	}
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

WEFT_TEST_MAIN
