// SPDX-License-Identifier: GPL-2.0-only
/* "weft copy": copies files, many at once. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "copy.h"
#include "term.h"
#include "util.h"

static const char doc[] =
	"Copy files, and trees of them, by jobs in the kernel.\n"
	"\n"
	"  weft copy image.iso /srv/image.iso\n"
	"  weft copy a b c /srv\n"
	"  weft copy -r photos /srv\n"
	"\n"
	"If DST is a directory the copies go into it, under their own names; of several SRC "
	"it must be one. In trees, symbolic links are made again; what is neither a file "
	"nor a directory nor a link is left out, and told. What is there already is written "
	"over. Permissions are kept as umask allows; owners and times are not kept."
	"\v"
	"A file that cannot be copied is told, and the others go on; the exit status is 1 "
	"then. Ctrl-C cancels what is under way; copies that were begun and were not there "
	"before are removed.";

struct copy_options {
	struct files files;
	char **paths;
	unsigned int count;
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct copy_options *o = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->files;
		break;
	case ARGP_KEY_ARGS:
		o->paths = state->argv + state->next;
		o->count = state->argc - state->next;
		break;
	case ARGP_KEY_END:
		if (o->count < 2)
			argp_error(state, o->count ? "where to? weft copy SRC DST" :
						     "what? weft copy SRC DST");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static bool copy_fails(struct file_item *item, const char *blame, int error)
{
	item->error = error;
	item->blame = blame;
	return false;
}

/* Not yet emptied, as it may be what is to be copied. */
static int open_copy(struct file_item *item)
{
	const int flags = O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = open(item->to, flags | O_CREAT | O_EXCL, item->mode);

	item->created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(item->to, flags);
	return fd;
}

static bool copy_begin(struct files *f, struct file_item *item, unsigned int slot,
		       struct weft_job *job)
{
	struct stat in, out;

	(void)f;
	(void)slot;
	item->in = open(item->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (item->in < 0 || fstat(item->in, &in))
		return copy_fails(item, item->path, errno);
	if (!S_ISREG(in.st_mode))
		return copy_fails(item, item->path, EINVAL);
	item->out = open_copy(item);
	if (item->out < 0 || fstat(item->out, &out))
		return copy_fails(item, item->to, errno);
	if (in.st_dev == out.st_dev && in.st_ino == out.st_ino)
		return copy_fails(item, item->to, EEXIST);
	if (S_ISREG(out.st_mode) && !item->created && ftruncate(item->out, 0))
		return copy_fails(item, item->to, errno);
	weft_job_copy(job, item->in, 0, item->out, 0, UINT64_MAX);
	return true;
}

/* An error after the first byte is told to the next job, as by write(2). */
static bool copy_next(struct files *f, struct file_item *item, unsigned int slot,
		      int64_t result, struct weft_job *job)
{
	(void)f;
	(void)slot;
	item->done += result;
	if (!result || item->done == item->bytes)
		return false;
	weft_job_copy(job, item->in, item->done, item->out, item->done, UINT64_MAX);
	return true;
}

static void copy_end(struct files *f, struct file_item *item)
{
	(void)f;
	if (item->in >= 0)
		close(item->in);
	/* What a file system has to say of it, at the last moment. */
	if (item->out >= 0 && close(item->out) && item->state == FILE_OK) {
		item->error = errno;
		item->state = FILE_FAILED;
		complain_file(item->to, errno);
	}
	if (item->created && item->state != FILE_OK)
		unlink(item->to);
	item->in = -1;
	item->out = -1;
}

static const struct files_ops copy_ops = {
	.name = "copy",
	.fds = 2,
	.begin = copy_begin,
	.next = copy_next,
	.end = copy_end,
};

static void copy_json(const struct file_item *item, struct json_object *o)
{
	json_object_object_add(o, "to", json_object_new_string(item->to));
}

/* Its own name, without those of the directories; "" if it has none. */
static char *own_name(const char *path)
{
	size_t len = strlen(path), at;

	while (len && path[len - 1] == '/')
		len--;
	for (at = len; at && path[at - 1] != '/'; at--)
		;
	path += at;
	len -= at;
	if ((len == 1 && !strncmp(path, ".", 1)) || (len == 2 && !strncmp(path, "..", 2)))
		len = 0;
	return strndup(path, len);
}

static bool find_into(struct copy_plan *plan, const char *from, const char *dir)
{
	char *name = own_name(from), *to = NULL;
	bool ok = name && asprintf(&to, "%s%s%s", dir, *name ? "/" : "", name) >= 0;

	if (ok)
		ok = copy_find(plan, from, to);
	free(to);
	free(name);
	return ok;
}

/* Return: false if there is no memory. */
static bool find_all(struct copy_plan *plan, char **paths, unsigned int count,
		     bool into)
{
	const char *dst = paths[count - 1];
	unsigned int i;
	bool ok = true;

	for (i = 0; ok && i < count - 1; i++)
		ok = into ? find_into(plan, paths[i], dst) :
			    copy_find(plan, paths[i], dst);
	return ok;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int copy_all(struct copy_options *o)
{
	struct files *f = &o->files;
	struct copy_plan plan = { .files = f, .mask = umask(0) };
	bool into = is_dir(o->paths[o->count - 1]);
	int ret;

	umask(plan.mask);
	if (o->count > 2 && !into) {
		complain("%s: no directory: make it first (mkdir), or copy one file to it",
			 o->paths[o->count - 1]);
		return EXIT_USAGE;
	}
	interrupt_catch();
	ret = find_all(&plan, o->paths, o->count, into) ? files_run(f) :
							  complain_memory();
	copy_end_dirs(&plan);
	if (f->json && ret != EXIT_NO_MODULE)
		files_print_json(f, copy_json);
	else if (!f->quiet && !ret)
		files_print_sum(f, "copied");
	files_free(f);
	return ret ? ret : files_exit_code(f);
}

int cmd_copy(int argc, char **argv)
{
	const struct argp_child children[] = {
		{ &files_argp, 0, NULL, 0 },
		cmd_common[0],
		{}
	};
	const struct argp argp = {
		.parser = parse_opt,
		.args_doc = "SRC... DST",
		.doc = doc,
		.children = children,
	};
	struct copy_options o = {
		.files = { .ops = &copy_ops, .at_once = FILES_AT_ONCE },
	};

	if (argp_parse(&argp, argc, argv, 0, NULL, &o))
		return EXIT_USAGE;
	if (o.files.quiet)
		term_quiet();
	return copy_all(&o);
}
