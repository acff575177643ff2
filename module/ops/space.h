/* SPDX-License-Identifier: GPL-2.0-only */
/* What ops see of the client whose jobs they run. */
#ifndef WEFT_OPS_SPACE_H
#define WEFT_OPS_SPACE_H

#include <linux/atomic.h>
#include <linux/fs.h>

#include "buffer.h"

/**
 * struct weft_space - What ops see of a client
 * @buffers: its buffers
 * @refused: files with these operations are weft's own: a job that held one would
 *	keep its own client, or another, from being closed; constant
 * @notify: tells the job @id of the client @value. Return: 0, -ENOENT, -EINVAL (it
 *	does not await anything), -EALREADY. Context: process
 * @bytes: memory that its jobs hold beyond their slots
 */
struct weft_space {
	struct weft_buffers buffers;
	const struct file_operations *refused;
	int (*notify)(struct weft_space *space, u64 id, u64 value);
	atomic_long_t bytes;
};

#endif /* WEFT_OPS_SPACE_H */
