// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the machine does around weft: CPUs go and come, and all stops for a
 * suspend, under load. No job is lost, none runs twice, and nothing holds it up.
 */
#include "common.h"
#include "table.h"
#include <linux/suspend_ioctls.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define CREDITS		4096
#define LOAD		600
#define MANY_THREADS	500

#define CPU1		"/sys/devices/system/cpu/cpu1/online"
#define PM_TEST		"/sys/power/pm_test"
#define PM_TEST_DELAY	"/sys/module/suspend/parameters/pm_test_delay"
#define PM_STATE	"/sys/power/state"

/* Columns of /proc/PID/stat, and a flag: the freezer leaves this thread alone. */
#define STAT_FLAGS	9
#define STAT_CPU	39
#define PF_NOFREEZE	0x8000UL

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len = strlen(text);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != len)
		ret = -errno;
	close(fd);
	return ret;
}

ENGINE_FIXTURE(system, CREDITS)

/* The pids of the kernel threads that run this client's jobs; at most @max. */
static int kernel_threads(__u32 engine, pid_t *pids, int max)
{
	static struct table t;
	bool async = engine == WEFT_ENGINE_ASYNC;
	int row, n = 0;

	if (table_read(&t, async ? "workers" : "tasks"))
		return -1;
	for (row = 1; row <= (int)t.rows && n < max; row++)
		pids[n++] = table_number(&t, row, async ? "pid" : "tid");
	return n;
}

/* Looks until each of @jobs jobs was polled: their threads are what they will be. */
static bool until_polled(unsigned int jobs)
{
	__u64 end = in_ns(PATIENCE);
	static struct table t;
	unsigned int row, polled;

	do {
		if (table_read(&t, "tasks"))
			return false;
		for (row = 1, polled = 0; row <= t.rows; row++)
			polled += table_number(&t, row, "polls") > 0;
		if (polled == jobs)
			return true;
		sched_yield();
	} while (now_ns() < end);
	return false;
}

static bool set_cpu1(bool online)
{
	return !write_text(CPU1, online ? "1" : "0");
}

/* Whether @pid may run on every CPU that is online. */
static bool may_run_everywhere(pid_t pid)
{
	int cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (sched_getaffinity(pid, sizeof(set), &set))
		return false;
	for (cpu = 0; cpu < cpus; cpu++)
		if (!CPU_ISSET(cpu, &set))
			return false;
	return true;
}

static bool pin_to_cpu1(pid_t pid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(1, &set);
	return !sched_setaffinity(pid, sizeof(set), &set);
}

struct toggler {
	pthread_t thread;
	unsigned int cycles;
	bool failed;
	bool done;
};

static void *toggle_cpu1(void *arg)
{
	struct toggler *t = arg;
	unsigned int i;

	for (i = 0; i < t->cycles && !t->failed; i++)
		t->failed = !set_cpu1(false) || !set_cpu1(true);
	__atomic_store_n(&t->done, true, __ATOMIC_RELEASE);
	return NULL;
}

TEST_F(system, no_job_is_lost_while_a_cpu_goes_and_comes)
{
	static struct weft_completion c[LOAD];
	struct toggler toggler = { .cycles = scaled(10, 5) };
	struct weft_job *jobs = mixed_jobs(LOAD);
	struct weft_stats stats;
	unsigned int rounds = 0;
	bool lost = false;
	pid_t pids[64];
	int i, n;

	if (access(CPU1, W_OK))
		SKIP(return, "no CPU 1 that can go offline");
	ASSERT_TRUE(jobs);
	ASSERT_EQ(0, pthread_create(&toggler.thread, NULL, toggle_cpu1, &toggler));
	do {
		lost |= pump(self->fd, jobs, c, LOAD) != LOAD || !exactly_once(c, LOAD) ||
			count_result(c, LOAD, -ECANCELED);
		rounds++;
	} while (!lost && !__atomic_load_n(&toggler.done, __ATOMIC_ACQUIRE));
	pthread_join(toggler.thread, NULL);
	EXPECT_EQ(false, toggler.failed);
	EXPECT_EQ(false, lost);
	EXPECT_EQ(0, look(self->fd));
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(rounds * LOAD, stats.done);

	n = kernel_threads(WEFT_ENGINE_ASYNC, pids, ARRAY_SIZE(pids));
	ASSERT_LT(0, n);
	for (i = 0; i < n; i++)
		EXPECT_TRUE(may_run_everywhere(pids[i]));
	free(jobs);
}

