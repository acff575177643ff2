// SPDX-License-Identifier: GPL-2.0-only
/*
 * verify: the digest of a range of a file, compared or stored. It is work that
 * nobody waits for in a hurry: each step is done with the lowest priority, in the
 * blocking pool or the job's own thread, and holds up no worker.
 */
#include <crypto/hash.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "io.h"

/* How much is read in a step, between two chances to cancel. */
#define WEFT_VERIFY_STEP	WEFT_IO_MEM

#define WEFT_MAX_DIGEST		32

static const char *const weft_algorithms[] = {
	[WEFT_VERIFY_CRC32C] = "crc32c",
	[WEFT_VERIFY_XXH64] = "xxhash64",
	[WEFT_VERIFY_SHA256] = "sha256",
};

static bool weft_verify_valid(const struct weft_job *job)
{
	u32 flags = job->verify.flags;

	if (job->verify.algorithm >= ARRAY_SIZE(weft_algorithms) ||
	    job->verify.offset > S64_MAX)
		return false;
	switch (flags) {
	case 0:
		return !job->verify.buffer && !job->verify.start;
	case WEFT_VERIFY_COMPARE:
	case WEFT_VERIFY_STORE:
		return true;
	default:
		return false;
	}
}

static int weft_verify_set_hash(struct weft_io *io, u32 algorithm)
{
	struct crypto_shash *tfm;
	int ret;

	algorithm = array_index_nospec(algorithm, ARRAY_SIZE(weft_algorithms));
	tfm = crypto_alloc_shash(weft_algorithms[algorithm], 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm) == -ENOENT ? -EOPNOTSUPP : PTR_ERR(tfm);
	ret = -EOPNOTSUPP;
	if (crypto_shash_digestsize(tfm) > WEFT_MAX_DIGEST)
		goto err_free;
	ret = -ENOMEM;
	io->hash = kmalloc(sizeof(*io->hash) + crypto_shash_descsize(tfm),
			   GFP_KERNEL_ACCOUNT);
	if (!io->hash)
		goto err_free;
	io->hash->tfm = tfm;
	ret = crypto_shash_init(io->hash);
	if (!ret)
		return 0;
	kfree(io->hash);
	io->hash = NULL;
err_free:
	crypto_free_shash(tfm);
	return ret;
}

static void weft_verify_destroy(struct weft_io *io)
{
	if (io->hash) {
		crypto_free_shash(io->hash->tfm);
		kfree(io->hash);
	}
	weft_io_destroy(io);
}

static int weft_verify_prep(struct weft_op_task *t, const struct weft_job *job,
			    const struct weft_op_env *env)
{
	struct weft_io *io;
	int ret;

	if (!weft_verify_valid(job))
		return -EINVAL;
	ret = weft_io_create(&io, env, job->verify.fd);
	if (ret)
		return ret;
	ret = weft_verify_set_hash(io, job->verify.algorithm);
	if (!ret && job->verify.flags)
		ret = weft_io_set_buffer(io, job->verify.buffer, job->verify.start,
					 crypto_shash_digestsize(io->hash->tfm));
	if (!ret)
		ret = weft_io_set_memory(io);
	if (ret) {
		weft_verify_destroy(io);
		return ret;
	}
	io->store = job->verify.flags == WEFT_VERIFY_STORE;
	io->pos = job->verify.offset;
	io->copy_len = min_t(u64, job->verify.len, S64_MAX - io->pos);
	weft_io_attach(t, io);
	t->io.done = 0;
	t->io.total = io->copy_len;
	return 0;
}

static int weft_verify_check(const struct weft_io *io)
{
	umode_t mode = file_inode(io->file)->i_mode;

	if (S_ISDIR(mode))
		return -EISDIR;
	if (!S_ISREG(mode) && !S_ISBLK(mode))
		return -EINVAL;
	if (!(io->file->f_mode & FMODE_READ))
		return -EBADF;
	if (!io->file->f_op->read_iter || io->file->f_op->read)
		return -EOPNOTSUPP;
	/* Once more, as it may be the result of another job. */
	if (io->buf && !weft_buf_has(io->buf, io->start,
				     crypto_shash_digestsize(io->hash->tfm)))
		return -EFAULT;
	return 0;
}

static ssize_t weft_verify_step(struct weft_io *io)
{
	size_t len = min_t(u64, io->copy_len - io->done, WEFT_VERIFY_STEP);
	struct weft_ident_saved saved;
	int nice = task_nice(current);
	ssize_t ret;

	set_user_nice(current, MAX_NICE);
	weft_ident_begin(&io->ident, &saved);
	ret = weft_io_read_memory(io, len, io->pos + io->done);
	weft_ident_end(&io->ident, &saved);
	if (ret > 0)
		ret = crypto_shash_update(io->hash, io->mem, ret) ?: ret;
	set_user_nice(current, nice);
	return ret;
}

