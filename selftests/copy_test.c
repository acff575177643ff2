// SPDX-License-Identifier: GPL-2.0-only
/* copy: ranges of files, within one file system and across, and how far it is. */
#include "files.h"

#define CREDITS	8
#define SIZE	(3 * 1024 * 1024 + 123)

FIXTURE(copy) {
	int fd;
	int in;
	int out;
};

FIXTURE_VARIANT(copy) {
	__u32 engine;
	const char *other;	/* a file system of its own for what is written */
};

FIXTURE_VARIANT_ADD(copy, async) { .engine = WEFT_ENGINE_ASYNC };

FIXTURE_VARIANT_ADD(copy, threads) { .engine = WEFT_ENGINE_THREADS };

FIXTURE_VARIANT_ADD(copy, async_across) {
	.engine = WEFT_ENGINE_ASYNC, .other = "/tmp/weft-other",
};

FIXTURE_VARIANT_ADD(copy, threads_across) {
	.engine = WEFT_ENGINE_THREADS, .other = "/tmp/weft-other",
};

static unsigned char data[SIZE], back[SIZE + 1];

static int temporary(const char *folder)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/weft-copy-XXXXXX", folder);
	fd = mkstemp(path);
	unlink(path);
	return fd;
}

FIXTURE_SETUP(copy)
{
	__u64 seed = 7;

	self->fd = open_client(variant->engine, CREDITS);
	ASSERT_LE(0, self->fd);
	if (variant->other) {
		ASSERT_EQ(0, mount_tmpfs(variant->other, 2 * SIZE));
	}
	self->in = temporary("/tmp");
	self->out = temporary(variant->other ? variant->other : "/tmp");
	ASSERT_LE(0, self->in);
	ASSERT_LE(0, self->out);
	fill(data, SIZE, &seed);
	ASSERT_EQ(SIZE, write(self->in, data, SIZE));
}

FIXTURE_TEARDOWN(copy)
{
	close(self->in);
	close(self->out);
	EXPECT_EQ(0, close(self->fd));
	if (variant->other) {
		EXPECT_EQ(0, umount2(variant->other, MNT_DETACH));
	}
}

static struct weft_job copy_job(int in, __u64 in_offset, int out, __u64 out_offset,
				__u64 len)
{
	return (struct weft_job){
		.op = WEFT_OP_COPY,
		.user_data = 1,
		.copy = {
			.in = in,
			.out = out,
			.in_offset = in_offset,
			.out_offset = out_offset,
			.len = len,
		},
	};
}

static int get_progress(int fd, __u64 id, struct weft_progress *p)
{
	*p = (struct weft_progress){ .size = sizeof(*p), .id = id };
	return call(fd, WEFT_IOC_PROGRESS, p);
}

TEST_F(copy, whole_file_and_not_a_byte_more)
{
	struct stat st;

	EXPECT_EQ(SIZE, result(self->fd, copy_job(self->in, 0, self->out, 0, ~0ULL)));
	ASSERT_EQ(0, fstat(self->out, &st));
	EXPECT_EQ(SIZE, st.st_size);
	ASSERT_EQ(SIZE, pread(self->out, back, sizeof(back), 0));
	EXPECT_EQ(0, memcmp(data, back, SIZE));
	EXPECT_EQ(SIZE, lseek(self->in, 0, SEEK_CUR));
	EXPECT_EQ(0, lseek(self->out, 0, SEEK_CUR));
}

TEST_F(copy, positions_move_where_they_are_used)
{
	ASSERT_EQ(1000, lseek(self->in, 1000, SEEK_SET));
	EXPECT_EQ(500, result(self->fd, copy_job(self->in, WEFT_OFFSET_CURRENT, self->out,
						 WEFT_OFFSET_CURRENT, 500)));
	EXPECT_EQ(1500, lseek(self->in, 0, SEEK_CUR));
	EXPECT_EQ(500, lseek(self->out, 0, SEEK_CUR));
	ASSERT_EQ(500, pread(self->out, back, sizeof(back), 0));
	EXPECT_EQ(0, memcmp(data + 1000, back, 500));
}

