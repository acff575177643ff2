/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by weft's selftests and the hammer: the raw interface, jobs to submit, and
 * checks. Every call returns a negative errno where the system call would set errno.
 */
#ifndef WEFT_SELFTESTS_API_H
#define WEFT_SELFTESTS_API_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/weft.h>

#define DEVICE		"/dev/weft"
#define LAST_OP		WEFT_OP_VERIFY
#define LAST_IOCTL	0x0c
#define KNOWN_OPS	((2ULL << LAST_OP) - 1)
#define USEC		1000ULL
#define MSEC		1000000ULL
#define SEC		1000000000ULL
#define HOUR		(3600 * SEC)

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(arr) (sizeof(arr) / sizeof((arr)[0]))
#endif

/*
 * How many times slower than others this kernel is, says who runs the tests:
 * what takes long gets longer, and loads get smaller by it.
 */
static inline unsigned int slowness(void)
{
	const char *s = getenv("WEFT_SLOW");
	int times = s ? atoi(s) : 1;

	return times > 1 ? times : 1;
}

/* @n, or fewer where that would take too long; @least is what the test needs. */
static inline unsigned int scaled(unsigned int n, unsigned int least)
{
	n /= slowness();
	return n > least ? n : least;
}

/* What must happen has to happen within this time, also beside other load. */
#define PATIENCE	(60 * SEC * slowness())

static inline void ignore_signal(int sig)
{
	(void)sig;
}

/* A signal that comes every @us from now on; 0 for no more. */
static inline int set_alarms(suseconds_t us, int flags)
{
	struct sigaction action = { .sa_handler = ignore_signal, .sa_flags = flags };
	struct itimerval timer = {
		.it_interval.tv_usec = us,
		.it_value.tv_usec = us,
	};

	if (sigaction(SIGALRM, &action, NULL))
		return -errno;
	return setitimer(ITIMER_REAL, &timer, NULL) ? -errno : 0;
}

/*
 * With WEFT_ALARM_MS=N a signal comes to each test, and each child, every 1 to N ms.
 * What the kernel can go on with by itself it does, with SA_RESTART; what weft's own
 * calls return then the functions below must cope with.
 */
static inline unsigned int alarm_ms(void)
{
	static int ms = -1;
	const char *s;

	if (ms < 0) {
		s = getenv("WEFT_ALARM_MS");
		ms = s ? atoi(s) : 0;
	}
	return ms;
}

/* A test that is about signals has its own, and wants to see what they do. */
static bool has_own_alarms;

static inline int start_alarms(suseconds_t us)
{
	has_own_alarms = true;
	return set_alarms(us, 0);
}

static inline void alarm_all_the_time(void)
{
	has_own_alarms = false;
	if (alarm_ms())
		set_alarms((1 + getpid() % alarm_ms()) * 1000, SA_RESTART);
}

static inline void stop_alarms(void)
{
	set_alarms(0, 0);
	alarm_all_the_time();
}

/* Where a signal at any point is too much to ask. */
static inline void no_alarms(void)
{
	set_alarms(0, 0);
}

/* Whether a call must be made again that ended early. */
static inline bool alarms_come(void)
{
	return alarm_ms() && !has_own_alarms;
}

/* Of the calls that SA_RESTART does not restart. */
#define RESTARTED(_call) ({ \
	long _ret; \
\
	do { \
		_ret = (_call); \
	} while (_ret < 0 && errno == EINTR); \
	_ret; \
})

static inline __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static inline __u64 in_ns(__u64 ns)
{
	return now_ns() + ns;
}

/* A negative result that the system call did not mean as an errno is -EPROTO. */
static inline int result_of(long ret)
{
	if (ret >= 0)
		return ret <= INT32_MAX ? (int)ret : -EPROTO;
	return ret == -1 && errno ? -errno : -EPROTO;
}

/* What returns EINTR has done nothing: with alarms all the time, call it again. */
static inline int call(int fd, unsigned long nr, void *arg)
{
	int ret;

	do {
		errno = 0;
		ret = result_of(ioctl(fd, nr, arg));
	} while (ret == -EINTR && alarms_come());
	return ret;
}

