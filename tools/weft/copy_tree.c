// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds what "weft copy" is to copy. Directories and symbolic links are made on the
 * way: no job does that.
 */
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "util.h"

#define PERMISSIONS	0777

/* What must be there for something to be put into a directory. */
#define USABLE		0700

static void failed(struct copy_plan *plan, const char *path, int error)
{
	plan->files->failed++;
	complain_file(path, error);
}

static bool add_file(struct copy_plan *plan, const char *from, const char *to,
		     const struct stat *st)
{
	struct file_item *item = files_add(plan->files, from, to, st->st_size);

	if (!item)
		return false;
	item->mode = st->st_mode & PERMISSIONS;
	return true;
}

static bool remember_dir(struct copy_plan *plan, const char *path, mode_t mode)
{
	if (plan->nr_dirs == plan->room) {
		size_t room = plan->room ? 2 * plan->room : 64;
		struct copy_dir *more = realloc(plan->dirs, room * sizeof(*more));

		if (!more)
			return false;
		plan->dirs = more;
		plan->room = room;
	}
	plan->dirs[plan->nr_dirs] = (struct copy_dir){
		.path = strdup(path),
		.mode = mode,
	};
	return plan->dirs[plan->nr_dirs++].path;
}

/* Return: false if nothing can be put there. */
static bool make_dir(struct copy_plan *plan, const char *to, mode_t mode)
{
	struct stat st;

	mode = mode & PERMISSIONS & ~plan->mask;
	if (!mkdir(to, mode | USABLE)) {
		if ((mode & USABLE) != USABLE && !remember_dir(plan, to, mode))
			plan->memory = true;
		return true;
	}
	if (errno == EEXIST && !stat(to, &st) && S_ISDIR(st.st_mode))
		return true;
	failed(plan, to, errno);
	return false;
}

/* As it is: what it points to may be elsewhere then. */
static void make_link(struct copy_plan *plan, const char *from, const char *to)
{
	char target[PATH_MAX];
	ssize_t len = readlink(from, target, sizeof(target) - 1);

	if (len < 0) {
		failed(plan, from, errno);
		return;
	}
	target[len] = '\0';
	if (!symlink(target, to))
		return;
	/* In place of another one, as cp does it. */
	if (errno != EEXIST || unlink(to) || symlink(target, to))
		failed(plan, to, errno);
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* One of what is in a tree. Return: false if there is no memory. */
static bool visit(struct copy_plan *plan, FTS *tree, FTSENT *e, const char *to,
		  const struct stat *top)
{
	switch (e->fts_info) {
	case FTS_D:
		if (e->fts_level && top->st_ino && same(e->fts_statp, top)) {
			plan->files->failed++;
			complain("%s: it would be copied into itself; copy it to another place",
				 e->fts_path);
			fts_set(tree, e, FTS_SKIP);
		} else if (!make_dir(plan, to, e->fts_statp->st_mode)) {
			fts_set(tree, e, FTS_SKIP);
		}
		return !plan->memory;
	case FTS_F:
		return add_file(plan, e->fts_path, to, e->fts_statp);
	case FTS_SL:
	case FTS_SLNONE:
		make_link(plan, e->fts_path, to);
		return true;
	case FTS_DEFAULT:
		plan->files->failed++;
		complain("%s: neither a file nor a directory nor a link; left out: use cp -r for it",
			 e->fts_path);
		return true;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		failed(plan, e->fts_path, e->fts_errno);
		return true;
	default:
		return true;
	}
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Return: false if there is no memory. */
static bool find_tree(struct copy_plan *plan, const char *from, const char *to)
{
	char *const paths[] = { (char *)from, NULL };
	FTS *tree = fts_open(paths, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	size_t len = strlen(from);
	struct stat top = {};
	bool ok = tree;
	FTSENT *e;
	char *path;

	while (ok && !interrupted() && (e = fts_read(tree))) {
		const char *rest = e->fts_level ? e->fts_path + len : "";

		while (*rest == '/')
			rest++;
		if (asprintf(&path, "%s%s%s", to, *rest ? "/" : "", rest) < 0)
			break;
		ok = visit(plan, tree, e, path, &top);
		free(path);
		/* It may be in what is copied. */
		if (!e->fts_level && e->fts_info == FTS_D && stat(to, &top))
			top.st_ino = 0;
	}
	if (tree)
		fts_close(tree);
	return ok;
}

/**
 * copy_find() - find what there is to copy
 * @plan: grows by it
 * @from: a file, or a directory
 * @to: what the copy is called
 *
 * What is wrong is told, and counted as failed.
 *
 * Return: false if there is no memory.
 */
bool copy_find(struct copy_plan *plan, const char *from, const char *to)
{
	struct stat st;

	if (stat(from, &st)) {
		failed(plan, from, errno);
	} else if (S_ISDIR(st.st_mode)) {
		if (plan->files->recursive)
			return find_tree(plan, from, to);
		failed(plan, from, EISDIR);
	} else {
		return add_file(plan, from, to, &st);
	}
	return true;
}

/* Directories get the permissions that they are to have, the innermost first. */
void copy_end_dirs(struct copy_plan *plan)
{
	while (plan->nr_dirs--) {
		struct copy_dir *dir = &plan->dirs[plan->nr_dirs];

		if (chmod(dir->path, dir->mode))
			failed(plan, dir->path, errno);
		free(dir->path);
	}
	free(plan->dirs);
}
