// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading, unloading and the parameters of the module. Ends with the module
 * loaded as it was found: with the default parameters.
 */
#include <sys/stat.h>
#include "modules.h"
#include "recorder.h"

#define PARAMETERS	"/sys/module/weft/parameters/"

/* Every test starts without the module and leaves it loaded. */
FIXTURE(module) {
};

FIXTURE_SETUP(module)
{
	if (is_loaded()) {
		ASSERT_EQ(0, unload());
	}
}

FIXTURE_TEARDOWN(module)
{
	if (is_loaded()) {
		EXPECT_EQ(0, unload());
	}
	EXPECT_EQ(0, load(""));
}

static int query_now(struct weft_query *query)
{
	int fd = open_device();
	int ret = fd < 0 ? fd : get_query(fd, query);

	if (fd >= 0)
		close(fd);
	return ret;
}

/* Some jobs of each op through a client that is left with others under way. */
static bool run_and_leave(__u32 engine)
{
	enum { N = 40 };
	struct weft_completion c[N];
	struct weft_job *jobs = mixed_jobs(N);
	struct weft_job *sleeps = many_jobs(sleep_job(0, HOUR), N);
	int fd = open_client(engine, N);
	bool ok;

	ok = fd >= 0 && pump(fd, jobs, c, N) == N && exactly_once(c, N) &&
	     submit_all(fd, sleeps, NULL, N) == N;
	free(jobs);
	free(sleeps);
	return !close(fd) && ok;
}

TEST_F(module, loads_and_unloads)
{
	EXPECT_EQ(0, load(""));
	EXPECT_EQ(0, access(DEVICE, F_OK));
	EXPECT_EQ(0, access(DEBUGFS "engines", F_OK));
	EXPECT_EQ(0, unload());
	EXPECT_FALSE(is_loaded());
}

TEST_F(module, unloading_takes_the_device_and_debugfs_away)
{
	ASSERT_EQ(0, load(""));
	ASSERT_EQ(0, unload());
	EXPECT_EQ(-ENOENT, open_device());
	EXPECT_EQ(-1, access(DEBUGFS, F_OK));
	EXPECT_EQ(ENOENT, errno);
}

TEST_F(module, second_load_is_eexist)
{
	ASSERT_EQ(0, load(""));
	EXPECT_EQ(-EEXIST, load(""));
	EXPECT_EQ(0, access(DEVICE, F_OK));
}

TEST_F(module, device_is_for_root_only)
{
	struct stat st;

	ASSERT_EQ(0, load(""));
	ASSERT_EQ(0, stat(DEVICE, &st));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_TRUE(S_ISCHR(st.st_mode));
}

TEST_F(module, unloading_with_an_open_device_is_ewouldblock)
{
	int fd;

	ASSERT_EQ(0, load(""));
	fd = open_device();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	ASSERT_EQ(0, setup_client(fd, WEFT_ENGINE_ASYNC, 1));
	EXPECT_EQ(-EWOULDBLOCK, unload());
	ASSERT_EQ(1, submit_one(fd, sleep_job(0, HOUR), NULL));
	EXPECT_EQ(-EWOULDBLOCK, unload());
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(0, unload());
}

TEST_F(module, unloading_after_a_close_with_jobs_works_at_once)
{
	const __u32 engines[] = { WEFT_ENGINE_ASYNC, WEFT_ENGINE_THREADS };
	const struct weft_job kinds[] = {
		yield_job(0, ~0ULL), spin_job(0, HOUR), sleep_job(0, HOUR),
		work_job(0, ~0U, USEC, USEC),
	};
	size_t i, j;
	int fd;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		for (j = 0; j < ARRAY_SIZE(kinds); j++) {
			ASSERT_EQ(0, load(""));
			fd = open_client(engines[i], 4);
			ASSERT_LE(0, fd);
			ASSERT_EQ(1, submit_one(fd, kinds[j], NULL));
			ASSERT_EQ(1, submit_one(fd, kinds[j], NULL));
			ASSERT_EQ(0, close(fd));
			ASSERT_EQ(0, unload());
		}
	}
}

TEST_F(module, unloading_after_a_kill_works_at_once)
{
	int go[2], status;
	pid_t pid;
	char x;

	ASSERT_EQ(0, load(""));
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!run_and_leave(WEFT_ENGINE_ASYNC) ||
		    open_client(WEFT_ENGINE_THREADS, 1) < 0 || write(go[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(go[0], &x, 1));
	EXPECT_EQ(-EWOULDBLOCK, unload());
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, unload());
}

TEST_F(module, reloads_with_jobs_in_between)
{
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, load(""));
		ASSERT_TRUE(run_and_leave(WEFT_ENGINE_ASYNC));
		ASSERT_TRUE(run_and_leave(WEFT_ENGINE_THREADS));
		ASSERT_EQ(0, unload());
	}
}

