// SPDX-License-Identifier: GPL-2.0-only
/* weft card: the measurements. Each pair does the same work on both engines. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "card.h"
#include "cmd.h"
#include "snap.h"
#include "table.h"
#include "util.h"
#include "weft.h"

#define SWITCH_ROUNDS	100
#define ALONE_ROUNDS	25
#define ROUND_MS	10
#define WAKE_ROUNDS	200
#define WAKE_NS		NSEC_PER_MSEC
#define MAX_ROUNDS	200
#define BYTES_ROUNDS	3
#define FOREVER		(~0ULL)
#define PATIENCE_NS	(20 * NSEC_PER_SEC)

static void settle(struct card_figure *f, uint64_t *samples, size_t n)
{
	sort_times(samples, n);
	*f = (struct card_figure){
		.min = n ? samples[0] : 0,
		.median = percentile(samples, n, 50),
		.p99 = percentile(samples, n, 99),
		.rounds = n,
	};
}

/* Return: the exit code. */
static int open_with(unsigned int engine, unsigned int credits,
		     const struct weft_job *job, unsigned int count, int *fd)
{
	int ret = 0, error = 0;
	unsigned int i;

	*fd = weft_client_start(engine, &credits);
	if (*fd == -EDQUOT || *fd == -ENOMEM)
		return complain_kernel("the client was refused", -*fd);
	if (*fd < 0)
		return complain_device(-*fd);
	for (i = 0; i < count && ret >= 0 && !error; i++)
		ret = weft_client_submit(*fd, job, 1, NULL, &error);
	if (ret >= 0 && !error)
		return 0;
	weft_client_close(*fd);
	return complain_kernel("a job was refused", ret < 0 ? -ret : error);
}

/* What the kernel has counted so far, and when. */
struct sample {
	uint64_t when_ns;
	uint64_t polls;
	uint64_t switches;
};

/* Return: the exit code. */
static int take_snap(struct snap *snap)
{
	const char *file;
	int ret = snap_take(snap, DEBUGFS_DIR, &file);

	if (!ret)
		return 0;
	snap_free(snap);
	return complain_table(file, -ret);
}

static uint64_t proc_switches(uint64_t tid)
{
	static const char *const keys[] = {
		"voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:",
	};
	char path[64], line[128];
	uint64_t sum = 0, n;
	size_t i;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/status", tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		for (i = 0; i < ARRAY_SIZE(keys); i++)
			if (!strncmp(line, keys[i], strlen(keys[i])) &&
			    sscanf(line + strlen(keys[i]), "%" SCNu64, &n) == 1)
				sum += n;
	if (f)
		fclose(f);
	return sum;
}

/* Our own jobs on threads: their polls, and the switches of their threads. */
static int sample_threads(struct sample *s, uint64_t *tids, unsigned int *nr_tids)
{
	struct snap snap;
	size_t i;
	int ret = take_snap(&snap);

	if (ret)
		return ret;
	*s = (struct sample){};
	*nr_tids = 0;
	for (i = 0; i < snap.nr_tasks; i++) {
		const struct snap_task *t = &snap.tasks[i];

		if (t->pid != (uint64_t)getpid() || t->worker != SNAP_NONE || !t->tid)
			continue;
		s->polls += t->polls;
		s->switches += proc_switches(t->tid);
		if (*nr_tids < 2)
			tids[(*nr_tids)++] = t->tid;
	}
	s->when_ns = now_ns();
	snap_free(&snap);
	return 0;
}

/* The workers: their polls, and coop switches. */
static int sample_workers(struct sample *s, uint64_t *workers)
{
	struct snap snap;
	size_t i;
	int ret = take_snap(&snap);

	if (ret)
		return ret;
	*s = (struct sample){};
	for (i = 0; i < snap.nr_workers; i++) {
		s->polls += snap.workers[i].polls;
		s->switches += snap.workers[i].coop_switches;
	}
	*workers = snap.nr_workers;
	s->when_ns = now_ns();
	snap_free(&snap);
	return 0;
}

/* The last CPU that we may use is for the threads; we stay away if we can. */
static int pin(const uint64_t *tids, unsigned int n)
{
	cpu_set_t allowed, theirs, ours;
	unsigned int i;
	int cpu;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return -errno;
	for (cpu = CPU_SETSIZE - 1; cpu > 0 && !CPU_ISSET(cpu, &allowed); cpu--)
		;
	CPU_ZERO(&theirs);
	CPU_SET(cpu, &theirs);
	for (i = 0; i < n; i++)
		if (sched_setaffinity(tids[i], sizeof(theirs), &theirs))
			return -errno;
	ours = allowed;
	CPU_CLR(cpu, &ours);
	if (CPU_COUNT(&ours))
		sched_setaffinity(0, sizeof(ours), &ours);
	return 0;
}

