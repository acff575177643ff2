// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose memory it is: what a submit takes is charged to the memory cgroup of who
 * submits. When that is full the submit says so, and that is all that happens.
 */
#include "common.h"
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define MIB		(1ULL << 20)
#define LIMIT		(16 * MIB)
#define THREADS_LIMIT	(MIB / 2)
#define FLOOD		(1 << 17)

/*
 * Two cgroups. The children that live in them have all of their own memory before
 * they move there, so that nothing but weft's is charged to it, and nothing but
 * weft can want more when it is full.
 */
FIXTURE(memory) {
	char dir[32];
	char a[64];
	char b[64];
	bool mounted;
	bool made;
};

static int write_in(const char *dir, const char *file, const char *text)
{
	ssize_t len = strlen(text);
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != len)
		ret = -errno;
	close(fd);
	return ret;
}

/* The number in the line of a file that begins with @name; -1 if there is none. */
static long long read_number(const char *dir, const char *file, const char *name)
{
	char path[128], line[128];
	size_t len = strlen(name);
	long long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (n < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len))
			sscanf(line + len, "%lld", &n);
	fclose(f);
	return n;
}

static int set_limit(const char *dir, unsigned long long limit)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", limit);
	return write_in(dir, "memory.max", text);
}

static int move_to(const char *dir)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", getpid());
	return write_in(dir, "cgroup.procs", text);
}

FIXTURE_SETUP(memory)
{
	strcpy(self->dir, "/tmp/weft-memory-XXXXXX");
	ASSERT_TRUE(mkdtemp(self->dir));
	snprintf(self->a, sizeof(self->a), "%s/a", self->dir);
	snprintf(self->b, sizeof(self->b), "%s/b", self->dir);
	self->mounted = !mount("none", self->dir, "cgroup2", 0, NULL);
	/* The tests skip themselves: the harness of Linux 6.1 goes on with them. */
	if (!self->mounted || write_in(self->dir, "cgroup.subtree_control", "+memory"))
		return;
	ASSERT_EQ(0, mkdir(self->a, 0700));
	ASSERT_EQ(0, mkdir(self->b, 0700));
	self->made = true;
}

FIXTURE_TEARDOWN(memory)
{
	if (self->made) {
		EXPECT_EQ(0, rmdir(self->a));
		EXPECT_EQ(0, rmdir(self->b));
		EXPECT_EQ(0, write_in(self->dir, "cgroup.subtree_control", "-memory"));
	}
	if (self->mounted)
		EXPECT_EQ(0, umount(self->dir));
	EXPECT_EQ(0, rmdir(self->dir));
}

#define NO_MEMCG	"no memory controller of cgroup v2"

static pid_t start_bystander(const char *dir)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (move_to(dir))
		_exit(1);
	for (;;)
		pause();
}

/* True if it was still there. */
static bool end_bystander(pid_t pid)
{
	int status;

	return waitpid(pid, &status, WNOHANG) == 0 && !kill(pid, SIGKILL) &&
	       waitpid(pid, &status, 0) == pid;
}

/* What the machine has less of, but for what is charged to @dir: bytes. */
static long long used_outside(const char *dir)
{
	/* Pages that CPUs keep for themselves count as used: have them given back. */
	write_in("/proc/sys/vm", "compact_memory", "1");
	return -1024 * read_number("/proc", "meminfo", "MemFree:") -
	       read_number(dir, "memory.current", "");
}

enum stage { SET_UP = 1, SUBMIT, SUBMITTED, REAP };

/* Shared with the parent, which does all that takes memory. */
struct flood {
	int stage;
	int accepted;
	int reaped;
	int again;
	__u32 error;
	__u32 max_threads;
	struct weft_completion c[FLOOD];
};

static void reach(struct flood *f, enum stage stage)
{
	__atomic_store_n(&f->stage, stage, __ATOMIC_RELEASE);
}

static bool until_reached(struct flood *f, enum stage stage)
{
	__u64 end = in_ns(PATIENCE);

	while (__atomic_load_n(&f->stage, __ATOMIC_ACQUIRE) != (int)stage) {
		if (now_ns() > end)
			return false;
		sched_yield();
	}
	return true;
}

/* What ended threads held is given back a grace period of RCU later. */
static bool submits_again(int fd)
{
	__u64 end = in_ns(PATIENCE);
	int ret;

	while ((ret = submit_one(fd, nop_job(0), NULL)) == -ENOMEM && now_ns() < end)
		sched_yield();
	return ret == 1;
}

/*
 * Runs in the cgroup: submits until a job is refused, and lets all end. What was
 * reaped must be good for others though there is no more memory.
 */
static void flood(const char *dir, __u32 engine, struct flood *f)
{
	struct weft_job *jobs = many_jobs(sleep_job(0, HOUR), FLOOD);
	struct weft_query query;
	int fd;

	if (!jobs || mlockall(MCL_CURRENT | MCL_FUTURE) || move_to(dir))
		_exit(1);
	fd = open_device();
	if (fd < 0 || get_query(fd, &query) || setup_client(fd, engine, FLOOD))
		_exit(2);
	f->max_threads = query.max_threads;
	reach(f, SET_UP);
	if (!until_reached(f, SUBMIT))
		_exit(3);
	f->accepted = submit_refused(fd, jobs, NULL, FLOOD, &f->error);
	reach(f, SUBMITTED);
	if (f->accepted <= 0 || !until_reached(f, REAP))
		_exit(4);
	f->reaped = cancel_and_reap(fd, f->c, f->accepted);
	if (look(fd) || !submits_again(fd))
		_exit(5);
	f->again = wait_done(fd, 1);
	_exit(0);
}

