// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call of /dev/weft with arguments that are nearly right: the fields are
 * known, their values come from the edges. What is accepted completes exactly
 * once, what is refused has changed nothing, and no errno comes that the interface
 * does not know.
 */
#include <poll.h>
#include "soak.h"

#define THREADS		2
#define CALLS		16384
#define FILES		4
#define MAX_JOBS	48
#define READ_ONLY	4096

/* One open file, of one thread. */
struct victim {
	int fd;
	__u32 engine;
	bool is_client;
	__u64 accepted;
	__u64 reaped;
	__u64 sum_accepted;	/* of the cookies, mixed */
	__u64 sum_reaped;
};

struct fuzzer {
	struct rng rng;
	struct victim victims[FILES];
	struct weft_job *jobs;		/* these end where no page is */
	struct weft_completion *completions;
	__u64 *ids;
	__u64 last_ids[MAX_JOBS];
	char *page;
	char *read_only;
	__u64 calls;
	__u64 accepted;
};

union argument {
	__u32 size;
	struct weft_query query;
	struct weft_setup setup;
	struct weft_submit submit;
	struct weft_wait wait;
	struct weft_cancel cancel;
	struct weft_stats stats;
	struct weft_restrict narrow;
	char bytes[4096];
};

static const __u64 edges[] = {
	0, 1, 2, 3, 4, 31, 32, 33, 63, 64, 255, 4096, 65535, 65536, 65537, 1048576, 1048577,
	(1ULL << 31) - 1, 1ULL << 31, (1ULL << 32) - 1, 1ULL << 32, (1ULL << 63) - 1,
	1ULL << 63, ~0ULL - 1, ~0ULL,
};

static __u64 edge(struct rng *rng)
{
	if (rng_once_in(rng, 4))
		return rng_next(rng);
	return edges[rng_below(rng, ARRAY_SIZE(edges))];
}

/* Zero, but now and then not. */
static __u64 mostly_zero(struct rng *rng)
{
	return rng_once_in(rng, 24) ? edge(rng) : 0;
}

static __u64 mix(__u64 cookie)
{
	struct rng rng = { .state = cookie };

	return rng_next(&rng);
}

/* Wrong in one place, if at all. Few take a CPU to themselves until they are ended. */
static struct weft_job fuzz_job(struct rng *rng)
{
	struct weft_job job;

	if (rng_once_in(rng, 2048))
		job = endless_job(rng, rng_next(rng));
	else if (rng_once_in(rng, 16))
		job = sleep_job(rng_next(rng), HOUR);
	else
		job = any_job(rng, rng_next(rng));

	if (!rng_once_in(rng, 12))
		return job;
	switch (rng_below(rng, 6)) {
	case 0:
		job.op = edge(rng);
		break;
	case 1:
		job.flags = edge(rng);
		break;
	case 2:
		job.tag = edge(rng);
		break;
	case 3:
		job.deadline_ns = edge(rng);
		break;
	case 4:
		/* The first one may be a time to use the CPU for. */
		job.arg[!rng_once_in(rng, 32)] = edge(rng);
		break;
	default:
		job.arg[1 + rng_below(rng, ARRAY_SIZE(job.arg) - 1)] = edge(rng);
	}
	return job;
}

/* @good, or a bad address; @end is where the memory of @good ends. */
static __u64 address(struct fuzzer *f, void *good, void *end)
{
	size_t size = (char *)end - (char *)good;

	switch (rng_below(&f->rng, 48)) {
	case 0:
		return 0;
	case 1:
		return (uintptr_t)end;
	case 2:
		return (uintptr_t)end - rng_below(&f->rng, size);
	case 3:
		return (uintptr_t)f->read_only;
	case 4:
		return edge(&f->rng);
	case 5:
		return 0xffff888000000000ULL + rng_below(&f->rng, 1 << 20);
	default:
		return (uintptr_t)good;
	}
}

static size_t fill_submit(struct fuzzer *f, struct weft_submit *s)
{
	/* Most of the calls are to be about something else than running jobs. */
	unsigned int i, count = rng_below(&f->rng, rng_once_in(&f->rng, 16) ? MAX_JOBS + 1 : 3);

	for (i = 0; i < count; i++)
		f->jobs[i] = fuzz_job(&f->rng);
	s->flags = mostly_zero(&f->rng);
	s->count = rng_once_in(&f->rng, 32) ? edge(&f->rng) : count;
	s->jobs = address(f, f->jobs, f->jobs + MAX_JOBS);
	s->ids = rng_once_in(&f->rng, 4) ? 0 : address(f, f->ids, f->ids + MAX_JOBS);
	s->accepted = edge(&f->rng);
	s->error = edge(&f->rng);
	s->__reserved = mostly_zero(&f->rng);
	return sizeof(*s);
}