TEST_F(module, no_kernel_thread_is_left)
{
	ASSERT_EQ(0, load(""));
	EXPECT_TRUE(has_thread("weft"));
	ASSERT_TRUE(run_and_leave(WEFT_ENGINE_ASYNC));
	ASSERT_TRUE(run_and_leave(WEFT_ENGINE_THREADS));
	ASSERT_EQ(0, unload());
	EXPECT_TRUE(until_no_thread("weft"));
}

static void *open_in_a_loop(void *arg)
{
	bool *stop = arg;
	int fd;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		fd = open_client(WEFT_ENGINE_ASYNC, 1);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

/* Either the open finds the module or the unload does: never both. */
TEST_F(module, unloading_races_with_opens)
{
	bool stop = false;
	pthread_t thread;
	int i, ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, open_in_a_loop, &stop));
	for (i = 0; i < 20; i++) {
		ret = load("");
		EXPECT_TRUE(!ret || ret == -EEXIST);
		ret = unload();
		EXPECT_TRUE(!ret || ret == -EWOULDBLOCK);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static void *read_in_a_loop(void *arg)
{
	static struct table t;
	bool *stop = arg;
	size_t i;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < ARRAY_SIZE(table_files); i++)
			table_read(&t, table_files[i]);
	}
	return NULL;
}

TEST_F(module, unloading_races_with_debugfs)
{
	bool stop = false;
	pthread_t thread;
	int i, ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, read_in_a_loop, &stop));
	for (i = 0; i < 20; i++) {
		ret = load("");
		EXPECT_TRUE(!ret || ret == -EEXIST);
		ret = unload();
		EXPECT_TRUE(!ret || ret == -EWOULDBLOCK);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static void check_workers(struct __test_metadata *_metadata, unsigned int workers)
{
	struct weft_query query;
	static struct table t;
	char parameters[32];

	snprintf(parameters, sizeof(parameters), "workers=%u", workers);
	ASSERT_EQ(0, load(parameters));
	ASSERT_EQ(0, query_now(&query));
	EXPECT_EQ(workers, query.workers);
	ASSERT_EQ(0, table_read(&t, "workers"));
	EXPECT_EQ(workers, t.rows);
	EXPECT_TRUE(run_and_leave(WEFT_ENGINE_ASYNC));
	EXPECT_TRUE(run_and_leave(WEFT_ENGINE_THREADS));
}

TEST_F(module, one_worker_works)
{
	check_workers(_metadata, 1);
}

TEST_F(module, two_workers_work)
{
	check_workers(_metadata, 2);
}

TEST_F(module, four_workers_work)
{
	check_workers(_metadata, 4);
}

TEST_F(module, most_workers_work)
{
	check_workers(_metadata, 64);
}

TEST_F(module, zero_workers_are_the_default)
{
	struct weft_query standard, query;

	ASSERT_EQ(0, load(""));
	ASSERT_EQ(0, query_now(&standard));
	ASSERT_EQ(0, unload());
	ASSERT_EQ(0, load("workers=0"));
	ASSERT_EQ(0, query_now(&query));
	EXPECT_EQ(standard.workers, query.workers);
}

static void check_refused(struct __test_metadata *_metadata, const char *parameters)
{
	EXPECT_EQ(-EINVAL, load(parameters)) TH_LOG("parameters '%s'", parameters);
	EXPECT_FALSE(is_loaded());
	EXPECT_EQ(-ENOENT, open_device());
}

TEST_F(module, too_many_workers_are_einval)
{
	check_refused(_metadata, "workers=65");
	check_refused(_metadata, "workers=4294967295");
}

TEST_F(module, workers_that_are_no_number_are_einval)
{
	check_refused(_metadata, "workers=many");
	check_refused(_metadata, "workers=-1");
}

TEST_F(module, no_or_too_many_credits_are_einval)
{
	check_refused(_metadata, "max_credits=0");
	check_refused(_metadata, "max_credits=1048577");
}

TEST_F(module, more_threads_than_pids_are_einval)
{
	check_refused(_metadata, "max_threads=4194305");
}

TEST_F(module, no_or_too_many_punts_are_einval)
{
	check_refused(_metadata, "max_punts=0");
	check_refused(_metadata, "max_punts=513");
}

TEST_F(module, no_or_too_large_buffers_are_einval)
{
	check_refused(_metadata, "max_buffer_mib=0");
	check_refused(_metadata, "max_buffer_mib=1025");
	check_refused(_metadata, "max_user_buffer_mib=0");
}

TEST_F(module, no_templates_are_einval)
{
	check_refused(_metadata, "max_templates=0");
}

TEST_F(module, too_many_recorded_events_are_einval)
{
	check_refused(_metadata, "recorder=1048577");
}

TEST_F(module, without_recorder_there_is_nothing_to_turn_on)
{
	struct recording rec;

	ASSERT_EQ(0, load("recorder=0"));
	EXPECT_STREQ("off", recorder_word("state"));
	EXPECT_EQ(-EOPNOTSUPP, recorder_write("state", "on"));
	EXPECT_TRUE(run_and_leave(WEFT_ENGINE_ASYNC));
	EXPECT_TRUE(run_and_leave(WEFT_ENGINE_THREADS));
	ASSERT_EQ(0, recording_read(&rec));
	EXPECT_EQ(0, rec.header.rings);
	EXPECT_EQ(WEFT_RECORDER_TIMED, rec.header.flags);
	recording_free(&rec);
}

TEST_F(module, without_timing_there_is_no_recorder)
{
	struct recording rec;

	ASSERT_EQ(0, load("timing=0 recorder=64"));
	EXPECT_STREQ("off", recorder_word("state"));
	EXPECT_TRUE(run_and_leave(WEFT_ENGINE_ASYNC));
	ASSERT_EQ(0, recording_read(&rec));
	EXPECT_EQ(0, rec.header.rings);
	EXPECT_EQ(0, rec.header.flags);
	recording_free(&rec);
}

static __u64 is_brief(const struct weft_recorder_event *e)
{
	return e->kind == WEFT_EVENT_BRIEF ? e->value : 0;
}

static __u64 is_yield(const struct weft_recorder_event *e)
{
	return e->kind == WEFT_EVENT_POLL && e->detail == WEFT_POLL_YIELD;
}

static __u64 is_first(const struct weft_recorder_event *e)
{
	return e->kind == WEFT_EVENT_POLL && e->detail & WEFT_POLL_FIRST;
}

/* Whatever is brief on this machine: all polls are, or none is. */
static void check_brief(struct __test_metadata *_metadata, const char *parameters,
			__u64 brief, __u64 yields, __u64 firsts)
{
	struct weft_completion c;
	struct recording rec;
	int fd;

	ASSERT_EQ(0, load(parameters));
	fd = open_client(WEFT_ENGINE_ASYNC, 1);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, run_job(fd, yield_job(0, 100), &c));
	ASSERT_EQ(0, recording_read(&rec));
	EXPECT_EQ(brief, recording_sum(&rec, 0, is_brief));
	EXPECT_EQ(yields, recording_sum(&rec, 0, is_yield));
	EXPECT_EQ(firsts, recording_sum(&rec, 0, is_first));
	recording_free(&rec);
	EXPECT_EQ(0, close(fd));
}

