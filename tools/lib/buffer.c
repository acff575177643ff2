// SPDX-License-Identifier: LGPL-2.1-or-later
/* Buffers of a client, and how far its jobs with files are. */
/* An offset of mmap() takes more than 32 bits here. */
#define _FILE_OFFSET_BITS 64
#include <stddef.h>
#include <sys/mman.h>

#include "call.h"
#include "weft.h"

/**
 * weft_client_buffer() - make a buffer for jobs that read, write or verify
 * @fd: the client
 * @bytes: how large, rounded up to whole pages
 * @buffer: receives its number for jobs (@index), how large it is (@bytes), and what
 *	weft_client_buffer_map() wants to know
 *
 * It is full of zeros. It ends with the client, or with weft_client_buffer_free().
 *
 * Return: 0; or -EINVAL (no bytes, or more than any client may have), -EDQUOT (more
 * than this client or its user may have), -ENOMEM, -EBADFD (not set up).
 */
int weft_client_buffer(int fd, uint64_t bytes, struct weft_buffer *buffer)
{
	*buffer = (struct weft_buffer){
		.size = sizeof(*buffer),
		.bytes = bytes,
	};
	return weft_ioctl(fd, WEFT_IOC_BUFFER, buffer);
}

/**
 * weft_client_buffer_map() - map a buffer, to read and write what is in it
 * @fd: the client
 * @buffer: from weft_client_buffer()
 * @memory: receives where it is, for weft_client_buffer_unmap()
 *
 * The mapping holds the memory, and the client, for as long as it is there.
 *
 * Return: 0; or -ENOMEM, or another errno of mmap().
 */
int weft_client_buffer_map(int fd, const struct weft_buffer *buffer, void **memory)
{
	void *at;

	if (buffer->bytes > SIZE_MAX)
		return -ENOMEM;
	at = mmap(NULL, buffer->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  buffer->offset);
	if (at == MAP_FAILED)
		return -errno;
	*memory = at;
	return 0;
}

/**
 * weft_client_buffer_unmap() - undo weft_client_buffer_map()
 * @buffer: as it was mapped
 * @memory: where; NULL is left alone
 */
void weft_client_buffer_unmap(const struct weft_buffer *buffer, void *memory)
{
	if (memory)
		munmap(memory, buffer->bytes);
}

/**
 * weft_client_buffer_free() - take the number from a buffer
 * @fd: the client
 * @buffer: from weft_client_buffer()
 *
 * Jobs that use it go on to, and so do mappings: the memory goes with the last.
 *
 * Return: 0, or -ENOENT (there is no such buffer).
 */
int weft_client_buffer_free(int fd, const struct weft_buffer *buffer)
{
	struct weft_buffer gone = {
		.size = sizeof(gone),
		.flags = WEFT_BUFFER_FREE,
		.index = buffer->index,
	};

	return weft_ioctl(fd, WEFT_IOC_BUFFER, &gone);
}

/**
 * weft_client_progress() - how far a copy or a verify is
 * @fd: the client
 * @id: the job
 * @progress: receives it
 *
 * Does not wait.
 *
 * Return: 0, or -ENOENT (no such job, or its completion was reaped).
 */
int weft_client_progress(int fd, uint64_t id, struct weft_progress *progress)
{
	*progress = (struct weft_progress){
		.size = sizeof(*progress),
		.id = id,
	};
	return weft_ioctl(fd, WEFT_IOC_PROGRESS, progress);
}
