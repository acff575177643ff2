// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call of /dev/weft with arguments that are nearly right: the fields are
 * known, their values come from the edges. What is accepted completes exactly
 * once, what is refused has changed nothing, and no errno comes that the interface
 * does not know.
 */
#include "fuzz.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define THREADS		2
#define CALLS		16384

/* No file gets longer than this: some jobs read them to their end. */
#define LONGEST		(1 << 13)

static __u64 mix(__u64 cookie)
{
	struct rng rng = { .state = cookie };

	return rng_next(&rng);
}

static bool is_known(int ret)
{
	static const int known[] = {
		ENOTTY, E2BIG, EINVAL, EBADFD, EFAULT, EAGAIN, ENOENT, EDQUOT, EOPNOTSUPP,
		ENOMEM, ETIME, EINTR, EBUSY,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (ret == -known[i])
			return true;
	return ret >= 0;
}

static void expect_one(struct victim *v, __u64 cookie)
{
	v->due++;
	v->sum_due += mix(cookie);
}

static void count_submit(struct fuzzer *f, struct victim *v, const struct weft_submit *s,
			 int ret)
{
	const struct weft_job *jobs = (void *)(uintptr_t)s->jobs;
	int i;

	if (s->accepted != (__u32)ret)
		fail("a submit returned %d, and says %u", ret, s->accepted);
	v->accepted += ret;
	f->accepted += ret;
	/* Whatever the kernel read, it is what is there. */
	for (i = 0; i < ret; i++)
		expect_one(v, jobs[i].user_data);
	if (s->ids == (uintptr_t)f->ids && ret)
		memcpy(f->last_ids, f->ids, ret * sizeof(*f->ids));
}

/* Each node is a job, and so is the whole. */
static void count_graph(struct fuzzer *f, struct victim *v, __u32 nodes, __u64 cookie,
			__u64 id)
{
	v->accepted += nodes + 1;
	f->accepted += nodes + 1;
	expect_one(v, cookie);
	f->last_ids[rng_below(&f->rng, MAX_JOBS)] = id;
}

static void count_template(struct victim *v, const struct weft_template *t)
{
	if (t->number >= MAX_TEMPLATES)
		fail("there is a template %u", t->number);
	v->template_nodes[t->number] = t->count;
}

static void count_reaped(struct victim *v, const struct weft_completion *c, int n)
{
	int i;

	v->reaped += n;
	for (i = 0; i < n; i++)
		v->sum_reaped += mix(c[i].user_data);
}

/* What a graph was refused for is in it. */
static void check_refusal(int ret, __u32 error)
{
	if (!ret != !!error)
		fail("a graph was refused by %d, for %s", ret, strerror(error));
}

static void count(struct fuzzer *f, struct victim *v, unsigned long nr, union argument *a,
		  int ret)
{
	switch (nr) {
	case WEFT_IOC_SETUP:
		v->is_client = true;
		v->is_stepped = a->setup.flags & WEFT_SETUP_STEP;
		break;
	case WEFT_IOC_SUBMIT:
		count_submit(f, v, &a->submit, ret);
		break;
	case WEFT_IOC_WAIT:
		if (a->wait.capacity)
			count_reaped(v, (void *)(uintptr_t)a->wait.completions, ret);
		break;
	case WEFT_IOC_BUFFER:
		v->has_buffer = true;
		break;
	case WEFT_IOC_GRAPH:
		check_refusal(ret, a->graph.error);
		if (ret)
			count_graph(f, v, a->graph.count, a->graph.user_data, a->graph.id);
		break;
	case WEFT_IOC_TEMPLATE:
		check_refusal(ret, a->template.error);
		if (ret)
			count_template(v, &a->template);
		break;
	case WEFT_IOC_RUN:
		check_refusal(ret, a->run.error);
		if (ret)
			count_graph(f, v, v->template_nodes[a->run.number],
				    a->run.user_data, a->run.id);
		break;
	}
}

/* A size that is not that of the struct now and then, and then what is behind it. */
static void fuzz_size(struct fuzzer *f, union argument *a, size_t size)
{
	a->size = size;
	switch (rng_below(&f->rng, 64)) {
	case 0:
		a->size = fuzz_edge(&f->rng);
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

static void fuzz_ioctl(struct fuzzer *f, struct victim *v)
{
	unsigned long nr = fuzz_number(&f->rng);
	union argument *a = (void *)f->page;
	struct weft_stats before;
	int ret;

	memset(a, 0, sizeof(struct weft_stats) + 64);
	fuzz_size(f, a, fuzz_fill(f, nr, a));
	before = a->stats;
	if (rng_once_in(&f->rng, 64)) {
		/* The struct itself is not there. */
		ret = call(v->fd, nr, (void *)(uintptr_t)
			   fuzz_address(f, f->read_only, f->read_only + READ_ONLY));
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
		fuzz_address(f, f->completions, f->completions + MAX_JOBS);
	int ret = read_completions(v->fd, to, size);

	if (ret >= 0)
		count_reaped(v, to, ret / sizeof(*f->completions));
	else if (!is_known(ret))
		fail("a read returned %s", strerror(-ret));
}

/* What is not accounted for is gone, as close() says. */
static void reopen(struct fuzzer *f, struct victim *v)
{
	__u32 engine;

	if (v->fd >= 0)
		close(v->fd);
	memset(v, 0, sizeof(*v));
	v->fd = open_device();
	if (v->fd < 0)
		fail("an open: %s", strerror(-v->fd));
	if (fcntl(v->fd, F_SETFL, O_NONBLOCK))
		fail("O_NONBLOCK: %s", strerror(errno));
	switch (rng_below(&f->rng, 16)) {
	case 0 ... 3:
		break;
	case 4:
		v->is_stepped = true;
		v->is_client = !setup_stepped(v->fd, 1 + rng_below(&f->rng, 2),
					      WEFT_SETUP_VIRTUAL * rng_below(&f->rng, 2),
					      256);
		break;
	default:
		/* A thread takes long to make. */
		engine = rng_once_in(&f->rng, 128);
		v->is_client = !setup_client(v->fd, engine,
					     engine == WEFT_ENGINE_THREADS ? 2 : 256);
	}
}

/* A cancelled job of a stepped client ends by a step, unless it is with a device. */
static void step_to_the_end(struct fuzzer *f, struct victim *v)
{
	__u64 end = in_ns(PATIENCE);
	int n;

	while (v->reaped < v->due) {
		struct weft_step step = { .size = sizeof(step), .worker = WEFT_STEP_ANY };

		if (call(v->fd, WEFT_IOC_STEP, &step))
			fail("a client cannot be stepped");
		n = reap_some(v->fd, f->completions, MAX_JOBS, 0, 0);
		count_reaped(v, f->completions, n);
		if (now_ns() > end)
			fail("%llu stepped jobs do not end", v->due - v->reaped);
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
		if (v->is_stepped)
			step_to_the_end(f, v);
		while (v->reaped < v->due) {
			n = v->due - v->reaped;
			n = n < MAX_JOBS ? n : MAX_JOBS;
			reap_exactly(v->fd, f->completions, n);
			count_reaped(v, f->completions, n);
		}
		if (v->sum_due != v->sum_reaped)
			fail("%llu jobs were accepted, others completed", v->accepted);
	}
	reopen(f, v);
}

/* A buffer can be, nothing else; what is mapped keeps the client open. */
static void fuzz_map(struct fuzzer *f, struct victim *v)
{
	size_t size = 4096 * (1 + rng_below(&f->rng, 4));
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd,
			 rng_once_in(&f->rng, 4) ? fuzz_edge(&f->rng) : 0);

	if (mem == MAP_FAILED)
		return;
	if (!v->has_buffer)
		fail("there is no buffer, and it can be mapped");
	mem[rng_below(&f->rng, size)] = 1;
	munmap(mem, size);
}

static void fuzz_other(struct fuzzer *f, struct victim *v)
{
	struct pollfd p = { .fd = v->fd, .events = fuzz_edge(&f->rng) };
	int ret = 0;

	switch (rng_below(&f->rng, 8)) {
	case 0:
		poll(&p, 1, 0);
		break;
	case 1:
		ret = write(v->fd, f->page, 8);
		break;
	case 2:
		ret = lseek(v->fd, fuzz_edge(&f->rng), SEEK_SET);
		break;
	case 3:
		fuzz_map(f, v);
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

/* What there is of each, and how large. */
static void **memory(struct fuzzer *f, unsigned int i, size_t *size)
{
	switch (i) {
	case 0:
		*size = sizeof(union argument);
		return (void **)&f->page;
	case 1:
		*size = MAX_JOBS * sizeof(*f->jobs);
		return (void **)&f->jobs;
	case 2:
		*size = MAX_JOBS * sizeof(*f->completions);
		return (void **)&f->completions;
	case 3:
		*size = MAX_JOBS * sizeof(*f->ids);
		return (void **)&f->ids;
	case 4:
		*size = MAX_NODES * sizeof(*f->nodes);
		return (void **)&f->nodes;
	case 5:
		*size = MAX_RESULTS * sizeof(*f->results);
		return (void **)&f->results;
	case 6:
		*size = MAX_CHANGES * sizeof(*f->changes);
		return (void **)&f->changes;
	case 7:
		*size = MAX_STEPPED * sizeof(*f->stepped);
		return (void **)&f->stepped;
	case 8:
		*size = READ_ONLY;
		return (void **)&f->read_only;
	default:
		return NULL;
	}
}

/* What before_guard() has of it, but for the guard. */
static size_t whole(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

static void map_memory(struct fuzzer *f)
{
	unsigned int i;
	size_t size;
	void **p;

	for (i = 0; (p = memory(f, i, &size)); i++) {
		*p = before_guard(size);
		if (!*p)
			fail("no memory");
	}
	if (mprotect(f->read_only, READ_ONLY, PROT_READ))
		fail("no memory");
}

static void unmap_memory(struct fuzzer *f)
{
	unsigned int i;
	size_t size;
	void **p;

	for (i = 0; (p = memory(f, i, &size)); i++)
		munmap((char *)*p + size - whole(size), whole(size) + sysconf(_SC_PAGESIZE));
}

static void open_targets(struct fuzzer *f)
{
	unsigned int i;

	f->targets[TARGET_FILE] = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	f->targets[TARGET_OTHER_FILE] = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	f->targets[TARGET_EVENTFD] = eventfd(0, EFD_CLOEXEC);
	f->targets[TARGET_DIRECTORY] = open("/", O_DIRECTORY | O_CLOEXEC);
	if (pipe2(&f->targets[TARGET_PIPE], O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
		       &f->targets[TARGET_SOCKET]))
		fail("no pipe or socket");
	for (i = 0; i < NR_TARGETS; i++)
		if (f->targets[i] < 0)
			fail("file %u for jobs cannot be opened", i);
	if (ftruncate(f->targets[TARGET_FILE], LONGEST / 2))
		fail("a file cannot grow");
}

static void close_targets(struct fuzzer *f)
{
	unsigned int i;

	for (i = 0; i < NR_TARGETS; i++)
		close(f->targets[i]);
}

static void *fuzz(void *arg)
{
	struct fuzzer *f = arg;
	unsigned int i;

	map_memory(f);
	open_targets(f);
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
	close_targets(f);
	unmap_memory(f);
	return NULL;
}

static void round_fuzz(struct round *round)
{
	const struct rlimit longest = { .rlim_cur = LONGEST, .rlim_max = LONGEST };
	static struct fuzzer f[THREADS];
	pthread_t threads[THREADS];
	unsigned int i;

	/* Jobs are held to it, without a signal. */
	if (setrlimit(RLIMIT_FSIZE, &longest))
		fail("RLIMIT_FSIZE: %s", strerror(errno));
	memset(f, 0, sizeof(f));
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
