// SPDX-License-Identifier: GPL-2.0-only
/*
 * read, write and fsync: what the system calls do with files of each kind, in the
 * good case and in the bad ones. equal_test.c has what can be left to chance.
 */
#include "files.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <linux/fs.h>

#define CREDITS	64
#define AREA	(256 * 1024)

FIXTURE(rw) {
	int fd;
	struct area area;
	char path[32];
	int file;
};

FIXTURE_VARIANT(rw) {
	__u32 engine;
};

FIXTURE_VARIANT_ADD(rw, async) { .engine = WEFT_ENGINE_ASYNC };
FIXTURE_VARIANT_ADD(rw, threads) { .engine = WEFT_ENGINE_THREADS };

FIXTURE_SETUP(rw)
{
	self->fd = open_client(variant->engine, CREDITS);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, make_area(self->fd, AREA, &self->area));
	strcpy(self->path, "/tmp/weft-rw-XXXXXX");
	self->file = mkstemp(self->path);
	ASSERT_LE(0, self->file);
}

FIXTURE_TEARDOWN(rw)
{
	unlink(self->path);
	close(self->file);
	unmap_area(&self->area);
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(rw, write_at_the_position_moves_it)
{
	strcpy((char *)self->area.mem, "hello");
	EXPECT_EQ(5, result(self->fd, write_job(self->file, &self->area, 5)));
	EXPECT_EQ(5, lseek(self->file, 0, SEEK_CUR));
	EXPECT_EQ(5, result(self->fd, write_job(self->file, &self->area, 5)));
	EXPECT_EQ(0, lseek(self->file, 0, SEEK_SET));
	memset(self->area.mem, 0, AREA);
	EXPECT_EQ(10, result(self->fd, read_job(self->file, &self->area, AREA)));
	EXPECT_STREQ("hellohello", (char *)self->area.mem);
	EXPECT_EQ(10, lseek(self->file, 0, SEEK_CUR));
	EXPECT_EQ(0, result(self->fd, read_job(self->file, &self->area, AREA)));
}

TEST_F(rw, read_at_an_offset_leaves_the_position)
{
	ASSERT_EQ(6, write(self->file, "abcdef", 6));
	EXPECT_EQ(3, result(self->fd, rw_job(WEFT_OP_READ, self->file, &self->area, 3,
					     100, 50)));
	EXPECT_EQ(0, memcmp(self->area.mem + 100, "def", 4));
	EXPECT_EQ(6, lseek(self->file, 0, SEEK_CUR));
	EXPECT_EQ(0, result(self->fd, rw_job(WEFT_OP_READ, self->file, &self->area, 6, 0,
					     1)));
}

TEST_F(rw, write_with_append_goes_to_the_end)
{
	ASSERT_EQ(6, write(self->file, "abcdef", 6));
	ASSERT_EQ(0, fcntl(self->file, F_SETFL, O_APPEND));
	ASSERT_EQ(0, lseek(self->file, 0, SEEK_SET));
	EXPECT_EQ(2, result(self->fd, write_job(self->file, &self->area, 2)));
	EXPECT_EQ(8, lseek(self->file, 0, SEEK_CUR));
	EXPECT_EQ(2, result(self->fd, rw_job(WEFT_OP_WRITE, self->file, &self->area, 1, 0,
					     2)));
	EXPECT_EQ(10, lseek(self->file, 0, SEEK_END));
}

TEST_F(rw, job_keeps_the_file_of_a_number_that_is_used_again)
{
	struct weft_completion c;
	int pair[2], other;

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	ASSERT_EQ(1, submit_one(self->fd, read_job(pair[0], &self->area, 10), NULL));
	other = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(pair[0], dup3(other, pair[0], O_CLOEXEC));
	ASSERT_EQ(3, write(pair[1], "xyz", 3));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(3, c.result);
	EXPECT_EQ(0, memcmp(self->area.mem, "xyz", 3));
	close(other);
	close(pair[0]);
	close(pair[1]);
}

TEST_F(rw, read_of_a_pipe_waits_for_data)
{
	struct weft_completion c;
	int pair[2];

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	ASSERT_EQ(1, submit_one(self->fd, with_receipt(read_job(pair[0], &self->area, 100)),
				NULL));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	ASSERT_EQ(2, write(pair[1], "hi", 2));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(2, c.result);
	EXPECT_EQ(0, c.receipt.punts);
	EXPECT_LE(1, c.receipt.wakes);
	/* The end of the file: nobody can write any more. */
	ASSERT_EQ(1, submit_one(self->fd, read_job(pair[0], &self->area, 100), NULL));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	close(pair[1]);
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(0, c.result);
	close(pair[0]);
}

TEST_F(rw, write_to_a_full_pipe_goes_on_as_it_is_read)
{
	static char got[AREA];
	struct weft_completion c;
	int pair[2], ret, n = 0;
	__u64 seed = 4;

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	fill(self->area.mem, AREA, &seed);
	ASSERT_EQ(1, submit_one(self->fd, write_job(pair[1], &self->area, AREA), NULL));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	while (n < AREA) {
		ret = read(pair[0], got + n, AREA - n);
		ASSERT_LT(0, ret);
		n += ret;
	}
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(AREA, c.result);
	EXPECT_EQ(0, memcmp(got, self->area.mem, AREA));
	close(pair[0]);
	close(pair[1]);
}

TEST_F(rw, partly_written_job_is_stopping_and_tells_how_much)
{
	struct weft_completion c;
	int pair[2], size;
	__u64 id;

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	size = fcntl(pair[1], F_GETPIPE_SZ);
	ASSERT_LT(0, size);
	ASSERT_GT(AREA, size);
	ASSERT_EQ(1, submit_one(self->fd, write_job(pair[1], &self->area, AREA), &id));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	EXPECT_EQ(WEFT_STOPPING, cancel_job(self->fd, id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(size, c.result);
	close(pair[0]);
	close(pair[1]);
}

TEST_F(rw, waiting_read_is_cancelled_and_expires)
{
	struct weft_completion c;
	int pair[2];
	__u64 id;

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	ASSERT_EQ(1, submit_one(self->fd, read_job(pair[0], &self->area, 1), &id));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	EXPECT_EQ(WEFT_CANCELLED, cancel_job(self->fd, id));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(-ECANCELED, c.result);
	EXPECT_EQ(-ETIME, result(self->fd, with_deadline(read_job(pair[0], &self->area, 1),
							 in_ns(MSEC))));
	/* Nobody took it. */
	ASSERT_EQ(1, write(pair[1], "x", 1));
	EXPECT_EQ(1, result(self->fd, read_job(pair[0], &self->area, 1)));
	close(pair[0]);
	close(pair[1]);
}

TEST_F(rw, broken_pipe_is_epipe_and_no_signal)
{
	int pair[2];

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	close(pair[0]);
	EXPECT_EQ(-EPIPE, result(self->fd, write_job(pair[1], &self->area, 1)));
	close(pair[1]);
}

TEST_F(rw, nonblocking_pipe_is_eagain)
{
	int pair[2], size;

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC | O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, result(self->fd, read_job(pair[0], &self->area, 1)));
	size = fcntl(pair[1], F_GETPIPE_SZ);
	EXPECT_EQ(size, result(self->fd, write_job(pair[1], &self->area, AREA)));
	EXPECT_EQ(-EAGAIN, result(self->fd, write_job(pair[1], &self->area, 1)));
	close(pair[0]);
	close(pair[1]);
}

TEST_F(rw, datagrams_keep_their_bounds)
{
	struct weft_completion c;
	int pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair));
	EXPECT_EQ(3, result(self->fd, write_job(pair[0], &self->area, 3)));
	EXPECT_EQ(0, result(self->fd, write_job(pair[0], &self->area, 0)));
	EXPECT_EQ(5, result(self->fd, write_job(pair[0], &self->area, 5)));
	EXPECT_EQ(2, result(self->fd, read_job(pair[1], &self->area, 2)));
	EXPECT_EQ(0, result(self->fd, read_job(pair[1], &self->area, 100)));
	EXPECT_EQ(5, result(self->fd, read_job(pair[1], &self->area, 100)));
	ASSERT_EQ(1, submit_one(self->fd, read_job(pair[1], &self->area, 100), NULL));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	EXPECT_EQ(4, write(pair[0], "abcd", 4));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(4, c.result);
	close(pair[0]);
	close(pair[1]);
}

