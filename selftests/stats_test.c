// SPDX-License-Identifier: GPL-2.0-only
/*
 * The numbers add up: receipts, the client's stats and debugfs agree.
 */
#include "common.h"
#include "table.h"

#define CREDITS	128
#define LOAD	600
#define READS	4

ENGINE_FIXTURE(stats, CREDITS)

static struct table table;

/* Counts only compare while the jobs of earlier tests are gone. */
static bool until_idle(void)
{
	__u64 end = in_ns(PATIENCE);

	while (!engine_idle(WEFT_ENGINE_ASYNC) || !engine_idle(WEFT_ENGINE_THREADS)) {
		if (now_ns() > end)
			return false;
		sched_yield();
	}
	return true;
}

static bool sums_up(const struct weft_stats *s)
{
	return s->accepted == s->done + s->queued + s->running + s->waiting &&
	       s->failed <= s->done && s->cancelled <= s->failed &&
	       s->reaped <= s->done && s->credits_free <= s->credits;
}

static bool went_back(const struct weft_stats *a, const struct weft_stats *b)
{
	return b->accepted < a->accepted || b->refused < a->refused ||
	       b->done < a->done || b->failed < a->failed ||
	       b->cancelled < a->cancelled || b->reaped < a->reaped ||
	       b->polls < a->polls || b->wakes < a->wakes || b->moves < a->moves ||
	       b->punts < a->punts || b->queued_ns < a->queued_ns ||
	       b->run_ns < a->run_ns || b->blocked_ns < a->blocked_ns;
}

struct reader {
	pthread_t thread;
	int fd;
	bool stop;
	unsigned int reads;
	unsigned int wrong_sums;
	unsigned int steps_back;
	struct weft_stats wrong;
};

static void *read_stats(void *arg)
{
	struct weft_stats last = { 0 }, stats;
	struct reader *reader = arg;

	while (!__atomic_load_n(&reader->stop, __ATOMIC_RELAXED)) {
		if (get_stats(reader->fd, &stats))
			break;
		if (!sums_up(&stats)) {
			reader->wrong_sums++;
			reader->wrong = stats;
		}
		reader->steps_back += went_back(&last, &stats);
		__atomic_fetch_add(&reader->reads, 1, __ATOMIC_RELAXED);
		last = stats;
	}
	return NULL;
}

/* Loads the client until the reader, a thread of its own, has read READS times. */
static void read_under_load(struct __test_metadata *_metadata, int fd,
			    struct reader *reader)
{
	static struct weft_completion c[LOAD];
	struct weft_job *jobs = mixed_jobs(LOAD);
	__u64 end = in_ns(PATIENCE);

	ASSERT_TRUE(jobs);
	*reader = (struct reader){ .fd = fd };
	ASSERT_EQ(0, pthread_create(&reader->thread, NULL, read_stats, reader));
	do {
		EXPECT_EQ(LOAD, pump(fd, jobs, c, LOAD));
	} while (__atomic_load_n(&reader->reads, __ATOMIC_RELAXED) < READS &&
		 now_ns() < end);
	__atomic_store_n(&reader->stop, true, __ATOMIC_RELAXED);
	pthread_join(reader->thread, NULL);
	EXPECT_LE(READS, reader->reads);
	free(jobs);
}

TEST_F(stats, accepted_is_the_sum_of_the_states_under_load)
{
	struct reader reader;

	read_under_load(_metadata, self->fd, &reader);
	EXPECT_EQ(0, reader.wrong_sums) {
		TH_LOG("accepted %llu done %llu queued %llu running %llu waiting %llu",
		       (unsigned long long)reader.wrong.accepted,
		       (unsigned long long)reader.wrong.done,
		       (unsigned long long)reader.wrong.queued,
		       (unsigned long long)reader.wrong.running,
		       (unsigned long long)reader.wrong.waiting);
	}
}

TEST_F(stats, counters_never_go_back)
{
	struct reader reader;

	read_under_load(_metadata, self->fd, &reader);
	EXPECT_EQ(0, reader.steps_back);
}

TEST_F(stats, fresh_client_has_zeros)
{
	struct weft_stats s, zero = { .size = sizeof(zero) };

	ASSERT_EQ(0, get_stats(self->fd, &s));
	EXPECT_LT(0, s.bytes);
	EXPECT_EQ(CREDITS, s.credits);
	EXPECT_EQ(CREDITS, s.credits_free);
	s.bytes = 0;
	s.credits = 0;
	s.credits_free = 0;
	EXPECT_EQ(0, memcmp(&zero, &s, sizeof(s)));
}