/* What /proc/PID/stat says in column @field, from 3 on; 0 if there is no thread. */
static unsigned long thread_stat(pid_t pid, int field)
{
	char path[64], stat[512];
	char *save, *word;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	word = fgets(stat, sizeof(stat), f);
	fclose(f);
	word = word ? strrchr(word, ')') : NULL;
	word = word ? strtok_r(word + 1, " ", &save) : NULL;
	while (word && --field >= 3)
		word = strtok_r(NULL, " ", &save);
	return word ? strtoul(word, NULL, 10) : 0;
}

/* Has them run on CPU 1 and nowhere else. */
static bool bring_to_cpu1(const pid_t *pids, int n)
{
	__u64 end = in_ns(PATIENCE);
	int i;

	for (i = 0; i < n; i++)
		if (!pin_to_cpu1(pids[i]))
			return false;
	for (i = 0; i < n; i++)
		while (thread_stat(pids[i], STAT_CPU) != 1) {
			if (now_ns() > end)
				return false;
			sched_yield();
		}
	return true;
}

/*
 * The threads are kept on CPU 1, so the timers that they set are timers of CPU 1.
 * Then it goes, and all that was on it must go on elsewhere.
 */
TEST_F(system, sleep_that_began_on_a_cpu_that_went_ends)
{
	enum { JOBS = 20 };
	struct weft_job job = work_job(0, 40 * slowness(), 100 * USEC, 10 * MSEC);
	struct weft_job *jobs = many_jobs(job, JOBS);
	struct weft_completion c[JOBS];
	pid_t pids[64];
	int i, n;

	if (access(CPU1, W_OK))
		SKIP(return, "no CPU 1 that can go offline");
	ASSERT_TRUE(jobs);
	ASSERT_EQ(JOBS, submit_all(self->fd, jobs, NULL, JOBS));
	n = kernel_threads(variant->engine, pids, ARRAY_SIZE(pids));
	ASSERT_LT(0, n);
	EXPECT_TRUE(bring_to_cpu1(pids, n));
	EXPECT_GT(JOBS, look(self->fd));
	EXPECT_TRUE(set_cpu1(false));
	EXPECT_EQ(JOBS, reap(self->fd, c, JOBS));
	EXPECT_TRUE(exactly_once(c, JOBS));
	EXPECT_EQ(JOBS, count_result(c, JOBS, 0));
	EXPECT_TRUE(set_cpu1(true));

	/* Who may only be where nothing is may be anywhere. */
	n = kernel_threads(WEFT_ENGINE_ASYNC, pids, ARRAY_SIZE(pids));
	ASSERT_LT(0, n);
	for (i = 0; i < n; i++)
		EXPECT_TRUE(may_run_everywhere(pids[i]));
	free(jobs);
}

/* A debug kernel goes as far as to have all frozen, waits, and comes back. */
static int freeze_by_pm_test(void)
{
	int ret;

	if (write_text(PM_TEST_DELAY, "1") || write_text(PM_TEST, "freezer"))
		return -EOPNOTSUPP;
	ret = write_text(PM_STATE, "freeze");
	write_text(PM_TEST, "none");
	return ret;
}

/*
 * Another kernel can be had to make an image of itself as for a hibernation. It
 * freezes all, takes the other CPUs offline, and undoes both.
 */
static int freeze_by_snapshot(void)
{
	int fd = open("/dev/snapshot", O_RDONLY | O_CLOEXEC);
	int ret, in_suspend;

	if (fd < 0)
		return -EOPNOTSUPP;
	ret = call(fd, SNAPSHOT_FREEZE, NULL);
	if (!ret)
		ret = call(fd, SNAPSHOT_CREATE_IMAGE, &in_suspend);
	/* Thaws, too. */
	close(fd);
	return ret;
}

/*
 * Freezes all but this thread, and thaws it. Return: 0; -EOPNOTSUPP if this kernel
 * does not without a real suspend; or why it could not: -EBUSY if a thread did not
 * freeze in time.
 */
