/* SPDX-License-Identifier: GPL-2.0-only */
/* Many files through one client, some of them at once. */
#ifndef WEFT_FILES_H
#define WEFT_FILES_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "weft.h"

struct json_object;

/**
 * enum file_state - What became of a file
 * @FILE_WAITS: it has not begun
 * @FILE_RUNS: its job is under way
 * @FILE_OK: it has ended well
 * @FILE_FAILED: it has not
 * @FILE_CANCELLED: a Ctrl-C came before its end
 */
enum file_state {
	FILE_WAITS,
	FILE_RUNS,
	FILE_OK,
	FILE_FAILED,
	FILE_CANCELLED,
};

/**
 * struct file_item - A file
 * @path: its name
 * @to: of copy: the name of the copy; else NULL
 * @bytes: how large it was when it was found
 * @done: bytes that its jobs have done
 * @id: its job
 * @state: what became of it
 * @error: why it has failed, an errno; 0 if that is not why
 * @blame: the name of what is wrong, if one can tell; else NULL
 * @in: the file, or -1
 * @out: of copy: the copy, or -1
 * @created: of copy: it was not there before
 * @mode: of copy: the permissions of the copy
 * @algorithm: of verify
 * @line: of verify: where in the list it stands, or 0
 * @digest: of verify: what it is, or is to be
 */
struct file_item {
	char *path;
	char *to;
	uint64_t bytes;
	uint64_t done;
	uint64_t id;
	enum file_state state;
	int error;
	const char *blame;
	int in;
	int out;
	bool created;
	unsigned int mode;
	unsigned int algorithm;
	unsigned int line;
	unsigned char digest[WEFT_LIB_MAX_DIGEST];
};

struct files;

/**
 * struct files_ops - What is done with each file
 * @name: for people
 * @fds: descriptors that a file takes while it is under way
 * @begin: opens it and makes its job; there is a place of WEFT_LIB_MAX_DIGEST bytes
 *	for it in the buffer, number @slot. Returns false if it has failed; @error
 *	of the item says why, and @blame of what
 * @next: a job has ended well, with @result. Returns true if there is another job,
 *	in place of the one that has ended
 * @end: the item has ended, its state says how, or waits for better times; closes it
 */
struct files_ops {
	const char *name;
	unsigned int fds;
	bool (*begin)(struct files *f, struct file_item *item, unsigned int slot,
		      struct weft_job *job);
	bool (*next)(struct files *f, struct file_item *item, unsigned int slot,
		     int64_t result, struct weft_job *job);
	void (*end)(struct files *f, struct file_item *item);
};

/**
 * struct files - Files and what becomes of them
 * @ops: what is done with them
 * @arg: for @ops
 * @engine: WEFT_ENGINE_*
 * @at_once: in: files under way at once; it may become less
 * @recursive: directories, with all that is in them
 * @json: one document
 * @quiet: nothing but what went wrong
 * @items: the files
 * @count: how many
 * @room: how many there is room for
 * @bytes: how large they are, together
 * @fd: the client
 * @buffer: a place for each of those under way
 * @memory: where that is
 * @ok: how many have ended well
 * @failed: how many have not, and what else went wrong
 * @cancelled: how many were cancelled, or never begun
 * @done: bytes that were done
 * @began_ns: when the first one began
 * @ended_ns: when the last one ended
 */
struct files {
	const struct files_ops *ops;
	void *arg;
	unsigned int engine;
	unsigned int at_once;
	bool recursive;
	bool json;
	bool quiet;
	struct file_item *items;
	size_t count;
	size_t room;
	uint64_t bytes;
	int fd;
	struct weft_buffer buffer;
	unsigned char *memory;
	uint64_t ok;
	uint64_t failed;
	uint64_t cancelled;
	uint64_t done;
	uint64_t began_ns;
	uint64_t ended_ns;
};

/* So many at once unless it is said otherwise, and so many at most. */
#define FILES_AT_ONCE		64
#define FILES_MOST_AT_ONCE	4096

/* Options that commands with many files have in common; its input is the files. */
extern const struct argp files_argp;

struct file_item *files_add(struct files *f, const char *path, const char *to,
			    uint64_t bytes);
int files_run(struct files *f);
void files_free(struct files *f);
int files_exit_code(const struct files *f);

const char *file_advice(int error);
void complain_file(const char *path, int error);
void files_print_json(const struct files *f,
		      void (*each)(const struct file_item *item,
				   struct json_object *o));
void files_print_sum(const struct files *f, const char *what);

#endif /* WEFT_FILES_H */
