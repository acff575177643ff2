// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that fail: a job comes to what the system call comes to, with the page
 * cache and past it, on the device itself and in a file system on it. The device is
 * one of the device mapper on a loop device, with a range where all fails.
 */
#include "files.h"
#include <linux/dm-ioctl.h>
#include <linux/fs.h>

#define CREDITS		8
#define SECTOR		512
#define IMAGE		"/tmp/weft-bad-image"
#define NODE		"/tmp/weft-bad-node"
#define FOLDER		"/tmp/weft-bad"
#define DM_NODE		"/tmp/weft-dm-control"
#define NAME		"weft-bad"
#define BYTES		(8 << 20)
#define AREA		(128 * 1024)
/* Of the device, and of a file. */
#define BAD		(1 << 20)
#define BAD_BYTES	(64 * 1024)

/* One range of the device, or all of it if there is none. */
struct bad {
	__u64 sector;
	__u64 sectors;
};

struct dm_call {
	struct dm_ioctl head;
	char data[1024];
};

static int dm_call(unsigned long nr, struct dm_call *c)
{
	int fd = open(DM_NODE, O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	c->head.version[0] = DM_VERSION_MAJOR;
	c->head.data_size = sizeof(*c);
	c->head.data_start = sizeof(c->head);
	strcpy(c->head.name, NAME);
	ret = ioctl(fd, nr, c) ? -errno : 0;
	close(fd);
	return ret;
}

static size_t add_target(struct dm_call *c, size_t at, __u64 begin, __u64 sectors,
			 const char *type, const char *options)
{
	struct dm_target_spec *t = (void *)(c->data + at);
	size_t len = sizeof(*t) + (strlen(options) + 8) / 8 * 8;

	*t = (struct dm_target_spec){
		.sector_start = begin,
		.length = sectors,
		.next = len,
	};
	strcpy(t->target_type, type);
	strcpy((char *)(t + 1), options);
	c->head.target_count++;
	return at + len;
}

/* From now on @bad fails; waits until what is under way has ended. */
static int set_table(const char *loop, const struct bad *bad)
{
	__u64 end = BYTES / SECTOR, after = bad->sector + bad->sectors;
	struct dm_call load = { 0 }, resume = { 0 };
	char options[64];
	size_t at = 0;
	int ret;

	snprintf(options, sizeof(options), "%s 0", loop);
	at = add_target(&load, at, 0, bad->sectors ? bad->sector : end, "linear", options);
	if (bad->sectors) {
		at = add_target(&load, at, bad->sector, bad->sectors, "error", "");
		snprintf(options, sizeof(options), "%s %llu", loop, after);
		add_target(&load, at, after, end - after, "linear", options);
	}
	ret = dm_call(DM_TABLE_LOAD, &load);
	return ret ?: dm_call(DM_DEV_SUSPEND, &resume);
}

/* Its node is made by hand: there is nobody else to do so. */
static int make_control(void)
{
	unsigned int number = 0;
	char line[64];
	FILE *f;

	load_module("/dm-mod.ko");
	f = fopen("/proc/misc", "re");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, " device-mapper"))
			sscanf(line, "%u", &number);
	if (f)
		fclose(f);
	if (!number)
		return -ENODEV;
	unlink(DM_NODE);
	return mknod(DM_NODE, S_IFCHR | 0600, makedev(10, number)) ? -errno : 0;
}

static int make_device(char *loop, size_t size)
{
	struct dm_call create = { 0 };
	int fd, ret = make_control();

	if (ret)
		return ret;
	fd = open(IMAGE, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, BYTES))
		return -errno;
	close(fd);
	ret = make_loop(IMAGE, loop, size) ?: dm_call(DM_DEV_CREATE, &create);
	if (ret)
		return ret;
	unlink(NODE);
	return mknod(NODE, S_IFBLK | 0600, create.head.dev) ? -errno : 0;
}

