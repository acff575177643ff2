// SPDX-License-Identifier: GPL-2.0-only
/* Opens what a plan wants for its jobs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cmd.h"
#include "plan_read.h"
#include "verify.h"
#include "weft.h"

static int open_fd(struct plan_fd *fd)
{
	int ends[2];

	switch (fd->kind) {
	case PLAN_FILE:
		/* Not to wait for who reads a pipe; but the jobs are to wait. */
		fd->fd = open(fd->path, fd->flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
		if (fd->fd < 0 || fcntl(fd->fd, F_SETFL, fd->flags & O_APPEND) < 0)
			return -errno;
		return 0;
	case PLAN_EVENTFD:
		fd->fd = eventfd(fd->start, EFD_CLOEXEC);
		return fd->fd < 0 ? -errno : 0;
	default:
		if (pipe2(ends, O_CLOEXEC))
			return -errno;
		fd->fd = ends[0];
		fd->write_fd = ends[1];
		return 0;
	}
}

static void fill(struct plan_buffer *b)
{
	unsigned char *to = b->memory;
	const char *hex = b->hex;
	unsigned int byte;

	if (b->text)
		memcpy(to, b->text, strlen(b->text));
	for (; hex && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		*to++ = byte;
}

static int open_buffer(struct plan_buffer *b, int client)
{
	int ret = weft_client_buffer(client, b->bytes, &b->buffer);

	if (!ret)
		ret = weft_client_buffer_map(client, &b->buffer, &b->memory);
	if (!ret)
		fill(b);
	return ret;
}

/**
 * plan_open() - open what the jobs want, and tell them its numbers
 * @plan: the plan
 * @client: whose jobs they are to be
 *
 * Return: 0, or the exit code; it has complained.
 */
int plan_open(struct plan *plan, int client)
{
	unsigned int i;
	int ret, number;

	for (i = 0; i < plan->nr_fds; i++) {
		struct plan_fd *fd = &plan->fds[i];

		ret = open_fd(fd);
		if (ret) {
			plan_wrong(plan, fd->value, "%s: %s; %s",
				   fd->path ? fd->path : fd->name, strerror(-ret),
				   file_advice(-ret));
			return EXIT_USAGE;
		}
	}
	for (i = 0; i < plan->nr_buffers; i++) {
		struct plan_buffer *b = &plan->buffers[i];

		ret = open_buffer(b, client);
		if (ret) {
			plan_wrong(plan, b->value, "the buffer '%s' is not to be had: %s; take less, or see max_buffer_mib of the module",
				   b->value->key, strerror(-ret));
			return EXIT_REFUSED;
		}
	}
	for (i = 0; i < plan->nr_refs; i++) {
		const struct plan_ref *ref = &plan->refs[i];
		const struct plan_fd *fd = &plan->fds[ref->index];

		number = ref->buffer ? (int)plan->buffers[ref->index].buffer.index :
			 ref->write_end ? fd->write_fd : fd->fd;
		memcpy((char *)&plan->nodes[ref->node].job + ref->at, &number,
		       sizeof(number));
	}
	return 0;
}

/* What the jobs hold they hold by themselves. */
void plan_close(struct plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->nr_fds; i++) {
		if (plan->fds[i].fd >= 0)
			close(plan->fds[i].fd);
		if (plan->fds[i].write_fd >= 0)
			close(plan->fds[i].write_fd);
	}
	for (i = 0; i < plan->nr_buffers; i++)
		weft_client_buffer_unmap(&plan->buffers[i].buffer, plan->buffers[i].memory);
}

/* The digest that a node stores, as text. Return: false if it stores none. */
bool plan_digest(const struct plan *plan, unsigned int node, char *text)
{
	const struct weft_job *job = &plan->nodes[node].job;
	unsigned int i, bytes = weft_algorithm_bytes(job->verify.algorithm);
	struct file_item item = { .algorithm = job->verify.algorithm };

	if (job->op != WEFT_OP_VERIFY || job->verify.flags != WEFT_VERIFY_STORE)
		return false;
	for (i = 0; i < plan->nr_buffers; i++) {
		const struct plan_buffer *b = &plan->buffers[i];

		if (b->buffer.index != job->verify.buffer ||
		    job->verify.start + bytes > b->buffer.bytes)
			continue;
		memcpy(item.digest, (char *)b->memory + job->verify.start, bytes);
		digest_text(&item, text);
		return true;
	}
	return false;
}