TEST_F(stats, waiting_jobs_are_counted)
{
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), 100);
	struct weft_completion c[100];
	struct weft_stats s;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(100, submit_all(self->fd, jobs, NULL, 100));
	ASSERT_EQ(true, until_waiting(self->fd, 100));
	ASSERT_EQ(0, get_stats(self->fd, &s));
	EXPECT_EQ(100, s.accepted);
	EXPECT_EQ(0, s.done + s.queued + s.running);
	EXPECT_EQ(CREDITS - 100, s.credits_free);
	ASSERT_EQ(100, cancel_and_reap(self->fd, c, 100));
	ASSERT_EQ(0, get_stats(self->fd, &s));
	EXPECT_EQ(0, s.waiting);
	EXPECT_EQ(100, s.done);
	EXPECT_EQ(100, s.reaped);
	free(jobs);
}

TEST_F(stats, client_holds_more_memory_with_jobs)
{
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), 100);
	struct weft_completion c[100];
	struct weft_stats idle, busy;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(0, get_stats(self->fd, &idle));
	ASSERT_EQ(100, submit_all(self->fd, jobs, NULL, 100));
	ASSERT_EQ(0, get_stats(self->fd, &busy));
	EXPECT_LT(idle.bytes, busy.bytes);
	ASSERT_EQ(100, cancel_and_reap(self->fd, c, 100));
	free(jobs);
}

/* The sums over completions, by op and over all. */
struct sum {
	__u64 done;
	__u64 failed;
	__u64 cancelled;
	__u64 polls;
	__u64 wakes;
	__u64 moves;
	__u64 punts;
	__u64 queued_ns;
	__u64 run_ns;
	__u64 blocked_ns;
};

static void add_completion(struct sum *sum, const struct weft_completion *c)
{
	sum->done++;
	sum->failed += c->result < 0;
	sum->cancelled += c->result == -ECANCELED;
	sum->polls += c->receipt.polls;
	sum->wakes += c->receipt.wakes;
	sum->moves += c->receipt.moves;
	sum->punts += c->receipt.punts;
	sum->queued_ns += c->receipt.queued_ns;
	sum->run_ns += c->receipt.run_ns;
	sum->blocked_ns += c->receipt.blocked_ns;
}

/* The mixed load, then sleeps of which some are cancelled. */
static struct sum run_load(struct __test_metadata *_metadata, int fd, int op)
{
	static struct weft_completion c[LOAD + CREDITS];
	struct weft_job *jobs = mixed_jobs(LOAD);
	struct weft_job *sleeps = many_jobs(with_receipt(sleep_job(0, HOUR)), CREDITS);
	struct sum sum = { 0 };
	int i;

	ASSERT_TRUE(jobs && sleeps);
	ASSERT_EQ(LOAD, pump(fd, jobs, c, LOAD));
	ASSERT_EQ(CREDITS, submit_all(fd, sleeps, NULL, CREDITS));
	ASSERT_EQ(CREDITS, cancel_and_reap(fd, c + LOAD, CREDITS));
	for (i = 0; i < LOAD + CREDITS; i++) {
		if (op < 0 || c[i].op == op)
			add_completion(&sum, &c[i]);
	}
	free(jobs);
	free(sleeps);
	return sum;
}

TEST_F(stats, receipts_sum_up_to_the_stats)
{
	struct sum sum = run_load(_metadata, self->fd, -1);
	struct weft_stats s;

	ASSERT_EQ(0, get_stats(self->fd, &s));
	EXPECT_TRUE(sums_up(&s));
	EXPECT_EQ(LOAD + CREDITS, s.accepted);
	EXPECT_EQ(sum.done, s.done);
	EXPECT_EQ(sum.done, s.reaped);
	EXPECT_EQ(CREDITS, s.failed);
	EXPECT_EQ(sum.cancelled, s.cancelled);
	EXPECT_EQ(sum.polls, s.polls);
	EXPECT_EQ(sum.wakes, s.wakes);
	EXPECT_EQ(sum.moves, s.moves);
	EXPECT_EQ(sum.punts, s.punts);
	EXPECT_EQ(sum.queued_ns, s.queued_ns);
	EXPECT_EQ(sum.run_ns, s.run_ns);
	EXPECT_EQ(sum.blocked_ns, s.blocked_ns);
	EXPECT_EQ(CREDITS, s.credits_free);
}

