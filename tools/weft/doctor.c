// SPDX-License-Identifier: GPL-2.0-only
/* weft doctor: looks once for what is wrong, in the set-up and in what goes on. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cmd.h"
#include "find.h"
#include "page.h"
#include "table.h"
#include "term.h"
#include "top.h"
#include "util.h"
#include "weft.h"

/* Exit codes of this command. */
#define DOCTOR_WELL		0
#define DOCTOR_FOUND		1
#define DOCTOR_BLIND		2

#define DEBUGFS_MOUNT	"/sys/kernel/debug"

enum {
	OPT_JSON = 1,
	OPT_DIR,
	OPT_QUEUED,
};

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "one JSON object", 0 },
	{ "queued-limit", OPT_QUEUED, "TIME", 0, "queued for longer is too long (100ms)", 0 },
	{ "dir", OPT_DIR, "DIR", 0, "look at a copy of " DEBUGFS_DIR ", not at this machine", 0 },
	{}
};

static const char doc[] =
	"Look once for what is wrong: first in the set-up, then in what weft does.\n"
	"\n"
	"  weft doctor\n"
	"  weft doctor --json\n"
	"\v"
	"What it finds is what weft top warns of: jobs that are self-waking, never yield,\n"
	"blocked their worker or are queued too long, lost wakers, polls that left a lock\n"
	"behind, and caps that are reached; each with its evidence and what to do.\n"
	"\n"
	"Exit status:\n"
	"  0    nothing found\n"
	"  1    something was found\n"
	"  2    it could not look, or the command line is wrong";

struct check {
	const char *name;
	bool ok;
	char text[256];
};

#define MAX_CHECKS	5