static int freeze_and_thaw(void)
{
	if (!access(PM_TEST, W_OK))
		return freeze_by_pm_test();
	return freeze_by_snapshot();
}

#define NO_FREEZE	"this kernel only freezes for a real suspend"

/* Of a thread that is not freezable, the freezer asks nothing. */
static bool is_freezable(pid_t pid)
{
	unsigned long flags = thread_stat(pid, STAT_FLAGS);

	return flags && !(flags & PF_NOFREEZE);
}

/* Jobs that never wait, and jobs that nobody would wake: all freeze. */
TEST_F(system, endless_jobs_hold_up_no_freeze)
{
	enum { JOBS = 4 };
	struct weft_job jobs[JOBS] = {
		yield_job(0, ~0ULL),
		spin_job(1, HOUR),
		sleep_job(2, HOUR),
		work_job(3, ~0U, 10 * USEC, 10 * USEC),
	};
	struct weft_completion c[JOBS];
	pid_t pids[64];
	int i, n, ret;

	ASSERT_EQ(JOBS, submit_all(self->fd, jobs, NULL, JOBS));
	ASSERT_EQ(true, until_polled(JOBS));
	n = kernel_threads(variant->engine, pids, ARRAY_SIZE(pids));
	ASSERT_LT(0, n);
	ret = freeze_and_thaw();
	if (ret == -EOPNOTSUPP)
		SKIP(return, NO_FREEZE);
	ASSERT_EQ(0, ret);
	for (i = 0; i < n; i++)
		EXPECT_TRUE(is_freezable(pids[i]));
	EXPECT_EQ(0, look(self->fd));
	ASSERT_EQ(JOBS, cancel_and_reap(self->fd, c, JOBS));
	EXPECT_TRUE(exactly_once(c, JOBS));
	EXPECT_EQ(JOBS, count_result(c, JOBS, -ECANCELED));
}

TEST_F(system, every_job_ends_once_over_a_freeze)
{
	enum { KINDS = 5, JOBS = 10 * KINDS };
	const struct weft_job kinds[KINDS] = {
		nop_job(0),
		yield_job(0, 200),
		spin_job(0, 2 * MSEC),
		/* Due while all is frozen, or nearly. */
		sleep_job(0, 50 * MSEC),
		work_job(0, 20, 50 * USEC, 5 * MSEC),
	};
	struct weft_completion c[JOBS];
	struct weft_job jobs[JOBS];
	unsigned int i;
	int ret;

	for (i = 0; i < JOBS; i++) {
		jobs[i] = kinds[i % KINDS];
		jobs[i].user_data = i;
	}
	ASSERT_EQ(JOBS, submit_all(self->fd, jobs, NULL, JOBS));
	ret = freeze_and_thaw();
	if (ret == -EOPNOTSUPP)
		SKIP(return, NO_FREEZE);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(JOBS, reap(self->fd, c, JOBS));
	EXPECT_TRUE(exactly_once(c, JOBS));
	EXPECT_EQ(0, count_result(c, JOBS, -ECANCELED));
	EXPECT_EQ(0, look(self->fd));
}

TEST_F(system, many_sleepers_hold_up_no_freeze)
{
	unsigned int n = scaled(MANY_THREADS, 100);
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), n);
	struct weft_completion *c = calloc(n, sizeof(*c));
	struct weft_stats stats;
	int ret;

	ASSERT_TRUE(jobs && c);
	ASSERT_EQ(n, submit_all(self->fd, jobs, NULL, n));
	ASSERT_EQ(true, until_waiting(self->fd, n));
	ret = freeze_and_thaw();
	if (ret == -EOPNOTSUPP)
		SKIP(return, NO_FREEZE);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(n, stats.waiting);
	ASSERT_EQ(n, cancel_and_reap(self->fd, c, n));
	EXPECT_TRUE(exactly_once(c, n));
	free(jobs);
	free(c);
}

struct waiter {
	pthread_t thread;
	int fd;
	bool reads;
	pid_t tid;
	int ret;
};

