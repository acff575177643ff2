// SPDX-License-Identifier: GPL-2.0-only
/* "weft verify": digests of files, many at once. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "term.h"
#include "util.h"
#include "verify.h"

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "What it does:", 1 },
	{ "algorithm", 'a', "ALGORITHM", 0, "crc32c, xxh64 or sha256 (the default)", 0 },
	{ "check", 'c', "FILE", 0,
	  "read a list of digests and say which files differ; - is stdin", 0 },
	{}
};

static const char doc[] =
	"Print the digests of files, or check them, by jobs in the kernel.\n"
	"\n"
	"  weft verify -r /srv >list            digests, as sha256sum prints them\n"
	"  weft verify --check list             which files differ?\n"
	"  weft verify --algorithm xxh64 image.iso\n"
	"\n"
	"PATH is a regular file or a block device, or with -r a directory. Lists may be "
	"those of sha256sum or xxhsum; without --algorithm the length of a digest says "
	"what it is."
	"\v"
	"A file that differs or cannot be read is told, and the others go on; the exit "
	"status is 1 then. The jobs have the lowest priority: they give way to all else. "
	"Ctrl-C cancels them.";

/**
 * struct verify - What "weft verify" was asked for
 * @files: the files
 * @list: what to check, or NULL
 * @algorithm: -1 if none was given
 * @paths: what to print digests of
 * @count: how many
 * @printed: of the files: in their order, so many have been told
 */
struct verify {
	struct files files;
	const char *list;
	int algorithm;
	char **paths;
	unsigned int count;
	size_t printed;
};

