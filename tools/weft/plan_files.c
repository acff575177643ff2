// SPDX-License-Identifier: GPL-2.0-only
/* The files, eventfds, pipes and buffers of a plan, as they stand in the text. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "plan_read.h"
#include "util.h"

static const struct mode {
	const char *name;
	int flags;
} modes[] = {
	{ "read", O_RDONLY },
	{ "write", O_WRONLY | O_CREAT | O_TRUNC },
	{ "update", O_RDWR | O_CREAT },
	{ "append", O_WRONLY | O_CREAT | O_APPEND },
	{ "new", O_RDWR | O_CREAT | O_EXCL },
};

/* A number, or a string with a unit. */
int plan_get_bytes(const struct plan *plan, const struct j_value *v, uint64_t max,
		   uint64_t *out)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
	unsigned int unit = 0;
	uint64_t n;
	char *end;

	if (v->type != J_STRING)
		return plan_get_count(plan, v, max, out);
	errno = 0;
	n = strtoull(v->text, &end, 10);
	while (unit < ARRAY_SIZE(units) && strcmp(end, units[unit]))
		unit++;
	if (!isdigit((unsigned char)*v->text) || unit == ARRAY_SIZE(units))
		return plan_wrong(plan, v, "a length such as 4096 or \"4KiB\" was expected");
	if (errno || n > max >> 10 * unit)
		return plan_wrong(plan, v, "this is too much: at most %llu",
				  (unsigned long long)max);
	*out = n << 10 * unit;
	return 0;
}

static const struct mode *find_mode(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strcmp(modes[i].name, name))
			return &modes[i];
	return NULL;
}

static bool name_ends(const char *name, const char *of, const char *end)
{
	size_t len = strlen(of);

	return !strncmp(name, of, len) && !strcmp(name + len, end);
}

/* Return: which descriptor has this name, -1 if none has. */
static int find_fd(const struct plan *plan, const char *name, bool *write_end)
{
	unsigned int i;

	*write_end = false;
	for (i = 0; i < plan->nr_fds; i++) {
		const struct plan_fd *fd = &plan->fds[i];

		if (!fd->name)
			continue;
		if (fd->kind != PLAN_PIPE) {
			if (!strcmp(fd->name, name))
				return i;
		} else if (name_ends(name, fd->name, ".read")) {
			return i;
		} else if (name_ends(name, fd->name, ".write")) {
			*write_end = true;
			return i;
		}
	}
	return -1;
}

/* Return: the new one, or NULL; it has complained. */
static struct plan_fd *add_fd(struct plan *plan, enum plan_fd_kind kind, const char *name,
			      const struct j_value *v)
{
	unsigned int i;

	for (i = 0; name && i < plan->nr_fds; i++) {
		if (plan->fds[i].name && !strcmp(plan->fds[i].name, name)) {
			plan_wrong(plan, v, "there are two of the name '%s'", name);
			return NULL;
		}
	}
	if (plan->nr_fds == PLAN_MAX_FDS) {
		plan_wrong(plan, v, "a graph has at most %u files", PLAN_MAX_FDS);
		return NULL;
	}
	plan->fds[plan->nr_fds] = (struct plan_fd){
		.kind = kind,
		.name = name,
		.value = v,
		.fd = -1,
		.write_fd = -1,
	};
	return &plan->fds[plan->nr_fds++];
}

/* An object with a path, and a mode if it is not what one would think. */
static int get_file(struct plan *plan, const char *name, bool writes,
		    const struct j_value *v)
{
	const struct mode *mode = &modes[writes];
	const struct j_value *m, *path = NULL;
	struct plan_fd *fd;

	for (m = v->first; m; m = m->next) {
		if (!strcmp(m->key, "path") && m->type == J_STRING && *m->text) {
			path = m;
		} else if (!strcmp(m->key, "mode")) {
			mode = m->type == J_STRING ? find_mode(m->text) : NULL;
			if (!mode)
				return plan_wrong(plan, m, "a mode was expected: read, write, update, append or new");
		} else {
			return plan_wrong_key(plan, m, "a file has a path, a string, and a mode, not '%s'",
					      m->key);
		}
	}
	if (!path)
		return plan_wrong(plan, v, "a file wants a path");
	fd = add_fd(plan, PLAN_FILE, name, path);
	if (!fd)
		return -1;
	fd->path = path->text;
	fd->flags = mode->flags;
	return 0;
}

int plan_get_files(struct plan *plan, const struct j_value *v)
{
	const struct j_value *m;

	if (v->type != J_OBJECT)
		return plan_wrong(plan, v, "an object of names and files was expected");
	for (m = v->first; m; m = m->next) {
		if (m->type != J_OBJECT)
			return plan_wrong(plan, m, "an object was expected, such as {\"path\": \"/tmp/a\"}");
		if (get_file(plan, m->key, false, m))
			return -1;
	}
	return 0;
}

int plan_get_eventfds(struct plan *plan, const struct j_value *v)
{
	const struct j_value *m;
	struct plan_fd *fd;

	if (v->type != J_OBJECT)
		return plan_wrong(plan, v, "an object of names and counts was expected");
	for (m = v->first; m; m = m->next) {
		fd = add_fd(plan, PLAN_EVENTFD, m->key, m);
		if (!fd || plan_get_count(plan, m, UINT32_MAX, &fd->start))
			return -1;
	}
	return 0;
}

