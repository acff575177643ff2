// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module comes and goes: in use it does not go, whatever it is that uses it;
 * and when it is not, it goes whatever it has done. Ends with it loaded.
 */
#include "soak.h"

#define MODULE	"/weft.ko"
#define JOBS	64
#define EXPEDITED	"/sys/kernel/rcu_expedited"

static const char *no_file(void)
{
	return access(MODULE, R_OK) ? "there is no " MODULE : NULL;
}

/* Something that holds the module. */
static int hold(struct rng *rng)
{
	struct weft_job jobs[JOBS];
	unsigned int i;
	int fd;

	switch (rng_below(rng, 3)) {
	case 0:
		return open_device();
	case 1:
		return open(DEBUGFS "engines", O_RDONLY | O_CLOEXEC);
	}
	fd = must_open(rng_below(rng, 2), JOBS);
	for (i = 0; i < 2; i++)
		jobs[i] = endless_job(rng, i);
	if (submit_all(fd, jobs, NULL, 2) != 2)
		fail("2 jobs were not accepted");
	return fd;
}

static void round_refused(struct round *round)
{
	unsigned int i, n = 10;
	int fd, ret;

	for (i = 0; i < n; i++) {
		fd = hold(&round->rng);
		if (fd < 0)
			fail("nothing can be opened: %s", strerror(errno));
		ret = unload_module("weft");
		if (ret != -EWOULDBLOCK)
			fail("rmmod while busy: %s", strerror(-ret));
		close(fd);
	}
	must_be_idle(PATIENCE);
	reach(0, n);
}

/* The readers may have one of its files open at any one time. */
static void unload(void)
{
	__u64 end = in_ns(PATIENCE);
	int ret;

	while ((ret = unload_module("weft"))) {
		if (ret != -EWOULDBLOCK)
			fail("rmmod: %s", strerror(-ret));
		if (now_ns() > end)
			fail("rmmod is refused, and nobody uses it");
		sched_yield();
	}
}

static void run_some(struct rng *rng)
{
	struct weft_completion c[JOBS];
	struct weft_job jobs[JOBS];
	__u32 engine = rng_once_in(rng, 4);
	int fd = must_open(engine, JOBS);
	unsigned int i, n = engine == WEFT_ENGINE_THREADS ? 4 : JOBS;

	for (i = 0; i < n; i++)
		jobs[i] = any_job(rng, i);
	if (submit_all(fd, jobs, NULL, n) != (int)n)
		fail("%u jobs were not accepted", n);
	if (rng_once_in(rng, 2)) {
		reap_exactly(fd, c, n);
		if (!exactly_once(c, n))
			fail("a job completed twice");
	}
	close(fd);
}

static void round_loaded(struct round *round)
{
	char parameters[64];
	unsigned int i, n = 10;

	/* Most of the time is the kernel's, who waits until nobody is in it any more. */
	write_file(EXPEDITED, round->seed & 14 ? "1" : "0");
	for (i = 0; i < n; i++) {
		unload();
		snprintf(parameters, sizeof(parameters), "timing=%u workers=%u",
			 (unsigned int)rng_below(&round->rng, 2),
			 (unsigned int)rng_below(&round->rng, 5));
		load_module(MODULE, parameters);
		run_some(&round->rng);
	}
	/* The storms after this one find it as it is by default. */
	unload();
	load_module(MODULE, "");
	write_file(EXPEDITED, "0");
	reach(1, n);
}

static void round_module(struct round *round)
{
	if (round->seed % 2)
		round_loaded(round);
	else
		round_refused(round);
}

const struct storm storm_module = {
	.name = "module",
	.share = 60,
	.figures = { { "rmmod_refused", 11, 1000 }, { "module_cycles", 11, 1000 } },
	.missing = no_file,
	.round = round_module,
};