static size_t fill_wait(struct fuzzer *f, struct weft_wait *w)
{
	w->flags = mostly_zero(&f->rng);
	w->capacity = rng_once_in(&f->rng, 16) ? edge(&f->rng) :
						 rng_below(&f->rng, MAX_JOBS + 1);
	/* A job that never ends would be waited for: there is a limit to that. */
	w->timeout_ns = !rng_once_in(&f->rng, 16) ? 0 : in_ns(rng_below(&f->rng, 200 * USEC));
	w->min = rng_once_in(&f->rng, 16) ? edge(&f->rng) : rng_below(&f->rng, 4);
	w->completions = address(f, f->completions, f->completions + MAX_JOBS);
	w->count = edge(&f->rng);
	w->__reserved = mostly_zero(&f->rng);
	return sizeof(*w);
}

static size_t fill_cancel(struct fuzzer *f, struct weft_cancel *c)
{
	unsigned int kind = rng_below(&f->rng, 4);

	if (kind == 0)
		c->flags = WEFT_CANCEL_ALL;
	else if (kind == 1)
		c->flags = WEFT_CANCEL_TAG;
	else
		c->id = rng_once_in(&f->rng, 8) ? edge(&f->rng) :
						  f->last_ids[rng_below(&f->rng, MAX_JOBS)];
	if (kind == 1)
		c->tag = rng_below(&f->rng, 8);
	if (rng_once_in(&f->rng, 16))
		c->flags |= edge(&f->rng);
	c->tag |= mostly_zero(&f->rng);
	return sizeof(*c);
}

static size_t fill_setup(struct fuzzer *f, struct weft_setup *s)
{
	s->flags = mostly_zero(&f->rng);
	s->engine = rng_once_in(&f->rng, 16) ? edge(&f->rng) : 0;
	s->credits = rng_once_in(&f->rng, 16) ? edge(&f->rng) : 1 + rng_below(&f->rng, 64);
	return sizeof(*s);
}

static size_t fill_restrict(struct fuzzer *f, struct weft_restrict *r)
{
	r->flags = mostly_zero(&f->rng);
	r->ops = rng_once_in(&f->rng, 64) ? edge(&f->rng) : ~0ULL;
	return sizeof(*r);
}

/* Return: how large the struct is. */
static size_t fill(struct fuzzer *f, unsigned long nr, union argument *a)
{
	switch (nr) {
	case WEFT_IOC_SETUP:
		return fill_setup(f, &a->setup);
	case WEFT_IOC_SUBMIT:
		return fill_submit(f, &a->submit);
	case WEFT_IOC_WAIT:
		return fill_wait(f, &a->wait);
	case WEFT_IOC_CANCEL:
		return fill_cancel(f, &a->cancel);
	case WEFT_IOC_RESTRICT:
		return fill_restrict(f, &a->narrow);
	case WEFT_IOC_STATS:
		a->stats.flags = mostly_zero(&f->rng);
		return sizeof(a->stats);
	default:
		return sizeof(a->query);
	}
}