static inline int open_device(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int setup_client(int fd, __u32 engine, __u32 credits)
{
	struct weft_setup setup = {
		.size = sizeof(setup),
		.engine = engine,
		.credits = credits,
	};

	return call(fd, WEFT_IOC_SETUP, &setup);
}

/* With @flags beside WEFT_SETUP_STEP. */
static inline int setup_stepped(int fd, __u32 workers, __u32 flags, __u32 credits)
{
	struct weft_setup setup = {
		.size = sizeof(setup),
		.flags = WEFT_SETUP_STEP | flags,
		.engine = WEFT_ENGINE_ASYNC,
		.credits = credits,
		.workers = workers,
	};

	return call(fd, WEFT_IOC_SETUP, &setup);
}

static inline int open_client(__u32 engine, __u32 credits)
{
	int fd, ret;

	fd = open_device();
	if (fd < 0)
		return fd;
	ret = setup_client(fd, engine, credits);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

static inline int get_query(int fd, struct weft_query *query)
{
	*query = (struct weft_query){ .size = sizeof(*query) };
	return call(fd, WEFT_IOC_QUERY, query);
}

static inline int get_stats(int fd, struct weft_stats *stats)
{
	*stats = (struct weft_stats){ .size = sizeof(*stats) };
	return call(fd, WEFT_IOC_STATS, stats);
}

/* One ioctl. @error, if there is one, receives why the next job was refused. */
static inline int submit_batch(int fd, const struct weft_job *jobs, __u64 *ids,
			       unsigned int count, __u32 *error)
{
	struct weft_submit submit = {
		.size = sizeof(submit),
		.jobs = (uintptr_t)jobs,
		.ids = (uintptr_t)ids,
		.count = count,
	};
	int ret = call(fd, WEFT_IOC_SUBMIT, &submit);

	if (error)
		*error = submit.error;
	return ret;
}

/* Until a job is refused. Returns how many were accepted. */
static inline int submit_refused(int fd, const struct weft_job *jobs, __u64 *ids,
				 unsigned int count, __u32 *error)
{
	struct weft_query query;
	unsigned int n, done = 0;
	int ret;

	ret = get_query(fd, &query);
	*error = 0;
	while (!ret && done < count && !*error) {
		n = count - done < query.max_batch ? count - done : query.max_batch;
		ret = submit_batch(fd, jobs + done, ids ? ids + done : NULL, n, error);
		if (ret < 0)
			break;
		done += ret;
		ret = 0;
	}
	return ret ? ret : (int)done;
}

/* All or an error. */
static inline int submit_all(int fd, const struct weft_job *jobs, __u64 *ids,
			     unsigned int count)
{
	__u32 error;
	int ret;

	ret = submit_refused(fd, jobs, ids, count, &error);
	return error ? -(int)error : ret;
}

static inline int submit_one(int fd, struct weft_job job, __u64 *id)
{
	return submit_all(fd, &job, id, 1);
}

static inline int wait_once(int fd, struct weft_completion *c, unsigned int capacity,
			    unsigned int min, __u64 timeout_ns)
{
	struct weft_wait wait = {
		.size = sizeof(wait),
		.completions = (uintptr_t)c,
		.timeout_ns = timeout_ns,
		.capacity = capacity,
		.min = min,
	};
	int ret = call(fd, WEFT_IOC_WAIT, &wait);

	/* The header promises both; a test relies on either. */
	if (ret >= 0 && wait.count != (__u32)ret)
		return -EPROTO;
	return ret;
}

/* A signal ends a wait early, with what is there: then one waits for the rest. */
static inline int wait_until(int fd, struct weft_completion *c, unsigned int capacity,
			     unsigned int min, __u64 timeout_ns)
{
	unsigned int got = 0;
	int ret;

	for (;;) {
		ret = wait_once(fd, capacity ? c + got : c, capacity - got,
				min > got ? min - got : 0, timeout_ns);
		if (!alarms_come())
			return ret;
		if (ret < 0)
			return got ? (int)got : ret;
		if (!capacity && (ret >= (int)min || now_ns() >= timeout_ns))
			return ret;
		got += capacity ? ret : 0;
		if (capacity && (got >= min || got == capacity || now_ns() >= timeout_ns))
			return got;
	}
}

/* Waits until @n jobs have ended, without reaping. */
static inline int wait_done(int fd, unsigned int n)
{
	return wait_until(fd, NULL, 0, n, in_ns(PATIENCE));
}

static inline int read_completions(int fd, void *buffer, size_t size)
{
	int ret;

	do {
		errno = 0;
		ret = result_of(read(fd, buffer, size));
	} while (ret == -EINTR && alarms_come());
	return ret;
}

/* How many completions are there. */
static inline int look(int fd)
{
	return wait_until(fd, NULL, 0, 0, 0);
}

/* Reaps exactly @n completions. */
static inline int reap(int fd, struct weft_completion *c, unsigned int n)
{
	unsigned int got = 0;
	int ret;

	while (got < n) {
		ret = wait_until(fd, c + got, n - got, 1, in_ns(PATIENCE));
		if (ret < 0)
			return ret;
		got += ret;
	}
	return got;
}

static inline int run_job(int fd, struct weft_job job, struct weft_completion *c)
{
	int ret = submit_one(fd, job, NULL);

	return ret < 0 ? ret : reap(fd, c, 1);
}

/* Runs @n jobs through a client that may have fewer credits. */
static inline int pump(int fd, const struct weft_job *jobs, struct weft_completion *c,
		       unsigned int n)
{
	unsigned int in = 0, out = 0;
	__u32 error;
	int ret;

	while (out < n) {
		ret = submit_refused(fd, jobs + in, NULL, n - in, &error);
		if (ret < 0 || (error && error != EAGAIN))
			return ret < 0 ? ret : -(int)error;
		in += ret;
		ret = wait_until(fd, c + out, n - out, 1, in_ns(PATIENCE));
		if (ret < 0)
			return ret;
		out += ret;
	}
	return out;
}

static inline int restrict_ops(int fd, __u64 ops, __u64 *left)
{
	struct weft_restrict narrow = { .size = sizeof(narrow), .ops = ops };
	int ret = call(fd, WEFT_IOC_RESTRICT, &narrow);

	*left = narrow.ops;
	return ret;
}

/* Returns the verdict. */
static inline int cancel_job(int fd, __u64 id)
{
	struct weft_cancel cancel = { .size = sizeof(cancel), .id = id };
	int ret = call(fd, WEFT_IOC_CANCEL, &cancel);

	return ret < 0 ? ret : (int)cancel.verdict;
}

static inline int cancel_all(int fd, struct weft_cancel *cancel)
{
	*cancel = (struct weft_cancel){
		.size = sizeof(*cancel),
		.flags = WEFT_CANCEL_ALL,
	};
	return call(fd, WEFT_IOC_CANCEL, cancel);
}

static inline int cancel_tag(int fd, __u32 tag, struct weft_cancel *cancel)
{
	*cancel = (struct weft_cancel){
		.size = sizeof(*cancel),
		.flags = WEFT_CANCEL_TAG,
		.tag = tag,
	};
	return call(fd, WEFT_IOC_CANCEL, cancel);
}

static inline int cancel_and_reap(int fd, struct weft_completion *c, unsigned int n)
{
	struct weft_cancel cancel;
	int ret = cancel_all(fd, &cancel);

	return ret < 0 ? ret : reap(fd, c, n);
}

static inline struct weft_job nop_job(__u64 user_data)
{
	return (struct weft_job){ .op = WEFT_OP_NOP, .user_data = user_data };
}

static inline struct weft_job yield_job(__u64 user_data, __u64 count)
{
	return (struct weft_job){
		.op = WEFT_OP_YIELD,
		.user_data = user_data,
		.yield.count = count,
	};
}

static inline struct weft_job spin_job(__u64 user_data, __u64 ns)
{
	return (struct weft_job){
		.op = WEFT_OP_SPIN,
		.user_data = user_data,
		.spin.ns = ns,
	};
}

static inline struct weft_job sleep_job(__u64 user_data, __u64 ns)
{
	return (struct weft_job){
		.op = WEFT_OP_SLEEP,
		.user_data = user_data,
		.sleep.ns = ns,
	};
}

static inline struct weft_job sleep_until_job(__u64 user_data, __u64 when)
{
	struct weft_job job = sleep_job(user_data, when);

	job.sleep.flags = WEFT_SLEEP_ABS;
	return job;
}

static inline struct weft_job work_job(__u64 user_data, __u32 rounds, __u64 work_ns,
				       __u64 wait_ns)
{
	return (struct weft_job){
		.op = WEFT_OP_WORK,
		.user_data = user_data,
		.work = {
			.work_ns = work_ns,
			.wait_ns = wait_ns,
			.rounds = rounds,
		},
	};
}

static inline struct weft_job with_tag(struct weft_job job, __u32 tag)
{
	job.tag = tag;
	return job;
}

static inline struct weft_job with_deadline(struct weft_job job, __u64 when)
{
	job.deadline_ns = when;
	return job;
}

static inline struct weft_job with_receipt(struct weft_job job)
{
	job.flags |= WEFT_JOB_RECEIPT;
	return job;
}

/* @n jobs like @job, with the user_data 0 to @n - 1. */
static inline struct weft_job *many_jobs(struct weft_job job, unsigned int n)
{
	struct weft_job *jobs = calloc(n, sizeof(*jobs));
	unsigned int i;

	for (i = 0; jobs && i < n; i++) {
		jobs[i] = job;
		jobs[i].user_data = i;
	}
	return jobs;
}

/* One of each op, short; the mix of the load tests. */
static inline struct weft_job *mixed_jobs(unsigned int n)
{
	struct weft_job *jobs = calloc(n, sizeof(*jobs));
	const struct weft_job kinds[] = {
		nop_job(0),
		yield_job(0, 3),
		spin_job(0, 2 * USEC),
		sleep_job(0, 100 * USEC),
		work_job(0, 2, 2 * USEC, 50 * USEC),
	};
	unsigned int i;

	for (i = 0; jobs && i < n; i++) {
		jobs[i] = with_receipt(kinds[i % ARRAY_SIZE(kinds)]);
		jobs[i].user_data = i;
	}
	return jobs;
}

/* Whether the user_data are 0 to @n - 1, each one once. */
static inline bool exactly_once(const struct weft_completion *c, unsigned int n)
{
	bool *seen = calloc(n, sizeof(*seen));
	bool ok = seen;
	unsigned int i;

	for (i = 0; ok && i < n; i++) {
		ok = c[i].user_data < n && !seen[c[i].user_data];
		if (ok)
			seen[c[i].user_data] = true;
	}
	free(seen);
	return ok;
}

static inline unsigned int count_result(const struct weft_completion *c, unsigned int n,
					__s64 result)
{
	unsigned int i, count = 0;

	for (i = 0; i < n; i++)
		count += c[i].result == result;
	return count;
}

/*
 * No event tells that a job went to sleep: look until so many have. Then none of
 * them is inside a poll any more: a cancel finds them waiting.
 */
static inline bool until_waiting(int fd, __u64 n)
{
	__u64 end = in_ns(PATIENCE);
	struct weft_stats stats;

	do {
		if (get_stats(fd, &stats))
			return false;
		if (stats.waiting == n)
			return true;
		sched_yield();
	} while (now_ns() < end);
	return false;
}

/* Until a thread or child has blocked in the kernel, or has ended. */
static inline bool until_asleep(pid_t tid)
{
	__u64 end = in_ns(PATIENCE);
	char path[64], stat[512];
	char *state;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	do {
		sched_yield();
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return true;
		len = read(fd, stat, sizeof(stat) - 1);
		close(fd);
		stat[len > 0 ? len : 0] = '\0';
		state = strrchr(stat, ')');
		if (!state || !strncmp(state, ") S", 3) || !strncmp(state, ") Z", 3))
			return true;
	} while (now_ns() < end);
	return false;
}

/* @size writable bytes that end where a page without access begins. */
static inline void *before_guard(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t len = (size + page - 1) / page * page;
	char *p;

	p = mmap(NULL, len + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	if (p == MAP_FAILED || mprotect(p + len, page, PROT_NONE))
		return NULL;
	return p + len - size;
}

#endif /* WEFT_SELFTESTS_API_H */
