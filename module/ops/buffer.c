// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <kunit/visibility.h>

#include "buffer.h"

/**
 * weft_buffers_init() - no buffers yet
 * @buffers: to be initialised
 * @max_bytes: how much there may be of them
 * @user_bytes: how much the user has; outlives @buffers
 * @user_max: and may have
 */
void weft_buffers_init(struct weft_buffers *buffers, long max_bytes,
		       atomic_long_t *user_bytes, long user_max)
{
	xa_init_flags(&buffers->index, XA_FLAGS_ALLOC);
	atomic_long_set(&buffers->bytes, 0);
	buffers->max_bytes = max_bytes;
	buffers->user_bytes = user_bytes;
	buffers->user_max = user_max;
}
EXPORT_SYMBOL_IF_KUNIT(weft_buffers_init);

/**
 * weft_buffers_fini() - free them
 * @buffers: no job and no mapping uses any
 *
 * Context: may sleep.
 */
void weft_buffers_fini(struct weft_buffers *buffers)
{
	struct weft_buf *buf;
	unsigned long i;

	xa_for_each(&buffers->index, i, buf)
		weft_buf_put(buf);
	xa_destroy(&buffers->index);
	WARN_ON_ONCE(atomic_long_read(&buffers->bytes));
}
EXPORT_SYMBOL_IF_KUNIT(weft_buffers_fini);

static bool weft_count_up(atomic_long_t *count, long bytes, long max)
{
	if (atomic_long_add_return(bytes, count) <= max)
		return true;
	atomic_long_sub(bytes, count);
	return false;
}

static int weft_buffers_charge(struct weft_buffers *buffers, long bytes)
{
	if (!weft_count_up(&buffers->bytes, bytes, buffers->max_bytes))
		return -EDQUOT;
	if (weft_count_up(buffers->user_bytes, bytes, buffers->user_max))
		return 0;
	atomic_long_sub(bytes, &buffers->bytes);
	return -EDQUOT;
}

/* Also of a buffer that is not complete. */
static void weft_buf_destroy(struct weft_buf *buf)
{
	struct weft_buffers *buffers = buf->buffers;
	long bytes = weft_buf_bytes(buf);
	unsigned int i;

	for (i = 0; i < buf->nr_pages && buf->pages[i].bv_page; i++)
		__free_page(buf->pages[i].bv_page);
	kvfree(buf);
	atomic_long_sub(bytes, buffers->user_bytes);
	atomic_long_sub(bytes, &buffers->bytes);
}

static struct weft_buf *weft_buf_create(struct weft_buffers *buffers,
					unsigned int nr_pages)
{
	struct weft_buf *buf;
	unsigned int i;

	buf = kvzalloc(struct_size(buf, pages, nr_pages), GFP_KERNEL_ACCOUNT);
	if (!buf) {
		atomic_long_sub((long)nr_pages << PAGE_SHIFT, buffers->user_bytes);
		atomic_long_sub((long)nr_pages << PAGE_SHIFT, &buffers->bytes);
		return NULL;
	}
	refcount_set(&buf->refs, 1);
	buf->buffers = buffers;
	buf->nr_pages = nr_pages;
	for (i = 0; i < nr_pages; i++) {
		struct bio_vec *bv = &buf->pages[i];

		bv->bv_page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO |
					 __GFP_NOWARN);
		if (!bv->bv_page || fatal_signal_pending(current)) {
			weft_buf_destroy(buf);
			return NULL;
		}
		bv->bv_len = PAGE_SIZE;
	}
	return buf;
}

/**
 * weft_buffers_create() - make a buffer, full of zeros
 * @buffers: the client's
 * @bytes: how large; rounded up to pages
 * @index: receives its number
 * @got: receives how large it is
 *
 * Context: may sleep. Memory is charged to the caller's cgroup.
 * Return: 0; -EINVAL (no size, or more than any client may have), -EDQUOT (that
 * would be more than this client, or this user, may have), -ENOMEM.
 */
int weft_buffers_create(struct weft_buffers *buffers, u64 bytes, u32 *index,
			u64 *got)
{
	struct weft_buf *buf;
	int ret;

	if (!bytes || bytes > buffers->max_bytes)
		return -EINVAL;
	bytes = PAGE_ALIGN(bytes);
	ret = weft_buffers_charge(buffers, bytes);
	if (ret)
		return ret;
	buf = weft_buf_create(buffers, bytes >> PAGE_SHIFT);
	if (!buf)
		return -ENOMEM;
	*got = bytes;
	ret = xa_alloc(&buffers->index, index, buf,
		       XA_LIMIT(0, WEFT_MAX_BUFFERS - 1), GFP_KERNEL_ACCOUNT);
	if (ret)
		weft_buf_put(buf);
	return ret == -EBUSY ? -EDQUOT : ret;
}
EXPORT_SYMBOL_IF_KUNIT(weft_buffers_create);

/**
 * weft_buffers_free() - take the number from a buffer
 * @buffers: the client's
 * @index: the number
 *
 * The memory goes when no job and no mapping uses it any more.
 *
 * Context: may sleep.
 * Return: 0, or -ENOENT.
 */
int weft_buffers_free(struct weft_buffers *buffers, u32 index)
{
	struct weft_buf *buf = xa_erase(&buffers->index, index);

	if (!buf)
		return -ENOENT;
	weft_buf_put(buf);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(weft_buffers_free);

/**
 * weft_buffers_get() - take a reference to a buffer
 * @buffers: the client's
 * @index: its number; the user's word
 *
 * Return: the buffer, until weft_buf_put(); or NULL.
 */
struct weft_buf *weft_buffers_get(struct weft_buffers *buffers, u32 index)
{
	struct weft_buf *buf;

	xa_lock(&buffers->index);
	buf = xa_load(&buffers->index, index);
	if (buf)
		refcount_inc(&buf->refs);
	xa_unlock(&buffers->index);
	return buf;
}
EXPORT_SYMBOL_IF_KUNIT(weft_buffers_get);

/**
 * weft_buf_put() - drop a reference to a buffer
 * @buf: the buffer; gone for the caller after this
 *
 * Context: process.
 */
void weft_buf_put(struct weft_buf *buf)
{
	if (refcount_dec_and_test(&buf->refs))
		weft_buf_destroy(buf);
}
EXPORT_SYMBOL_IF_KUNIT(weft_buf_put);

/**
 * weft_buf_has() - is a range inside of a buffer
 * @buf: the buffer
 * @start: its begin, in bytes; the user's word
 * @len: its length; likewise
 *
 * Return: true if it is.
 */
bool weft_buf_has(const struct weft_buf *buf, u64 start, u64 len)
{
	u64 bytes = weft_buf_bytes(buf);

	return start <= bytes && len <= bytes - start;
}
EXPORT_SYMBOL_IF_KUNIT(weft_buf_has);

/**
 * weft_buf_iter() - a range of a buffer, to read or write
 * @buf: the buffer
 * @direction: ITER_SOURCE or ITER_DEST
 * @start: the begin of the range, which is inside of the buffer
 * @len: its length
 * @iter: receives it
 */
void weft_buf_iter(struct weft_buf *buf, unsigned int direction, u64 start,
		   size_t len, struct iov_iter *iter)
{
	unsigned int first = start >> PAGE_SHIFT;
	size_t skip = offset_in_page(start);

	/* Where nothing is left there may be no page, either. */
	if (first == buf->nr_pages)
		first = 0;
	iov_iter_bvec(iter, direction, &buf->pages[first],
		      buf->nr_pages - first, skip + len);
	iov_iter_advance(iter, skip);
}