TEST_F(rw, stream_socket_is_written_to_the_end)
{
	static char got[AREA];
	struct weft_completion c;
	int pair[2], n = 0, ret;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	memset(self->area.mem, 7, AREA);
	ASSERT_EQ(1, submit_one(self->fd, write_job(pair[0], &self->area, AREA), NULL));
	while (n < AREA) {
		ret = read(pair[1], got + n, AREA - n);
		ASSERT_LT(0, ret);
		n += ret;
	}
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(AREA, c.result);
	EXPECT_EQ(0, memcmp(got, self->area.mem, AREA));
	close(pair[1]);
	EXPECT_EQ(-EPIPE, result(self->fd, write_job(pair[0], &self->area, 1)));
	close(pair[0]);
}

TEST_F(rw, eventfd_is_read_and_written_as_eight_bytes)
{
	int event = eventfd(0, EFD_CLOEXEC);
	struct weft_completion c;
	__u64 value = 5;

	ASSERT_LE(0, event);
	EXPECT_EQ(sys(read(event, &value, 7)),
		  result(self->fd, read_job(event, &self->area, 7)));
	ASSERT_EQ(1, submit_one(self->fd, read_job(event, &self->area, 8), NULL));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	value = 5;
	ASSERT_EQ(8, write(event, &value, 8));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(8, c.result);
	EXPECT_EQ(0, memcmp(&value, self->area.mem, 8));
	close(event);
}

