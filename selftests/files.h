/* SPDX-License-Identifier: GPL-2.0-only */
/* Jobs with files, their buffers, and file systems to try them on. */
#ifndef WEFT_SELFTESTS_FILES_H
#define WEFT_SELFTESTS_FILES_H

#include "common.h"
#include <linux/loop.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* A buffer of a client, mapped. */
struct area {
	__u32 index;
	__u64 offset;
	size_t bytes;
	unsigned char *mem;
};

static inline int make_buffer(int client, __u64 bytes, struct weft_buffer *buffer)
{
	*buffer = (struct weft_buffer){ .size = sizeof(*buffer), .bytes = bytes };
	return call(client, WEFT_IOC_BUFFER, buffer);
}

static inline int free_buffer(int client, __u32 index)
{
	struct weft_buffer buffer = {
		.size = sizeof(buffer),
		.flags = WEFT_BUFFER_FREE,
		.index = index,
	};

	return call(client, WEFT_IOC_BUFFER, &buffer);
}

static inline int make_area(int client, size_t bytes, struct area *area)
{
	struct weft_buffer buffer;
	int ret = make_buffer(client, bytes, &buffer);

	if (ret)
		return ret;
	*area = (struct area){
		.index = buffer.index,
		.offset = buffer.offset,
		.bytes = buffer.bytes,
	};
	area->mem = mmap(NULL, area->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, client,
			 area->offset);
	return area->mem == MAP_FAILED ? -errno : 0;
}

static inline void unmap_area(struct area *area)
{
	munmap(area->mem, area->bytes);
}

static inline struct weft_job rw_job(__u16 op, int fd, const struct area *area,
				     __u64 offset, __u64 start, __u32 len)
{
	return (struct weft_job){
		.op = op,
		.user_data = 1,
		.rw = {
			.fd = fd,
			.buffer = area->index,
			.offset = offset,
			.start = start,
			.len = len,
		},
	};
}

/* At the file's position, to or from the begin of the buffer. */
static inline struct weft_job read_job(int fd, const struct area *area, __u32 len)
{
	return rw_job(WEFT_OP_READ, fd, area, WEFT_OFFSET_CURRENT, 0, len);
}

static inline struct weft_job write_job(int fd, const struct area *area, __u32 len)
{
	return rw_job(WEFT_OP_WRITE, fd, area, WEFT_OFFSET_CURRENT, 0, len);
}

static inline struct weft_job fsync_job(int fd, __u32 flags)
{
	return (struct weft_job){
		.op = WEFT_OP_FSYNC,
		.user_data = 1,
		.fsync = { .fd = fd, .flags = flags },
	};
}

/* The result of a job; why it was refused is one, too. */
static inline __s64 result(int client, struct weft_job job)
{
	struct weft_completion c = { 0 };
	int ret = run_job(client, job, &c);

	return ret < 0 ? ret : c.result;
}

/* What a system call returned, as a job would. */
static inline __s64 sys(__s64 ret)
{
	return ret < 0 ? -errno : ret;
}

/* A number of a sequence that the seed decides. */
static inline __u32 rnd(__u64 *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

static inline void fill(void *mem, size_t len, __u64 *seed)
{
	unsigned char *p = mem;
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = rnd(seed);
}

/* An empty file system in memory, of @bytes at most. */
static inline int mount_tmpfs(const char *at, size_t bytes)
{
	char options[32];

	snprintf(options, sizeof(options), "size=%zu", bytes);
	if (mkdir(at, 0755) && errno != EEXIST)
		return -errno;
	return mount("weft", at, "tmpfs", 0, options) ? -errno : 0;
}

/* Somebody who loaded it first is fine. */
static inline void load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	syscall(SYS_finit_module, fd, "", 0);
	close(fd);
}

/* A loop device on the file @image. */
static inline int make_loop(const char *image, char *device, size_t size)
{
	int control, loop, file, n, ret;

	load_module("/loop.ko");
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return -errno;
	n = ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	if (n < 0)
		return -errno;
	snprintf(device, size, "/dev/loop%d", n);
	loop = open(device, O_RDWR | O_CLOEXEC);
	file = open(image, O_RDWR | O_CLOEXEC);
	ret = loop < 0 || file < 0 || ioctl(loop, LOOP_SET_FD, file) ? -errno : 0;
	if (loop >= 0)
		close(loop);
	if (file >= 0)
		close(file);
	return ret;
}

static inline void free_loop(const char *device)
{
	int loop = open(device, O_RDWR | O_CLOEXEC);

	if (loop < 0)
		return;
	ioctl(loop, LOOP_CLR_FD);
	close(loop);
}

/* An empty ext4 of @mib MiB on a loop device, named in @device, on @image. */
static inline int mount_ext4(const char *at, const char *image, unsigned int mib,
			     char *device, size_t size)
{
	char command[256];
	int ret;

	snprintf(command, sizeof(command),
		 "dd if=/dev/zero of=%s bs=1M count=%u >/dev/null 2>&1 && mke2fs -F %s >/dev/null 2>&1",
		 image, mib, image);
	if (system(command))
		return -ENOENT;
	ret = make_loop(image, device, size);
	if (ret)
		return ret;
	if (mkdir(at, 0755) && errno != EEXIST)
		return -errno;
	ret = mount(device, at, "ext4", 0, "") ? -errno : 0;
	if (ret)
		free_loop(device);
	return ret;
}

#endif /* WEFT_SELFTESTS_FILES_H */