static s64 weft_verify_result(struct weft_io *io)
{
	unsigned int size = crypto_shash_digestsize(io->hash->tfm);
	u8 digest[WEFT_MAX_DIGEST], expected[WEFT_MAX_DIGEST];
	struct iov_iter iter;
	int ret;

	ret = crypto_shash_final(io->hash, digest);
	if (ret || !io->buf)
		return ret ?: io->done;
	weft_buf_iter(io->buf, io->store ? ITER_DEST : ITER_SOURCE, io->start,
		      size, &iter);
	if (io->store) {
		if (copy_to_iter(digest, size, &iter) != size)
			return -EFAULT;
		return io->done;
	}
	if (copy_from_iter(expected, size, &iter) != size)
		return -EFAULT;
	return memcmp(digest, expected, size) ? -EBADMSG : io->done;
}

/* What a step came to. Return: true if there is more to do. */
static bool weft_verify_count(struct weft_op_task *t, struct weft_io *io)
{
	if (io->res <= 0)
		return false;
	io->done += io->res;
	/* Read by who asks for the progress. */
	WRITE_ONCE(t->io.done, io->done);
	return io->done < io->copy_len;
}

static enum weft_poll weft_verify_end(struct weft_task *task, struct weft_io *io)
{
	/* A digest of less than what was asked for is none. */
	task->result = io->res < 0 ? io->res : weft_verify_result(io);
	return WEFT_READY;
}

static enum weft_poll weft_verify_poll(struct weft_task *task,
				       struct weft_cx *cx)
{
	struct weft_op_task *t = weft_op_task(task);
	struct weft_io *io = t->io.io;

	if (io->at == WEFT_IO_PUNT) {
		if (weft_punt_poll(&io->punt, cx) == WEFT_PENDING)
			return WEFT_PENDING;
		io->at = WEFT_IO_TRY;
		if (!weft_verify_count(t, io))
			return weft_verify_end(task, io);
	} else if (!task->polls) {
		loff_t size = i_size_read(file_inode(io->file));

		io->copy_len = min_t(u64, io->copy_len, S64_MAX - io->pos);
		io->res = weft_verify_check(io);
		if (io->res || !io->copy_len)
			return weft_verify_end(task, io);
		if (S_ISREG(file_inode(io->file)->i_mode) && size > io->pos)
			/* Likewise. */
			WRITE_ONCE(t->io.total, min_t(u64, io->copy_len,
						      size - io->pos));
	}
	if (weft_io_block(io, cx, weft_verify_step) == WEFT_PENDING)
		return WEFT_PENDING;
	if (!weft_verify_count(t, io))
		return weft_verify_end(task, io);
	return weft_yield(cx);
}

static enum weft_poll weft_verify_cancel(struct weft_task *task,
					 struct weft_cx *cx)
{
	return weft_io_stop(weft_task_io(task), cx);
}

static void weft_verify_drop(struct weft_op_task *t)
{
	weft_verify_destroy(t->io.io);
}

static int weft_verify_bind(struct weft_op_task *t, unsigned int at, u64 value)
{
	struct weft_io *io = t->io.io;

	if (value > S64_MAX)
		return -EINVAL;
	switch (at) {
	case WEFT_ARG_AT(verify.offset):
		io->pos = value;
		return 0;
	case WEFT_ARG_AT(verify.start):
		/* As without a flag it must be 0. */
		if (!io->buf && value)
			return -EINVAL;
		io->start = value;
		return 0;
	default:
		io->copy_len = value;
		/* Read by who asks for the progress. */
		WRITE_ONCE(t->io.total, value);
		return 0;
	}
}

static const struct weft_op_arg weft_verify_args[] = {
	{ WEFT_ARG_AT(verify.offset), WEFT_TYPE_BYTES },
	{ WEFT_ARG_AT(verify.len), WEFT_TYPE_BYTES },
	{ WEFT_ARG_AT(verify.start), WEFT_TYPE_BYTES },
	{}
};

const struct weft_op weft_op_verify = {
	.name = "verify",
	.prep = weft_verify_prep,
	.poll = weft_verify_poll,
	.cancel = weft_verify_cancel,
	.drop = weft_verify_drop,
	.files = true,
	.progress = true,
	.bind = weft_verify_bind,
	.args = weft_verify_args,
	.result = WEFT_TYPE_BYTES,
};
