// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cmd.h"
#include "files.h"
#include "term.h"
#include "util.h"

#define TICK_NS		(100 * NSEC_PER_MSEC)
#define BAR_AFTER_NS	(500 * NSEC_PER_MSEC)

/* Descriptors for all but the files themselves. */
#define OTHER_FDS	16

/* With none under way nothing of ours makes room: so often we ask again. */
#define PATIENCE	500
#define PATIENCE_MS	10

/* One of those that are under way. */
struct slot {
	struct file_item *item;
	struct weft_job job;
};

struct crew {
	struct files *f;
	struct slot *slots;
	unsigned int busy;
	unsigned int tries;
	bool cancelled;
	int ret;
};

/**
 * files_add() - one more file
 * @f: the files
 * @path: its name
 * @to: of copy: the name of the copy; else NULL
 * @bytes: how large it is
 *
 * Return: the new one, valid until the next call; NULL if there is no memory.
 */
struct file_item *files_add(struct files *f, const char *path, const char *to,
			    uint64_t bytes)
{
	struct file_item *item;

	if (f->count == f->room) {
		size_t room = f->room ? 2 * f->room : 256;

		item = realloc(f->items, room * sizeof(*item));
		if (!item)
			return NULL;
		f->items = item;
		f->room = room;
	}
	item = &f->items[f->count];
	*item = (struct file_item){
		.path = strdup(path),
		.to = to ? strdup(to) : NULL,
		.bytes = bytes,
		.in = -1,
		.out = -1,
	};
	if (!item->path || (to && !item->to)) {
		free(item->path);
		free(item->to);
		return NULL;
	}
	f->count++;
	f->bytes += bytes;
	return item;
}

void files_free(struct files *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		free(f->items[i].path);
		free(f->items[i].to);
	}
	free(f->items);
}

static void complain_item(const struct file_item *item, int error)
{
	char *both = NULL;

	if (item->blame || !item->to) {
		complain_file(item->blame ? item->blame : item->path, error);
		return;
	}
	/* It may be either of them. */
	if (asprintf(&both, "%s to %s", item->path, item->to) < 0)
		both = NULL;
	complain_file(both ? both : item->path, error);
	free(both);
}

static void item_end(struct crew *c, struct file_item *item, enum file_state state,
		     int error)
{
	struct files *f = c->f;

	item->state = state;
	if (error)
		item->error = error;
	f->done += item->done;
	f->ops->end(f, item);
	/* The end may find something wrong as well. */
	f->ok += item->state == FILE_OK;
	f->failed += item->state == FILE_FAILED;
	f->cancelled += item->state == FILE_CANCELLED;
}

/* Fewer at once, for there is no room for more. Return: false if there is none. */
static bool make_do(struct crew *c)
{
	if (c->busy) {
		c->f->at_once = c->busy;
		return true;
	}
	nap_ms(PATIENCE_MS);
	return ++c->tries < PATIENCE;
}

/* Return: false if its job is to be submitted again when there is room. */
static bool submit(struct crew *c, struct slot *slot)
{
	struct file_item *item = slot->item;
	int error = 0, ret;

	slot->job.user_data = slot - c->slots;
	ret = weft_client_submit(c->f->fd, &slot->job, 1, &item->id, &error);
	if (ret == 1) {
		item->state = FILE_RUNS;
		c->tries = 0;
		return true;
	}
	if ((error == EAGAIN || error == ENOMEM) && make_do(c))
		return false;
	if (error == EBADF) {
		complain_item(item, error);
		item_end(c, item, FILE_FAILED, error);
	} else {
		/* It would be the same with all others. */
		complain("%s: its job was refused: %s", item->path,
			 weft_submit_error(error));
		item_end(c, item, FILE_FAILED, error);
		c->ret = EXIT_REFUSED;
	}
	slot->item = NULL;
	return true;
}

/* Return: false if there is no room for it now. */
static bool begin(struct crew *c, struct slot *slot, struct file_item *item)
{
	struct files *f = c->f;

	slot->item = item;
	if (f->ops->begin(f, item, slot - c->slots, &slot->job))
		return true;
	slot->item = NULL;
	if ((item->error == EMFILE || item->error == ENFILE) && c->busy) {
		item->error = 0;
		item->blame = NULL;
		f->ops->end(f, item);
		f->at_once = c->busy;
		return false;
	}
	complain_item(item, item->error);
	item_end(c, item, FILE_FAILED, 0);
	return true;
}

/* Return: how many items were begun, or failed at it. */
static size_t begin_some(struct crew *c, size_t next)
{
	struct files *f = c->f;
	size_t first = next;
	unsigned int i;

	for (i = 0; i < f->at_once && !interrupted() && !c->ret; i++) {
		struct slot *slot = &c->slots[i];

		while (!slot->item && next < f->count && !interrupted() && !c->ret) {
			if (c->busy >= f->at_once || !begin(c, slot, &f->items[next]))
				return next - first;
			next++;
			if (!slot->item)
				continue;
			while (!submit(c, slot)) {
				/* It has to wait for those before it. */
				if (!c->busy)
					continue;
				slot->item->state = FILE_WAITS;
				return next - first;
			}
			c->busy += !!slot->item;
		}
	}
	return next - first;
}

/* Jobs that found no room before. */
static void submit_waiting(struct crew *c, unsigned int slots)
{
	unsigned int i;

	for (i = 0; i < slots; i++) {
		struct slot *slot = &c->slots[i];

		if (!slot->item || slot->item->state != FILE_WAITS)
			continue;
		if (interrupted() || c->ret) {
			item_end(c, slot->item, FILE_CANCELLED, 0);
			slot->item = NULL;
		} else if (submit(c, slot)) {
			c->busy += !!slot->item;
		}
	}
}