TEST_F(rw, devices_without_an_end)
{
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, zero);
	memset(self->area.mem, 1, AREA);
	EXPECT_EQ(AREA, result(self->fd, read_job(zero, &self->area, AREA)));
	EXPECT_EQ(0, self->area.mem[0] | self->area.mem[AREA - 1]);
	EXPECT_EQ(AREA, result(self->fd, write_job(zero, &self->area, AREA)));
	close(zero);
}

TEST_F(rw, numbers_that_are_no_file_are_ebadf)
{
	int path = open("/tmp", O_PATH | O_CLOEXEC);
	int other = open_device();

	EXPECT_EQ(-EBADF, result(self->fd, read_job(-1, &self->area, 1)));
	EXPECT_EQ(-EBADF, result(self->fd, read_job(1000, &self->area, 1)));
	EXPECT_EQ(-EBADF, result(self->fd, read_job(path, &self->area, 1)));
	EXPECT_EQ(-EBADF, result(self->fd, write_job(INT32_MAX, &self->area, 1)));
	EXPECT_EQ(-EBADF, result(self->fd, fsync_job(-1, 0)));
	/* A job that held its own client would never let it go. */
	EXPECT_EQ(-EBADF, result(self->fd, read_job(self->fd, &self->area, 1)));
	EXPECT_EQ(-EBADF, result(self->fd, read_job(other, &self->area, 1)));
	EXPECT_EQ(-EBADF, result(self->fd, fsync_job(other, 0)));
	close(other);
	close(path);
}

/* Pairs of a job and the system call, with the same arguments. */
#define SAME_READ(_fd, _offset, _len) \
	EXPECT_EQ(sys(pread(_fd, got, _len, _offset)), \
		  result(self->fd, rw_job(WEFT_OP_READ, _fd, &self->area, _offset, 0, \
					  _len)))
#define SAME_WRITE(_fd, _offset, _len) \
	EXPECT_EQ(sys(pwrite(_fd, got, _len, _offset)), \
		  result(self->fd, rw_job(WEFT_OP_WRITE, _fd, &self->area, _offset, 0, \
					  _len)))
#define SAME_CURRENT(_fd, _len) do { \
	EXPECT_EQ(sys(write(_fd, got, _len)), \
		  result(self->fd, write_job(_fd, &self->area, _len))); \
	EXPECT_EQ(sys(read(_fd, got, _len)), \
		  result(self->fd, read_job(_fd, &self->area, _len))); \
} while (0)