TEST_F(stats, jobs_without_receipt_are_counted_as_well)
{
	struct weft_completion c;
	struct weft_stats s;

	ASSERT_EQ(1, run_job(self->fd, yield_job(0, 9), &c));
	ASSERT_EQ(0, get_stats(self->fd, &s));
	EXPECT_EQ(10, s.polls);
}

TEST_F(stats, receipts_sum_up_to_the_client_in_debugfs)
{
	struct sum sum = run_load(_metadata, self->fd, -1);
	struct weft_stats s;
	unsigned int row;

	ASSERT_EQ(0, get_stats(self->fd, &s));
	row = client_row(&table, getpid());
	ASSERT_LT(0, row);
	EXPECT_STREQ(engine_name(variant->engine), table_text(&table, row, "engine"));
	EXPECT_EQ(CREDITS, table_number(&table, row, "credits"));
	EXPECT_EQ(sum.done, table_number(&table, row, "accepted"));
	EXPECT_EQ(sum.done, table_number(&table, row, "done"));
	EXPECT_EQ(sum.done, table_number(&table, row, "reaped"));
	EXPECT_EQ(0, table_number(&table, row, "queued"));
	EXPECT_EQ(0, table_number(&table, row, "running"));
	EXPECT_EQ(0, table_number(&table, row, "waiting"));
	EXPECT_EQ(sum.polls, table_number(&table, row, "polls"));
	EXPECT_EQ(sum.wakes, table_number(&table, row, "wakes"));
	EXPECT_EQ(s.bytes, table_number(&table, row, "bytes"));
}

static long long engine_number(__u32 engine, const char *column)
{
	if (table_read(&table, "engines"))
		return -1;
	return table_number(&table, table_row(&table, "engine", engine_name(engine)), column);
}

TEST_F(stats, receipts_sum_up_to_the_engine_in_debugfs)
{
	long long accepted, done, polls;
	struct sum sum;

	ASSERT_TRUE(until_idle());
	accepted = engine_number(variant->engine, "accepted");
	done = engine_number(variant->engine, "done");
	polls = engine_number(variant->engine, "polls");
	sum = run_load(_metadata, self->fd, -1);
	ASSERT_TRUE(until_idle());
	EXPECT_EQ(accepted + sum.done, engine_number(variant->engine, "accepted"));
	EXPECT_EQ(done + sum.done, engine_number(variant->engine, "done"));
	EXPECT_EQ(polls + sum.polls, engine_number(variant->engine, "polls"));
}

TEST_F(stats, other_engine_counts_nothing)
{
	__u32 other = variant->engine == WEFT_ENGINE_ASYNC ? WEFT_ENGINE_THREADS :
							     WEFT_ENGINE_ASYNC;
	long long accepted, polls;

	ASSERT_TRUE(until_idle());
	accepted = engine_number(other, "accepted");
	polls = engine_number(other, "polls");
	run_load(_metadata, self->fd, -1);
	EXPECT_EQ(accepted, engine_number(other, "accepted"));
	EXPECT_EQ(polls, engine_number(other, "polls"));
}

static const char *const op_names[] = {
	"nop", "yield", "spin", "sleep", "work",
	"read", "write", "fsync", "copy", "poll", "eventfd", "notify", "await",
	"verify", "graph",
};

static struct sum read_op(struct __test_metadata *_metadata, int op)
{
	struct sum sum;
	unsigned int row;

	ASSERT_EQ(0, table_read(&table, "ops"));
	row = table_row(&table, "op", op_names[op]);
	ASSERT_LT(0, row);
	sum.done = table_number(&table, row, "done");
	sum.failed = table_number(&table, row, "failed");
	sum.cancelled = table_number(&table, row, "cancelled");
	sum.polls = table_number(&table, row, "polls");
	sum.wakes = table_number(&table, row, "wakes");
	sum.moves = table_number(&table, row, "moves");
	sum.punts = table_number(&table, row, "punts");
	sum.queued_ns = table_number(&table, row, "queued_ns");
	sum.run_ns = table_number(&table, row, "run_ns");
	sum.blocked_ns = table_number(&table, row, "blocked_ns");
	return sum;
}

