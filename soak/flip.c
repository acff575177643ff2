// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs are copied once: a thread changes them while they are submitted. What is
 * executed is what was checked, so nothing that is not allowed ever runs.
 */
#include "soak.h"

#define SUBMITS	4096
#define JOBS	2
#define CREDITS	256

/* No number, and no op of this client. */
#define BAD_OP		200
#define TAKEN_OP	WEFT_OP_SPIN

/* No time. In one byte: where a copy goes byte by byte, half of it may be 0 still. */
#define WRONG		(1ULL << 63)

struct flip {
	struct weft_job jobs[JOBS];
	struct rng rng;
	bool stop;
};

static void store16(__u16 *p, __u16 value)
{
	__atomic_store_n(p, value, __ATOMIC_RELAXED);
}

static void store64(__u64 *p, __u64 value)
{
	__atomic_store_n(p, value, __ATOMIC_RELAXED);
}

/* Most of the time they are right, so that most submits go on to the next check. */
static void *flip_jobs(void *arg)
{
	static const __u16 bad_ops[] = { BAD_OP, TAKEN_OP, 0xffff };
	struct flip *f = arg;
	struct weft_job *job;
	unsigned int i;

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		job = &f->jobs[rng_below(&f->rng, JOBS)];
		i = rng_below(&f->rng, 4);
		if (i == 0)
			store16(&job->op, bad_ops[rng_below(&f->rng, ARRAY_SIZE(bad_ops))]);
		else if (i == 1)
			store16(&job->flags, 0xfffe);
		else if (i == 2)
			store64(&job->arg[0], WRONG);
		else
			store64(&job->deadline_ns, WRONG);
		for (i = rng_below(&f->rng, 32); i; i--)
			__asm__ volatile("");
		store16(&job->op, rng_once_in(&f->rng, 2) ? WEFT_OP_NOP : WEFT_OP_SLEEP);
		store16(&job->flags, rng_once_in(&f->rng, 2) ? WEFT_JOB_RECEIPT : 0);
		store64(&job->arg[0], 0);
		store64(&job->deadline_ns, 0);
		for (i = rng_below(&f->rng, 256); i; i--)
			__asm__ volatile("");
	}
	return NULL;
}

static void reap_flipped(struct ledger *ledger, int fd, unsigned int n)
{
	struct weft_completion c[CREDITS];
	unsigned int i;

	reap_exactly(fd, c, n);
	ledger_see(ledger, c, n);
	for (i = 0; i < n; i++) {
		if (c[i].op != WEFT_OP_NOP && c[i].op != WEFT_OP_SLEEP)
			fail("op %u ran, which cannot have passed a check", c[i].op);
		if (c[i].flags & ~(WEFT_COMPLETION_RECEIPT | WEFT_COMPLETION_TIMED))
			fail("flags %#x came back", c[i].flags);
		/* A sleep of 2^63 ns, or with a deadline like that, is no sleep. */
		if (c[i].result < 0)
			fail("op %u ended with %lld", c[i].op, c[i].result);
	}
}

/* The cookies are not flipped. */
static unsigned int submit_flipped(struct flip *f, struct ledger *ledger, int fd,
				   unsigned int n)
{
	__u64 next = ledger->nr_accepted;
	unsigned int i;
	__u32 error;
	int ret;

	for (i = 0; i < JOBS; i++)
		f->jobs[i].user_data = next + i;
	ret = submit_batch(fd, f->jobs, NULL, n, &error);
	if (ret < 0 || (error && error != EINVAL && error != EOPNOTSUPP))
		fail("a submit: %s", strerror(ret < 0 ? -ret : (int)error));
	ledger_accept(ledger, next, ret);
	return ret;
}

static void round_flip(struct round *round)
{
	unsigned int i, under_way = 0, submits = SUBMITS / slowness();
	struct ledger ledger;
	struct flip f = { .rng = rng_split(&round->rng) };
	pthread_t flipper;
	__u64 ops = 1ULL << WEFT_OP_NOP | 1ULL << WEFT_OP_SLEEP;
	int fd = must_open(WEFT_ENGINE_ASYNC, CREDITS);

	if (restrict_ops(fd, ops, &ops))
		fail("ops cannot be taken");
	ledger_init(&ledger, submits * JOBS);
	if (pthread_create(&flipper, NULL, flip_jobs, &f))
		fail("no thread is to be had");
	start_some_alarms(&round->rng);
	for (i = 0; i < submits; i++) {
		under_way += submit_flipped(&f, &ledger, fd, 1 + rng_below(&round->rng, JOBS));
		/* Not after each: to wait takes longer than all else. */
		if (under_way > CREDITS - JOBS || i == submits - 1) {
			reap_flipped(&ledger, fd, under_way);
			under_way = 0;
		}
	}
	ledger_must_balance(&ledger);
	ledger_fini(&ledger);
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	pthread_join(flipper, NULL);
	close(fd);
	reach(0, submits);
}

const struct storm storm_flip = {
	.name = "flip",
	.share = 100,
	.figures = { { "flipped_submits", 15, 1000000 } },
	.round = round_flip,
};