struct doctor {
	const char *dir;
	uint64_t queued_ns;
	bool json;
	struct check checks[MAX_CHECKS];
	unsigned int nr_checks;
	/* The tables cannot be read: there is nothing to look at. */
	bool blind;
	struct snap snap;
	struct findings found;
};

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct doctor *d = state->input;

	switch (key) {
	case OPT_JSON:
		d->json = true;
		break;
	case OPT_DIR:
		d->dir = arg;
		break;
	case OPT_QUEUED:
		if (parse_duration(arg, &d->queued_ns) || d->queued_ns < 1000)
			argp_error(state, "--queued-limit wants a time from 1us, not '%s'", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void check(struct doctor *d, const char *name, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void check(struct doctor *d, const char *name, bool ok, const char *fmt, ...)
{
	struct check *c = &d->checks[d->nr_checks++];
	va_list ap;

	c->name = name;
	c->ok = ok;
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
}

static bool check_module(struct doctor *d)
{
	bool loaded = !access("/sys/module/weft", F_OK);

	check(d, "module", loaded, "%s", loaded ? "weft is loaded" :
	      "weft is not loaded: run insmod weft.ko, or modprobe weft if it is installed");
	return loaded;
}

/* Return: an open /dev/weft, or -1. */
static int check_device(struct doctor *d)
{
	int fd = weft_client_open();
	struct stat st;

	if (fd >= 0) {
		check(d, "device", true, "/dev/weft is there, and may be opened");
		return fd;
	}
	if (fd == -ENOENT || stat("/dev/weft", &st)) {
		check(d, "device", false,
		      "/dev/weft is not there, though the module is loaded: is devtmpfs mounted on /dev, or is udev running?");
	} else if (fd == -EACCES || fd == -EPERM) {
		check(d, "device", false,
		      "uid %u may not open /dev/weft: read and write permission is missing (it has mode %04o, uid %u, gid %u); run as root, or let a udev rule give it to a group",
		      (unsigned int)geteuid(), st.st_mode & 07777,
		      (unsigned int)st.st_uid, (unsigned int)st.st_gid);
	} else {
		check(d, "device", false, "/dev/weft cannot be opened: %s", strerror(-fd));
	}
	return -1;
}

static void check_interface(struct doctor *d, int fd)
{
	struct weft_query query;
	int ret = weft_client_query(fd, &query);

	if (ret)
		check(d, "interface", false, "the module does not say its version: %s",
		      strerror(-ret));
	else if (query.abi_version != WEFT_ABI_VERSION)
		check(d, "interface", false,
		      "the module has version %u of the interface, this command %u: build both from one source",
		      query.abi_version, WEFT_ABI_VERSION);
	else
		check(d, "interface", true, "version %u, the same as this command's",
		      query.abi_version);
}

static void check_debugfs(struct doctor *d)
{
	struct statfs fs;
	struct stat st;

	if (statfs(DEBUGFS_MOUNT, &fs) || fs.f_type != DEBUGFS_MAGIC) {
		d->blind = true;
		check(d, "debugfs", false,
		      "it is not mounted: run mount -t debugfs none " DEBUGFS_MOUNT);
	} else if (access(DEBUGFS_MOUNT, R_OK | X_OK)) {
		d->blind = true;
		if (stat(DEBUGFS_MOUNT, &st))
			st.st_mode = 0;
		check(d, "debugfs", false,
		      "uid %u may not look into " DEBUGFS_MOUNT ": search permission is missing (it has mode %04o); run as root (CAP_DAC_READ_SEARCH)",
		      (unsigned int)geteuid(), st.st_mode & 07777);
	} else if (access(DEBUGFS_DIR "/tasks", R_OK)) {
		d->blind = true;
		check(d, "debugfs", false, "%s: %s", DEBUGFS_DIR "/tasks", errno == EACCES ?
		      "read permission is missing; run as root (CAP_DAC_READ_SEARCH)" :
		      "is not there: is this module older than this command?");
	} else {
		check(d, "debugfs", true, "it is mounted, and the tables may be read");
	}
}

static void check_setup(struct doctor *d)
{
	int fd;

	if (!check_module(d)) {
		d->blind = true;
		return;
	}
	fd = check_device(d);
	if (fd >= 0)
		check_interface(d, fd);
	weft_client_close(fd);
	check_debugfs(d);
}

static unsigned int bad_checks(const struct doctor *d)
{
	unsigned int i, bad = 0;

	for (i = 0; i < d->nr_checks; i++)
		bad += !d->checks[i].ok;
	return bad;
}

static const char *verdict(const struct doctor *d)
{
	if (d->blind)
		return "could not look";
	return d->found.all || bad_checks(d) ? "found" : "well";
}

static void print_text(const struct doctor *d)
{
	unsigned int width = term_width(), i;
	struct page page = {};

	if (d->nr_checks)
		page_line(&page, PAGE_BOLD "Set-up" PAGE_PLAIN);
	for (i = 0; i < d->nr_checks; i++) {
		const struct check *c = &d->checks[i];

		if (c->ok)
			page_line(&page, PAGE_GREEN "ok" PAGE_PLAIN "   %s", c->name);
		else
			page_line(&page, PAGE_RED "bad" PAGE_PLAIN "  %s", c->name);
		page_wrap(&page, width, 5, c->text);
	}
	if (!d->blind) {
		page_line(&page, PAGE_BOLD "What goes on" PAGE_PLAIN);
		top_find_page(&d->found, &page, width);
	}
	page_line(&page, "doctor: %s%s", verdict(d),
		  !strcmp(verdict(d), "found") ? ": see above" : "");
	page_print(&page, width);
	page_free(&page);
}

static struct json_object *json_checks(const struct doctor *d)
{
	struct json_object *list = json_object_new_array(), *o;
	unsigned int i;

	for (i = 0; i < d->nr_checks; i++) {
		o = json_object_new_object();
		json_object_object_add(o, "check", json_object_new_string(d->checks[i].name));
		json_object_object_add(o, "ok", json_object_new_boolean(d->checks[i].ok));
		json_object_object_add(o, "text", json_object_new_string(d->checks[i].text));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_findings(const struct findings *f)
{
	struct json_object *list = json_object_new_array(), *o;
	unsigned int i;

	for (i = 0; i < f->nr_told; i++) {
		const struct finding *t = &f->told[i];

		o = json_object_new_object();
		json_object_object_add(o, "finding", json_object_new_string(find_name(t->kind)));
		json_object_object_add(o, "subject", json_object_new_string(t->subject));
		json_object_object_add(o, "evidence", json_object_new_string(t->evidence));
		json_object_object_add(o, "advice", json_object_new_string(find_advice(t->kind)));
		json_object_array_add(list, o);
	}
	return list;
}

static void print_json(const struct doctor *d)
{
	struct json_object *o = json_object_new_object();
	struct json_object *counts = json_object_new_object();
	int kind;

	for (kind = 0; kind < FIND_KINDS; kind++)
		json_object_object_add(counts, find_name(kind),
				       json_object_new_int64(d->found.count[kind]));
	json_object_object_add(o, "verdict", json_object_new_string(verdict(d)));
	json_object_object_add(o, "checks", json_checks(d));
	json_object_object_add(o, "findings", json_findings(&d->found));
	json_object_object_add(o, "counts", counts);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_SPACED));
	json_object_put(o);
}

int cmd_doctor(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_opt,
		.doc = doc,
		.children = cmd_common,
	};
	static struct doctor d = {
		.dir = DEBUGFS_DIR,
		.queued_ns = FIND_QUEUED_NS,
	};
	const char *file;
	int ret;

	if (argp_parse(&argp, argc, argv, 0, NULL, &d))
		return DOCTOR_BLIND;
	if (!strcmp(d.dir, DEBUGFS_DIR))
		check_setup(&d);
	if (!d.blind) {
		ret = snap_take(&d.snap, d.dir, &file);
		if (ret) {
			d.blind = true;
			complain_snap(d.dir, file, -ret);
		} else {
			find(&d.found, &d.snap, d.queued_ns);
		}
	}
	snap_free(&d.snap);
	if (d.json)
		print_json(&d);
	else
		print_text(&d);
	if (d.blind)
		return DOCTOR_BLIND;
	return d.found.all || bad_checks(&d) ? DOCTOR_FOUND : DOCTOR_WELL;
}
