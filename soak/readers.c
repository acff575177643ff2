// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads beside all storms: every file of weft in debugfs, the processes'
 * descriptors in /proc, and now and then the trace.
 */
#include <dirent.h>
#include "soak.h"

#define EVENTS	"/sys/kernel/tracing/events/weft/enable"
#define TRACE	"/sys/kernel/tracing/trace"

/* So many times as long as they read they do not. */
#define READERS_IDLE	8

/* In pieces, so that it is left and taken up again in the middle. */
static bool read_all(const char *path, size_t piece, size_t limit)
{
	static char buffer[1 << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t sum = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	do {
		n = read(fd, buffer, piece);
		if (n > 0)
			sum += n;
	} while (n > 0 && sum < limit);
	close(fd);
	return true;
}

static unsigned int read_dir(const char *dir, struct rng *rng)
{
	unsigned int count = 0;
	struct dirent *entry;
	char path[512];
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (entry->d_name[0] != '.')
			count += read_all(path, 1 + rng_below(rng, 1 << 14), 1 << 20);
	}
	if (d)
		closedir(d);
	return count;
}

/* Of processes that come and go; those of the storms have clients open. */
static void read_fdinfo(struct rng *rng)
{
	struct dirent *entry;
	char path[320];
	DIR *d = opendir("/proc");

	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    !rng_once_in(rng, 4))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/fdinfo", entry->d_name);
		read_dir(path, rng);
	}
	if (d)
		closedir(d);
}

/* The events are off again when this returns. */
static void read_trace(void)
{
	const struct timespec pause = { .tv_nsec = 5 * MSEC };

	if (!write_file(EVENTS, "1"))
		return;
	nanosleep(&pause, NULL);
	write_file(EVENTS, "0");
	read_all(TRACE, 1 << 12, 1 << 16);
	write_file(TRACE, "\n");
}

pid_t start_readers(__u64 seed, _Atomic __u64 *reads)
{
	struct rng rng = { .state = seed };
	struct timespec pause = { 0 };
	pid_t pid = fork_helper();
	unsigned int n;
	__u64 begin;

	if (pid)
		return pid;
	for (n = 0;; n++) {
		begin = now_ns();
		*reads += read_dir("/sys/kernel/debug/weft", &rng);
		if (n % 8 == 0)
			read_fdinfo(&rng);
		if (n % 64 == 0)
			read_trace();
		/* The storms have the CPUs most of the time, however slow they are. */
		begin = READERS_IDLE * (now_ns() - begin) + rng_below(&rng, 20 * MSEC);
		pause.tv_sec = begin / SEC;
		pause.tv_nsec = begin % SEC;
		nanosleep(&pause, NULL);
	}
}
