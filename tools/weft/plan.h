/* SPDX-License-Identifier: GPL-2.0-only */
/* A graph out of a file: names in place of numbers. */
#ifndef WEFT_PLAN_H
#define WEFT_PLAN_H

#include <linux/weft.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jread.h"

/* Two of each node, and as many that have a name. */
#define PLAN_MAX_FDS		256
#define PLAN_MAX_BUFFERS	64
#define PLAN_MAX_REFS		(3 * WEFT_MAX_NODES)

enum plan_fd_kind {
	PLAN_FILE,
	PLAN_EVENTFD,
	PLAN_PIPE,
};

/**
 * struct plan_fd - A descriptor that the graph wants, or two: the ends of a pipe
 * @kind: what it is
 * @name: what nodes call it; NULL if it stands in the one that wants it
 * @value: where it stands in the text
 * @path: of a file
 * @flags: of a file: those of open()
 * @start: of an eventfd: its first count
 * @fd: the descriptor, or -1; of a pipe, the end to read from
 * @write_fd: of a pipe: the other end, or -1
 */
struct plan_fd {
	enum plan_fd_kind kind;
	const char *name;
	const struct j_value *value;
	const char *path;
	int flags;
	uint64_t start;
	int fd;
	int write_fd;
};

/**
 * struct plan_buffer - A buffer that the graph wants
 * @value: where it stands in the text; its name is the key
 * @bytes: how large
 * @text: what is in it at first, or NULL
 * @hex: likewise, in hexadecimal
 * @buffer: the buffer, once there is one
 * @memory: where it is mapped, or NULL
 */
struct plan_buffer {
	const struct j_value *value;
	uint64_t bytes;
	const char *text;
	const char *hex;
	struct weft_buffer buffer;
	void *memory;
};

/**
 * struct plan_ref - A place in a job for the number of a descriptor or buffer
 * @node: whose job
 * @at: where in it
 * @index: which of the plan's descriptors or buffers
 * @buffer: it is a buffer
 * @write_end: it is the other end of a pipe
 */
struct plan_ref {
	unsigned int node;
	size_t at;
	unsigned int index;
	bool buffer;
	bool write_end;
};

/* What of a node stands in the file. */
#define PLAN_HAS_FD		(1U << 0)
#define PLAN_HAS_OUT		(1U << 1)
#define PLAN_HAS_BUFFER		(1U << 2)
#define PLAN_HAS_LEN		(1U << 3)
#define PLAN_HAS_ID		(1U << 4)

struct plan {
	const char *file;
	struct j_value *text;
	unsigned int engine;
	struct weft_graph graph;
	uint64_t deadline_ns;		/* from the start on */
	unsigned int count;
	struct weft_node nodes[WEFT_MAX_NODES];
	struct j_value *values[WEFT_MAX_NODES];
	uint64_t deadlines[WEFT_MAX_NODES];	/* likewise */
	bool until[WEFT_MAX_NODES];	/* sleep.ns is from the start on */
	unsigned int has[WEFT_MAX_NODES];	/* PLAN_HAS_* */
	struct plan_fd fds[PLAN_MAX_FDS];
	unsigned int nr_fds;
	struct plan_buffer buffers[PLAN_MAX_BUFFERS];
	unsigned int nr_buffers;
	struct plan_ref refs[PLAN_MAX_REFS];
	unsigned int nr_refs;
};

int plan_read(struct plan *plan, const char *file);
int plan_open(struct plan *plan, int client);
void plan_close(struct plan *plan);
void plan_free(struct plan *plan);
const char *plan_name(const struct plan *plan, unsigned int node);
bool plan_digest(const struct plan *plan, unsigned int node, char *text);
void plan_complain(const struct plan *plan, unsigned int line, unsigned int column,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void plan_print_dot(const struct plan *plan);

#endif /* WEFT_PLAN_H */