/*
 * @count jobs that yield for ever, on threads of one CPU: for each round the time, the
 * polls and the context switches. Return: the exit code.
 */
static int run_threads(unsigned int count, struct sample *rounds, unsigned int n)
{
	cpu_set_t before;
	struct sample a, b;
	struct weft_job job;
	unsigned int i, nr_tids = 0;
	uint64_t tids[2];
	int fd, ret;

	weft_job_yield(&job, FOREVER);
	ret = open_with(WEFT_ENGINE_THREADS, count, &job, count, &fd);
	if (ret)
		return ret;
	sched_getaffinity(0, sizeof(before), &before);
	ret = sample_threads(&a, tids, &nr_tids);
	if (!ret && pin(tids, nr_tids)) {
		complain("threads cannot be bound to a CPU: run as root (CAP_SYS_NICE)");
		ret = EXIT_REFUSED;
	}
	if (!ret) {
		nap_ms(ROUND_MS);
		ret = sample_threads(&a, tids, &nr_tids);
	}
	for (i = 0; i < n && !ret; i++) {
		nap_ms(ROUND_MS);
		ret = sample_threads(&b, tids, &nr_tids);
		rounds[i] = (struct sample){
			.when_ns = b.when_ns - a.when_ns,
			.polls = b.polls - a.polls,
			.switches = b.switches - a.switches,
		};
		a = b;
		if (!ret && interrupted())
			ret = EXIT_INTERRUPTED;
	}
	sched_setaffinity(0, sizeof(before), &before);
	weft_client_close(fd);
	return ret;
}

/*
 * A yield does not always switch: the scheduler may let the thread go on. What a poll
 * takes is known from a thread that is alone, at its best; the rest of the time is that
 * of the switches. A switch is shown with the poll that follows it, as is a coop switch.
 */
static int measure_kthread(struct card_figure *f)
{
	struct sample rounds[SWITCH_ROUNDS];
	uint64_t samples[SWITCH_ROUNDS], poll;
	unsigned int i, n = 0;
	int ret;

	ret = run_threads(1, rounds, ALONE_ROUNDS);
	if (ret)
		return ret;
	for (i = 0; i < ALONE_ROUNDS; i++)
		if (rounds[i].polls)
			samples[n++] = rounds[i].when_ns / rounds[i].polls;
	sort_times(samples, n);
	poll = n ? samples[0] : 0;

	ret = run_threads(2, rounds, SWITCH_ROUNDS);
	n = 0;
	for (i = 0; i < SWITCH_ROUNDS && !ret; i++) {
		uint64_t polls = rounds[i].polls * poll;

		if (!rounds[i].switches)
			continue;
		samples[n++] = poll + (rounds[i].when_ns > polls ?
				       (rounds[i].when_ns - polls) / rounds[i].switches : 0);
	}
	settle(f, samples, n);
	return ret;
}

/* Two jobs for each worker, which yield for ever. */
static int measure_coop(struct card_figure *f)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t samples[SWITCH_ROUNDS], workers, busy;
	struct sample a, b;
	struct weft_job job;
	unsigned int i, n = 0;
	int fd, ret;

	ret = sample_workers(&a, &workers);
	if (ret)
		return ret;
	weft_job_yield(&job, FOREVER);
	ret = open_with(WEFT_ENGINE_ASYNC, 2 * workers, &job, 2 * workers, &fd);
	if (ret)
		return ret;
	/* So many of them can poll at once. */
	busy = workers < (uint64_t)cpus ? workers : (uint64_t)cpus;
	nap_ms(ROUND_MS);
	ret = sample_workers(&a, &workers);
	for (i = 0; i < SWITCH_ROUNDS && !ret; i++) {
		nap_ms(ROUND_MS);
		ret = sample_workers(&b, &workers);
		if (!ret && b.switches != a.switches)
			samples[n++] = (b.when_ns - a.when_ns) * busy /
				       (b.switches - a.switches);
		a = b;
		if (!ret && interrupted())
			ret = EXIT_INTERRUPTED;
	}
	weft_client_close(fd);
	settle(f, samples, n);
	return ret;
}

