// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every accepted job completes exactly once: jobs of all kinds, in batches of all
 * sizes, cancelled or not, reaped in all ways.
 */
#include <poll.h>
#include "soak.h"

#define JOBS_ASYNC	16384
#define JOBS_THREADS	192
#define MAX_BATCH	256
#define MAX_CLIENTS	3

struct stream {
	int fd;
	__u32 engine;
	unsigned int jobs;
	struct rng submits;
	struct rng reaps;
	struct ledger ledger;
	bool submitted;		/* all of them */
};

/* A signal or another's job may be faster. */
static void until_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (poll(&p, 1, 20) < 0 && errno != EINTR)
		fail("poll: %s", strerror(errno));
}

static void cancel_some(struct stream *s, const __u64 *ids, int accepted)
{
	struct weft_cancel cancel;
	int ret = 0;

	switch (rng_below(&s->submits, 16)) {
	case 0:
		ret = cancel_all(s->fd, &cancel);
		break;
	case 1:
		ret = cancel_tag(s->fd, rng_below(&s->submits, 8), &cancel);
		break;
	case 2:
	case 3:
		if (accepted)
			ret = cancel_job(s->fd, ids[rng_below(&s->submits, accepted)]);
		break;
	}
	if (ret < 0 && ret != -ENOENT)
		fail("a cancel: %s", strerror(-ret));
}

static void *submit_stream(void *arg)
{
	struct weft_job jobs[MAX_BATCH];
	__u64 ids[MAX_BATCH];
	struct stream *s = arg;
	unsigned int i, n, next = 0;
	__u32 error;
	int ret;

	while (next < s->jobs) {
		n = 1 + rng_below(&s->submits, MAX_BATCH);
		if (n > s->jobs - next)
			n = s->jobs - next;
		for (i = 0; i < n; i++)
			jobs[i] = any_job(&s->submits, next + i);
		ret = submit_batch(s->fd, jobs, ids, n, &error);
		if (ret < 0 || (error && error != EAGAIN))
			fail("a submit: %s", strerror(ret < 0 ? -ret : (int)error));
		ledger_accept(&s->ledger, next, ret);
		next += ret;
		cancel_some(s, ids, ret);
		if (error)
			until_ready(s->fd, POLLOUT);
	}
	__atomic_store_n(&s->submitted, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static int reap_one_way(struct stream *s, struct weft_completion *c)
{
	unsigned int n = 1 + rng_below(&s->reaps, MAX_BATCH);
	int ret;

	switch (rng_below(&s->reaps, 4)) {
	case 0:
		until_ready(s->fd, POLLIN);
		ret = read_completions(s->fd, c, n * sizeof(*c));
		if (ret < 0 && ret != -EAGAIN && ret != -EINTR)
			fail("a read: %s", strerror(-ret));
		return ret < 0 ? 0 : ret / (int)sizeof(*c);
	case 1:
		return reap_some(s->fd, c, n, 0, 0);
	case 2:
		return reap_some(s->fd, c, n, 16, in_ns(MSEC));
	default:
		return reap_some(s->fd, c, n, 1, in_ns(20 * MSEC));
	}
}

static bool all_seen(struct stream *s)
{
	return __atomic_load_n(&s->submitted, __ATOMIC_SEQ_CST) &&
	       s->ledger.nr_seen >= s->ledger.nr_accepted;
}

static void *reap_stream(void *arg)
{
	struct weft_completion c[MAX_BATCH];
	struct stream *s = arg;
	__u64 last = now_ns();
	int n;

	while (!all_seen(s)) {
		n = reap_one_way(s, c);
		ledger_see(&s->ledger, c, n);
		if (n)
			last = now_ns();
		else if (now_ns() - last > PATIENCE)
			fail("%llu of %llu accepted jobs do not end",
			     s->ledger.nr_accepted - s->ledger.nr_seen,
			     s->ledger.nr_accepted);
	}
	return NULL;
}

static void open_stream(struct stream *s, struct rng *rng, __u32 engine, unsigned int jobs)
{
	unsigned int most = engine == WEFT_ENGINE_THREADS ? 64 : 2048;

	s->engine = engine;
	s->jobs = jobs;
	s->submitted = false;
	s->submits = rng_split(rng);
	s->reaps = rng_split(rng);
	s->fd = must_open(engine, 16 + rng_below(rng, most));
	if (fcntl(s->fd, F_SETFL, O_NONBLOCK))
		fail("O_NONBLOCK: %s", strerror(errno));
	ledger_init(&s->ledger, jobs);
}

static void close_stream(struct stream *s)
{
	struct weft_stats stats;

	ledger_must_balance(&s->ledger);
	if (get_stats(s->fd, &stats))
		fail("there are no stats");
	if (stats.accepted != s->jobs || stats.done != s->jobs || stats.reaped != s->jobs)
		fail("of %u jobs %llu were accepted, %llu done, %llu reaped", s->jobs,
		     stats.accepted, stats.done, stats.reaped);
	close(s->fd);
	ledger_fini(&s->ledger);
	reach(0, s->jobs);
}

static void round_jobs(struct round *round)
{
	bool threads = round->seed % 32 == 31;
	unsigned int i, n = 1 + rng_below(&round->rng, MAX_CLIENTS);
	unsigned int jobs = (threads ? JOBS_THREADS : JOBS_ASYNC) / slowness() / n;
	pthread_t submits[MAX_CLIENTS], reaps[MAX_CLIENTS];
	struct stream s[MAX_CLIENTS];

	for (i = 0; i < n; i++) {
		open_stream(&s[i], &round->rng,
			    threads ? WEFT_ENGINE_THREADS : WEFT_ENGINE_ASYNC, jobs);
		if (pthread_create(&submits[i], NULL, submit_stream, &s[i]) ||
		    pthread_create(&reaps[i], NULL, reap_stream, &s[i]))
			fail("no thread is to be had");
	}
	start_some_alarms(&round->rng);
	for (i = 0; i < n; i++) {
		pthread_join(submits[i], NULL);
		pthread_join(reaps[i], NULL);
		close_stream(&s[i]);
	}
}

const struct storm storm_jobs = {
	.name = "jobs",
	.share = 100,
	.figures = { { "jobs", 1, 5000000 } },
	.round = round_jobs,
};