TEST_F(module, all_yields_are_recorded_if_wanted)
{
	check_brief(_metadata, "recorder_brief_ns=0", 0, 99, 1);
}

TEST_F(module, brief_yields_are_counted)
{
	check_brief(_metadata, "recorder_brief_ns=4294967295", 100, 0, 0);
}

TEST_F(module, max_credits_limits_a_client)
{
	struct weft_query query;
	int fd;

	ASSERT_EQ(0, load("max_credits=16"));
	ASSERT_EQ(0, query_now(&query));
	EXPECT_EQ(16, query.max_credits);
	EXPECT_GE(16, query.default_credits);
	EXPECT_EQ(-EINVAL, open_client(WEFT_ENGINE_ASYNC, 17));
	fd = open_client(WEFT_ENGINE_ASYNC, 16);
	EXPECT_LE(0, fd);
	close(fd);
	fd = open_client(WEFT_ENGINE_ASYNC, 0);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(module, max_user_clients_limits_a_user)
{
	int fds[3], i;

	ASSERT_EQ(0, load("max_user_clients=2"));
	fds[0] = open_client(WEFT_ENGINE_ASYNC, 1);
	fds[1] = open_client(WEFT_ENGINE_THREADS, 1);
	fds[2] = open_device();
	for (i = 0; i < 3; i++) {
		ASSERT_LE(0, fds[i]);
	}
	EXPECT_EQ(-EDQUOT, setup_client(fds[2], WEFT_ENGINE_ASYNC, 1));
	EXPECT_EQ(0, close(fds[0]));
	EXPECT_EQ(0, setup_client(fds[2], WEFT_ENGINE_ASYNC, 1));
	EXPECT_EQ(0, close(fds[1]));
	EXPECT_EQ(0, close(fds[2]));
}

TEST_F(module, max_user_credits_limits_a_user)
{
	int a, b;

	ASSERT_EQ(0, load("max_user_credits=10"));
	EXPECT_EQ(-EDQUOT, open_client(WEFT_ENGINE_ASYNC, 11));
	a = open_client(WEFT_ENGINE_ASYNC, 6);
	ASSERT_LE(0, a);
	EXPECT_EQ(-EDQUOT, open_client(WEFT_ENGINE_ASYNC, 5));
	b = open_client(WEFT_ENGINE_ASYNC, 4);
	ASSERT_LE(0, b);
	EXPECT_EQ(-EDQUOT, open_client(WEFT_ENGINE_ASYNC, 1));
	EXPECT_EQ(0, close(a));
	EXPECT_EQ(0, close(b));
}

TEST_F(module, caps_of_a_user_cannot_be_zero)
{
	check_refused(_metadata, "max_user_clients=0");
	check_refused(_metadata, "max_user_credits=0");
}

TEST_F(module, users_have_caps_of_their_own)
{
	int fd, status;
	pid_t pid;

	ASSERT_EQ(0, load("max_user_clients=1"));
	fd = open_client(WEFT_ENGINE_ASYNC, 1);
	ASSERT_LE(0, fd);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		fd = open_device();
		if (fd < 0 || setreuid(1000, -1))
			_exit(1);
		_exit(setup_client(fd, WEFT_ENGINE_ASYNC, 1) ? 2 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, close(fd));
}

TEST_F(module, max_threads_limits_the_engine)
{
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), 5);
	struct weft_completion c[3];
	struct weft_query query;
	__u32 error;
	int fd;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(0, load("max_threads=3"));
	ASSERT_EQ(0, query_now(&query));
	EXPECT_EQ(3, query.max_threads);
	fd = open_client(WEFT_ENGINE_THREADS, 8);
	ASSERT_LE(0, fd);
	EXPECT_EQ(3, submit_batch(fd, jobs, NULL, 5, &error));
	EXPECT_EQ(EAGAIN, error);
	ASSERT_EQ(3, cancel_and_reap(fd, c, 3));
	EXPECT_TRUE(exactly_once(c, 3));
	EXPECT_EQ(0, close(fd));
	free(jobs);
}

