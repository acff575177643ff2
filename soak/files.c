// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs with files: each that is accepted completes exactly once, whatever is done to
 * the files, the buffer and the client meanwhile.
 */
#include "soak.h"

#define BATCHES		40
#define MAX_BATCH	24
#define ROOM		(BATCHES * MAX_BATCH)
#define LONGEST		(6 * MSEC)

struct work {
	struct rng rng;
	struct things things;
	struct ledger ledger;
	int fd;
	unsigned int batch;
	unsigned int credits;
};

static void open_work(struct work *w, struct rng *rng)
{
	bool threads;

	w->rng = rng_split(rng);
	/* A thread takes long to make. */
	threads = rng_once_in(&w->rng, 16);
	w->batch = threads ? 4 : MAX_BATCH;
	w->credits = threads ? 24 : 16 + rng_below(&w->rng, 256);
	w->fd = must_open(threads ? WEFT_ENGINE_THREADS : WEFT_ENGINE_ASYNC, w->credits);
	open_things(&w->things, &w->rng, w->fd);
	ledger_init(&w->ledger, ROOM);
}

static void close_work(struct work *w)
{
	close(w->fd);
	close_things(&w->things);
	ledger_fini(&w->ledger);
}

static void see(struct work *w, struct weft_completion *c, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (!is_file_result(c[i].result))
			fail("op %u ended with %lld", c[i].op, c[i].result);
		if (c[i].result < 0)
			c[i].result = 0;
	}
	ledger_see(&w->ledger, c, n);
}

/* One that was refused is left out. Return: how many of them were dealt with. */
static unsigned int submit_some(struct work *w, unsigned int first, __u64 *ids)
{
	unsigned int i, n = 1 + rng_below(&w->rng, w->batch);
	struct weft_job jobs[MAX_BATCH];
	__u32 error;
	int ret;

	for (i = 0; i < n; i++)
		jobs[i] = any_file_job(&w->things, first + i);
	ret = submit_batch(w->fd, jobs, ids, n, &error);
	if (ret < 0 && ret != -EINTR)
		fail("a submit: %s", strerror(-ret));
	if (ret < 0)
		return 0;
	if (error && error != EAGAIN && error != EBADF && error != EFAULT &&
	    error != EOPNOTSUPP && error != EINVAL)
		fail("op %u was refused: %s", jobs[ret].op, strerror(error));
	ledger_accept(&w->ledger, first, ret);
	return error ? (unsigned int)ret + 1 : (unsigned int)ret;
}

static void disturb(struct work *w, const __u64 *ids)
{
	struct weft_cancel cancel;
	int ret = 0;

	switch (rng_below(&w->rng, 16)) {
	case 0:
		ret = cancel_all(w->fd, &cancel);
		break;
	case 1:
		ret = cancel_tag(w->fd, rng_below(&w->rng, 8), &cancel);
		break;
	case 2 ... 5:
		ret = cancel_job(w->fd, ids[rng_below(&w->rng, MAX_BATCH)]);
		break;
	case 6 ... 13:
		stir_things(&w->things);
		break;
	}
	if (ret < 0 && ret != -ENOENT && ret != -EINTR)
		fail("a cancel: %s", strerror(-ret));
}

/* Return: how many jobs were accepted, and not all of them reaped. */
static __u64 work_on(struct work *w)
{
	struct weft_completion c[MAX_BATCH];
	__u64 ids[MAX_BATCH] = { 0 };
	unsigned int i, next = 0;

	for (i = 0; i < BATCHES && next + MAX_BATCH <= ROOM; i++) {
		next += submit_some(w, next, ids);
		disturb(w, ids);
		see(w, c, reap_some(w->fd, c, MAX_BATCH, 0, 0));
	}
	return w->ledger.nr_accepted;
}

/* Nothing that waits ends by itself any more. */
static void settle(struct work *w)
{
	struct weft_completion c[MAX_BATCH];
	__u64 end = in_ns(PATIENCE);
	struct weft_cancel cancel;
	int ret;

	do {
		ret = cancel_all(w->fd, &cancel);
	} while (ret == -EINTR);
	if (ret)
		fail("a cancel: %s", strerror(-ret));
	while (w->ledger.nr_seen < w->ledger.nr_accepted) {
		see(w, c, reap_some(w->fd, c, MAX_BATCH, 1, end));
		if (now_ns() > end)
			fail("%llu of %llu jobs do not end",
			     w->ledger.nr_accepted - w->ledger.nr_seen,
			     w->ledger.nr_accepted);
	}
	ledger_must_balance(&w->ledger);
}

/* A process that is killed in the middle of it. */
static void kill_work(struct rng *rng)
{
	struct rng its = rng_split(rng);
	pid_t pid = fork_helper();
	struct work w;
	__u64 end;

	if (!pid) {
		for (;;) {
			open_work(&w, &its);
			work_on(&w);
			close_work(&w);
		}
	}
	end = in_ns(rng_below(rng, LONGEST * slowness()));
	while (now_ns() < end)
		sched_yield();
	kill_helper(pid);
}

static void round_files(struct round *round)
{
	unsigned int i;
	struct work w;

	signal(SIGPIPE, SIG_IGN);
	start_some_alarms(&round->rng);
	for (i = 0; i < 8; i++) {
		if (rng_once_in(&round->rng, 8)) {
			kill_work(&round->rng);
			reach(1, 1);
			continue;
		}
		open_work(&w, &round->rng);
		reach(0, work_on(&w));
		/* Or the close has to. */
		if (!rng_once_in(&round->rng, 4))
			settle(&w);
		close_work(&w);
	}
	must_be_idle(PATIENCE);
}

const struct storm storm_files = {
	.name = "files",
	.share = 100,
	.figures = { { "files_jobs", 1, 100000 }, { "files_kills", 8, 100 } },
	.round = round_files,
};
