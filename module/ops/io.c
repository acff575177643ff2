// SPDX-License-Identifier: GPL-2.0-only
#include <linux/file.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>
#include <kunit/visibility.h>

#include "../compat.h"
#include "io.h"

static struct kmem_cache *weft_io_cache;

/**
 * weft_io_init() - before the first job
 *
 * Return: 0 or -ENOMEM.
 */
int __init weft_io_init(void)
{
	weft_io_cache = KMEM_CACHE(weft_io, SLAB_ACCOUNT);
	return weft_io_cache ? 0 : -ENOMEM;
}

/**
 * weft_io_exit() - after the last job
 */
void weft_io_exit(void)
{
	kmem_cache_destroy(weft_io_cache);
}

/**
 * weft_file_get() - the file that a job works on
 * @env: of the submitter
 * @fd: its number; the user's word
 *
 * Return: the file, the caller's until fput(); or NULL if there is none, or one
 * that jobs may not have.
 */
struct file *weft_file_get(const struct weft_op_env *env, s32 fd)
{
	struct file *file = fget(fd);

	if (file && file->f_op == env->space->refused) {
		fput(file);
		return NULL;
	}
	return file;
}

/**
 * weft_io_create() - make what a job with a file needs
 * @io: receives it; the caller's until weft_io_destroy()
 * @env: of the submitter
 * @fd: the number of the file; the user's word
 *
 * Context: may sleep.
 * Return: 0, -EBADF or -ENOMEM.
 */
int weft_io_create(struct weft_io **io, const struct weft_op_env *env, s32 fd)
{
	struct file *file = weft_file_get(env, fd);
	struct weft_io *new;

	if (!file)
		return -EBADF;
	new = kmem_cache_zalloc(weft_io_cache, GFP_KERNEL);
	if (!new) {
		fput(file);
		return -ENOMEM;
	}
	weft_ident_capture(&new->ident);
	new->file = file;
	new->space = env->space;
	weft_punt_init(&new->punt);
	weft_event_init(&new->event);
	atomic_long_add(sizeof(*new), &new->space->bytes);
	*io = new;
	return 0;
}

/**
 * weft_io_destroy() - undo weft_io_create()
 * @io: with its buffer, if it has one
 */
void weft_io_destroy(struct weft_io *io)
{
	atomic_long_sub(sizeof(*io) + io->mem_bytes, &io->space->bytes);
	kvfree(io->mem);
	if (io->out)
		fput(io->out);
	if (io->buf)
		weft_buf_put(io->buf);
	weft_ident_drop(&io->ident);
	fput(io->file);
	kmem_cache_free(weft_io_cache, io);
}

/**
 * weft_io_drop() - the drop() of ops with a file
 * @t: the task
 */
void weft_io_drop(struct weft_op_task *t)
{
	weft_io_destroy(t->io.io);
}

/**
 * weft_io_set_buffer() - take the buffer that a job works on
 * @io: without a buffer
 * @index: number of the buffer; the user's word, as are the others
 * @start: begin of the range
 * @len: length of the range
 *
 * Return: 0, -EFAULT.
 */
int weft_io_set_buffer(struct weft_io *io, u32 index, u64 start, u64 len)
{
	io->buf = weft_buffers_get(&io->space->buffers, index);
	if (!io->buf || !weft_buf_has(io->buf, start, len))
		return -EFAULT;
	io->start = start;
	return 0;
}

/*
 * Its pages, one by one: direct I/O has no use for addresses of the kernel before
 * Linux 6.3.
 */
static unsigned int weft_io_pages(void *mem, size_t bytes, struct bio_vec *pages)
{
	unsigned int i, nr = bytes >> PAGE_SHIFT;

	for (i = 0; i < nr; i++, mem += PAGE_SIZE)
		pages[i] = (struct bio_vec){
			.bv_page = is_vmalloc_addr(mem) ? vmalloc_to_page(mem) :
							  virt_to_page(mem),
			.bv_len = PAGE_SIZE,
		};
	return nr;
}

/**
 * weft_io_read_memory() - read a file into the job's memory
 * @io: with WEFT_IO_MEM of memory
 * @len: how much, up to that
 * @pos: from where
 *
 * Context: blocks; between weft_ident_begin() and weft_ident_end().
 * Return: as pread(2).
 */
