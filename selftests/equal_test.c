// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs with files do what the system calls do: the same random steps, once by calls
 * and once by jobs, on two pairs of files of two equal file systems: read, write,
 * fsync, copies between them, and digests. After each step the results, errnos, what
 * was read, positions and sizes are compared, in the end all bytes. WEFT_CASES says
 * how many steps there are, WEFT_SEED which.
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
	int other;		/* for copies, from there and to there */
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

static int open_side(struct side *side, const char *path, const char *other, int flags)
{
	side->path = path;
	side->other = open(other, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | flags, 0600);
	unlink(other);
	if (side->other < 0)
		return -errno;
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
	close(side->other);
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
	/* Of a copy. */
	bool to_current;
	int to;
	__u64 to_offset;
	/* Of a verify. */
	__u32 flags;
	bool to_end;
};

#define FILES	4

static int fd_of(const struct side *side, int which)
{
	const int fds[FILES] = { side->ro, side->wo, side->rw, side->other };

	return fds[which];
}

static loff_t place_of(int fd, bool current, __u64 offset)
{
	return current ? lseek(fd, 0, SEEK_CUR) : (loff_t)offset;
}

/* What copy_file_range(2) does not copy from one file system to another. */
static __s64 copy_across(int in, loff_t in_at, int out, loff_t out_at, size_t len)
{
	static unsigned char mem[AREA] __attribute__((aligned(4096)));
	size_t done = 0;
	ssize_t got, put;
	struct stat st;

	/* It would look at this first. */
	if (!fstat(in, &st) && in_at >= st.st_size)
		return 0;
	while (done < len) {
		size_t n = len - done < 65536 ? len - done : 65536;

		got = sys(pread(in, mem, n, in_at + done));
		if (got <= 0)
			return done ? (__s64)done : got;
		put = sys(pwrite(out, mem, got, out_at + done));
		if (put > 0)
			done += put;
		if (put != got)
			return done ? (__s64)done : put;
	}
	return done;
}

static __s64 copy_by_hand(const struct step *s)
{
	int in = fd_of(&by_call, s->which), out = fd_of(&by_call, s->to);
	loff_t in_at = place_of(in, s->current, s->offset);
	loff_t out_at = place_of(out, s->to_current, s->to_offset);
	loff_t in_now = in_at, out_now = out_at;
	__s64 done = 0, ret;

	do {
		ret = sys(copy_file_range(in, &in_now, out, &out_now, s->len - done, 0));
		if (ret > 0)
			done += ret;
	} while (ret > 0 && done < s->len);
	if (ret == -EXDEV) {
		done = copy_across(in, in_at, out, out_at, s->len);
		ret = done;
	}
	/* As if there had been no offset. */
	if (done > 0 && s->current)
		lseek(in, in_at + done, SEEK_SET);
	if (done > 0 && s->to_current)
		lseek(out, out_at + done, SEEK_SET);
	return done > 0 ? done : ret;
}

