// SPDX-License-Identifier: GPL-2.0-only
/* A CPU goes and comes back while both engines work: no job is lost. */
#include "soak.h"

#define ONLINE	"/sys/devices/system/cpu/cpu1/online"
#define JOBS	64
#define CYCLES	4

static const char *no_hotplug(void)
{
	return access(ONLINE, W_OK) ? "no CPU can go" : NULL;
}

struct load {
	struct rng rng;
	__u32 engine;
	bool stop;
};

static void *keep_busy(void *arg)
{
	struct load *load = arg;
	int fd = must_open(load->engine, JOBS);
	struct weft_completion c[JOBS];
	struct weft_job jobs[JOBS];
	unsigned int i, n = load->engine == WEFT_ENGINE_THREADS ? 2 : JOBS;

	while (!__atomic_load_n(&load->stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < n; i++)
			jobs[i] = any_job(&load->rng, i);
		if (submit_all(fd, jobs, NULL, n) != (int)n)
			fail("%u jobs were not accepted", n);
		reap_exactly(fd, c, n);
		if (!exactly_once(c, n))
			fail("a job completed twice");
	}
	close(fd);
	return NULL;
}

static void set_online(bool online)
{
	/* The kernel may be busy with the change before. */
	while (!write_file(ONLINE, online ? "1" : "0"))
		if (errno != EBUSY && errno != EINTR)
			fail("%s: %s", ONLINE, strerror(errno));
}

static void round_hotplug(struct round *round)
{
	struct load loads[] = {
		{ .rng = rng_split(&round->rng), .engine = WEFT_ENGINE_ASYNC },
		{ .rng = rng_split(&round->rng), .engine = WEFT_ENGINE_THREADS },
	};
	pthread_t threads[ARRAY_SIZE(loads)];
	struct timespec pause = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(loads); i++)
		if (pthread_create(&threads[i], NULL, keep_busy, &loads[i]))
			fail("no thread is to be had");
	for (i = 0; i < CYCLES; i++) {
		set_online(false);
		pause.tv_nsec = rng_below(&round->rng, 10 * MSEC);
		nanosleep(&pause, NULL);
		set_online(true);
		reach(0, 1);
		beat();
	}
	for (i = 0; i < ARRAY_SIZE(loads); i++) {
		__atomic_store_n(&loads[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(threads[i], NULL);
	}
	must_be_idle(PATIENCE);
}

const struct storm storm_hotplug = {
	.name = "hotplug",
	.share = 50,
	.figures = { { "hotplug_cycles", 28, 200 } },
	.missing = no_hotplug,
	.round = round_hotplug,
};
