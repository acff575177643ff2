// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs with files against userspace that does the same. Times are guest instructions,
 * as in job_bench.c: of a hop of the token, or of a file.
 *
 * ring_*: a token goes through 64 eventfds, each of which somebody reads, and tells the
 * next one. In ring_jobs each is a graph of two nodes, submitted before the token comes;
 * ring_jobs_all counts that, too, and what reaps them. In ring_threads each is a thread
 * that goes on for ever; in ring_epoll all are one thread.
 *
 * verify_*: xxh64 of 1,000 files of 16 KiB that are in the page cache. verify_jobs has
 * one job for each, and the digests in a buffer; verify_pread reads one after the other
 * into a buffer, verify_uring 64 at a time, and both compute what libxxhash does.
 */
#include "client.h"
#include <liburing.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <xxhash.h>

#define STAGES		64
#define LAPS		50
#define FILES		1000
#define FILE_BYTES	16384
#define IN_FLIGHT	64

static struct weft_job jobs[FILES];
static struct weft_completion completions[FILES];
static int stages[STAGES + 1];
static int files[FILES];
static char contents[IN_FLIGHT][FILE_BYTES];
static uint64_t digests[FILES];

static void open_stages(int flags)
{
	unsigned int i;

	for (i = 0; i <= STAGES; i++) {
		stages[i] = eventfd(0, EFD_CLOEXEC | flags);
		if (stages[i] < 0)
			die("eventfd");
	}
}

static void close_stages(void)
{
	unsigned int i;

	for (i = 0; i <= STAGES; i++)
		close(stages[i]);
}

static void tell(int fd)
{
	const uint64_t token = 1;

	if (write(fd, &token, sizeof(token)) != sizeof(token))
		die("write");
}

static void hear(int fd)
{
	uint64_t token;

	if (read(fd, &token, sizeof(token)) != sizeof(token))
		die("read");
}

/* Return: a buffer's number; @mem receives where it is. */
static __u32 make_buffer(int client, size_t bytes, void **mem)
{
	struct weft_buffer b = { .size = sizeof(b), .bytes = bytes };

	if (ioctl(client, WEFT_IOC_BUFFER, &b))
		die("buffer");
	*mem = mmap(NULL, b.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, client, b.offset);
	if (*mem == MAP_FAILED)
		die("mmap");
	return b.index;
}

/* One that hears the token, and one that tells it then. */
static void submit_stage(int client, __u32 buffer, unsigned int i)
{
	struct weft_node nodes[2] = {
		{
			.job = {
				.op = WEFT_OP_READ,
				.rw = {
					.fd = stages[i],
					.buffer = buffer,
					.offset = WEFT_OFFSET_CURRENT,
					.start = 8 * i,
					.len = 8,
				},
			},
		},
		{
			.job = {
				.op = WEFT_OP_EVENTFD,
				.eventfd = { .fd = stages[i + 1], .value = 1 },
			},
			.after_success = 1,
		},
	};
	struct weft_graph graph = {
		.size = sizeof(graph),
		.nodes = (unsigned long)nodes,
		.count = 2,
	};

	if (ioctl(client, WEFT_IOC_GRAPH, &graph) != 1)
		die("graph");
}

static unsigned long long ring(int all)
{
	unsigned long long sum = 0, begin;
	int client = open_client(3 * STAGES);
	unsigned int lap, i;
	__u32 buffer;
	void *mem;

	open_stages(0);
	buffer = make_buffer(client, 8 * STAGES, &mem);
	for (lap = 0; lap <= LAPS; lap++) {
		begin = now(CLOCK_MONOTONIC);
		for (i = 0; i < STAGES; i++)
			submit_stage(client, buffer, i);
		/* All of them wait for their descriptors. */
		sched_yield();
		if (!all)
			begin = now(CLOCK_MONOTONIC);
		tell(stages[0]);
		hear(stages[STAGES]);
		if (!all && lap)
			sum += now(CLOCK_MONOTONIC) - begin;
		reap(client, completions, STAGES);
		/* The lap before made the slots. */
		if (all && lap)
			sum += now(CLOCK_MONOTONIC) - begin;
	}
	munmap(mem, 8 * STAGES);
	close(client);
	close_stages();
	return sum / (LAPS * STAGES);
}

static unsigned long long ring_jobs(void)
{
	return ring(0);
}

static unsigned long long ring_jobs_all(void)
{
	return ring(1);
}

static void *pass_on(void *arg)
{
	int *stage = arg;
	unsigned int lap;

	for (lap = 0; lap <= LAPS; lap++) {
		hear(stage[0]);
		tell(stage[1]);
	}
	return NULL;
}

static unsigned long long ring_threads(void)
{
	pthread_t threads[STAGES];
	unsigned long long begin = 0;
	unsigned int i, lap;

	open_stages(0);
	for (i = 0; i < STAGES; i++)
		if (pthread_create(&threads[i], NULL, pass_on, &stages[i]))
			die("thread");
	for (lap = 0; lap <= LAPS; lap++) {
		if (lap == 1)
			begin = now(CLOCK_MONOTONIC);
		tell(stages[0]);
		hear(stages[STAGES]);
	}
	begin = now(CLOCK_MONOTONIC) - begin;
	for (i = 0; i < STAGES; i++)
		pthread_join(threads[i], NULL);
	close_stages();
	return begin / (LAPS * STAGES);
}

