// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the storms: each in a process of its own, for its share of the time; then
 * what is left of the time goes to those that are below their target. The last
 * lines are the figures, for the host: "figure NAME PROMISE REACHED TARGET".
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdatomic.h>
#include "soak.h"

/* In this order. */
static const struct storm *const storms[] = {
	&storm_jobs,
	&storm_races_async,
	&storm_races_threads,
	&storm_wake_timer,
	&storm_wake_waker,
	&storm_wake_yield,
	&storm_wake_hardirq,
	&storm_wake_cpu,
	&storm_wake_self,
	&storm_fuzz,
	&storm_flip,
	&storm_kill,
	&storm_life,
	&storm_loops,
	&storm_teardown,
	&storm_yield,
	&storm_hotplug,
	&storm_files,
	&storm_graphs,
	&storm_waits,
	&storm_fault,
	&storm_module,
};

#define STORMS	ARRAY_SIZE(storms)

/* Rounds look after themselves, with PATIENCE. What is not over then never is. */
#define STUCK	(3 * PATIENCE / 2)

/* Shared with the processes of the storms. */
struct progress {
	_Atomic __u64 reached[MAX_FIGURES];
	_Atomic __u64 cells[MAX_CELLS];
	_Atomic __u64 rounds;
	_Atomic __u64 beats;
	__u64 took_ns;
};

static struct shared {
	struct progress progress[STORMS];
	_Atomic __u64 reads;
	_Atomic bool failed;
} *shared;

/* The round that this process is part of. */
static struct progress *progress;
static struct round round_now;

static __u64 seed;
static __u64 seconds = 60;
static const char *only;

void say_kernel(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int len, fd;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, line, len) != len)
		perror("/dev/kmsg");
	close(fd);
}

static void print_replay(const struct storm *storm, __u64 round_seed)
{
	const char *kernel = getenv("SOAK_KERNEL");

	printf("replay with: make soak DEBUG=%s STORM=%s SEED=%#llx\n",
	       kernel ? kernel : "kasan", storm->name, round_seed);
	fflush(stdout);
}

/* Says what failed and how to have it again, and ends the process. */
void fail(const char *fmt, ...)
{
	char why[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	/* What follows of the first failure is no news. */
	if (!shared || !atomic_exchange(&shared->failed, true)) {
		printf("FAILED %s: %s\n", round_now.storm ? round_now.storm->name : "soak",
		       why);
		fflush(stdout);
		if (round_now.storm)
			print_replay(round_now.storm, round_now.seed);
		say_kernel("weft-soak: FAILED %s: %s\n",
			   round_now.storm ? round_now.storm->name : "soak", why);
	}
	_exit(1);
}

void reach(unsigned int figure, __u64 n)
{
	progress->reached[figure] += n;
}

/* The first figure is the least of the cells. */
void reach_cell(unsigned int cell, unsigned int cells, __u64 n)
{
	__u64 least = ~0ULL;
	unsigned int i;

	progress->cells[cell] += n;
	for (i = 0; i < cells; i++)
		if (progress->cells[i] < least)
			least = progress->cells[i];
	progress->reached[0] = least;
}

/* A round that goes on for long says that it does. */
void beat(void)
{
	progress->beats++;
}

static bool is_complete(const struct storm *storm, const struct progress *p)
{
	unsigned int i;

	for (i = 0; i < MAX_FIGURES && storm->figures[i].name; i++)
		if (p->reached[i] < storm->figures[i].target)
			return false;
	return true;
}

/* The seed of a storm's first round; each next one has the next number. */
static __u64 storm_seed(const struct storm *storm)
{
	struct rng rng = { .state = seed };
	const char *c;

	if (only)
		return seed;
	for (c = storm->name; *c; c++)
		rng.state = rng_next(&rng) ^ *c;
	return rng_next(&rng);
}

static void __attribute__((noreturn)) run_rounds(const struct storm *storm, __u64 until)
{
	__u64 first = storm_seed(storm);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1);
	do {
		round_now = (struct round){
			.storm = storm,
			.seed = first + progress->rounds,
		};
		round_now.rng.state = round_now.seed;
		say_kernel("weft-soak: round STORM=%s SEED=%#llx\n", storm->name,
			   round_now.seed);
		storm->round(&round_now);
		stop_alarms();
		progress->rounds++;
		beat();
	} while (now_ns() < until && !is_complete(storm, progress));
	exit(0);
}

/* As it is: what waits, and who is there to go on with it. */
static void print_file(const char *path)
{
	char line[512];
	FILE *f = fopen(path, "re");

	printf("%s:\n", path);
	while (f && fgets(line, sizeof(line), f))
		fputs(line, stdout);
	if (f)
		fclose(f);
}

/* A storm that makes no progress ends the run: what hangs is in the kernel log. */
static void report_stuck(const struct storm *storm)
{
	shared->failed = true;
	printf("FAILED %s: no progress in round %llu for %llu s\n", storm->name,
	       (__u64)progress->rounds, STUCK / SEC);
	print_replay(storm, storm_seed(storm) + progress->rounds);
	print_file(DEBUGFS "clients");
	print_file(DEBUGFS "workers");
	print_file(DEBUGFS "tasks");
	fflush(stdout);
	write_file("/proc/sysrq-trigger", "t");
}

