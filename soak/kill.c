// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill -9 at any moment of a process that opens, sets up, submits, cancels, reaps
 * and closes: nothing of it is left a second later.
 */
#include "soak.h"

#define AT_ONCE		8
#define LONGEST		(6 * MSEC)
#define CREDITS		64

static void *submit_for_ever(void *arg)
{
	struct rng rng = { .state = (uintptr_t)arg };
	struct weft_completion c[CREDITS];
	struct weft_job jobs[CREDITS];
	struct weft_cancel cancel;
	unsigned int i, n, calls, most;
	__u32 engine, error;
	int fd;

	for (;;) {
		engine = rng_once_in(&rng, 8) ? WEFT_ENGINE_THREADS : WEFT_ENGINE_ASYNC;
		/* A thread takes long to make: in that time many are killed. */
		most = engine == WEFT_ENGINE_THREADS ? 4 : CREDITS;
		fd = must_open(engine, CREDITS);
		for (calls = rng_below(&rng, 32); calls; calls--) {
			n = rng_below(&rng, most);
			for (i = 0; i < n; i++)
				jobs[i] = rng_once_in(&rng, 4) ? endless_job(&rng, i) :
								 any_job(&rng, i);
			if (submit_batch(fd, jobs, NULL, n, &error) < 0)
				fail("a submit failed");
			if (rng_once_in(&rng, 4) && cancel_all(fd, &cancel))
				fail("a cancel failed");
			reap_some(fd, c, CREDITS, 1, in_ns(rng_below(&rng, MSEC)));
		}
		if (!rng_once_in(&rng, 4))
			close(fd);
	}
	return NULL;
}

/* It leaves descriptors open: they are as many as the time allows. */
static void __attribute__((noreturn)) live(struct rng rng)
{
	void *state = (void *)(uintptr_t)rng_next(&rng);
	pthread_t thread;

	start_some_alarms(&rng);
	if (rng_once_in(&rng, 2))
		pthread_create(&thread, NULL, submit_for_ever,
			       (void *)(uintptr_t)rng_next(&rng));
	/* Someone else has the client, too, and goes a moment later. */
	if (rng_once_in(&rng, 8))
		fork_helper();
	submit_for_ever(state);
	_exit(1);
}

static void round_kill(struct round *round)
{
	unsigned int i, rounds = 24 / slowness() ?: 1;
	pid_t pids[AT_ONCE];
	__u64 end;

	while (rounds--) {
		for (i = 0; i < AT_ONCE; i++) {
			struct rng rng = rng_split(&round->rng);

			pids[i] = fork_helper();
			if (!pids[i])
				live(rng);
			end = in_ns(rng_below(&round->rng, LONGEST));
			while (now_ns() < end)
				sched_yield();
			/* This one, or one that has had more time. */
			if (rng_once_in(&round->rng, 2) && i) {
				pid_t older = pids[i - 1];

				pids[i - 1] = pids[i];
				pids[i] = older;
			}
			kill(pids[i], SIGKILL);
		}
		for (i = 0; i < AT_ONCE; i++)
			kill_helper(pids[i]);
		must_be_idle(SEC);
		reach(0, AT_ONCE);
	}
}

const struct storm storm_kill = {
	.name = "kill",
	.share = 100,
	.figures = { { "kills", 8, 10000 } },
	.round = round_kill,
};
