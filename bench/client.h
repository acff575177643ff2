/* SPDX-License-Identifier: GPL-2.0-only */
/* What benchmarks in userspace have in common. */
#ifndef WEFT_BENCH_CLIENT_H
#define WEFT_BENCH_CLIENT_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/weft.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct benchmark {
	const char *name;
	unsigned long long (*run)(void);
};

static inline void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline unsigned long long now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static inline int open_client(unsigned int credits)
{
	struct weft_setup setup = {
		.size = sizeof(setup),
		.engine = WEFT_ENGINE_ASYNC,
		.credits = credits,
	};
	int fd = open("/dev/weft", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("/dev/weft");
	if (ioctl(fd, WEFT_IOC_SETUP, &setup))
		die("set-up");
	return fd;
}

static inline void submit(int fd, const struct weft_job *jobs, unsigned int count)
{
	struct weft_submit s = {
		.size = sizeof(s),
		.jobs = (unsigned long)jobs,
		.count = count,
	};

	if (ioctl(fd, WEFT_IOC_SUBMIT, &s) != (int)count)
		die("submit");
}

static inline void reap(int fd, struct weft_completion *completions, unsigned int count)
{
	struct weft_wait w = {
		.size = sizeof(w),
		.completions = (unsigned long)completions,
		.capacity = count,
		.min = count,
		.timeout_ns = WEFT_WAIT_FOREVER,
	};

	if (ioctl(fd, WEFT_IOC_WAIT, &w) != (int)count)
		die("wait");
}

/* Those that are named. Return: for main(). */
static inline int run_benchmarks(const struct benchmark *all, unsigned int count, int argc,
				 char **argv)
{
	unsigned int i;
	int arg;

	for (arg = 1; arg < argc; arg++) {
		for (i = 0; i < count && strcmp(argv[arg], all[i].name); i++)
			;
		if (i == count) {
			fprintf(stderr, "bench: no benchmark '%s'\n", argv[arg]);
			return 2;
		}
		printf("%s %llu\n", all[i].name, all[i].run());
		fflush(stdout);
	}
	return 0;
}

#endif /* WEFT_BENCH_CLIENT_H */
