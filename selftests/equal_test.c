// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs with files do what the system calls do: the same random steps, once by calls
 * and once by jobs, on two files of two equal file systems. After each step the
 * results, errnos, positions and sizes are compared, in the end all bytes.
 * WEFT_CASES says how many steps there are, WEFT_SEED which.
 */
#include "files.h"

#define CREDITS	4
#define AREA	(128 * 1024)
/* The small disk is full at this size. */
#define DISK	(1024 * 1024)
#define LIMIT	(700 * 1024)

/* How a side does its steps, and where. */
struct side {
	const char *path;
	int rw;
	int ro;
	int wo;
	/* As the pages of a buffer are: direct I/O looks at that. */
	unsigned char mem[AREA] __attribute__((aligned(4096)));
};

static struct side by_call, by_job;

static unsigned int cases(void)
{
	const char *s = getenv("WEFT_CASES");

	return s ? (unsigned int)atoi(s) : scaled(800, 100);
}

static __u64 first_seed(void)
{
	const char *s = getenv("WEFT_SEED");

	return s ? strtoull(s, NULL, 0) : 1;
}

static int open_side(struct side *side, const char *path, int flags)
{
	side->path = path;
	side->rw = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | flags, 0600);
	side->ro = open(path, O_RDONLY | O_CLOEXEC | flags);
	side->wo = open(path, O_WRONLY | O_CLOEXEC | flags);
	return side->rw < 0 || side->ro < 0 || side->wo < 0 ? -errno : 0;
}

static void close_side(struct side *side)
{
	close(side->rw);
	close(side->ro);
	close(side->wo);
	unlink(side->path);
}

static __u32 random_len(__u64 *seed, unsigned int align)
{
	static const __u32 lens[] = { 0, 1, 511, 512, 4095, 4096, 4097, 65536, AREA };
	__u32 len = rnd(seed) % 3 ? rnd(seed) % 9000 : lens[rnd(seed) % ARRAY_SIZE(lens)];

	return rnd(seed) % 16 ? len / align * align : len;
}

static __u64 random_offset(__u64 *seed, unsigned int align)
{
	static const __u64 offsets[] = {
		0, INT64_MAX, INT64_MAX - 4096, 1ULL << 62, 1ULL << 40, DISK, LIMIT,
	};
	__u64 offset = rnd(seed) % (DISK + DISK / 4);

	if (!(rnd(seed) % 16))
		return offsets[rnd(seed) % ARRAY_SIZE(offsets)];
	/* Most of them near each other, so that they meet. */
	if (rnd(seed) % 4)
		offset %= 100000;
	return rnd(seed) % 16 ? offset / align * align : offset;
}

/* One step of both; says in @what what it was. */
struct step {
	__u16 op;
	bool current;
	int which;
	__u64 offset;
	__u32 len;
	__u32 start;
};

static int fd_of(const struct side *side, int which)
{
	return which == 0 ? side->ro : which == 1 ? side->wo : side->rw;
}

static __s64 do_call(const struct step *s)
{
	int fd = fd_of(&by_call, s->which);
	void *mem = by_call.mem + s->start;

	if (s->op == WEFT_OP_READ)
		return sys(s->current ? read(fd, mem, s->len) :
					pread(fd, mem, s->len, s->offset));
	if (s->op == WEFT_OP_WRITE)
		return sys(s->current ? write(fd, mem, s->len) :
					pwrite(fd, mem, s->len, s->offset));
	return sys(s->which ? fsync(fd) : fdatasync(fd));
}

static __s64 do_job(int client, const struct area *area, const struct step *s)
{
	int fd = fd_of(&by_job, s->which);

	if (s->op == WEFT_OP_FSYNC)
		return result(client, fsync_job(fd, s->which ? 0 : WEFT_FSYNC_DATA));
	return result(client, rw_job(s->op, fd, area,
				     s->current ? WEFT_OFFSET_CURRENT : s->offset,
				     s->start, s->len));
}

/* What jobs do not do, done to both. */
static void do_other(__u64 *seed, bool may_append)
{
	off_t to = rnd(seed) % (DISK + DISK / 4);
	int flags, which = rnd(seed) % 3;
	struct rlimit limit = { .rlim_max = RLIM_INFINITY };

	switch (rnd(seed) % 4) {
	case 0:
		if (ftruncate(by_call.rw, to) | ftruncate(by_job.rw, to))
			return;
		break;
	case 1:
		lseek(fd_of(&by_call, which), to, SEEK_SET);
		lseek(fd_of(&by_job, which), to, SEEK_SET);
		break;
	case 2:
		flags = fcntl(fd_of(&by_call, which), F_GETFL);
		if (may_append)
			flags ^= O_APPEND;
		fcntl(fd_of(&by_call, which), F_SETFL, flags);
		fcntl(fd_of(&by_job, which), F_SETFL, flags);
		break;
	default:
		limit.rlim_cur = rnd(seed) % 2 ? LIMIT : RLIM_INFINITY;
		setrlimit(RLIMIT_FSIZE, &limit);
	}
}