TEST_F(rw, wrong_kinds_of_file_are_as_with_the_system_calls)
{
	static char got[64];
	int folder = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int in = open(self->path, O_RDONLY | O_CLOEXEC);
	int out = open(self->path, O_WRONLY | O_CLOEXEC);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int lone = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int pair[2];

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC | O_NONBLOCK));
	signal(SIGPIPE, SIG_IGN);
	SAME_CURRENT(folder, 10);
	SAME_READ(folder, 0, 10);
	SAME_READ(out, 0, 10);
	SAME_WRITE(in, 0, 10);
	SAME_CURRENT(epoll, 10);
	SAME_CURRENT(lone, 10);
	SAME_READ(lone, 0, 1);
	SAME_READ(pair[0], 0, 1);
	SAME_READ(pair[1], 0, 1);
	SAME_WRITE(pair[1], 5, 1);
	EXPECT_EQ(sys(read(pair[1], got, 1)),
		  result(self->fd, read_job(pair[1], &self->area, 1)));
	EXPECT_EQ(sys(write(pair[0], got, 1)),
		  result(self->fd, write_job(pair[0], &self->area, 1)));
	EXPECT_EQ(sys(fsync(pair[0])), result(self->fd, fsync_job(pair[0], 0)));
	EXPECT_EQ(sys(fdatasync(lone)),
		  result(self->fd, fsync_job(lone, WEFT_FSYNC_DATA)));
	EXPECT_EQ(sys(fsync(folder)), result(self->fd, fsync_job(folder, 0)));
	EXPECT_EQ(sys(fsync(in)), result(self->fd, fsync_job(in, 0)));
	close(folder);
	close(in);
	close(out);
	close(epoll);
	close(lone);
	close(pair[0]);
	close(pair[1]);
}

TEST_F(rw, offsets_near_the_end_of_the_world)
{
	static char got[4096];
	const __u64 offsets[] = {
		INT64_MAX, INT64_MAX - 1, INT64_MAX - 4095, INT64_MAX - 4096,
		1ULL << 62, (1ULL << 63) - (1 << 20),
	};
	const __u64 beyond[] = { 1ULL << 63, (1ULL << 63) + 1, 3ULL << 62, ~0ULL - 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		SAME_READ(self->file, offsets[i], 0);
		SAME_READ(self->file, offsets[i], 4096);
		SAME_WRITE(self->file, offsets[i], 0);
		SAME_WRITE(self->file, offsets[i], 1);
		SAME_WRITE(self->file, offsets[i], 4096);
	}
	for (i = 0; i < ARRAY_SIZE(beyond); i++)
		EXPECT_EQ(-EINVAL, result(self->fd, rw_job(WEFT_OP_READ, self->file,
							   &self->area, beyond[i], 0, 1)));
}

/* The process that the test forks has another identity. */
#define IN_CHILD(_code) do { \
	pid_t _pid = fork(); \
	int _status; \
	\
	ASSERT_LE(0, _pid); \
	if (!_pid) { \
		_code; \
		_exit(0); \
	} \
	ASSERT_EQ(_pid, waitpid(_pid, &_status, 0)); \
	ASSERT_EQ(0, _status); \
} while (0)

TEST_F(rw, file_size_limit_holds)
{
	struct rlimit limit = { .rlim_cur = 10000, .rlim_max = RLIM_INFINITY };

	IN_CHILD({
		int fd = self->fd;

		if (setrlimit(RLIMIT_FSIZE, &limit))
			_exit(1);
		if (result(fd, rw_job(WEFT_OP_WRITE, self->file, &self->area, 9000, 0,
				      4000)) != 1000)
			_exit(2);
		if (result(fd, rw_job(WEFT_OP_WRITE, self->file, &self->area, 10000, 0,
				      1)) != -EFBIG)
			_exit(3);
		if (fcntl(self->file, F_SETFL, O_APPEND) ||
		    result(fd, write_job(self->file, &self->area, 1)) != -EFBIG)
			_exit(4);
	});
	/* It was the child's: the next job, on the same worker, has none. */
	EXPECT_EQ(4000, result(self->fd, rw_job(WEFT_OP_WRITE, self->file, &self->area,
						9000, 0, 4000)));
}

