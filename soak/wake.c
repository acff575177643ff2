// SPDX-License-Identifier: GPL-2.0-only
/*
 * No wake is lost: races of wakes with polls, in the kernel. A round is one load of
 * weft_soak.ko, which runs them and returns when all tasks have ended.
 */
#include "soak.h"

#define MODULE		"/weft_soak.ko"
#define RACED		"/sys/module/weft_soak/parameters/raced"

static const char *no_module(void)
{
	return access(MODULE, R_OK) ? "there is no " MODULE : NULL;
}

static const char *no_second_cpu(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) < 2 ? "there is one CPU" : no_module();
}

static __u64 read_raced(void)
{
	char text[32] = "";
	int fd = open(RACED, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		fail("%s: %s", RACED, strerror(errno));
	close(fd);
	return strtoull(text, NULL, 10);
}

static void round_wakes(struct round *round)
{
	bool threads = round->seed % 8 == 7;
	unsigned int races = 120000;	/* to load it takes as long as thousands */
	char parameters[160];
	int ret;

	/* A race on threads takes a context switch at least, a task a thread. */
	if (threads)
		races = strcmp(round->storm->source, "self") ? 4000 : 64;
	snprintf(parameters, sizeof(parameters),
		 "source=%s seed=%llu races=%u threads=%u workers=%u patience_ms=%llu",
		 round->storm->source, round->seed,
		 races / slowness(), threads,
		 1 + (unsigned int)rng_below(&round->rng, 2), PATIENCE / MSEC);
	load_module(MODULE, parameters);
	reach(0, read_raced());
	ret = unload_module("weft_soak");
	if (ret)
		fail("rmmod weft_soak: %s", strerror(-ret));
}

#define WAKES(_name, _promise, _missing, _share) \
	const struct storm storm_wake_##_name = { \
		.name = "wake_" #_name, \
		.share = _share, \
		.figures = { { "wake_" #_name, _promise, 1000000 } }, \
		.missing = _missing, \
		.round = round_wakes, \
		.source = #_name, \
	}

WAKES(timer, 3, no_module, 50);
WAKES(waker, 3, no_module, 50);
WAKES(yield, 3, no_module, 50);
WAKES(hardirq, 3, no_module, 50);
WAKES(cpu, 3, no_second_cpu, 50);
WAKES(self, 24, no_module, 50);