static struct flood *start_flood(const char *dir, __u32 engine, pid_t *pid)
{
	struct flood *f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (f == MAP_FAILED)
		return NULL;
	memset(f, 0, sizeof(*f));
	*pid = fork();
	if (!*pid)
		flood(dir, engine, f);
	return *pid > 0 ? f : NULL;
}

/* Returns what the machine has less of outside of the cgroup, in bytes. */
static long long run_flood(struct __test_metadata *_metadata, const char *dir,
			   __u32 engine, struct flood **flooded)
{
	pid_t bystander = start_bystander(dir), pid;
	long long grown = 0;
	struct flood *f;
	int status;

	*flooded = f = start_flood(dir, engine, &pid);
	EXPECT_TRUE(f && bystander > 0);
	if (!f)
		return 0;
	EXPECT_TRUE(until_reached(f, SET_UP));
	grown = used_outside(dir);
	reach(f, SUBMIT);
	EXPECT_TRUE(until_reached(f, SUBMITTED));
	grown = used_outside(dir) - grown;
	reach(f, REAP);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_TRUE(end_bystander(bystander));
	EXPECT_EQ(0, read_number(dir, "memory.events", "oom_kill "));
	EXPECT_LT(0, read_number(dir, "memory.events", "max "));
	EXPECT_LT(0, f->accepted);
	EXPECT_EQ(f->accepted, f->reaped);
	EXPECT_TRUE(exactly_once(f->c, f->accepted));
	EXPECT_EQ(1, f->again);
	TH_LOG("%d jobs accepted, then errno %u; %lld bytes less outside", f->accepted,
	       f->error, grown);
	return grown;
}

TEST_F(memory, flood_is_refused_and_nobody_is_killed)
{
	long long grown, least = LLONG_MAX;
	struct flood *f;
	int i;

	if (!self->made)
		SKIP(return, NO_MEMCG);
	ASSERT_EQ(0, set_limit(self->a, LIMIT));
	/* Others use memory as well, now and then; what a flood takes it takes each time. */
	for (i = 0; i < 5 && least >= (long long)MIB; i++) {
		grown = run_flood(_metadata, self->a, WEFT_ENGINE_ASYNC, &f);
		ASSERT_TRUE(f);
		EXPECT_EQ(ENOMEM, f->error);
		least = grown < least ? grown : least;
		/* A debug kernel keeps books of its own about each allocation. */
		if (slowness() > 1)
			return;
	}
	EXPECT_GT((long long)MIB, least);
}

/* The stacks of threads are not charged: max_threads is what bounds them. */
TEST_F(memory, flood_of_threads_is_refused_and_nobody_is_killed)
{
	struct flood *f;

	if (!self->made)
		SKIP(return, NO_MEMCG);
	ASSERT_EQ(0, set_limit(self->a, THREADS_LIMIT));
	run_flood(_metadata, self->a, WEFT_ENGINE_THREADS, &f);
	ASSERT_TRUE(f);
	EXPECT_EQ((unsigned int)f->accepted < f->max_threads ? ENOMEM : EAGAIN, f->error);
}

/* Does @what in @dir, and returns when that is done; 0 if it went well. */
static int do_in(const char *dir, bool (*what)(int fd), int fd)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid) {
		if (mlockall(MCL_CURRENT | MCL_FUTURE) || move_to(dir))
			_exit(1);
		_exit(what(fd) ? 0 : 2);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -EPROTO;
	return WEXITSTATUS(status);
}

#define SHARED_JOBS	20000

static struct weft_job shared_jobs[SHARED_JOBS];

static bool set_up(int fd)
{
	return !setup_client(fd, WEFT_ENGINE_ASYNC, SHARED_JOBS);
}

static bool submit_them(int fd)
{
	return submit_all(fd, shared_jobs, NULL, SHARED_JOBS) == SHARED_JOBS;
}

/* Who set the client up has paid for that, and pays for nothing else. */
TEST_F(memory, slots_are_charged_to_who_submits)
{
	int fd = open_device();
	struct weft_query query;
	long long bytes;
	unsigned int i;

	ASSERT_LE(0, fd);
	if (!self->made)
		SKIP(return, NO_MEMCG);
	ASSERT_EQ(0, get_query(fd, &query));
	for (i = 0; i < SHARED_JOBS; i++)
		shared_jobs[i] = with_receipt(nop_job(i));
	bytes = (long long)query.job_bytes * SHARED_JOBS;
	ASSERT_EQ(0, do_in(self->a, set_up, fd));
	ASSERT_EQ(0, do_in(self->b, submit_them, fd));
	EXPECT_LE(bytes, read_number(self->b, "memory.current", ""));
	EXPECT_GT(bytes / 4, read_number(self->a, "memory.current", ""));
	EXPECT_EQ(0, close(fd));
}

WEFT_TEST_MAIN