static void check_op(struct __test_metadata *_metadata, int fd, int op)
{
	struct sum before, after, sum;

	ASSERT_TRUE(until_idle());
	before = read_op(_metadata, op);
	sum = run_load(_metadata, fd, op);
	ASSERT_TRUE(until_idle());
	after = read_op(_metadata, op);
	EXPECT_LT(0, sum.done);
	EXPECT_EQ(sum.done, after.done - before.done);
	EXPECT_EQ(sum.failed, after.failed - before.failed);
	EXPECT_EQ(sum.cancelled, after.cancelled - before.cancelled);
	EXPECT_EQ(sum.polls, after.polls - before.polls);
	EXPECT_EQ(sum.wakes, after.wakes - before.wakes);
	EXPECT_EQ(sum.moves, after.moves - before.moves);
	EXPECT_EQ(sum.punts, after.punts - before.punts);
	EXPECT_EQ(sum.queued_ns, after.queued_ns - before.queued_ns);
	EXPECT_EQ(sum.run_ns, after.run_ns - before.run_ns);
	EXPECT_EQ(sum.blocked_ns, after.blocked_ns - before.blocked_ns);
}

TEST_F(stats, receipts_of_nops_sum_up_in_debugfs)
{
	check_op(_metadata, self->fd, WEFT_OP_NOP);
}

TEST_F(stats, receipts_of_yields_sum_up_in_debugfs)
{
	check_op(_metadata, self->fd, WEFT_OP_YIELD);
}

TEST_F(stats, receipts_of_spins_sum_up_in_debugfs)
{
	check_op(_metadata, self->fd, WEFT_OP_SPIN);
}

TEST_F(stats, receipts_of_sleeps_sum_up_in_debugfs)
{
	check_op(_metadata, self->fd, WEFT_OP_SLEEP);
}

TEST_F(stats, receipts_of_works_sum_up_in_debugfs)
{
	check_op(_metadata, self->fd, WEFT_OP_WORK);
}

static long long sum_column(const char *file, const char *column)
{
	long long sum = 0;
	unsigned int i;

	if (table_read(&table, file) || table_column(&table, column) < 0)
		return -1;
	for (i = 1; i <= table.rows; i++)
		sum += table_number(&table, i, column);
	return sum;
}

/*
 * The polls in a column of the histograms. A poll gets there a moment after it was
 * counted, so after the completion that it made. -1 if some never get there.
 */
static long long timed_polls(__u32 engine, const char *column)
{
	__u64 end = in_ns(PATIENCE);
	long long timed;

	do {
		timed = sum_column("histograms", column);
		if (timed == engine_number(engine, "polls"))
			return timed;
		sched_yield();
	} while (now_ns() < end);
	return -1;
}

TEST_F(stats, histogram_has_every_poll)
{
	struct weft_query query;
	struct sum sum;
	long long before;
	char column[32];

	ASSERT_EQ(0, get_query(self->fd, &query));
	if (!(query.features & WEFT_FEATURE_TIMING))
		SKIP(return, "no times: load the module with timing=1");
	snprintf(column, sizeof(column), "%s_poll_time", engine_name(variant->engine));
	ASSERT_TRUE(until_idle());
	before = timed_polls(variant->engine, column);
	ASSERT_LE(0, before);
	sum = run_load(_metadata, self->fd, -1);
	ASSERT_TRUE(until_idle());
	EXPECT_EQ(before + sum.polls, timed_polls(variant->engine, column));
}

TEST_F(stats, workers_sum_up_to_the_engine)
{
	const char *const columns[] = { "polls", "coop_switches", "parks" };
	__u64 end = in_ns(PATIENCE);
	long long sum, engine;
	size_t i;

	ASSERT_TRUE(until_idle());
	run_load(_metadata, self->fd, -1);
	ASSERT_TRUE(until_idle());
	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		/* The last worker may park between the two readings. */
		do {
			sum = sum_column("workers", columns[i]);
			engine = engine_number(WEFT_ENGINE_ASYNC, columns[i]);
		} while (sum != engine && now_ns() < end);
		EXPECT_EQ(engine, sum) TH_LOG("column %s", columns[i]);
	}
}

TEST_F(stats, waiting_jobs_show_in_debugfs)
{
	struct weft_completion c;
	unsigned int row;

	ASSERT_TRUE(until_idle());
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(0, HOUR), NULL));
	ASSERT_EQ(true, until_waiting(self->fd, 1));
	EXPECT_EQ(1, engine_number(variant->engine, "waiting"));
	row = client_row(&table, getpid());
	EXPECT_EQ(1, table_number(&table, row, "waiting"));
	ASSERT_EQ(1, cancel_and_reap(self->fd, &c, 1));
	EXPECT_EQ(0, engine_number(variant->engine, "waiting"));
}

