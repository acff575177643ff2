// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a job costs, as userspace sees it. Each argument names a benchmark; its
 * result is printed as a line "name value". Times are ns, which with
 * instruction counting are guest instructions; those named fair_ are percent.
 */
#include "client.h"
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define NOP_BATCH	256
#define NOP_ROUNDS	200
#define SLEEP_JOBS	1000
#define SLEEP_NS	10000000ULL
#define HELD_JOBS	100000
#define GRAPH_NODES	10
#define GRAPH_ROUNDS	200
#define FLOOD_JOBS	1000
#define FAIR_YIELDS	20000
#define FAIR_ROUNDS	2000

#define BLANKS		"\n\t "

static struct weft_job jobs[HELD_JOBS];
static struct weft_completion completions[HELD_JOBS];

static unsigned long long job_nop(void)
{
	int fd = open_client(NOP_BATCH);
	unsigned long long begin = 0;
	int i;

	memset(jobs, 0, sizeof(jobs));
	for (i = -10; i < NOP_ROUNDS; i++) {
		/* The rounds before made the slots. */
		if (!i)
			begin = now(CLOCK_MONOTONIC);
		submit(fd, jobs, NOP_BATCH);
		reap(fd, completions, NOP_BATCH);
	}
	begin = now(CLOCK_MONOTONIC) - begin;
	close(fd);
	return begin / (NOP_ROUNDS * NOP_BATCH);
}

/* Ten jobs, each after the one before has ended well, as one graph. */
static void run_graph(int fd)
{
	static struct weft_node nodes[GRAPH_NODES];
	struct weft_graph graph = {
		.size = sizeof(graph),
		.nodes = (unsigned long)nodes,
		.count = GRAPH_NODES,
	};
	int i;

	for (i = 1; i < GRAPH_NODES; i++)
		nodes[i].after_success = 1ULL << (i - 1);
	if (ioctl(fd, WEFT_IOC_GRAPH, &graph) != 1)
		die("graph");
	reap(fd, completions, 1);
	if (completions[0].result)
		die("a node of the graph failed");
}

/* The same, each step driven from here. */
static void run_steps(int fd)
{
	int i;

	for (i = 0; i < GRAPH_NODES; i++) {
		submit(fd, jobs, 1);
		reap(fd, completions, 1);
		if (completions[0].result < 0)
			die("a step failed");
	}
}

static unsigned long long ten_steps(void (*run)(int fd))
{
	int fd = open_client(2 * GRAPH_NODES);
	unsigned long long begin = 0;
	int i;

	memset(jobs, 0, sizeof(jobs));
	for (i = -10; i < GRAPH_ROUNDS; i++) {
		if (!i)
			begin = now(CLOCK_MONOTONIC);
		run(fd);
	}
	begin = now(CLOCK_MONOTONIC) - begin;
	close(fd);
	return begin / GRAPH_ROUNDS;
}

static unsigned long long graph_10(void)
{
	return ten_steps(run_graph);
}

static unsigned long long graph_10_steps(void)
{
	return ten_steps(run_steps);
}

static unsigned long long sleep_round(int fd)
{
	unsigned long long begin = now(CLOCK_MONOTONIC);

	submit(fd, jobs, SLEEP_JOBS);
	reap(fd, completions, SLEEP_JOBS);
	return now(CLOCK_MONOTONIC) - begin;
}

static int open_sleepers(void)
{
	int fd = open_client(SLEEP_JOBS), i;

	memset(jobs, 0, sizeof(jobs));
	for (i = 0; i < SLEEP_JOBS; i++) {
		jobs[i].op = WEFT_OP_SLEEP;
		jobs[i].sleep.ns = SLEEP_NS;
	}
	sleep_round(fd);
	return fd;
}

static unsigned long long job_sleep(void)
{
	int fd = open_sleepers();
	unsigned long long took = sleep_round(fd);

	close(fd);
	return (took - SLEEP_NS) / SLEEP_JOBS;
}

/* Uses all CPU that is left, and tells how much it got. */
static pid_t start_spinner(clockid_t *clock)
{
	struct sched_param param = { 0 };
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		sched_setscheduler(0, SCHED_IDLE, &param);
		for (;;)
			;
	}
	if (clock_getcpuclockid(pid, clock))
		die("clock of a process");
	return pid;
}

/*
 * The CPU time of everything but the spinner: also what is done while some jobs
 * still wait, and the switches from and to the spinner.
 */
static unsigned long long job_sleep_busy(void)
{
	unsigned long long took, spun;
	int fd = open_sleepers();
	clockid_t clock;
	pid_t spinner = start_spinner(&clock);

	sleep_round(fd);
	spun = now(clock);
	took = sleep_round(fd);
	spun = now(clock) - spun;
	kill(spinner, SIGKILL);
	waitpid(spinner, NULL, 0);
	close(fd);
	return (took - spun) / SLEEP_JOBS;
}

/* Pages that CPUs keep for themselves count as used: have them given back. */
static void drain_pages(void)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1", 1) != 1)
		die("/proc/sys/vm/compact_memory");
	close(fd);
}

static unsigned long long mem_free(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *f;

	drain_pages();
	f = fopen("/proc/meminfo", "re");
	if (!f)
		die("/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %llu", &kib) == 1)
			break;
	fclose(f);
	return kib * 1024;
}

