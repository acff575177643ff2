/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WEFT_COPY_H
#define WEFT_COPY_H

#include <sys/types.h>

#include "files.h"

/* A directory that is to get its permissions back. */
struct copy_dir {
	char *path;
	mode_t mode;
};

/**
 * struct copy_plan - What there is to copy
 * @files: the files
 * @mask: of the process: permissions that nothing new gets
 * @dirs: directories that were made, each after the one that it is in
 * @nr_dirs: how many
 * @room: how many there is room for
 * @memory: there was none for something
 */
struct copy_plan {
	struct files *files;
	mode_t mask;
	struct copy_dir *dirs;
	size_t nr_dirs;
	size_t room;
	bool memory;
};

bool copy_find(struct copy_plan *plan, const char *from, const char *to);
void copy_end_dirs(struct copy_plan *plan);

#endif /* WEFT_COPY_H */