static int need_algorithm(struct argp_state *state, const char *arg)
{
	const char *names[WEFT_LIB_ALGORITHMS], *near;
	int algorithm = weft_algorithm_number(arg);
	unsigned int i;

	if (algorithm >= 0)
		return algorithm;
	for (i = 0; i < WEFT_LIB_ALGORITHMS; i++)
		names[i] = weft_algorithm_name(i);
	near = did_you_mean(arg, names, WEFT_LIB_ALGORITHMS);
	if (near)
		argp_error(state, "there is no algorithm '%s': did you mean '%s'?", arg,
			   near);
	argp_error(state, "there is no algorithm '%s': use crc32c, xxh64 or sha256", arg);
	return -1;
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct verify *v = state->input;

	switch (key) {
	case 'a':
		v->algorithm = need_algorithm(state, arg);
		break;
	case 'c':
		if (v->list)
			argp_error(state, "one list at a time: '%s' is one too many", arg);
		v->list = arg;
		break;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &v->files;
		break;
	case ARGP_KEY_ARGS:
		v->paths = state->argv + state->next;
		v->count = state->argc - state->next;
		break;
	case ARGP_KEY_END:
		if (v->list && v->count)
			argp_error(state, "the list says which files: leave out '%s'",
				   v->paths[0]);
		if (!v->list && !v->count)
			argp_error(state, "which files? weft verify FILE..., or weft verify --check LIST");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static bool verify_fails(struct file_item *item, int error)
{
	item->error = error;
	return false;
}

static bool verify_begin(struct files *f, struct file_item *item, unsigned int slot,
			 struct weft_job *job)
{
	const struct verify *v = f->arg;
	unsigned int start = slot * WEFT_LIB_MAX_DIGEST;
	struct stat st;

	item->in = open(item->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (item->in < 0 || fstat(item->in, &st))
		return verify_fails(item, errno);
	if (S_ISDIR(st.st_mode))
		return verify_fails(item, EISDIR);
	weft_job_verify(job, item->in, item->algorithm, 0, UINT64_MAX);
	if (v->list) {
		memcpy(f->memory + start, item->digest, sizeof(item->digest));
		weft_job_verify_compare(job, f->buffer.index, start);
	} else {
		weft_job_verify_store(job, f->buffer.index, start);
	}
	return true;
}

static bool verify_next(struct files *f, struct file_item *item, unsigned int slot,
			int64_t result, struct weft_job *job)
{
	(void)job;
	item->done = result;
	memcpy(item->digest, f->memory + slot * WEFT_LIB_MAX_DIGEST,
	       weft_algorithm_bytes(item->algorithm));
	return false;
}

static void print_one(const struct verify *v, const struct file_item *item)
{
	bool ok = item->state == FILE_OK;

	if (!v->list && ok) {
		list_print_line(item);
	} else if (v->list && item->state != FILE_CANCELLED &&
		   !(ok && v->files.quiet)) {
		list_print_verdict(item);
	}
}

/* In the order in which they were named, as soon as that can be. */
static void verify_end(struct files *f, struct file_item *item)
{
	struct verify *v = f->arg;

	if (item->in >= 0)
		close(item->in);
	item->in = -1;
	if (f->json)
		return;
	if (v->printed < f->count && item == &f->items[v->printed])
		term_progress_end();
	while (v->printed < f->count && f->items[v->printed].state > FILE_RUNS)
		print_one(v, &f->items[v->printed++]);
}

static const struct files_ops verify_ops = {
	.name = "verify",
	.fds = 1,
	.begin = verify_begin,
	.next = verify_next,
	.end = verify_end,
};

static void verify_json(const struct file_item *item, struct json_object *o)
{
	char text[2 * WEFT_LIB_MAX_DIGEST + 1];

	json_object_object_add(o, "algorithm",
			       json_object_new_string(weft_algorithm_name(item->algorithm)));
	if (item->line)
		json_object_object_add(o, "differs",
				       json_object_new_boolean(item->error == EBADMSG));
	if (!item->line && item->state != FILE_OK)
		return;
	digest_text(item, text);
	json_object_object_add(o, item->line ? "expected" : "digest",
			       json_object_new_string(text));
}

static bool add_path(struct verify *v, const char *path, uint64_t bytes)
{
	struct file_item *item = files_add(&v->files, path, NULL, bytes);

	if (item)
		item->algorithm = v->algorithm < 0 ? WEFT_VERIFY_SHA256 : v->algorithm;
	return item;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* All regular files in it. Return: false if there is no memory. */
static bool add_tree(struct verify *v, char *path)
{
	char *const paths[] = { path, NULL };
	FTS *tree = fts_open(paths, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	bool ok = tree;
	FTSENT *e;

	while (ok && !interrupted() && (e = fts_read(tree))) {
		switch (e->fts_info) {
		case FTS_F:
			ok = add_path(v, e->fts_path, e->fts_statp->st_size);
			break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			v->files.failed++;
			complain_file(e->fts_path, e->fts_errno);
			break;
		}
	}
	if (tree)
		fts_close(tree);
	return ok;
}

static bool add_paths(struct verify *v)
{
	struct stat st;
	unsigned int i;
	bool ok = true;

	for (i = 0; ok && i < v->count; i++) {
		bool there = !stat(v->paths[i], &st);

		if (there && S_ISDIR(st.st_mode) && v->files.recursive)
			ok = add_tree(v, v->paths[i]);
		else
			ok = add_path(v, v->paths[i], there ? st.st_size : 0);
	}
	return ok;
}

/* What sha256sum says as well, for those who do not look at each line. */
static void complain_sum(const struct verify *v, unsigned int wrong)
{
	unsigned int differ = 0, unread = 0;
	const struct files *f = &v->files;
	size_t i;

	for (i = 0; i < f->count; i++) {
		if (f->items[i].state != FILE_FAILED)
			continue;
		if (f->items[i].error == EBADMSG)
			differ++;
		else
			unread++;
	}
	if (wrong)
		complain("%u line%s of the list could not be read", wrong,
			 wrong == 1 ? "" : "s");
	if (unread)
		complain("%u file%s could not be read", unread, unread == 1 ? "" : "s");
	if (differ)
		complain("%u file%s; copy what differs again, from where it is right",
			 differ, differ == 1 ? " differs" : "s differ");
}

static int verify_all(struct verify *v)
{
	struct files *f = &v->files;
	unsigned int wrong = 0;
	int ret = 0;

	interrupt_catch();
	f->arg = v;
	if (v->list)
		ret = list_read(f, v->list, v->algorithm, &wrong);
	else if (!add_paths(v))
		ret = complain_memory();
	if (!ret) {
		ret = files_run(f);
		if (f->json && ret != EXIT_NO_MODULE)
			files_print_json(f, verify_json);
		if (v->list)
			complain_sum(v, wrong);
	}
	f->failed += wrong;
	files_free(f);
	return ret ? ret : files_exit_code(f);
}

int cmd_verify(int argc, char **argv)
{
	const struct argp_child children[] = {
		{ &files_argp, 0, NULL, 0 },
		cmd_common[0],
		{}
	};
	const struct argp argp = {
		.options = options,
		.parser = parse_opt,
		.args_doc = "[PATH...]",
		.doc = doc,
		.children = children,
	};
	struct verify v = {
		.files = { .ops = &verify_ops, .at_once = FILES_AT_ONCE },
		.algorithm = -1,
	};

	if (argp_parse(&argp, argc, argv, 0, NULL, &v))
		return EXIT_USAGE;
	if (v.files.quiet)
		term_quiet();
	return verify_all(&v);
}
