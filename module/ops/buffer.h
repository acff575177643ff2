/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers of a client: memory of the kernel's that the client maps and that its
 * jobs read and write. So no job needs the address space of anybody.
 */
#ifndef WEFT_OPS_BUFFER_H
#define WEFT_OPS_BUFFER_H

#include <linux/bvec.h>
#include <linux/refcount.h>
#include <linux/uio.h>
#include <linux/xarray.h>

/* Most buffers of a client. */
#define WEFT_MAX_BUFFERS	1024

/**
 * struct weft_buffers - The buffers of a client
 * @index: by number; the number holds a reference
 * @bytes: memory of all that exist, also of those without a number
 * @max_bytes: at most; constant
 * @user_bytes: the same of all clients of the user; outlives us
 * @user_max: at most; constant
 */
struct weft_buffers {
	struct xarray index;
	atomic_long_t bytes;
	long max_bytes;
	atomic_long_t *user_bytes;
	long user_max;
};

/**
 * struct weft_buf - A buffer
 * @refs: one of its number, one of each job and each mapping
 * @buffers: where it is counted
 * @nr_pages: how many pages
 * @pages: they
 */
struct weft_buf {
	refcount_t refs;
	struct weft_buffers *buffers;
	unsigned int nr_pages;
	struct bio_vec pages[];
};

static inline u64 weft_buf_bytes(const struct weft_buf *buf)
{
	return (u64)buf->nr_pages << PAGE_SHIFT;
}

void weft_buffers_init(struct weft_buffers *buffers, long max_bytes,
		       atomic_long_t *user_bytes, long user_max);
void weft_buffers_fini(struct weft_buffers *buffers);
int weft_buffers_create(struct weft_buffers *buffers, u64 bytes, u32 *index,
			u64 *got);
int weft_buffers_free(struct weft_buffers *buffers, u32 index);
struct weft_buf *weft_buffers_get(struct weft_buffers *buffers, u32 index);
void weft_buf_put(struct weft_buf *buf);
bool weft_buf_has(const struct weft_buf *buf, u64 start, u64 len);
void weft_buf_iter(struct weft_buf *buf, unsigned int direction, u64 start,
		   size_t len, struct iov_iter *iter);

#endif /* WEFT_OPS_BUFFER_H */