ssize_t weft_io_read_memory(struct weft_io *io, size_t len, loff_t pos)
{
	struct bio_vec pages[WEFT_IO_MEM >> PAGE_SHIFT];
	struct iov_iter iter;

	iov_iter_bvec(&iter, ITER_DEST, pages,
		      weft_io_pages(io->mem, WEFT_IO_MEM, pages), len);
	init_sync_kiocb(&io->iocb, io->file);
	io->iocb.ki_ioprio = io->ident.ioprio;
	io->iocb.ki_pos = pos;
	return vfs_iocb_iter_read(io->file, &io->iocb, &iter);
}

/**
 * weft_io_write_memory() - write the job's memory to its other file
 * @io: with WEFT_IO_MEM of memory
 * @len: how much, up to that
 * @pos: to where
 *
 * Context: as weft_io_read_memory().
 * Return: as pwrite(2).
 */
ssize_t weft_io_write_memory(struct weft_io *io, size_t len, loff_t pos)
{
	struct bio_vec pages[WEFT_IO_MEM >> PAGE_SHIFT];
	struct iov_iter iter;
	ssize_t ret;

	iov_iter_bvec(&iter, ITER_SOURCE, pages,
		      weft_io_pages(io->mem, WEFT_IO_MEM, pages), len);
	init_sync_kiocb(&io->iocb, io->out);
	io->iocb.ki_ioprio = io->ident.ioprio;
	io->iocb.ki_pos = pos;
	weft_start_write(io->out);
	ret = vfs_iocb_iter_write(io->out, &io->iocb, &iter);
	weft_end_write(io->out);
	return ret;
}

/**
 * weft_io_set_memory() - take memory, now that one can do without
 * @io: without memory; gets WEFT_IO_MEM of it
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM.
 */
int weft_io_set_memory(struct weft_io *io)
{
	/* Of this size it is whole pages. */
	io->mem = kvmalloc(WEFT_IO_MEM, GFP_KERNEL_ACCOUNT);
	if (!io->mem)
		return -ENOMEM;
	io->mem_bytes = WEFT_IO_MEM;
	atomic_long_add(WEFT_IO_MEM, &io->space->bytes);
	return 0;
}

static void weft_io_punted(struct weft_punt *punt)
{
	struct weft_io *io = container_of(punt, struct weft_io, punt);

	io->res = io->step(io);
}

/**
 * weft_io_block() - do a step that blocks, for a time that has a bound
 * @io: the job; nothing of it is under way
 * @cx: the context of the poll
 * @step: the step; what it returns is put into @io->res
 *
 * Return: WEFT_READY if it was done in place; else WEFT_PENDING, @io->at is
 * WEFT_IO_PUNT then.
 */
enum weft_poll weft_io_block(struct weft_io *io, struct weft_cx *cx,
			     ssize_t (*step)(struct weft_io *io))
{
	if (weft_may_block(cx)) {
		io->res = step(io);
		return WEFT_READY;
	}
	io->step = step;
	io->at = WEFT_IO_PUNT;
	/* What it came to if weft_io_stop() takes it back. */
	io->res = -ECANCELED;
	return weft_punt_start(&io->punt, cx, weft_io_punted);
}

/**
 * weft_io_stop() - give up what a job with a file waits for, as far as one can
 * @io: the job
 * @cx: the context of the cancel()
 *
 * Return: WEFT_READY if nothing of it is under way any more; @io->at still says what
 * it was, and @io->res what that came to, -ECANCELED for a step that never began.
 * Else WEFT_PENDING.
 */
enum weft_poll weft_io_stop(struct weft_io *io, struct weft_cx *cx)
{
	switch (io->at) {
	case WEFT_IO_PUNT:
		return weft_punt_stop(&io->punt, cx);
	case WEFT_IO_QUEUED:
	case WEFT_IO_PAGE:
		if (weft_event_fired(&io->event))
			return WEFT_READY;
		return weft_wait_on(cx, WEFT_WAIT_IO, true);
	case WEFT_IO_FD:
		weft_fd_wait_stop(&io->fd);
		return WEFT_READY;
	default:
		return WEFT_READY;
	}
}
