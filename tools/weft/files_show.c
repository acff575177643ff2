// SPDX-License-Identifier: GPL-2.0-only
/* The options that commands with many files have in common, and what they tell. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "files.h"
#include "util.h"

enum {
	OPT_JSON = 0x200,
};

static const struct argp_option options[] = {
	{ "recursive", 'r', NULL, 0, "directories as well, with all that is in them", 1 },
	{ NULL, 0, NULL, 0, "How it runs:", 2 },
	{ "engine", 'e', "ENGINE", 0, "async (the default) or threads", 0 },
	{ "jobs", 'j', "N", 0,
	  "at most so many files at once (64); never more than ulimit -n has room for",
	  0 },
	{ NULL, 0, NULL, 0, "What is shown:", 3 },
	{ "json", OPT_JSON, NULL, 0, "one JSON document", 0 },
	{ "quiet", 'q', NULL, 0, "nothing but what is wrong", 0 },
	{}
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct files *f = state->input;
	uint64_t n = 0;

	switch (key) {
	case 'r':
		f->recursive = true;
		break;
	case 'e':
		f->engine = need_engine(state, arg);
		break;
	case 'j':
		if (parse_count(arg, 1, FILES_MOST_AT_ONCE, &n))
			argp_error(state, "--jobs wants a whole number from 1 to %u, not '%s'",
				   FILES_MOST_AT_ONCE, arg);
		f->at_once = n;
		break;
	case OPT_JSON:
		f->json = true;
		break;
	case 'q':
		f->quiet = true;
		break;
	case ARGP_KEY_END:
		if (f->json && f->quiet)
			argp_error(state, "--quiet and --json exclude each other");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp files_argp = {
	.options = options,
	.parser = parse_opt,
};

/* What to do about it. */
const char *file_advice(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "run as a user who may open it (ls -l shows who may)";
	case EBADF:
		return "it is a file of weft's own, which no job may have";
	case EDQUOT:
	case ENOSPC:
		return "free some space there, and do it again";
	case EEXIST:
		return "it is there already, or is itself what is copied: use another name";
	case EFBIG:
		return "it is more than ulimit -f, or that file system, allows";
	case EINVAL:
		return "jobs read and write regular files, and verify block devices as well";
	case EIO:
		return "the device has failed: look into the kernel log (dmesg)";
	case EISDIR:
		return "use -r for all that is in it";
	case ELOOP:
		return "its symbolic links go round in a circle";
	case EMFILE:
	case ENFILE:
		return "let more files be open (ulimit -n), or use fewer --jobs";
	case ENAMETOOLONG:
		return "use a shorter name";
	case ENOENT:
	case ENOTDIR:
		return "check the name, and that its directory is there";
	case ENOMEM:
		return "free some memory, or use fewer --jobs";
	case EOPNOTSUPP:
		return "a kernel thread cannot do this to this file: use cp or sha256sum";
	case EROFS:
		return "mount that file system for writing";
	case ETXTBSY:
		return "end the program that runs from it";
	default:
		return "look for weft in the kernel log (dmesg)";
	}
}

/* What is wrong with a file: its name, why, and what to do. */
void complain_file(const char *path, int error)
{
	complain("%s: %s; %s", path, strerror(error), file_advice(error));
}

static const char *state_name(enum file_state state)
{
	switch (state) {
	case FILE_OK:
		return "ok";
	case FILE_FAILED:
		return "failed";
	case FILE_CANCELLED:
		return "cancelled";
	default:
		return "never begun";
	}
}

static void json_u64(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_uint64(n));
}

static void json_string(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, json_object_new_string(s));
}

/* @each adds what its op knows of a file. */
void files_print_json(const struct files *f,
		      void (*each)(const struct file_item *item,
				   struct json_object *o))
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array(), *file;
	size_t i;

	json_string(o, "op", f->ops->name);
	json_string(o, "engine", weft_engine_name(f->engine));
	json_u64(o, "files", f->count);
	json_u64(o, "ok", f->ok);
	json_u64(o, "failed", f->failed);
	json_u64(o, "cancelled", f->cancelled);
	json_object_object_add(o, "interrupted",
			       json_object_new_boolean(interrupted()));
	json_u64(o, "bytes", f->done);
	json_u64(o, "elapsed_ns", f->ended_ns - f->began_ns);
	for (i = 0; i < f->count; i++) {
		const struct file_item *item = &f->items[i];

		file = json_object_new_object();
		json_string(file, "path", item->path);
		json_string(file, "state", state_name(item->state));
		json_u64(file, "bytes", item->done);
		if (item->error)
			json_string(file, "error", strerror(item->error));
		each(item, file);
		json_object_array_add(list, file);
	}
	json_object_object_add(o, "results", list);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_SPACED |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* One line: how much there was to do, and what of it was not done. */
void files_print_sum(const struct files *f, const char *what)
{
	uint64_t ns = f->ended_ns - f->began_ns;

	printf("%s file%s %s, %s in %s", text_count(f->ok).s, f->ok == 1 ? "" : "s",
	       what, text_bytes(f->done).s, text_time(ns).s);
	if (f->done && ns)
		printf(" (%s/s)", text_bytes((double)f->done * NSEC_PER_SEC / ns).s);
	if (f->failed)
		printf("; %s failed", text_count(f->failed).s);
	if (f->cancelled)
		printf("; %s cancelled", text_count(f->cancelled).s);
	putchar('\n');
}
