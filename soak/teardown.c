// SPDX-License-Identifier: GPL-2.0-only
/*
 * Teardown under load: processes with many clients each, all of whose queues are
 * full, end at once: by a kill, an exit, or close after close.
 */
#include "soak.h"

#define PROCESSES	12
#define CLIENTS		100
#define CREDITS		64
#define CREDITS_THREADS	2

static void fill_queue(struct rng *rng, int fd, unsigned int n)
{
	struct weft_job jobs[CREDITS];
	unsigned int i;
	__u32 error;
	int ret;

	for (i = 0; i < n; i++)
		jobs[i] = rng_once_in(rng, 4) ? any_job(rng, i) : sleep_job(i, HOUR);
	/* One that is never quiet has a turn before each end of another: a few do. */
	if (rng_once_in(rng, 16))
		jobs[0] = endless_job(rng, 0);
	ret = submit_batch(fd, jobs, NULL, n, &error);
	/* Threads there are only so many. */
	if (ret < 0 || (error && error != EAGAIN))
		fail("a submit: %s", strerror(ret < 0 ? -ret : (int)error));
}

static void __attribute__((noreturn)) live(struct rng *rng, int ready, int go)
{
	int fds[CLIENTS];
	unsigned int i;
	char x;

	for (i = 0; i < CLIENTS; i++) {
		bool threads = rng_once_in(rng, 10);
		unsigned int credits = threads ? CREDITS_THREADS : CREDITS;

		fds[i] = must_open(threads, credits);
		fill_queue(rng, fds[i], credits);
	}
	if (write(ready, "x", 1) != 1 || read(go, &x, 1) != 0)
		_exit(1);
	start_some_alarms(rng);
	if (rng_once_in(rng, 2))
		for (i = 0; i < CLIENTS; i++)
			close(fds[i]);
	_exit(0);
}

static void round_teardown(struct round *round)
{
	pid_t pids[PROCESSES];
	int ready[2], go[2];
	unsigned int i;
	char x;

	if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		fail("pipe: %s", strerror(errno));
	for (i = 0; i < PROCESSES; i++) {
		struct rng rng = rng_split(&round->rng);

		pids[i] = fork_helper();
		if (!pids[i]) {
			close(go[1]);
			live(&rng, ready[1], go[0]);
		}
	}
	for (i = 0; i < PROCESSES; i++) {
		if (read(ready[0], &x, 1) != 1)
			fail("a process did not fill its queues");
		beat();
	}
	/* Half of them are killed; the end of the pipe is the word for the others. */
	for (i = 0; i < PROCESSES; i += 2)
		kill(pids[i], SIGKILL);
	close(go[1]);
	for (i = 0; i < PROCESSES; i++) {
		if (i % 2)
			end_helper(pids[i]);
		else
			kill_helper(pids[i]);
	}
	close(go[0]);
	close(ready[0]);
	close(ready[1]);
	must_be_idle(PATIENCE);
	reach(0, PROCESSES * CLIENTS);
}

const struct storm storm_teardown = {
	.name = "teardown",
	.share = 60,
	.figures = { { "teardown_clients", 10, 10 * PROCESSES * CLIENTS } },
	.round = round_teardown,
};