static bool is_known(int ret)
{
	static const int known[] = {
		ENOTTY, E2BIG, EINVAL, EBADFD, EFAULT, EAGAIN, ENOENT, EDQUOT, EOPNOTSUPP,
		ENOMEM, ETIME, EINTR,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (ret == -known[i])
			return true;
	return ret >= 0;
}

static void count_submit(struct fuzzer *f, struct victim *v, const struct weft_submit *s,
			 int ret)
{
	int i;

	if (s->accepted != (__u32)ret)
		fail("a submit returned %d, and says %u", ret, s->accepted);
	v->accepted += ret;
	f->accepted += ret;
	/* Whatever the kernel read, it is what is there. */
	for (i = 0; i < ret; i++)
		v->sum_accepted += mix(((struct weft_job *)(uintptr_t)s->jobs)[i].user_data);
	if (s->ids == (uintptr_t)f->ids && ret)
		memcpy(f->last_ids, f->ids, ret * sizeof(*f->ids));
}

static void count_reaped(struct victim *v, const struct weft_completion *c, int n)
{
	int i;

	v->reaped += n;
	for (i = 0; i < n; i++)
		v->sum_reaped += mix(c[i].user_data);
}

static void count(struct fuzzer *f, struct victim *v, unsigned long nr, union argument *a,
		  int ret)
{
	switch (nr) {
	case WEFT_IOC_SETUP:
		v->is_client = true;
		v->engine = a->setup.engine;
		break;
	case WEFT_IOC_SUBMIT:
		count_submit(f, v, &a->submit, ret);
		break;
	case WEFT_IOC_WAIT:
		if (a->wait.capacity)
			count_reaped(v, (void *)(uintptr_t)a->wait.completions, ret);
		break;
	}
}

/* A size that is not that of the struct now and then, and then what is behind it. */
static void fuzz_size(struct fuzzer *f, union argument *a, size_t size)
{
	a->size = size;
	switch (rng_below(&f->rng, 64)) {
	case 0:
		a->size = edge(&f->rng);
		break;
	case 1:
		a->size = size + rng_below(&f->rng, sizeof(*a) - size);
		break;
	case 2:
		a->size = size + 1 + rng_below(&f->rng, sizeof(*a) - size);
		a->bytes[a->size - 1] = 1 + rng_below(&f->rng, 255);
		break;
	}
}

/* Not one of ours: what is in the argument is not meant for those. */
static unsigned long unknown_ioctl(struct rng *rng)
{
	unsigned long nr = rng_once_in(rng, 2) ? edge(rng) & 0xffffffff :
						 WEFT_IOC_QUERY + rng_below(rng, 256);

	return nr >= WEFT_IOC_QUERY && nr <= WEFT_IOC_RESTRICT ? WEFT_IOC_RESTRICT + 1 : nr;
}

static void fuzz_ioctl(struct fuzzer *f, struct victim *v)
{
	unsigned long nr = WEFT_IOC_QUERY + rng_below(&f->rng, 7);
	union argument *a = (void *)f->page;
	struct weft_stats before;
	int ret;

	if (rng_once_in(&f->rng, 8))
		nr = WEFT_IOC_SUBMIT;
	memset(a, 0, sizeof(struct weft_stats) + 64);
	fuzz_size(f, a, fill(f, nr, a));
	before = a->stats;
	if (rng_once_in(&f->rng, 64))
		nr = unknown_ioctl(&f->rng);
	if (rng_once_in(&f->rng, 64)) {
		/* The struct itself is not there. */
		ret = call(v->fd, nr, (void *)(uintptr_t)
			   address(f, f->read_only, f->read_only + READ_ONLY));
		if (ret >= 0)
			fail("ioctl %#lx took a struct that is not there", nr);
	} else {
		ret = call(v->fd, nr, a);
		if (ret >= 0)
			count(f, v, nr, a, ret);
		else if (memcmp(&before, &a->stats, sizeof(before)))
			fail("ioctl %#lx failed with %s, and wrote", nr, strerror(-ret));
	}
	if (!is_known(ret))
		fail("ioctl %#lx returned %s", nr, strerror(-ret));
}

static void fuzz_read(struct fuzzer *f, struct victim *v)
{
	size_t size = rng_below(&f->rng, MAX_JOBS * sizeof(*f->completions));
	void *to = (void *)(uintptr_t)
		address(f, f->completions, f->completions + MAX_JOBS);
	int ret = read_completions(v->fd, to, size);

	if (ret >= 0)
		count_reaped(v, to, ret / sizeof(*f->completions));
	else if (!is_known(ret))
		fail("a read returned %s", strerror(-ret));
}

/* What is not accounted for is gone, as close() says. */
static void reopen(struct fuzzer *f, struct victim *v)
{
	if (v->fd >= 0)
		close(v->fd);
	*v = (struct victim){ .fd = open_device() };
	if (v->fd < 0)
		fail("an open: %s", strerror(-v->fd));
	if (fcntl(v->fd, F_SETFL, O_NONBLOCK))
		fail("O_NONBLOCK: %s", strerror(errno));
	if (!rng_once_in(&f->rng, 4)) {
		/* A thread takes long to make. */
		v->engine = rng_once_in(&f->rng, 128);
		v->is_client = !setup_client(v->fd, v->engine,
					     v->engine == WEFT_ENGINE_THREADS ? 2 : 256);
	}
}

/* Every job that was accepted is there, and was seen once. */
static void settle(struct fuzzer *f, struct victim *v)
{
	struct weft_cancel cancel;
	struct weft_stats stats;
	int n;

	if (v->is_client) {
		if (cancel_all(v->fd, &cancel) || get_stats(v->fd, &stats))
			fail("a client does not answer");
		if (stats.accepted != v->accepted || stats.reaped != v->reaped)
			fail("accepted %llu and reaped %llu, say the stats; it were %llu and %llu",
			     stats.accepted, stats.reaped, v->accepted, v->reaped);
		while (v->reaped < v->accepted) {
			n = v->accepted - v->reaped;
			n = n < MAX_JOBS ? n : MAX_JOBS;
			reap_exactly(v->fd, f->completions, n);
			count_reaped(v, f->completions, n);
		}
		if (v->sum_accepted != v->sum_reaped)
			fail("%llu jobs were accepted, others completed", v->accepted);
	}
	reopen(f, v);
}

static void fuzz_other(struct fuzzer *f, struct victim *v)
{
	struct pollfd p = { .fd = v->fd, .events = edge(&f->rng) };
	int ret = 0;

	switch (rng_below(&f->rng, 8)) {
	case 0:
		poll(&p, 1, 0);
		break;
	case 1:
		ret = write(v->fd, f->page, 8);
		break;
	case 2:
		ret = lseek(v->fd, edge(&f->rng), SEEK_SET);
		break;
	case 3:
		if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, v->fd, 0) != MAP_FAILED)
			fail("/dev/weft can be mapped");
		break;
	case 4:
		reopen(f, v);
		break;
	case 5:
		settle(f, v);
		break;
	default:
		fuzz_read(f, v);
	}
	if (ret > 0)
		fail("a call that there is not returned %d", ret);
}