FIXTURE(device) {
	int fd;
	struct area area;
	char loop[32];
	bool is_there;
};

FIXTURE_VARIANT(device) {
	__u32 engine;
	int flags;
};

FIXTURE_VARIANT_ADD(device, async) { .engine = WEFT_ENGINE_ASYNC };
FIXTURE_VARIANT_ADD(device, threads) { .engine = WEFT_ENGINE_THREADS };

FIXTURE_VARIANT_ADD(device, async_direct) {
	.engine = WEFT_ENGINE_ASYNC, .flags = O_DIRECT,
};

FIXTURE_VARIANT_ADD(device, threads_direct) {
	.engine = WEFT_ENGINE_THREADS, .flags = O_DIRECT,
};

FIXTURE_SETUP(device)
{
	int ret = make_device(self->loop, sizeof(self->loop));

	self->fd = open_client(variant->engine, CREDITS);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, make_area(self->fd, AREA, &self->area));
	self->is_there = !ret;
	if (ret)
		TH_LOG("device mapper: %s", strerror(-ret));
}

FIXTURE_TEARDOWN(device)
{
	struct dm_call remove = { 0 };

	/* Each job has ended once. */
	EXPECT_EQ(0, look(self->fd));
	unmap_area(&self->area);
	EXPECT_EQ(0, close(self->fd));
	if (self->is_there) {
		EXPECT_EQ(0, dm_call(DM_DEV_REMOVE, &remove));
		free_loop(self->loop);
	}
	unlink(IMAGE);
	unlink(NODE);
}

static unsigned char mem[AREA] __attribute__((aligned(4096)));

/* What was read before is not to be had without the device. */
static void forget(int fd)
{
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* Digests of these are of no interest; only what is read is. */
static __s64 verify_result(int client, int fd, __u64 offset, __u64 len)
{
	return result(client, (struct weft_job){
		.op = WEFT_OP_VERIFY,
		.user_data = 1,
		.verify = { .fd = fd, .offset = offset, .len = len },
	});
}

static __s64 copy_result(int client, int in, __u64 in_offset, int out, __u64 len)
{
	return result(client, (struct weft_job){
		.op = WEFT_OP_COPY,
		.user_data = 1,
		.copy = { .in = in, .out = out, .in_offset = in_offset, .len = len },
	});
}

/* Both begin in front of the bad range, in it, and behind it. */
static void compare_reads(struct __test_metadata *_metadata, int client, struct area *area,
			  int fd, __u64 bad)
{
	const __s64 begins[] = { -65536, -4096, 0, 4096, BAD_BYTES - 4096, BAD_BYTES };
	unsigned int i, failed = 0;
	__s64 want;

	for (i = 0; i < ARRAY_SIZE(begins); i++) {
		__u64 at = bad + begins[i];

		forget(fd);
		want = sys(pread(fd, mem, 8192, at));
		forget(fd);
		EXPECT_EQ(want, result(client, rw_job(WEFT_OP_READ, fd, area, at, 0, 8192)));
		forget(fd);
		/* Digests are of all or nothing. */
		EXPECT_EQ(want == 8192 ? 8192 : -EIO, verify_result(client, fd, at, 8192));
		failed += want == -EIO;
	}
	/* That is, if it did fail. */
	EXPECT_LE(2, failed);
}

static void compare_writes(struct __test_metadata *_metadata, int client, struct area *area,
			   const char *path, int flags, __u64 bad)
{
	int fds[] = {
		open(path, O_RDWR | O_CLOEXEC | flags), open(path, O_RDWR | O_CLOEXEC | flags),
	};
	__s64 want, synced;

	ASSERT_LE(0, fds[0]);
	ASSERT_LE(0, fds[1]);
	want = sys(pwrite(fds[0], mem, 8192, bad + 4096));
	synced = sys(fsync(fds[0]));
	/* Each descriptor is told once of what failed after it was opened. */
	EXPECT_EQ(synced, result(client, fsync_job(fds[1], 0)));
	EXPECT_EQ(sys(fsync(fds[0])), result(client, fsync_job(fds[1], 0)));
	EXPECT_EQ(want, result(client, rw_job(WEFT_OP_WRITE, fds[1], area, bad + 4096, 0,
					      8192)));
	EXPECT_EQ(synced, result(client, fsync_job(fds[1], WEFT_FSYNC_DATA)));
	EXPECT_EQ(synced, sys(fsync(fds[0])));
	EXPECT_TRUE(want == -EIO || synced == -EIO);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(device, errors_of_the_device_are_those_of_the_calls)
{
	const struct bad bad = { BAD / SECTOR, BAD_BYTES / SECTOR };
	int fd;

	if (!self->is_there)
		SKIP(return, "no device mapper");
	ASSERT_EQ(0, set_table(self->loop, &bad));
	fd = open(NODE, O_RDWR | O_CLOEXEC | variant->flags);
	ASSERT_LE(0, fd);
	compare_reads(_metadata, self->fd, &self->area, fd, BAD);
	compare_writes(_metadata, self->fd, &self->area, NODE, variant->flags, BAD);
	close(fd);
}

static bool make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	off_t at;

	if (fd < 0)
		return false;
	for (at = 0; at < 4 * BAD_BYTES; at += sizeof(mem))
		if (pwrite(fd, mem, sizeof(mem), at) != sizeof(mem))
			return false;
	return !fsync(fd) && !close(fd);
}

/* Where on the device the second quarter of the file is. */
static bool find_file(const char *path, struct bad *bad)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), size, first, last;

	if (fd < 0 || ioctl(fd, FIGETBSZ, &size))
		return false;
	first = BAD_BYTES / size;
	last = 2 * BAD_BYTES / size - 1;
	if (ioctl(fd, FIBMAP, &first) || ioctl(fd, FIBMAP, &last))
		return false;
	close(fd);
	bad->sector = (__u64)first * size / SECTOR;
	bad->sectors = BAD_BYTES / SECTOR;
	/* In one piece. */
	return first && (last - first + 1) * size == BAD_BYTES;
}