static bool any_waiting(const struct crew *c, unsigned int slots)
{
	unsigned int i;

	for (i = 0; i < slots; i++)
		if (c->slots[i].item && c->slots[i].item->state == FILE_WAITS)
			return true;
	return false;
}

static void account(struct crew *c, const struct weft_completion *done)
{
	struct slot *slot = &c->slots[done->user_data];
	struct file_item *item = slot->item;
	struct files *f = c->f;

	c->busy--;
	if (done->result == -ECANCELED) {
		item_end(c, item, FILE_CANCELLED, 0);
	} else if (done->result < 0) {
		/* What differs is no error of a file. */
		if (done->result != -EBADMSG)
			complain_item(item, -done->result);
		item_end(c, item, FILE_FAILED, -done->result);
	} else if (!f->ops->next(f, item, slot - c->slots, done->result, &slot->job)) {
		item_end(c, item, FILE_OK, 0);
	} else {
		item->state = FILE_WAITS;
		return;
	}
	slot->item = NULL;
}

static void show_progress(struct crew *c, unsigned int slots)
{
	struct files *f = c->f;
	struct weft_progress progress;
	uint64_t done = f->done;
	unsigned int i;

	if (!term_progress_wanted() || now_ns() - f->began_ns < BAR_AFTER_NS)
		return;
	for (i = 0; i < slots; i++) {
		const struct file_item *item = c->slots[i].item;

		if (!item)
			continue;
		done += item->done;
		if (item->state == FILE_RUNS &&
		    !weft_client_progress(f->fd, item->id, &progress))
			done += progress.done;
	}
	term_progress_bytes(f->ops->name, f->ok + f->failed + f->cancelled, f->count,
			    done, f->bytes, now_ns() - f->began_ns);
}

/* Return: 0 or a negative errno. */
static int reap(struct crew *c)
{
	struct weft_completion done[64];
	int ret, i;

	ret = weft_client_wait(c->f->fd, done, ARRAY_SIZE(done), 1, now_ns() + TICK_NS);
	for (i = 0; i < ret; i++)
		account(c, &done[i]);
	return ret == -ETIME || ret == -EINTR || ret > 0 ? 0 : ret;
}

/* Return: the exit code of what ended it, or 0. */
static int work(struct crew *c)
{
	struct files *f = c->f;
	unsigned int slots = f->at_once;
	size_t next = 0;
	int ret = 0;

	while (!ret) {
		submit_waiting(c, slots);
		if (!any_waiting(c, slots))
			next += begin_some(c, next);
		if ((interrupted() || c->ret) && c->busy && !c->cancelled) {
			weft_client_cancel_all(f->fd, NULL, NULL);
			c->cancelled = true;
		}
		if (c->busy)
			ret = reap(c);
		else if (!any_waiting(c, slots) &&
			 (next == f->count || interrupted() || c->ret))
			break;
		show_progress(c, slots);
	}
	f->cancelled += f->count - next;
	if (ret)
		return complain_kernel("waiting for completions failed", -ret);
	return c->ret;
}

/* So many that there are descriptors for them, and credits. Return: the exit code. */
static int set_limits(struct files *f)
{
	struct weft_query query;
	struct rlimit limit;
	uint64_t most;
	int ret = weft_client_query(f->fd, &query);

	if (ret)
		return complain_kernel("the kernel does not say what it can do", -ret);
	if (f->at_once > query.max_credits)
		f->at_once = query.max_credits;
	if (f->at_once > f->count)
		f->at_once = f->count;
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur != RLIM_INFINITY) {
		most = limit.rlim_cur > OTHER_FDS ?
		       (limit.rlim_cur - OTHER_FDS) / f->ops->fds : 0;
		if (f->at_once > most)
			f->at_once = most;
	}
	if (!f->at_once)
		f->at_once = 1;
	return 0;
}

static int set_up(struct files *f)
{
	unsigned int credits;
	int ret = set_limits(f);

	if (ret)
		return ret;
	credits = f->at_once;
	ret = weft_client_setup(f->fd, f->engine, &credits);
	if (ret)
		return complain_kernel("the client cannot be set up", -ret);
	ret = weft_client_buffer(f->fd, (uint64_t)f->at_once * WEFT_LIB_MAX_DIGEST,
				 &f->buffer);
	if (!ret)
		ret = weft_client_buffer_map(f->fd, &f->buffer, (void **)&f->memory);
	return ret ? complain_kernel("there is no buffer for digests", -ret) : 0;
}

/**
 * files_run() - work on all files
 * @f: the files
 *
 * A Ctrl-C cancels what is under way and begins no more.
 *
 * Return: the exit code of what ended it before its time, it has complained; or 0.
 */
int files_run(struct files *f)
{
	struct crew c = { .f = f };
	int ret;

	f->began_ns = now_ns();
	f->ended_ns = f->began_ns;
	if (!f->count)
		return 0;
	f->fd = weft_client_open();
	if (f->fd < 0)
		return complain_device(-f->fd);
	ret = set_up(f);
	if (!ret) {
		c.slots = calloc(f->at_once, sizeof(*c.slots));
		ret = c.slots ? work(&c) : complain_memory();
	}
	f->ended_ns = now_ns();
	term_progress_end();
	free(c.slots);
	weft_client_buffer_unmap(&f->buffer, f->memory);
	weft_client_close(f->fd);
	return ret;
}

int files_exit_code(const struct files *f)
{
	if (interrupted())
		return EXIT_INTERRUPTED;
	return f->failed || f->cancelled ? EXIT_JOB_FAILED : EXIT_OK;
}