/* One sleep at a time: how late it was polled. */
static int measure_wake(struct card_figure *f, unsigned int engine)
{
	uint64_t samples[MAX_ROUNDS];
	struct weft_completion c;
	struct weft_job job;
	unsigned int n = 0;
	int fd, ret, error;

	weft_job_sleep(&job, WAKE_NS);
	ret = open_with(engine, 1, &job, 0, &fd);
	while (!ret && n < WAKE_ROUNDS) {
		ret = weft_client_submit(fd, &job, 1, NULL, &error);
		if (ret == 1)
			ret = weft_client_wait(fd, &c, 1, 1, now_ns() + PATIENCE_NS);
		if (ret != 1 && !interrupted())
			ret = complain_kernel("a sleep was refused", ret < 0 ? -ret : error);
		else
			ret = interrupted() ? EXIT_INTERRUPTED : 0;
		if (!ret && c.result >= 0)
			samples[n++] = c.result;
	}
	weft_client_close(fd);
	settle(f, samples, n);
	return ret;
}

static int wait_until_waiting(int fd, unsigned int count)
{
	uint64_t end = now_ns() + PATIENCE_NS;
	struct weft_stats stats = {};

	while (!weft_client_stats(fd, &stats) && stats.waiting != count) {
		if (interrupted())
			return EXIT_INTERRUPTED;
		if (now_ns() > end) {
			complain("jobs do not get to sleep: see weft tasks");
			return EXIT_REFUSED;
		}
		nap_ms(1);
	}
	return 0;
}

/* What the client holds for a job that sleeps; on threads, with the thread. */
static int measure_bytes(struct card_figure *f, unsigned int engine)
{
	static const unsigned int counts[][BYTES_ROUNDS] = {
		[WEFT_ENGINE_ASYNC] = { 1000, 2000, 4000 },
		[WEFT_ENGINE_THREADS] = { 100, 150, 200 },
	};
	struct weft_stats before = {}, after = {};
	uint64_t samples[BYTES_ROUNDS], thread = 0;
	struct table table;
	struct weft_job job;
	unsigned int i;
	int fd, ret, error;

	ret = table_load(&table, "memory");
	if (!ret && engine == WEFT_ENGINE_THREADS)
		ret = table_number(&table, "one_thread", "bytes", &thread);
	table_free(&table);
	if (ret)
		return complain_table("memory", -ret);
	weft_job_sleep(&job, 3600 * NSEC_PER_SEC);
	for (i = 0; i < BYTES_ROUNDS; i++) {
		unsigned int count = counts[engine][i], k;

		ret = open_with(engine, count, &job, 0, &fd);
		if (ret)
			return ret;
		weft_client_stats(fd, &before);
		for (k = 0; k < count && !ret; k++)
			if (weft_client_submit(fd, &job, 1, NULL, &error) != 1)
				ret = complain_kernel("a job was refused", error);
		if (!ret)
			ret = wait_until_waiting(fd, count);
		weft_client_stats(fd, &after);
		weft_client_close(fd);
		if (ret)
			return ret;
		samples[i] = (after.bytes - before.bytes) / count + thread;
	}
	settle(f, samples, BYTES_ROUNDS);
	return 0;
}

/* Jobs of others that want the CPU. */
static int look_around(struct card *card)
{
	struct utsname name;
	struct snap snap;
	size_t i;
	int ret = take_snap(&snap);

	if (ret)
		return ret;
	for (i = 0; i < snap.nr_clients; i++)
		card->others += snap.clients[i].queued + snap.clients[i].running;
	uname(&name);
	snprintf(card->machine, sizeof(card->machine), "Linux %s, %s, %ld CPUs",
		 name.release, name.machine, sysconf(_SC_NPROCESSORS_ONLN));
	snprintf(card->module, sizeof(card->module), "%zu workers, times of polls %s",
		 snap.nr_workers, snap.params.timing ? "taken" : "not taken");
	snap_free(&snap);
	return 0;
}

/* Return: the exit code. */
int card_measure(struct card *card)
{
	struct card_figure *f = card->figures;
	uint64_t start = now_ns();
	int ret;

	/* Timers of sleeps may else be late by the slack of who submits. */
	prctl(PR_SET_TIMERSLACK, 1);
	ret = look_around(card);
	if (!ret)
		ret = measure_kthread(&f[CARD_KTHREAD_SWITCH]);
	if (!ret)
		ret = measure_coop(&f[CARD_COOP_SWITCH]);
	if (!ret)
		ret = measure_wake(&f[CARD_WAKE_THREADS], WEFT_ENGINE_THREADS);
	if (!ret)
		ret = measure_wake(&f[CARD_WAKE_ASYNC], WEFT_ENGINE_ASYNC);
	if (!ret)
		ret = measure_bytes(&f[CARD_BYTES_THREADS], WEFT_ENGINE_THREADS);
	if (!ret)
		ret = measure_bytes(&f[CARD_BYTES_ASYNC], WEFT_ENGINE_ASYNC);
	card->took_ns = now_ns() - start;
	return ret;
}