/* How many workers are in the state; -1 if the table cannot be read. */
static int workers_in(const char *state)
{
	unsigned int row;
	int n = 0;

	if (table_read(&table, "workers"))
		return -1;
	for (row = 1; row <= table.rows; row++)
		n += !strcmp(table_text(&table, row, "state"), state);
	return n;
}

TEST(idle_workers_are_parked)
{
	__u64 end = in_ns(PATIENCE);

	ASSERT_TRUE(until_idle());
	while (workers_in("parked") < (int)table.rows && now_ns() < end)
		sched_yield();
	EXPECT_EQ(table.rows, workers_in("parked"));
}

/* On one CPU it is switched out whenever we look. */
TEST(busy_worker_polls_or_wants_a_cpu)
{
	int fd = open_client(WEFT_ENGINE_ASYNC, 1);
	__u64 end = in_ns(PATIENCE);
	struct weft_completion c;

	ASSERT_LE(0, fd);
	ASSERT_EQ(1, submit_one(fd, yield_job(0, ~0ULL), NULL));
	while (workers_in("polling") + workers_in("ready") <= 0 && now_ns() < end)
		sched_yield();
	EXPECT_LT(0, workers_in("polling") + workers_in("ready"));
	EXPECT_EQ(0, workers_in("blocked"));
	ASSERT_EQ(1, cancel_and_reap(fd, &c, 1));
	EXPECT_EQ(0, close(fd));
}

TEST_F(stats, client_in_debugfs_tells_its_user_and_what_was_refused)
{
	struct weft_completion c;
	unsigned int row;

	row = client_row(&table, getpid());
	ASSERT_LT(0, row);
	EXPECT_EQ(getuid(), table_number(&table, row, "uid"));
	EXPECT_EQ(0, table_number(&table, row, "refused"));
	EXPECT_EQ(-EINVAL, submit_one(self->fd, (struct weft_job){ .op = 9999 }, NULL));
	row = client_row(&table, getpid());
	EXPECT_EQ(1, table_number(&table, row, "refused"));
	ASSERT_EQ(1, run_job(self->fd, nop_job(1), &c));
	row = client_row(&table, getpid());
	EXPECT_EQ(1, table_number(&table, row, "refused"));
}

TEST_F(stats, name_of_a_process_cannot_break_the_table)
{
	const char *const names[] = { "a b c", "new\nline", "tab\ttab", " ", "" };
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, prctl(PR_SET_NAME, names[i]));
		fd = open_client(variant->engine, 1);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, table_read(&table, "clients"));
		EXPECT_FALSE(table.ragged) TH_LOG("name '%s'", names[i]);
		EXPECT_EQ(0, close(fd));
	}
}

static const struct {
	const char *file;
	const char *columns[MAX_COLUMNS];
} layouts[] = {
	{
		.file = "engines",
		.columns = {
			"engine", "workers", "threads", "threads_created",
			"threads_peak", "voluntary", "involuntary", "polls",
			"coop_switches", "wakes", "parks", "yields",
			"punts", "timer_interrupts", "accepted", "done",
			"queued", "running", "waiting",
		},
	},
	{
		.file = "workers",
		.columns = {
			"worker", "pid", "voluntary", "involuntary", "polls",
			"coop_switches", "wakes", "parks", "yields", "moves",
			"timer_interrupts", "state",
		},
	},
	{
		.file = "ops",
		.columns = {
			"op", "done", "failed", "cancelled", "expired", "polls", "wakes",
			"moves", "punts", "queued_ns", "run_ns", "blocked_ns",
		},
	},
	{
		.file = "clients",
		.columns = {
			"client", "pid", "comm", "engine", "credits", "accepted",
			"done", "reaped", "queued", "running", "waiting", "polls",
			"wakes", "bytes", "refused", "uid",
		},
	},
	{
		.file = "histograms",
		.columns = {
			"from_ns", "to_ns", "async_wake_to_poll",
			"async_poll_time", "threads_wake_to_poll",
			"threads_poll_time",
		},
	},
	{
		.file = "offences",
		.columns = {
			"op", "slept", "long", "preempt", "rcu", "lock", "lost",
		},
	},
	{
		.file = "tasks",
		.columns = {
			"id", "client", "pid", "op", "state", "cancelled", "waits",
			"since_us", "polls", "worker", "tid", "tag", "deadline_ns",
			"user_data", "wakes", "moves", "queued_ns", "run_ns",
			"blocked_ns",
		},
	},
	{
		.file = "memory",
		.columns = {
			"what", "bytes",
		},
	},
};