static unsigned long long bytes_per_job(void)
{
	struct weft_cancel cancel = {
		.size = sizeof(cancel),
		.flags = WEFT_CANCEL_ALL,
	};
	unsigned long long before, used;
	int fd, i;

	/* Our own memory must all be there before. */
	memset(completions, 1, sizeof(completions));
	for (i = 0; i < HELD_JOBS; i++) {
		memset(&jobs[i], 0, sizeof(jobs[i]));
		jobs[i].op = WEFT_OP_SLEEP;
		jobs[i].sleep.ns = 3600 * 1000000000ULL;
	}
	before = mem_free();
	fd = open_client(HELD_JOBS);
	for (i = 0; i < HELD_JOBS; i += HELD_JOBS / 2)
		submit(fd, jobs, HELD_JOBS / 2);
	used = before - mem_free();
	if (ioctl(fd, WEFT_IOC_CANCEL, &cancel))
		die("cancel");
	reap(fd, completions, HELD_JOBS);
	close(fd);
	return used / HELD_JOBS;
}

/* A client with much to do, all of the time: polls as short or as long as they get. */
static int open_flooder(__u8 op)
{
	int fd = open_client(FLOOD_JOBS), i;

	memset(jobs, 0, sizeof(jobs));
	for (i = 0; i < FLOOD_JOBS; i++) {
		jobs[i].op = op;
		if (op == WEFT_OP_SPIN)
			jobs[i].spin.ns = 3600 * 1000000000ULL;
		else
			jobs[i].yield.count = ~0ULL;
	}
	submit(fd, jobs, FLOOD_JOBS);
	return fd;
}

/* Polls of the async engine so far. */
static unsigned long long all_polls(void)
{
	FILE *f = fopen("/sys/kernel/debug/weft/engines", "re");
	unsigned long long polls = 0;
	char line[512], *word;
	int column = 0, i;

	if (!f || !fgets(line, sizeof(line), f))
		die("/sys/kernel/debug/weft/engines");
	for (word = strtok(line, BLANKS); word && strcmp(word, "polls");
	     word = strtok(NULL, BLANKS))
		column++;
	while (fgets(line, sizeof(line), f)) {
		word = strtok(line, BLANKS);
		if (strcmp(word, "async"))
			continue;
		for (i = 0; word && i < column; i++)
			word = strtok(NULL, BLANKS);
		polls = word ? strtoull(word, NULL, 10) : 0;
	}
	fclose(f);
	if (!polls)
		die("the polls of async");
	return polls;
}

/* The share of the polls that one long job gets beside the flooder's. */
static unsigned long long fair_polls(__u8 flooder_op)
{
	int flooder = open_flooder(flooder_op);
	int fd = open_client(1);
	unsigned long long polls;

	memset(jobs, 0, sizeof(jobs[0]));
	jobs[0].op = WEFT_OP_YIELD;
	jobs[0].yield.count = FAIR_YIELDS - 1;
	polls = all_polls();
	submit(fd, jobs, 1);
	reap(fd, completions, 1);
	polls = all_polls() - polls;
	close(fd);
	close(flooder);
	return 100ULL * FAIR_YIELDS / polls;
}

static unsigned long long fair_polls_yields(void)
{
	return fair_polls(WEFT_OP_YIELD);
}

static unsigned long long fair_polls_spins(void)
{
	return fair_polls(WEFT_OP_SPIN);
}

static int compare(const void *a, const void *b)
{
	unsigned long long x = *(const unsigned long long *)a;
	unsigned long long y = *(const unsigned long long *)b;

	return x < y ? -1 : x > y;
}

/* Of nop jobs, one at a time: what 99 of 100 take at most, submitted to reaped. */
static unsigned long long p99(void)
{
	static unsigned long long took[FAIR_ROUNDS];
	int fd = open_client(1), i;

	memset(jobs, 0, sizeof(jobs[0]));
	/* The first one makes the slots. */
	for (i = -1; i < FAIR_ROUNDS; i++) {
		unsigned long long begin = now(CLOCK_MONOTONIC);

		submit(fd, jobs, 1);
		reap(fd, completions, 1);
		if (i >= 0)
			took[i] = now(CLOCK_MONOTONIC) - begin;
	}
	close(fd);
	qsort(took, FAIR_ROUNDS, sizeof(took[0]), compare);
	return took[FAIR_ROUNDS * 99 / 100];
}

static unsigned long long fair_p99_ratio(__u8 flooder_op)
{
	unsigned long long alone = p99(), beside;
	int flooder = open_flooder(flooder_op);

	beside = p99();
	close(flooder);
	return 100 * beside / alone;
}

static unsigned long long fair_p99_yields(void)
{
	return fair_p99_ratio(WEFT_OP_YIELD);
}

static unsigned long long fair_p99_spins(void)
{
	return fair_p99_ratio(WEFT_OP_SPIN);
}

static const struct benchmark benchmarks[] = {
	{ "job_nop", job_nop },
	{ "job_sleep", job_sleep },
	{ "job_sleep_busy", job_sleep_busy },
	{ "graph_10", graph_10 },
	{ "graph_10_steps", graph_10_steps },
	{ "bytes_per_job", bytes_per_job },
	{ "fair_polls_yields", fair_polls_yields },
	{ "fair_polls_spins", fair_polls_spins },
	{ "fair_p99_yields", fair_p99_yields },
	{ "fair_p99_spins", fair_p99_spins },
};

int main(int argc, char **argv)
{
	return run_benchmarks(benchmarks, sizeof(benchmarks) / sizeof(benchmarks[0]), argc,
			      argv);
}