TEST_F(rw, limit_is_that_of_the_submit)
{
	struct rlimit limit = { .rlim_cur = 10, .rlim_max = RLIM_INFINITY };

	IN_CHILD({
		struct weft_completion c;

		if (setrlimit(RLIMIT_FSIZE, &limit))
			_exit(1);
		if (submit_one(self->fd, rw_job(WEFT_OP_WRITE, self->file, &self->area, 0, 0,
						100), NULL) != 1)
			_exit(2);
		limit.rlim_cur = RLIM_INFINITY;
		if (setrlimit(RLIMIT_FSIZE, &limit))
			_exit(3);
		if (reap(self->fd, &c, 1) != 1 || c.result != 10)
			_exit(4);
	});
}

TEST_F(rw, writer_without_privileges_takes_setuid_from_a_file)
{
	struct stat st;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, fchmod(self->file, 04755));
	/* Root may write and keep it. */
	EXPECT_EQ(1, result(self->fd, write_job(self->file, &self->area, 1)));
	ASSERT_EQ(0, fstat(self->file, &st));
	EXPECT_EQ(04755, st.st_mode & 07777);
	IN_CHILD({
		if (setgid(1000) || setuid(1000))
			_exit(1);
		if (result(self->fd, write_job(self->file, &self->area, 1)) != 1)
			_exit(2);
	});
	ASSERT_EQ(0, fstat(self->file, &st));
	EXPECT_EQ(0755, st.st_mode & 07777);
}