static bool same_places(void)
{
	struct stat a, b;
	int which;

	for (which = 0; which < 3; which++)
		if (lseek(fd_of(&by_call, which), 0, SEEK_CUR) !=
		    lseek(fd_of(&by_job, which), 0, SEEK_CUR))
			return false;
	return !fstat(by_call.rw, &a) && !fstat(by_job.rw, &b) && a.st_size == b.st_size;
}

static bool same_bytes(void)
{
	static unsigned char a[AREA] __attribute__((aligned(4096)));
	static unsigned char b[AREA] __attribute__((aligned(4096)));
	off_t at = 0;
	ssize_t n;

	do {
		n = pread(by_call.ro, a, AREA, at);
		if (n < 0 || pread(by_job.ro, b, AREA, at) != n || memcmp(a, b, n))
			return false;
		at += n;
		/* A hole as large as the world is not read through. */
	} while (n && at < 4 * DISK);
	return true;
}

/* Returns the number of the first step that differs, or 0. */
static unsigned int compare(struct __test_metadata *_metadata, int client,
			    struct area *area, __u64 seed, unsigned int align)
{
	unsigned int n = cases(), i;
	__s64 want, got;

	for (i = 1; i <= n; i++) {
		struct step s = {
			.op = WEFT_OP_READ + rnd(&seed) % 2,
			.current = rnd(&seed) % 2,
			.which = rnd(&seed) % 8 ? 2 : rnd(&seed) % 2,
			.offset = random_offset(&seed, align),
			.len = random_len(&seed, align),
		};

		if (!(rnd(&seed) % 32))
			s.op = WEFT_OP_FSYNC;
		s.start = rnd(&seed) % (AREA - s.len + 1) / align * align;
		if (!(rnd(&seed) % 8))
			do_other(&seed, align == 1);
		if (s.op == WEFT_OP_WRITE) {
			fill(by_call.mem + s.start, s.len, &seed);
			memcpy(area->mem + s.start, by_call.mem + s.start, s.len);
		}
		want = do_call(&s);
		got = do_job(client, area, &s);
		if (want != got || !same_places() ||
		    (s.op == WEFT_OP_READ && want > 0 &&
		     memcmp(by_call.mem + s.start, area->mem + s.start, want))) {
			TH_LOG("step %u: op %u fd %d current %d offset %llu len %u: call %lld, job %lld",
			       i, s.op, s.which, s.current, (unsigned long long)s.offset,
			       s.len, (long long)want, (long long)got);
			return i;
		}
	}
	return same_bytes() ? 0 : i;
}

ENGINE_FIXTURE(equal, CREDITS)

static void check_equal(struct __test_metadata *_metadata, int fd, const char *a,
			const char *b, int flags, unsigned int align)
{
	struct area area;

	signal(SIGXFSZ, SIG_IGN);
	ASSERT_EQ(0, make_area(fd, AREA, &area));
	ASSERT_EQ(0, open_side(&by_call, a, flags));
	ASSERT_EQ(0, open_side(&by_job, b, flags));
	EXPECT_EQ(0, compare(_metadata, fd, &area, first_seed(), align));
	close_side(&by_call);
	close_side(&by_job);
	unmap_area(&area);
}

TEST_F(equal, on_a_small_disk_in_memory)
{
	if (mount_tmpfs("/tmp/weft-a", DISK) || mount_tmpfs("/tmp/weft-b", DISK))
		SKIP(return, "no tmpfs");
	check_equal(_metadata, self->fd, "/tmp/weft-a/file", "/tmp/weft-b/file", 0, 1);
	EXPECT_EQ(0, umount2("/tmp/weft-a", 0));
	EXPECT_EQ(0, umount2("/tmp/weft-b", 0));
}

#define EXT4	"/tmp/weft-ext4"
#define IMAGE	"/tmp/weft-image"

static void on_ext4(struct __test_metadata *_metadata, int fd, int flags,
		    unsigned int align)
{
	char device[32];
	int ret = mount_ext4(EXT4, IMAGE, 16, device, sizeof(device));

	if (ret) {
		TH_LOG("ext4: %s", strerror(-ret));
		unlink(IMAGE);
		SKIP(return, "no ext4 on a loop device");
	}
	check_equal(_metadata, fd, EXT4 "/a", EXT4 "/b", flags, align);
	EXPECT_EQ(0, umount2(EXT4, 0));
	free_loop(device);
	unlink(IMAGE);
}

TEST_F(equal, on_ext4)
{
	on_ext4(_metadata, self->fd, 0, 1);
}

TEST_F(equal, on_ext4_past_the_page_cache)
{
	on_ext4(_metadata, self->fd, O_DIRECT, 512);
}

WEFT_TEST_MAIN