static void map_memory(struct fuzzer *f)
{
	f->page = before_guard(sizeof(union argument));
	f->jobs = before_guard(MAX_JOBS * sizeof(*f->jobs));
	f->completions = before_guard(MAX_JOBS * sizeof(*f->completions));
	f->ids = before_guard(MAX_JOBS * sizeof(*f->ids));
	f->read_only = before_guard(READ_ONLY);
	if (!f->page || !f->jobs || !f->completions || !f->ids || !f->read_only ||
	    mprotect(f->read_only, READ_ONLY, PROT_READ))
		fail("no memory");
}

static void unmap_memory(struct fuzzer *f)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	void *ends[] = {
		f->page + sizeof(union argument), f->jobs + MAX_JOBS,
		f->completions + MAX_JOBS, f->ids + MAX_JOBS, f->read_only + READ_ONLY,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++)
		munmap((char *)ends[i] - page, 2 * page);
}

static void *fuzz(void *arg)
{
	struct fuzzer *f = arg;
	unsigned int i;

	map_memory(f);
	for (i = 0; i < FILES; i++) {
		f->victims[i].fd = -1;
		reopen(f, &f->victims[i]);
	}
	for (f->calls = 0; f->calls < CALLS / slowness(); f->calls++) {
		struct victim *v = &f->victims[rng_below(&f->rng, FILES)];

		if (rng_once_in(&f->rng, 64))
			fuzz_other(f, v);
		else
			fuzz_ioctl(f, v);
	}
	for (i = 0; i < FILES; i++) {
		settle(f, &f->victims[i]);
		close(f->victims[i].fd);
	}
	unmap_memory(f);
	return NULL;
}

static void round_fuzz(struct round *round)
{
	struct fuzzer f[THREADS] = { 0 };
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		f[i].rng = rng_split(&round->rng);
		if (pthread_create(&threads[i], NULL, fuzz, &f[i]))
			fail("no thread is to be had");
	}
	start_some_alarms(&round->rng);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		reach(0, f[i].calls);
		reach(1, f[i].accepted);
	}
	must_be_idle(PATIENCE);
}

const struct storm storm_fuzz = {
	.name = "fuzz",
	.share = 100,
	.figures = { { "fuzz_calls", 4, 5000000 }, { "fuzz_accepted", 4, 1000000 } },
	.round = round_fuzz,
};
