// SPDX-License-Identifier: GPL-2.0-only
/* WEFT_IOC_BUFFER, and the mappings of buffers. */
#include <linux/mm.h>

#include "../compat.h"
#include "front.h"

/* An offset of mmap() is the number of a buffer, and the offset in it. */
#define WEFT_MAP_SHIFT	32

/**
 * weft_file_buffer() - make or free a buffer
 * @wf: the open file, set up
 * @buffer: what the user asks for, valid; what it gets
 *
 * Context: may sleep.
 * Return: 0 or a negative errno, see the uAPI header.
 */
long weft_file_buffer(struct weft_file *wf, struct weft_buffer *buffer)
{
	struct weft_buffers *buffers = &wf->client->space.buffers;
	u64 bytes;
	int ret;

	buffer->offset = 0;
	if (buffer->flags & WEFT_BUFFER_FREE)
		return weft_buffers_free(buffers, buffer->index);
	ret = weft_buffers_create(buffers, buffer->bytes, &buffer->index,
				  &bytes);
	if (ret)
		return ret;
	buffer->bytes = bytes;
	buffer->offset = (u64)buffer->index << WEFT_MAP_SHIFT;
	return 0;
}

static void weft_vma_open(struct vm_area_struct *vma)
{
	struct weft_buf *buf = vma->vm_private_data;

	refcount_inc(&buf->refs);
}

static void weft_vma_close(struct vm_area_struct *vma)
{
	weft_buf_put(vma->vm_private_data);
}

static const struct vm_operations_struct weft_vm_ops = {
	.open = weft_vma_open,
	.close = weft_vma_close,
};

static int weft_buf_map(struct weft_buf *buf, unsigned int first,
			struct vm_area_struct *vma)
{
	unsigned long at = vma->vm_start;
	int ret = 0;

	for (; at < vma->vm_end && !ret; at += PAGE_SIZE)
		ret = vm_insert_page(vma, at, buf->pages[first++].bv_page);
	return ret;
}

/**
 * weft_file_mmap() - mmap() of /dev/weft: a buffer, or a part of one
 * @file: the open file
 * @vma: where, and which part
 *
 * All pages are mapped at once. They, the buffer, and through @file the client, stay
 * for as long as the mapping.
 *
 * Return: 0; -EBADFD (not set up), -EINVAL (not shared, or no such part), -ENOMEM.
 */
int weft_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	u64 start = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 offset = start & (BIT_ULL(WEFT_MAP_SHIFT) - 1);
	struct weft_client *client = weft_file_client(file->private_data);
	struct weft_buf *buf;
	int ret = -EINVAL;

	if (!client)
		return -EBADFD;
	if (!(vma->vm_flags & VM_SHARED) ||
	    start >> WEFT_MAP_SHIFT >= WEFT_MAX_BUFFERS)
		return -EINVAL;
	buf = weft_buffers_get(&client->space.buffers, start >> WEFT_MAP_SHIFT);
	if (!buf)
		return -EINVAL;
	if (!weft_buf_has(buf, offset, vma->vm_end - vma->vm_start))
		goto err_put;
	ret = weft_buf_map(buf, offset >> PAGE_SHIFT, vma);
	if (ret)
		goto err_put;

	weft_vm_flags_set(vma, VM_DONTEXPAND);
	vma->vm_ops = &weft_vm_ops;
	vma->vm_private_data = buf;
	return 0;

err_put:
	weft_buf_put(buf);
	return ret;
}