TEST_F(module, without_timing_there_are_counts_but_no_times)
{
	struct weft_completion c;
	struct weft_query query;
	struct weft_stats stats;
	int fd;

	ASSERT_EQ(0, load("timing=0"));
	ASSERT_EQ(0, query_now(&query));
	EXPECT_EQ(0, query.features & WEFT_FEATURE_TIMING);
	fd = open_client(WEFT_ENGINE_ASYNC, 1);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, run_job(fd, with_receipt(work_job(0, 2, MSEC, MSEC)), &c));
	EXPECT_EQ(WEFT_COMPLETION_RECEIPT, c.flags);
	EXPECT_LE(2, c.receipt.polls);
	/* None, if the time has passed when the poll wants to wait for it. */
	EXPECT_GE(1, c.receipt.wakes);
	EXPECT_EQ(0, c.receipt.queued_ns);
	EXPECT_EQ(0, c.receipt.run_ns);
	EXPECT_EQ(0, c.receipt.blocked_ns);
	ASSERT_EQ(0, get_stats(fd, &stats));
	EXPECT_EQ(0, stats.queued_ns + stats.run_ns + stats.blocked_ns);
	EXPECT_EQ(0, close(fd));
}

TEST_F(module, with_timing_there_are_times)
{
	struct weft_completion c;
	struct weft_query query;
	int fd;

	ASSERT_EQ(0, load("timing=1"));
	ASSERT_EQ(0, query_now(&query));
	EXPECT_TRUE(query.features & WEFT_FEATURE_TIMING);
	fd = open_client(WEFT_ENGINE_THREADS, 1);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, run_job(fd, with_receipt(work_job(0, 2, MSEC, 100 * MSEC)), &c));
	EXPECT_EQ(WEFT_COMPLETION_RECEIPT | WEFT_COMPLETION_TIMED, c.flags);
	EXPECT_LE(2 * MSEC, c.receipt.run_ns);
	EXPECT_LT(0, c.receipt.blocked_ns);
	EXPECT_EQ(0, close(fd));
}

static void check_parameter(struct __test_metadata *_metadata, const char *name,
			    const char *value)
{
	char path[128], text[32] = "";
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	ASSERT_LT(0, len);
	text[strcspn(text, "\n")] = '\0';
	EXPECT_STREQ(value, text);
	EXPECT_EQ(-1, open(path, O_WRONLY | O_CLOEXEC));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(module, parameters_show_and_cannot_be_written)
{
	ASSERT_EQ(0, load("workers=3 max_threads=5 timing=0 max_credits=7 "
			  "recorder=9 recorder_brief_ns=11"));
	check_parameter(_metadata, "workers", "3");
	check_parameter(_metadata, "max_threads", "5");
	check_parameter(_metadata, "timing", "N");
	check_parameter(_metadata, "max_credits", "7");
	check_parameter(_metadata, "recorder", "9");
	check_parameter(_metadata, "recorder_brief_ns", "11");
}

WEFT_PATIENT_MAIN