int plan_get_pipes(struct plan *plan, const struct j_value *v)
{
	const struct j_value *m;

	if (v->type != J_ARRAY)
		return plan_wrong(plan, v, "an array of names was expected");
	for (m = v->first; m; m = m->next) {
		if (m->type != J_STRING)
			return plan_wrong(plan, m, "the name of a pipe was expected");
		if (!add_fd(plan, PLAN_PIPE, m->text, m))
			return -1;
	}
	return 0;
}

static int get_contents(const struct plan *plan, const struct j_value *v,
			struct plan_buffer *b)
{
	const struct j_value *m;
	bool sized = false;

	for (m = v->first; m; m = m->next) {
		if (!strcmp(m->key, "bytes")) {
			if (plan_get_bytes(plan, m, INT64_MAX, &b->bytes))
				return -1;
			sized = true;
		} else if (!strcmp(m->key, "text") && m->type == J_STRING) {
			b->text = m->text;
		} else if (!strcmp(m->key, "hex") && m->type == J_STRING &&
			   !m->text[strspn(m->text, "0123456789abcdefABCDEF")] &&
			   strlen(m->text) % 2 == 0) {
			b->hex = m->text;
		} else {
			return plan_wrong_key(plan, m, "a buffer has bytes, and text or hex, not '%s' like this",
					      m->key);
		}
	}
	if (b->text && b->hex)
		return plan_wrong(plan, v, "a buffer has text or hex, not both");
	if (!sized)
		b->bytes = b->text ? strlen(b->text) : b->hex ? strlen(b->hex) / 2 : 0;
	return 0;
}

int plan_get_buffers(struct plan *plan, const struct j_value *v)
{
	const struct j_value *m;
	struct plan_buffer *b;
	unsigned int i;
	size_t filled;

	if (v->type != J_OBJECT)
		return plan_wrong(plan, v, "an object of names and sizes was expected");
	for (m = v->first; m; m = m->next) {
		for (i = 0; i < plan->nr_buffers; i++)
			if (!strcmp(plan->buffers[i].value->key, m->key))
				return plan_wrong_key(plan, m, "there are two buffers '%s'",
						      m->key);
		if (plan->nr_buffers == PLAN_MAX_BUFFERS)
			return plan_wrong_key(plan, m, "a graph has at most %u buffers",
					      PLAN_MAX_BUFFERS);
		b = &plan->buffers[plan->nr_buffers++];
		b->value = m;
		if (m->type == J_OBJECT ? get_contents(plan, m, b) :
		    plan_get_bytes(plan, m, INT64_MAX, &b->bytes))
			return -1;
		filled = b->text ? strlen(b->text) : b->hex ? strlen(b->hex) / 2 : 0;
		if (!b->bytes || filled > b->bytes)
			return plan_wrong(plan, m, "a buffer wants room for what is in it, at least a byte");
	}
	return 0;
}

static int add_ref(struct plan *plan, struct plan_ref ref)
{
	/* No node has more than three, and none of them twice. */
	if (plan->nr_refs == PLAN_MAX_REFS)
		return plan_wrong(plan, plan->values[ref.node], "the node names too many files");
	plan->refs[plan->nr_refs++] = ref;
	return 0;
}

/* What a node calls something: "a", or one that is near if there is no such name. */
static int wrong_name(const struct plan *plan, const struct j_value *v, const char *what,
		      const char *const *names, unsigned int count)
{
	const char *near = did_you_mean(v->text, names, count);

	return near ? plan_wrong(plan, v, "there is no %s '%s': did you mean '%s'?", what,
				 v->text, near) :
		      plan_wrong(plan, v, "there is no %s '%s'", what, v->text);
}

int plan_get_fd(struct plan *plan, unsigned int node, size_t at, bool writes,
		const struct j_value *v)
{
	struct plan_ref ref = { .node = node, .at = at };
	const char *names[PLAN_MAX_FDS];
	unsigned int i, count = 0;
	int index;

	if (v->type == J_OBJECT) {
		if (get_file(plan, NULL, writes, v))
			return -1;
		ref.index = plan->nr_fds - 1;
		return add_ref(plan, ref);
	}
	if (v->type != J_STRING)
		return plan_wrong(plan, v, "the name of a file was expected, or {\"path\": \"/tmp/a\"}");
	index = find_fd(plan, v->text, &ref.write_end);
	if (index >= 0) {
		ref.index = index;
		return add_ref(plan, ref);
	}
	for (i = 0; i < plan->nr_fds; i++) {
		const struct plan_fd *fd = &plan->fds[i];

		if (fd->kind == PLAN_PIPE && !strcmp(fd->name, v->text))
			return plan_wrong(plan, v, "a pipe has two ends: say '%s.read' or '%s.write'",
					  fd->name, fd->name);
		if (fd->name)
			names[count++] = fd->name;
	}
	return wrong_name(plan, v, "file, eventfd or pipe", names, count);
}

int plan_get_buffer(struct plan *plan, unsigned int node, size_t at,
		    const struct j_value *v)
{
	const char *names[PLAN_MAX_BUFFERS];
	unsigned int i;

	if (v->type != J_STRING)
		return plan_wrong(plan, v, "the name of a buffer was expected");
	for (i = 0; i < plan->nr_buffers; i++) {
		names[i] = plan->buffers[i].value->key;
		if (!strcmp(names[i], v->text))
			return add_ref(plan, (struct plan_ref){ .node = node, .at = at,
								.index = i,
								.buffer = true });
	}
	return wrong_name(plan, v, "buffer", names, plan->nr_buffers);
}