static __u32 crc32c(__u32 crc, const unsigned char *p, size_t len)
{
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

static __u64 verify_len(const struct step *s)
{
	return s->to_end ? ~0ULL : s->len;
}

/* The digest of what pread(2) reads. */
static __s64 verify_by_hand(const struct step *s, __u32 *digest)
{
	static unsigned char mem[65536] __attribute__((aligned(4096)));
	__u64 len = verify_len(s), done = 0;
	__u32 crc = ~0U;
	ssize_t got = 0;

	/* Nothing is beyond the largest offset. */
	if (len > INT64_MAX - s->offset)
		len = INT64_MAX - s->offset;
	if (!(fcntl(fd_of(&by_call, s->which), F_GETFL) & O_RDWR) && s->which == 1)
		return -EBADF;
	while (done < len) {
		size_t n = len - done < sizeof(mem) ? len - done : sizeof(mem);

		got = sys(pread(fd_of(&by_call, s->which), mem, n, s->offset + done));
		if (got <= 0)
			break;
		crc = crc32c(crc, mem, got);
		done += got;
	}
	*digest = ~crc;
	return got < 0 ? got : (__s64)done;
}

static struct weft_job verify_job(int fd, const struct area *area, const struct step *s)
{
	return (struct weft_job){
		.op = WEFT_OP_VERIFY,
		.user_data = 1,
		.verify = {
			.fd = fd,
			.algorithm = WEFT_VERIFY_CRC32C,
			.offset = s->offset,
			.len = verify_len(s),
			.start = s->flags ? s->start : 0,
			.buffer = s->flags ? area->index : 0,
			.flags = s->flags,
		},
	};
}

/* Both ways, and whether they agree: what is stored, and what is compared with it. */
static bool verify_both(int client, struct area *area, const struct step *s, __s64 *want,
			__s64 *got)
{
	struct weft_job job = verify_job(fd_of(&by_job, s->which), area, s);
	__u32 digest = 0, stored;

	*want = verify_by_hand(s, &digest);
	stored = digest;
	/* A wrong one is to be found out. */
	if (s->flags == WEFT_VERIFY_COMPARE && s->start % 3 == 0) {
		stored ^= 1U << s->start % 32;
		*want = *want < 0 ? *want : -EBADMSG;
	}
	if (s->flags == WEFT_VERIFY_STORE)
		stored = ~digest;
	memcpy(area->mem + s->start, &stored, 4);
	*got = result(client, job);
	if (*want == *got && *want >= 0 && s->flags == WEFT_VERIFY_STORE)
		return !memcmp(area->mem + s->start, &digest, 4);
	return *want == *got;
}

static __s64 do_call(const struct step *s)
{
	int fd = fd_of(&by_call, s->which);
	void *mem = by_call.mem + s->start;

	if (s->op == WEFT_OP_COPY)
		return copy_by_hand(s);
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

	if (s->op == WEFT_OP_COPY)
		return result(client, (struct weft_job){
			.op = WEFT_OP_COPY,
			.user_data = 1,
			.copy = {
				.in = fd,
				.out = fd_of(&by_job, s->to),
				.in_offset = s->current ? WEFT_OFFSET_CURRENT : s->offset,
				.out_offset = s->to_current ? WEFT_OFFSET_CURRENT :
							      s->to_offset,
				.len = s->len,
			},
		});
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
	int flags, which = rnd(seed) % FILES;
	struct rlimit limit = { .rlim_max = RLIM_INFINITY };

	switch (rnd(seed) % 4) {
	case 0:
		which = 2 + which % 2;
		if (ftruncate(fd_of(&by_call, which), to) |
		    ftruncate(fd_of(&by_job, which), to))
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

	for (which = 0; which < FILES; which++)
		if (lseek(fd_of(&by_call, which), 0, SEEK_CUR) !=
			    lseek(fd_of(&by_job, which), 0, SEEK_CUR) ||
		    fstat(fd_of(&by_call, which), &a) || fstat(fd_of(&by_job, which), &b) ||
		    a.st_size != b.st_size)
			return false;
	return true;
}

static bool same_bytes_of(int fd_a, int fd_b)
{
	static unsigned char a[AREA] __attribute__((aligned(4096)));
	static unsigned char b[AREA] __attribute__((aligned(4096)));
	off_t at = 0;
	ssize_t n;

	do {
		n = pread(fd_a, a, AREA, at);
		if (n < 0 || pread(fd_b, b, AREA, at) != n || memcmp(a, b, n))
			return false;
		at += n;
		/* A hole as large as the world is not read through. */
	} while (n && at < 4 * DISK);
	return true;
}

static bool same_bytes(void)
{
	return same_bytes_of(by_call.ro, by_job.ro) &&
	       same_bytes_of(by_call.other, by_job.other);
}

static __u16 random_op(__u64 *seed)
{
	switch (rnd(seed) % 16) {
	case 0 ... 5:
		return WEFT_OP_READ;
	case 6 ... 11:
		return WEFT_OP_WRITE;
	case 12:
	case 13:
		return WEFT_OP_COPY;
	case 14:
		return WEFT_OP_VERIFY;
	default:
		return WEFT_OP_FSYNC;
	}
}

/* Not through a hole as large as the world. */
static bool is_small(int which)
{
	struct stat st;

	return !fstat(fd_of(&by_call, which), &st) && st.st_size < 4 * DISK;
}

static struct step random_step(__u64 *seed, unsigned int align)
{
	struct step s = {
		.op = random_op(seed),
		.current = rnd(seed) % 2,
		.which = rnd(seed) % 8 ? 2 + rnd(seed) % 2 : rnd(seed) % 2,
		.offset = random_offset(seed, align),
		.len = random_len(seed, align),
		.to_current = rnd(seed) % 2,
		.to = rnd(seed) % 8 ? 2 + rnd(seed) % 2 : rnd(seed) % 2,
		.to_offset = random_offset(seed, align),
		.flags = rnd(seed) % 3,
		.to_end = rnd(seed) % 4 == 0,
	};

	s.to_end = s.to_end && is_small(s.which);
	s.start = rnd(seed) % (AREA - s.len + 1) / align * align;
	/* Room for a digest. */
	if (s.op == WEFT_OP_VERIFY && s.start > AREA - 32)
		s.start = 0;
	return s;
}

/* Does it with both. Return: whether they agree. */
static bool do_both(int client, struct area *area, const struct step *s, __s64 *want,
		    __s64 *got)
{
	if (s->op == WEFT_OP_VERIFY)
		return verify_both(client, area, s, want, got);
	*want = do_call(s);
	*got = do_job(client, area, s);
	return *want == *got && (s->op != WEFT_OP_READ || *want <= 0 ||
				 !memcmp(by_call.mem + s->start, area->mem + s->start,
					 *want));
}

/* Returns the number of the first step that differs, or 0. */
static unsigned int compare(struct __test_metadata *_metadata, int client,
			    struct area *area, __u64 seed, unsigned int align)
{
	unsigned int n = cases(), i;
	__s64 want, got;

	for (i = 1; i <= n; i++) {
		struct step s = random_step(&seed, align);

		if (!(rnd(&seed) % 8))
			do_other(&seed, align == 1);
		if (s.op == WEFT_OP_WRITE) {
			fill(by_call.mem + s.start, s.len, &seed);
			memcpy(area->mem + s.start, by_call.mem + s.start, s.len);
		}
		if (!do_both(client, area, &s, &want, &got) || !same_places()) {
			TH_LOG("step %u: op %u fd %d to %d current %d %d offset %llu %llu len %u flags %u: call %lld, job %lld",
			       i, s.op, s.which, s.to, s.current, s.to_current,
			       (unsigned long long)s.offset, (unsigned long long)s.to_offset,
			       s.len, s.flags, (long long)want, (long long)got);
			return i;
		}
	}
	return same_bytes() ? 0 : i;
}

ENGINE_FIXTURE(equal, CREDITS)

/* Where a side has its files. */
struct folders {
	const char *file;
	const char *other;
};

static int open_in(struct side *side, const struct folders *in, char name, int flags)
{
	char file[64], other[64];

	snprintf(file, sizeof(file), "%s/file-%c", in->file, name);
	snprintf(other, sizeof(other), "%s/other-%c", in->other, name);
	return open_side(side, file, other, flags);
}

static void check_equal(struct __test_metadata *_metadata, int fd, const struct folders *a,
			const struct folders *b, int flags, unsigned int align)
{
	struct area area;

	signal(SIGXFSZ, SIG_IGN);
	ASSERT_EQ(0, make_area(fd, AREA, &area));
	ASSERT_EQ(0, open_in(&by_call, a, 'a', flags));
	ASSERT_EQ(0, open_in(&by_job, b, 'b', flags));
	EXPECT_EQ(0, compare(_metadata, fd, &area, first_seed(), align));
	close_side(&by_call);
	close_side(&by_job);
	unmap_area(&area);
}

#define DISK_A	"/tmp/weft-a"
#define DISK_B	"/tmp/weft-b"

static bool have_disks(void)
{
	return !mount_tmpfs(DISK_A, DISK) && !mount_tmpfs(DISK_B, DISK);
}

static int drop_disks(void)
{
	return umount2(DISK_A, 0) | umount2(DISK_B, 0);
}

TEST_F(equal, on_a_small_disk_in_memory)
{
	const struct folders a = { DISK_A, DISK_A }, b = { DISK_B, DISK_B };

	if (!have_disks())
		SKIP(return, "no tmpfs");
	check_equal(_metadata, self->fd, &a, &b, 0, 1);
	EXPECT_EQ(0, drop_disks());
}

#define EXT4	"/tmp/weft-ext4"
#define IMAGE	"/tmp/weft-image"

static void on_ext4(struct __test_metadata *_metadata, int fd, const struct folders *a,
		    const struct folders *b, int flags, unsigned int align)
{
	char device[32];
	int ret = mount_ext4(EXT4, IMAGE, 16, device, sizeof(device));

	if (ret) {
		TH_LOG("ext4: %s", strerror(-ret));
		unlink(IMAGE);
		SKIP(return, "no ext4 on a loop device");
	}
	check_equal(_metadata, fd, a, b, flags, align);
	EXPECT_EQ(0, umount2(EXT4, 0));
	free_loop(device);
	unlink(IMAGE);
}

static const struct folders ext4 = { EXT4, EXT4 };

TEST_F(equal, on_ext4)
{
	on_ext4(_metadata, self->fd, &ext4, &ext4, 0, 1);
}

TEST_F(equal, on_ext4_past_the_page_cache)
{
	on_ext4(_metadata, self->fd, &ext4, &ext4, O_DIRECT, 512);
}

/* Copies go from a file system to another one, which is small. */
TEST_F(equal, on_ext4_and_disks_in_memory)
{
	const struct folders a = { EXT4, DISK_A }, b = { EXT4, DISK_B };

	if (!have_disks())
		SKIP(return, "no tmpfs");
	on_ext4(_metadata, self->fd, &a, &b, 0, 1);
	EXPECT_EQ(0, drop_disks());
}

WEFT_TEST_MAIN