static int mount_device(void)
{
	if (system("mke2fs -F " NODE " >/dev/null 2>&1"))
		return -ENOENT;
	if (mkdir(FOLDER, 0755) && errno != EEXIST)
		return -errno;
	return mount(NODE, FOLDER, "ext4", 0, "") ? -errno : 0;
}

TEST_F(device, errors_under_a_file_system_are_those_of_the_calls)
{
	const char *path = FOLDER "/file", *other = FOLDER "/other";
	struct bad bad = { 0 };
	int in, out;
	__s64 want;

	if (!self->is_there)
		SKIP(return, "no device mapper");
	ASSERT_EQ(0, set_table(self->loop, &bad));
	if (mount_device())
		SKIP(return, "no ext4");
	ASSERT_TRUE(make_file(path));
	ASSERT_TRUE(find_file(path, &bad));
	ASSERT_EQ(0, set_table(self->loop, &bad));
	in = open(path, O_RDWR | O_CLOEXEC | variant->flags);
	out = open(other, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	compare_reads(_metadata, self->fd, &self->area, in, BAD_BYTES);
	forget(in);
	loff_t from = BAD_BYTES + 4096, to = 0;

	want = sys(copy_file_range(in, &from, out, &to, 4096, 0));
	EXPECT_EQ(-EIO, want);
	forget(in);
	EXPECT_EQ(want, copy_result(self->fd, in, BAD_BYTES + 4096, out, 4096));
	/* What is in front of it is copied. */
	forget(in);
	EXPECT_EQ(BAD_BYTES, copy_result(self->fd, in, 0, out, 4 * BAD_BYTES));
	compare_writes(_metadata, self->fd, &self->area, path, variant->flags, BAD_BYTES);
	close(in);
	close(out);
	bad.sectors = 0;
	EXPECT_EQ(0, set_table(self->loop, &bad));
	EXPECT_EQ(0, umount2(FOLDER, 0));
}

TEST_F(device, full_file_system_is_enospc_as_with_the_calls)
{
	int fd, other, i;
	struct bad none = { 0 };

	if (!self->is_there)
		SKIP(return, "no device mapper");
	ASSERT_EQ(0, set_table(self->loop, &none));
	if (mount_device())
		SKIP(return, "no ext4");
	ASSERT_TRUE(make_file(FOLDER "/file"));
	fd = open(FOLDER "/full", O_RDWR | O_CREAT | O_CLOEXEC | variant->flags, 0600);
	other = open(FOLDER "/file", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	/* The last one may be short; then there is nothing left. */
	for (i = 0; i < BYTES / AREA; i++)
		if (result(self->fd, write_job(fd, &self->area, AREA)) != AREA)
			break;
	EXPECT_GT(BYTES / AREA, i);
	while (sys(write(fd, mem, 4096)) > 0)
		;
	EXPECT_EQ(-ENOSPC, sys(write(fd, mem, 4096)));
	EXPECT_EQ(-ENOSPC, result(self->fd, write_job(fd, &self->area, 4096)));
	EXPECT_EQ(-ENOSPC, copy_result(self->fd, other, 0, fd, 4096) == 4096 ? -ENOSPC : 0);
	EXPECT_EQ(-ENOSPC, result(self->fd, (struct weft_job){
		.op = WEFT_OP_COPY,
		.user_data = 1,
		.copy = {
			.in = other,
			.out = fd,
			.out_offset = WEFT_OFFSET_CURRENT,
			.len = 4096,
		},
	}));
	EXPECT_EQ(sys(fsync(fd)), result(self->fd, fsync_job(fd, 0)));
	close(fd);
	close(other);
	EXPECT_EQ(0, umount2(FOLDER, 0));
}

/* No device mapper is needed for that: a loop device has no room for what is written. */
TEST_F(device, device_without_room_fails_as_with_the_calls)
{
	const char *small = "/tmp/weft-bad-small", *image = "/tmp/weft-bad-small/image";
	const int flags = O_RDWR | O_CREAT | O_CLOEXEC;
	char loop[32];
	int fd;

	ASSERT_EQ(0, mount_tmpfs(small, 1 << 20));
	fd = open(image, flags, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, BYTES));
	/* All of the room is used. */
	while (pwrite(fd, mem, sizeof(mem), 4 << 20) == sizeof(mem) &&
	       pwrite(fd, mem, sizeof(mem), lseek(fd, 0, SEEK_HOLE)) > 0)
		;
	for (off_t at = 4 << 20; pwrite(fd, mem, 4096, at) == 4096; at += 4096)
		;
	close(fd);
	if (make_loop(image, loop, sizeof(loop))) {
		umount2(small, MNT_DETACH);
		SKIP(return, "no loop device");
	}
	int fds[] = {
		open(loop, O_RDWR | O_CLOEXEC | variant->flags),
		open(loop, O_RDWR | O_CLOEXEC | variant->flags),
	};
	__s64 want, synced;

	ASSERT_LE(0, fds[0]);
	ASSERT_LE(0, fds[1]);
	want = sys(pwrite(fds[0], mem, 8192, 7 << 20));
	synced = sys(fsync(fds[0]));
	EXPECT_EQ(synced, result(self->fd, fsync_job(fds[1], 0)));
	EXPECT_EQ(want, result(self->fd, rw_job(WEFT_OP_WRITE, fds[1], &self->area, 7 << 20,
						0, 8192)));
	EXPECT_EQ(synced, result(self->fd, fsync_job(fds[1], 0)));
	EXPECT_TRUE(want < 0 || synced < 0);
	close(fds[0]);
	close(fds[1]);
	free_loop(loop);
	EXPECT_EQ(0, umount2(small, MNT_DETACH));
}

WEFT_TEST_MAIN