/* Return: whether it ended well. */
static bool watch(const struct storm *storm, pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 20 * MSEC };
	__u64 beats = 0, since = now_ns();
	int status;
	pid_t ret;

	for (;;) {
		ret = waitpid(pid, &status, WNOHANG);
		if (ret == pid)
			break;
		if (progress->beats != beats) {
			beats = progress->beats;
			since = now_ns();
		} else if (now_ns() - since > STUCK) {
			report_stuck(storm);
			kill(pid, SIGKILL);
			return false;
		}
		nanosleep(&pause, NULL);
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (!atomic_exchange(&shared->failed, true)) {
		printf("FAILED %s: its process ended with status %#x\n", storm->name, status);
		print_replay(storm, storm_seed(storm) + progress->rounds);
	}
	return false;
}

static void print_progress(const struct storm *storm)
{
	unsigned int i;

	printf("%-14s", storm->name);
	for (i = 0; i < MAX_FIGURES && storm->figures[i].name; i++)
		printf(" %s %llu of %llu,", storm->figures[i].name,
		       (__u64)progress->reached[i], storm->figures[i].target);
	printf(" %llu rounds, %llu s\n", (__u64)progress->rounds, progress->took_ns / SEC);
	fflush(stdout);
}

/* Return: whether the run goes on. */
static bool run_storm(unsigned int n, __u64 ns)
{
	const struct storm *storm = storms[n];
	__u64 begin = now_ns();
	bool ok;
	pid_t pid;

	progress = &shared->progress[n];
	pid = fork();
	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (!pid)
		run_rounds(storm, begin + ns);
	ok = watch(storm, pid);
	progress->took_ns += now_ns() - begin;
	if (ok)
		must_be_idle(PATIENCE);
	print_progress(storm);
	return ok;
}

static bool is_wanted(unsigned int n)
{
	return (!only || !strcmp(only, storms[n]->name)) &&
	       (!storms[n]->missing || !storms[n]->missing());
}

/* Shares what is left of the time among those that are below their target. */
static bool run_pass(__u64 end)
{
	__u64 begin = now_ns(), left, shares = 0;
	bool open[STORMS];
	unsigned int n;

	for (n = 0; n < STORMS; n++) {
		open[n] = is_wanted(n) && !is_complete(storms[n], &shared->progress[n]);
		if (open[n])
			shares += storms[n]->share;
	}
	/* What one does not use is there for those after it. */
	for (n = 0; n < STORMS; n++) {
		if (!open[n])
			continue;
		left = end > now_ns() ? end - now_ns() : 0;
		if (!run_storm(n, left * storms[n]->share / shares))
			return false;
		shares -= storms[n]->share;
	}
	return now_ns() > begin;
}

static bool any_below(void)
{
	unsigned int n;

	for (n = 0; n < STORMS; n++)
		if (is_wanted(n) && !is_complete(storms[n], &shared->progress[n]))
			return true;
	return false;
}

static void print_figures(void)
{
	const struct figure *f;
	unsigned int n, i;

	for (n = 0; n < STORMS; n++) {
		if (only && strcmp(only, storms[n]->name))
			continue;
		for (i = 0; i < MAX_FIGURES && storms[n]->figures[i].name; i++) {
			f = &storms[n]->figures[i];
			if (is_wanted(n))
				printf("figure %s %u %llu %llu\n", f->name, f->promise,
				       (__u64)shared->progress[n].reached[i], f->target);
			else
				printf("missing %s %s\n", f->name, storms[n]->missing());
		}
	}
	printf("figure debugfs_reads 31 %llu 0\n", (__u64)shared->reads);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 'r' },
		{ "storm", required_argument, NULL, 's' },
		{ }
	};
	struct timespec ts;
	bool known = false;
	unsigned int n;
	int c;

	/* The kernel's own may not be there yet, so early after the boot. */
	clock_gettime(CLOCK_REALTIME, &ts);
	seed = rng_next(&(struct rng){ .state = ts.tv_sec * SEC + ts.tv_nsec });
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 't')
			seconds = strtoull(optarg, NULL, 0);
		else if (c == 'r')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 's')
			only = optarg;
		else
			exit(2);
	}
	for (n = 0; n < STORMS; n++)
		known |= only && !strcmp(only, storms[n]->name);
	if (only && !known) {
		fprintf(stderr, "no storm '%s'; there are:", only);
		for (n = 0; n < STORMS; n++)
			fprintf(stderr, " %s", storms[n]->name);
		fprintf(stderr, "\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	__u64 end;
	pid_t readers;
	bool ok = true;

	parse(argc, argv);
	end = in_ns(seconds * SEC);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	printf("seed %#llx\n", seed);
	fflush(stdout);
	readers = start_readers(seed, &shared->reads);
	/* Some rounds take longer than what would be left of very little. */
	do {
		ok = run_pass(end);
	} while (ok && any_below() && now_ns() + SEC < end);
	kill_helper(readers);
	print_figures();
	return ok && !shared->failed ? 0 : 1;
}