TEST_F(copy, past_the_end_and_nothing)
{
	EXPECT_EQ(0, result(self->fd, copy_job(self->in, SIZE, self->out, 0, 10)));
	EXPECT_EQ(0, result(self->fd, copy_job(self->in, INT64_MAX, self->out, 0, 1)));
	EXPECT_EQ(0, result(self->fd, copy_job(self->in, 0, self->out, 0, 0)));
	EXPECT_EQ(3, result(self->fd, copy_job(self->in, SIZE - 3, self->out, 0, 10)));
}

TEST_F(copy, wrong_ranges_and_files_have_their_errno)
{
	int folder = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = self->fd, pair[2];
	struct weft_job job;

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	EXPECT_EQ(-EINVAL, result(fd, copy_job(self->in, 1ULL << 63, self->out, 0, 1)));
	EXPECT_EQ(-EINVAL, result(fd, copy_job(self->in, 0, self->out, ~0ULL - 1, 1)));
	job = copy_job(self->in, 0, self->out, 0, 1);
	job.copy.flags = 1;
	EXPECT_EQ(-EINVAL, result(fd, job));
	EXPECT_EQ(-EBADF, result(fd, copy_job(-1, 0, self->out, 0, 1)));
	EXPECT_EQ(-EBADF, result(fd, copy_job(self->in, 0, -1, 0, 1)));
	EXPECT_EQ(-EBADF, result(fd, copy_job(fd, 0, self->out, 0, 1)));
	EXPECT_EQ(-EBADF, result(fd, copy_job(self->in, 0, fd, 0, 1)));
	EXPECT_EQ(-EISDIR, result(fd, copy_job(folder, 0, self->out, 0, 1)));
	EXPECT_EQ(-EINVAL, result(fd, copy_job(pair[0], 0, self->out, 0, 1)));
	EXPECT_EQ(-EINVAL, result(fd, copy_job(self->in, 0, pair[1], 0, 1)));
	/* As copy_file_range(2), or as pwrite(2). */
	EXPECT_EQ(variant->other ? -EINVAL : -EFBIG,
		  result(fd, copy_job(self->in, 0, self->out, INT64_MAX, 1)));
	ASSERT_EQ(0, fcntl(self->out, F_SETFL, O_APPEND));
	EXPECT_EQ(-EBADF, result(fd, copy_job(self->in, 0, self->out, 0, 1)));
	/* Onto itself. */
	EXPECT_EQ(-EINVAL, result(fd, copy_job(self->in, 0, self->in, 2 << 20, 3 << 20)));
	EXPECT_EQ(-EINVAL, result(fd, copy_job(self->in, 100, self->in, 0, ~0ULL)));
	EXPECT_EQ(100, result(fd, copy_job(self->in, 0, self->in, SIZE, 100)));
	close(folder);
	close(pair[0]);
	close(pair[1]);
}

TEST_F(copy, read_only_and_write_only_files_are_ebadf)
{
	char path[64];
	int in, out;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->in);
	out = open(path, O_WRONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->out);
	in = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	EXPECT_EQ(-EBADF, result(self->fd, copy_job(out, 0, self->out, 0, 1)));
	EXPECT_EQ(-EBADF, result(self->fd, copy_job(self->in, 0, in, 0, 1)));
	close(in);
	close(out);
}

