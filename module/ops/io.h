/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a job with a file needs beyond its slot: made at submit, freed as the job
 * has ended.
 */
#ifndef WEFT_OPS_IO_H
#define WEFT_OPS_IO_H

#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "event.h"
#include "fdwait.h"
#include "ident.h"
#include "op.h"
#include "space.h"

/* Memory of a job that has some of its own. */
#define WEFT_IO_MEM	SZ_64K

/**
 * enum weft_io_at - What a job with a file does next
 * @WEFT_IO_TRY: a step
 * @WEFT_IO_PUNT: waits for a step on the blocking pool
 * @WEFT_IO_QUEUED: waits for the end of direct I/O
 * @WEFT_IO_PAGE: waits for a page that is being read
 * @WEFT_IO_FD: waits until the file is ready
 */
enum weft_io_at {
	WEFT_IO_TRY,
	WEFT_IO_PUNT,
	WEFT_IO_QUEUED,
	WEFT_IO_PAGE,
	WEFT_IO_FD,
};

/**
 * struct weft_io - A job with a file
 * @ident: who submitted it
 * @space: of its client
 * @file: the file; a reference
 * @buf: the buffer; a reference, or NULL
 * @start: where in the buffer
 * @len: how much, in bytes
 * @done: of these, done
 * @pos: where in the file; if @current_pos, set as the step begins
 * @current_pos: it is where the file is
 * @write: it writes
 * @datasync: of fsync: the data is enough
 * @at: what it does next
 * @tries: steps that had to wait for a page, one after the other
 * @out: of copy: the file that is written to; a reference
 * @out_pos: where in @out
 * @copy_len: of copy and verify: how much
 * @out_current: @out_pos is where @out is
 * @through: of copy: goes through @mem
 * @store: of verify: the digest is stored, not compared
 * @hash: of verify: its digest so far
 * @mem: of copy and verify: memory
 * @mem_bytes: how much
 * @res: what the step came to
 * @step: the step that blocks
 * @punt: for @step
 * @event: for WEFT_IO_QUEUED and WEFT_IO_PAGE
 * @iocb: of the step
 * @page: for WEFT_IO_PAGE
 * @fd: for WEFT_IO_FD
 */
struct weft_io {
	struct weft_ident ident;
	struct weft_space *space;
	struct file *file;
	struct weft_buf *buf;
	u64 start;
	size_t len;
	u64 done;
	loff_t pos;
	bool current_pos;
	bool write;
	bool datasync;
	u8 at;
	u8 tries;
	struct file *out;
	loff_t out_pos;
	u64 copy_len;
	bool out_current;
	bool through;
	bool store;
	struct shash_desc *hash;
	void *mem;
	size_t mem_bytes;
	ssize_t res;
	ssize_t (*step)(struct weft_io *io);
	struct weft_punt punt;
	struct weft_event event;
	struct kiocb iocb;
	struct wait_page_queue page;
	struct weft_fd_wait fd;
};

int weft_io_create(struct weft_io **io, const struct weft_op_env *env, s32 fd);
void weft_io_destroy(struct weft_io *io);
int weft_io_set_buffer(struct weft_io *io, u32 index, u64 start, u64 len);
int weft_io_set_memory(struct weft_io *io);
ssize_t weft_io_read_memory(struct weft_io *io, size_t len, loff_t pos);
ssize_t weft_io_write_memory(struct weft_io *io, size_t len, loff_t pos);
enum weft_poll weft_io_block(struct weft_io *io, struct weft_cx *cx,
			     ssize_t (*step)(struct weft_io *io));
enum weft_poll weft_io_stop(struct weft_io *io, struct weft_cx *cx);
void weft_io_drop(struct weft_op_task *t);
struct file *weft_file_get(const struct weft_op_env *env, s32 fd);

/* The end of a prep(). */
static inline void weft_io_attach(struct weft_op_task *t, struct weft_io *io)
{
	t->io.io = io;
	t->io.table = current->files;
}

static inline struct weft_io *weft_task_io(struct weft_task *task)
{
	return weft_op_task(task)->io.io;
}

#endif /* WEFT_OPS_IO_H */