TEST_F(rw, full_disk_is_enospc)
{
	int file;

	if (mount_tmpfs("/tmp/weft-small", 64 * 1024))
		SKIP(return, "no tmpfs");
	file = open("/tmp/weft-small/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	EXPECT_EQ(64 * 1024, result(self->fd, write_job(file, &self->area, AREA)));
	EXPECT_EQ(-ENOSPC, result(self->fd, write_job(file, &self->area, 1)));
	EXPECT_EQ(1, result(self->fd, rw_job(WEFT_OP_WRITE, file, &self->area, 0, 0, 1)));
	EXPECT_EQ(0, result(self->fd, fsync_job(file, 0)));
	close(file);
	EXPECT_EQ(0, umount2("/tmp/weft-small", 0));
}

TEST_F(rw, files_that_copy_to_processes_only_are_eopnotsupp)
{
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	int status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	__s64 ret;

	ASSERT_LE(0, timer);
	/* Newer kernels can. */
	ret = result(self->fd, with_deadline(read_job(timer, &self->area, 8), in_ns(MSEC)));
	EXPECT_TRUE(ret == -EOPNOTSUPP || ret == -ETIME);
	ret = result(self->fd, read_job(status, &self->area, 100));
	EXPECT_TRUE(ret == -EOPNOTSUPP || ret == 100);
	close(timer);
	close(status);
}

/* It may be told to wait at any time, and then nothing would end the step. */
TEST_F(rw, terminal_is_eopnotsupp_with_and_without_nonblock)
{
	const char *at = "/tmp/weft-pts";
	int pty;

	mkdir(at, 0755);
	if (mount("weft", at, "devpts", 0, "newinstance,ptmxmode=0666"))
		SKIP(return, "no pseudo-terminals");
	pty = open("/tmp/weft-pts/ptmx", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ASSERT_LE(0, pty);
	EXPECT_EQ(-EOPNOTSUPP, result(self->fd, read_job(pty, &self->area, 1)));
	EXPECT_EQ(-EOPNOTSUPP, result(self->fd, write_job(pty, &self->area, 1)));
	ASSERT_EQ(0, fcntl(pty, F_SETFL, 0));
	EXPECT_EQ(-EOPNOTSUPP, result(self->fd, read_job(pty, &self->area, 1)));
	close(pty);
	EXPECT_EQ(0, umount2(at, MNT_DETACH));
}

TEST_F(rw, pipe_with_a_name_is_as_one_without)
{
	struct weft_completion c;
	int fifo;

	unlink("/tmp/weft-fifo");
	ASSERT_EQ(0, mkfifo("/tmp/weft-fifo", 0600));
	fifo = open("/tmp/weft-fifo", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fifo);
	ASSERT_EQ(1, submit_one(self->fd, read_job(fifo, &self->area, 10), NULL));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	ASSERT_EQ(3, write(fifo, "abc", 3));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(3, c.result);
	EXPECT_EQ(0, memcmp(self->area.mem, "abc", 3));
	EXPECT_EQ(2, result(self->fd, write_job(fifo, &self->area, 2)));
	close(fifo);
	unlink("/tmp/weft-fifo");
}

#define EXT4	"/tmp/weft-rw-ext4"
#define IMAGE	"/tmp/weft-rw-image"

/* What a job holds of a file system it gives back: then it can be frozen, by all. */
TEST_F(rw, frozen_file_system_is_written_to_when_it_thaws)
{
	const int flags[] = { 0, O_DIRECT, O_DSYNC };
	struct weft_completion c;
	char device[32];
	unsigned int i;
	int folder;

	if (mount_ext4(EXT4, IMAGE, 8, device, sizeof(device))) {
		unlink(IMAGE);
		SKIP(return, "no ext4 on a loop device");
	}
	folder = open(EXT4, O_RDONLY | O_CLOEXEC);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		int fd = open(EXT4 "/file", O_RDWR | O_CREAT | O_CLOEXEC | flags[i], 0600);
		struct weft_job job = rw_job(WEFT_OP_WRITE, fd, &self->area, 4096, 0, 8192);

		ASSERT_LE(0, fd);
		/* The second one finds its blocks there: only that is ever queued. */
		EXPECT_EQ(8192, result(self->fd, job));
		EXPECT_EQ(8192, result(self->fd, job));
		EXPECT_EQ(8192, result(self->fd, write_job(fd, &self->area, 8192)));
		ASSERT_EQ(0, ioctl(folder, FIFREEZE, 0));
		ASSERT_EQ(1, submit_one(self->fd, job, NULL));
		/* A job's own thread waits inside its poll. */
		if (variant->engine == WEFT_ENGINE_ASYNC) {
			ASSERT_TRUE(until_waiting(self->fd, 1));
		}
		EXPECT_EQ(0, look(self->fd));
		ASSERT_EQ(0, ioctl(folder, FITHAW, 0));
		ASSERT_EQ(1, reap(self->fd, &c, 1));
		EXPECT_EQ(8192, c.result);
		close(fd);
	}
	close(folder);
	EXPECT_EQ(0, umount2(EXT4, 0));
	free_loop(device);
	unlink(IMAGE);
}

TEST_F(rw, steps_on_the_pool_are_counted)
{
	struct weft_completion c;
	struct weft_stats stats;

	ASSERT_EQ(1, run_job(self->fd, with_receipt(fsync_job(self->file, 0)), &c));
	EXPECT_EQ(0, c.result);
	EXPECT_EQ(variant->engine == WEFT_ENGINE_ASYNC, c.receipt.punts);
	ASSERT_EQ(0, get_stats(self->fd, &stats));
	EXPECT_EQ(c.receipt.punts, stats.punts);
}

TEST_F(rw, exit_ends_jobs_that_wait_for_ever)
{
	int pair[2];

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	IN_CHILD({
		struct area area;
		int fd = open_client(variant->engine, 4);

		if (fd < 0 || make_area(fd, 4096, &area) ||
		    submit_one(fd, read_job(pair[0], &area, 1), NULL) != 1 ||
		    !until_waiting(fd, 1))
			_exit(1);
	});
	/* The job is gone, and with it its hold on the pipe. */
	close(pair[0]);
	signal(SIGPIPE, SIG_IGN);
	while (write(pair[1], "x", 1) == 1)
		sched_yield();
	EXPECT_EQ(EPIPE, errno);
	close(pair[1]);
}

WEFT_TEST_MAIN