static void *wait_for_one(void *arg)
{
	struct waiter *w = arg;
	struct weft_completion c;

	__atomic_store_n(&w->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	w->ret = w->reads ? read_completions(w->fd, &c, sizeof(c)) :
			    wait_until(w->fd, &c, 1, 1, WEFT_WAIT_FOREVER);
	return NULL;
}

static bool start_waiter(struct waiter *w)
{
	pid_t tid;

	if (pthread_create(&w->thread, NULL, wait_for_one, w))
		return false;
	while (!(tid = __atomic_load_n(&w->tid, __ATOMIC_ACQUIRE)))
		sched_yield();
	until_asleep(tid);
	return true;
}

/* There is no signal, so there is no EINTR. */
TEST_F(system, wait_goes_on_after_a_freeze)
{
	struct waiter waits = { .fd = self->fd };
	struct waiter reads = { .fd = self->fd, .reads = true };
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), 2);
	struct weft_cancel cancel;
	int ret;

	ASSERT_TRUE(jobs);
	ASSERT_EQ(2, submit_all(self->fd, jobs, NULL, 2));
	ASSERT_TRUE(start_waiter(&waits) && start_waiter(&reads));
	ret = freeze_and_thaw();
	ASSERT_EQ(0, cancel_all(self->fd, &cancel));
	pthread_join(waits.thread, NULL);
	pthread_join(reads.thread, NULL);
	free(jobs);
	if (ret == -EOPNOTSUPP)
		SKIP(return, NO_FREEZE);
	EXPECT_EQ(0, ret);
	EXPECT_EQ(1, waits.ret);
	EXPECT_EQ(sizeof(struct weft_completion), reads.ret);
}

/* A process in the freezer of cgroup v1: it is the same freezer. */
FIXTURE(cgroup) {
	char dir[32];
	char path[64];
	bool mounted;
};

FIXTURE_SETUP(cgroup)
{
	strcpy(self->dir, "/tmp/weft-freezer-XXXXXX");
	ASSERT_TRUE(mkdtemp(self->dir));
	self->mounted = !mount("none", self->dir, "cgroup", 0, "freezer");
	/* The test skips itself: the harness of Linux 6.1 goes on with it. */
	if (!self->mounted)
		return;
	snprintf(self->path, sizeof(self->path), "%s/weft", self->dir);
	ASSERT_EQ(0, mkdir(self->path, 0700));
}

FIXTURE_TEARDOWN(cgroup)
{
	if (self->mounted) {
		EXPECT_EQ(0, rmdir(self->path));
		EXPECT_EQ(0, umount(self->dir));
	}
	EXPECT_EQ(0, rmdir(self->dir));
}

static int write_in(const char *dir, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return write_text(path, text);
}

static bool until_frozen(const char *dir)
{
	__u64 end = in_ns(PATIENCE);
	char path[128], state[16];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/freezer.state", dir);
	do {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return false;
		len = read(fd, state, sizeof(state) - 1);
		close(fd);
		state[len > 0 ? len : 0] = '\0';
		if (!strcmp(state, "FROZEN\n"))
			return true;
		sched_yield();
	} while (now_ns() < end);
	return false;
}

TEST_F(cgroup, wait_of_a_frozen_process_goes_on)
{
	int fd = open_client(WEFT_ENGINE_ASYNC, 1);
	struct weft_completion c;
	struct weft_cancel cancel;
	char text[16];
	int status;
	pid_t pid;

	ASSERT_LE(0, fd);
	if (!self->mounted)
		SKIP(return, "no freezer of cgroup v1");
	ASSERT_EQ(1, submit_one(fd, sleep_job(7, HOUR), NULL));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(wait_until(fd, &c, 1, 1, WEFT_WAIT_FOREVER) == 1 ? 0 : 1);
	}
	until_asleep(pid);
	snprintf(text, sizeof(text), "%d", pid);
	ASSERT_EQ(0, write_in(self->path, "cgroup.procs", text));
	EXPECT_EQ(0, write_in(self->path, "freezer.state", "FROZEN"));
	EXPECT_TRUE(until_frozen(self->path));
	EXPECT_EQ(0, write_in(self->path, "freezer.state", "THAWED"));
	EXPECT_EQ(0, cancel_all(fd, &cancel));
	EXPECT_EQ(1, cancel.cancelled);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(0, close(fd));
}

WEFT_TEST_MAIN
