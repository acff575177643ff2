// SPDX-License-Identifier: GPL-2.0-only
/* Jobs as the storms submit and reap them. */
#include "soak.h"

/* Ends soon, in one way or another. */
struct weft_job any_job(struct rng *rng, __u64 cookie)
{
	struct weft_job job;

	switch (rng_below(rng, 16)) {
	case 0:
		job = yield_job(cookie, rng_below(rng, 5));
		break;
	case 1:
		job = spin_job(cookie, rng_below(rng, 20 * USEC));
		break;
	case 2:
		job = sleep_job(cookie, rng_below(rng, 500 * USEC));
		break;
	case 3:
		job = sleep_until_job(cookie, in_ns(rng_below(rng, 500 * USEC)));
		break;
	case 4:
		job = work_job(cookie, 1 + rng_below(rng, 3), rng_below(rng, 3 * USEC),
			       rng_below(rng, 100 * USEC));
		break;
	default:
		job = nop_job(cookie);
	}
	job.tag = rng_below(rng, 8);
	if (rng_once_in(rng, 2))
		job.flags |= WEFT_JOB_RECEIPT;
	if (rng_once_in(rng, 8))
		job.deadline_ns = in_ns(rng_below(rng, 400 * USEC));
	return job;
}

/* Ends only by a cancel. Those that are never quiet make all others wait: they are few. */
struct weft_job endless_job(struct rng *rng, __u64 cookie)
{
	switch (rng_below(rng, 256)) {
	case 0:
		return spin_job(cookie, HOUR);
	case 1:
		return yield_job(cookie, ~0ULL);
	case 2:
		return work_job(cookie, ~0U, USEC, rng_below(rng, 20 * USEC));
	case 3 ... 40:
		return work_job(cookie, 2, 0, HOUR);
	default:
		return sleep_job(cookie, HOUR);
	}
}

int must_open(__u32 engine, __u32 credits)
{
	int fd = open_client(engine, credits);

	if (fd < 0)
		fail("a client on %s with %u credits: %s", engine_name(engine), credits,
		     strerror(-fd));
	return fd;
}

/* A wait that a signal may end early: with nothing, that is 0. */
int reap_some(int fd, struct weft_completion *c, unsigned int capacity, unsigned int min,
	      __u64 timeout_ns)
{
	int ret = wait_until(fd, c, capacity, min, timeout_ns);

	if (ret == -EINTR || ret == -ETIME)
		return 0;
	if (ret < 0)
		fail("a wait: %s", strerror(-ret));
	return ret;
}

void reap_exactly(int fd, struct weft_completion *c, unsigned int n)
{
	__u64 end = in_ns(PATIENCE);
	struct weft_stats stats;
	unsigned int got = 0;

	while (got < n) {
		got += reap_some(fd, c + got, n - got, 1, end);
		if (got >= n || now_ns() < end)
			continue;
		if (get_stats(fd, &stats))
			fail("%u of %u jobs do not end", n - got, n);
		fail("%u of %u jobs do not end: %llu queued, %llu running, %llu waiting",
		     n - got, n, stats.queued, stats.running, stats.waiting);
	}
}

/* Signals at random times, so that all that waits has to begin again. */
void start_some_alarms(struct rng *rng)
{
	if (rng_once_in(rng, 2) && start_alarms(1000 * (1 + rng_below(rng, 10))))
		fail("SIGALRM cannot be had");
}