static unsigned long long ring_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	unsigned long long begin;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	unsigned int i, hop;

	open_stages(0);
	for (i = 0; i < STAGES; i++) {
		event.data.u32 = i;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, stages[i], &event))
			die("epoll");
	}
	begin = now(CLOCK_MONOTONIC);
	tell(stages[0]);
	for (hop = 0; hop < LAPS * STAGES; hop++) {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			die("epoll");
		hear(stages[event.data.u32]);
		tell(stages[(event.data.u32 + 1) % STAGES]);
	}
	begin = now(CLOCK_MONOTONIC) - begin;
	close(epoll);
	close_stages();
	return begin / (LAPS * STAGES);
}

/* Each is different, and all are in the page cache. */
static void open_files(void)
{
	const struct rlimit most = { .rlim_cur = 2 * FILES, .rlim_max = 2 * FILES };
	char path[64];
	unsigned int i;

	if (setrlimit(RLIMIT_NOFILE, &most))
		die("RLIMIT_NOFILE");
	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "/tmp/verify-%u", i);
		files[i] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		memset(contents[0], i, FILE_BYTES);
		memcpy(contents[0], &i, sizeof(i));
		if (files[i] < 0 || pwrite(files[i], contents[0], FILE_BYTES, 0) != FILE_BYTES)
			die(path);
	}
}

static void close_files(void)
{
	unsigned int i;

	for (i = 0; i < FILES; i++)
		close(files[i]);
}

/* What was computed is what is in the files. */
static void check_digests(const uint64_t *computed)
{
	unsigned int i;

	for (i = 0; i < FILES; i++) {
		if (pread(files[i], contents[0], FILE_BYTES, 0) != FILE_BYTES)
			die("pread");
		if (computed[i] != XXH64(contents[0], FILE_BYTES, 0)) {
			fprintf(stderr, "bench: the digest of file %u is wrong\n", i);
			exit(1);
		}
	}
}

static void verify_all(int client)
{
	submit(client, jobs, FILES);
	reap(client, completions, FILES);
}

static unsigned long long verify_jobs(void)
{
	int client = open_client(FILES);
	unsigned long long begin;
	unsigned int i;
	__u32 buffer;
	void *mem;

	open_files();
	buffer = make_buffer(client, 8 * FILES, &mem);
	memset(jobs, 0, sizeof(jobs));
	for (i = 0; i < FILES; i++) {
		jobs[i].op = WEFT_OP_VERIFY;
		jobs[i].verify.fd = files[i];
		jobs[i].verify.algorithm = WEFT_VERIFY_XXH64;
		jobs[i].verify.len = FILE_BYTES;
		jobs[i].verify.buffer = buffer;
		jobs[i].verify.start = 8 * i;
		jobs[i].verify.flags = WEFT_VERIFY_STORE;
	}
	/* The first ones made the slots. */
	verify_all(client);
	begin = now(CLOCK_MONOTONIC);
	verify_all(client);
	begin = now(CLOCK_MONOTONIC) - begin;
	check_digests(mem);
	munmap(mem, 8 * FILES);
	close(client);
	close_files();
	return begin / FILES;
}

static unsigned long long verify_pread(void)
{
	unsigned long long begin;
	unsigned int i;

	open_files();
	begin = now(CLOCK_MONOTONIC);
	for (i = 0; i < FILES; i++) {
		if (pread(files[i], contents[0], FILE_BYTES, 0) != FILE_BYTES)
			die("pread");
		digests[i] = XXH64(contents[0], FILE_BYTES, 0);
	}
	begin = now(CLOCK_MONOTONIC) - begin;
	check_digests(digests);
	close_files();
	return begin / FILES;
}

/* As many at once as there are buffers; then the next ones. */
static void read_by_uring(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	unsigned int i, k, n;

	for (i = 0; i < FILES; i += n) {
		n = FILES - i < IN_FLIGHT ? FILES - i : IN_FLIGHT;
		for (k = 0; k < n; k++) {
			struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

			io_uring_prep_read(sqe, files[i + k], contents[k], FILE_BYTES, 0);
			io_uring_sqe_set_data64(sqe, k);
		}
		if (io_uring_submit_and_wait(ring, n) != (int)n)
			die("io_uring_submit_and_wait");
		for (k = 0; k < n; k++) {
			if (io_uring_wait_cqe(ring, &cqe) || cqe->res != FILE_BYTES)
				die("io_uring");
			digests[i + cqe->user_data] = XXH64(contents[cqe->user_data],
							    FILE_BYTES, 0);
			io_uring_cqe_seen(ring, cqe);
		}
	}
}

static unsigned long long verify_uring(void)
{
	unsigned long long begin;
	struct io_uring ring;
	int ret;

	open_files();
	ret = io_uring_queue_init(IN_FLIGHT, &ring, 0);
	if (ret) {
		errno = -ret;
		die("io_uring_queue_init");
	}
	begin = now(CLOCK_MONOTONIC);
	read_by_uring(&ring);
	begin = now(CLOCK_MONOTONIC) - begin;
	io_uring_queue_exit(&ring);
	check_digests(digests);
	close_files();
	return begin / FILES;
}

static const struct benchmark benchmarks[] = {
	{ "ring_jobs", ring_jobs },
	{ "ring_jobs_all", ring_jobs_all },
	{ "ring_threads", ring_threads },
	{ "ring_epoll", ring_epoll },
	{ "verify_jobs", verify_jobs },
	{ "verify_pread", verify_pread },
	{ "verify_uring", verify_uring },
};

int main(int argc, char **argv)
{
	return run_benchmarks(benchmarks, sizeof(benchmarks) / sizeof(benchmarks[0]), argc,
			      argv);
}
