// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs that yield for ever, more than there are workers, while the kernel's own
 * watchdogs look on with their limits lowered; other jobs go on all the same.
 */
#include "soak.h"

#define LOCKUP		"/proc/sys/kernel/watchdog_thresh"
#define STALL		"/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout"
#define YIELDERS	256
#define SECONDS		60

/* A lockup is one after twice so many seconds: less than the storm goes on. */
static const char lockup_seconds[] = "20", stall_seconds[] = "40";

static void read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/* As long as it takes to see a lockup, in one go. */
static void round_yield(struct round *round)
{
	struct weft_job *jobs = many_jobs(yield_job(0, ~0ULL), YIELDERS);
	int yielders = must_open(WEFT_ENGINE_ASYNC, YIELDERS);
	int others = must_open(round->seed % 2, 1);
	struct weft_completion *c = calloc(YIELDERS, sizeof(*c));
	char lockup[32], stall[32];
	struct weft_cancel cancel;
	__u64 begin = now_ns(), next = begin + SEC;

	read_file(LOCKUP, lockup, sizeof(lockup));
	read_file(STALL, stall, sizeof(stall));
	write_file(LOCKUP, lockup_seconds);
	write_file(STALL, stall_seconds);
	if (!c || submit_all(yielders, jobs, NULL, YIELDERS) != YIELDERS)
		fail("%u jobs were not accepted", YIELDERS);
	while (now_ns() - begin < SECONDS * SEC) {
		if (submit_one(others, any_job(&round->rng, 0), NULL) != 1)
			fail("a job was not accepted");
		reap_exactly(others, c, 1);
		if (now_ns() < next)
			continue;
		next += SEC;
		reach(0, 1);
		beat();
	}
	if (cancel_all(yielders, &cancel))
		fail("a cancel failed");
	reap_exactly(yielders, c, YIELDERS);
	write_file(LOCKUP, lockup);
	write_file(STALL, stall);
	close(yielders);
	close(others);
	free(jobs);
	free(c);
	must_be_idle(PATIENCE);
}

const struct storm storm_yield = {
	.name = "yield",
	.share = 30,
	.figures = { { "yield_seconds", 24, SECONDS - 1 } },
	.round = round_yield,
};