TEST(tables_have_their_columns)
{
	const char *const *name;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		ASSERT_EQ(0, table_read(&table, layouts[i].file))
			TH_LOG("file %s", layouts[i].file);
		EXPECT_FALSE(table.ragged) TH_LOG("file %s", layouts[i].file);
		for (name = layouts[i].columns; *name; name++) {
			EXPECT_LE(0, table_column(&table, *name))
				TH_LOG("no %s in %s", *name, layouts[i].file);
		}
	}
}

TEST(engines_are_both_there)
{
	ASSERT_EQ(0, table_read(&table, "engines"));
	EXPECT_EQ(2, table.rows);
	EXPECT_LT(0, table_row(&table, "engine", "async"));
	EXPECT_LT(0, table_row(&table, "engine", "threads"));
}

TEST(ops_are_all_there)
{
	size_t i;

	ASSERT_EQ(0, table_read(&table, "ops"));
	EXPECT_EQ(ARRAY_SIZE(op_names), table.rows);
	for (i = 0; i < ARRAY_SIZE(op_names); i++) {
		EXPECT_LT(0, table_row(&table, "op", op_names[i]));
	}
}

TEST(workers_are_as_many_as_the_query_says)
{
	struct weft_query query;
	int fd = open_device();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, get_query(fd, &query));
	ASSERT_EQ(0, table_read(&table, "workers"));
	EXPECT_EQ(query.workers, table.rows);
	EXPECT_EQ(query.workers, engine_number(WEFT_ENGINE_ASYNC, "workers"));
	EXPECT_EQ(0, close(fd));
}

/* Both ends of a row are times that belong to it. */
TEST_F(stats, histogram_has_no_gap)
{
	unsigned int i;

	run_load(_metadata, self->fd, -1);
	ASSERT_EQ(0, table_read(&table, "histograms"));
	EXPECT_LT(1, table.rows);
	EXPECT_EQ(0, table_number(&table, 1, "from_ns"));
	for (i = 1; i < table.rows; i++) {
		EXPECT_EQ(table_number(&table, i, "to_ns") + 1,
			  table_number(&table, i + 1, "from_ns"));
	}
}

/*
 * Reads every table until @go is closed, and says after each time that it did so.
 * Exits with 0 if all were well.
 */
static void read_tables(int go, int did)
{
	char x = 0;
	size_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fcntl(go, F_SETFL, O_NONBLOCK);
	fcntl(did, F_SETFL, O_NONBLOCK);
	while (read(go, &x, 1)) {
		for (i = 0; i < ARRAY_SIZE(table_files); i++) {
			sched_yield();
			if (table_read(&table, table_files[i]) || table.ragged)
				_exit(1);
		}
		if (write(did, &x, 1) < 0 && errno != EAGAIN)
			_exit(2);
	}
	_exit(0);
}

TEST_F(stats, tables_can_be_read_under_load)
{
	/* Each thread must be made beside two readers that never rest. */
	const int load = variant->engine == WEFT_ENGINE_ASYNC ? LOAD : LOAD / 5;
	static struct weft_completion c[LOAD];
	struct weft_job *jobs = mixed_jobs(load);
	int i, fd, status, go[2], did[2][2];
	pid_t pids[2];
	char x;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(0, pipe(go));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pipe(did[i]));
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i]) {
			close(go[1]);
			read_tables(go[0], did[i][1]);
		}
		close(did[i][1]);
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(1, read(did[i][0], &x, 1));
	EXPECT_EQ(load, pump(self->fd, jobs, c, load));
	for (i = 0; i < 20; i++) {
		fd = open_client(variant->engine, 1);
		EXPECT_EQ(1, submit_one(fd, sleep_job(0, HOUR), NULL));
		EXPECT_EQ(0, close(fd));
	}
	close(go[1]);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
		close(did[i][0]);
	}
	EXPECT_TRUE(exactly_once(c, load));
	close(go[0]);
	free(jobs);
}

WEFT_TEST_MAIN