TEST_F(copy, size_limit_and_full_disk_end_it)
{
	struct rlimit limit = { .rlim_cur = 1500000, .rlim_max = RLIM_INFINITY };
	int small, before;

	signal(SIGXFSZ, SIG_IGN);
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
	EXPECT_EQ(1500000, result(self->fd, copy_job(self->in, 0, self->out, 0, ~0ULL)));
	EXPECT_EQ(-EFBIG, result(self->fd, copy_job(self->in, 0, self->out, 1500000, 1)));
	limit.rlim_cur = RLIM_INFINITY;
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));

	ASSERT_EQ(0, mount_tmpfs("/tmp/weft-small", 1 << 20));
	small = temporary("/tmp/weft-small");
	before = result(self->fd, copy_job(self->in, 0, small, 0, ~0ULL));
	EXPECT_EQ(1 << 20, before);
	EXPECT_EQ(-ENOSPC, result(self->fd, copy_job(self->in, 0, small, before, 1)));
	close(small);
	EXPECT_EQ(0, umount2("/tmp/weft-small", MNT_DETACH));
}

TEST_F(copy, random_ranges_are_as_by_hand)
{
	unsigned int i, n = scaled(200, 30);
	static unsigned char want[SIZE + 70000];
	__u64 seed = 11;
	size_t size = 0;

	memset(want, 0, sizeof(want));
	for (i = 0; i < n; i++) {
		__u32 in = rnd(&seed) % SIZE, out = rnd(&seed) % SIZE;
		__u32 len = rnd(&seed) % 8 ? rnd(&seed) % 70000 : rnd(&seed) % SIZE;
		__u32 there = len < SIZE - in ? len : SIZE - in;

		if (out + there > sizeof(want)) {
			len = sizeof(want) - out;
			there = len;
		}
		memcpy(want + out, data + in, there);
		if (there && out + there > size)
			size = out + there;
		ASSERT_EQ(there, result(self->fd, copy_job(self->in, in, self->out, out,
							   len)));
		ASSERT_EQ((off_t)size, lseek(self->out, 0, SEEK_END));
	}
	for (i = 0; i < size; i += n) {
		n = pread(self->out, back, SIZE, i);
		ASSERT_LT(0, n);
		ASSERT_EQ(0, memcmp(back, want + i, n));
	}
}

TEST_F(copy, progress_goes_up_to_the_end)
{
	struct weft_progress p;
	struct weft_completion c;
	__u64 id, last = 0;

	ASSERT_EQ(1, submit_one(self->fd, copy_job(self->in, 0, self->out, 0, SIZE), &id));
	do {
		ASSERT_EQ(0, get_progress(self->fd, id, &p));
		EXPECT_LE(last, p.done);
		EXPECT_EQ(SIZE, p.total);
		last = p.done;
	} while (!p.ended);
	EXPECT_EQ(SIZE, p.done);
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(SIZE, c.result);
	EXPECT_EQ(-ENOENT, get_progress(self->fd, id, &p));
	EXPECT_EQ(-ENOENT, get_progress(self->fd, ~0ULL, &p));
	p.flags = 1;
	EXPECT_EQ(-EINVAL, call(self->fd, WEFT_IOC_PROGRESS, &p));
	ASSERT_EQ(1, submit_one(self->fd, sleep_job(0, HOUR), &id));
	ASSERT_EQ(0, get_progress(self->fd, id, &p));
	EXPECT_EQ(0, p.done | p.total | p.ended);
}

TEST_F(copy, cancelled_one_ends_once)
{
	unsigned int i, n = scaled(50, 10);
	struct weft_completion c;
	__u64 id;
	int ret;

	for (i = 0; i < n; i++) {
		ASSERT_EQ(1, submit_one(self->fd, copy_job(self->in, 0, self->out, 0, SIZE),
					&id));
		ret = cancel_job(self->fd, id);
		ASSERT_TRUE(ret == WEFT_CANCELLED || ret == WEFT_STOPPING ||
			    ret == WEFT_ALREADY_DONE);
		ASSERT_EQ(1, reap(self->fd, &c, 1));
		ASSERT_TRUE(c.result == -ECANCELED ||
			    (ret != WEFT_CANCELLED && c.result == SIZE));
	}
}

WEFT_TEST_MAIN
