// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "recording.h"
#include "table.h"
#include "util.h"

/* Return: the contents, to be freed; or NULL with errno set. */
static char *read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t room = 1 << 16, used = 0;
	char *data = fd < 0 ? NULL : malloc(room), *more;
	ssize_t ret = data ? 1 : -1;

	while (ret > 0) {
		ret = read(fd, data + used, room - used);
		if (ret > 0)
			used += ret;
		if (used < room)
			continue;
		room *= 2;
		more = realloc(data, room);
		if (!more)
			ret = -1;
		else
			data = more;
	}
	if (fd >= 0)
		close(fd);
	if (ret < 0) {
		free(data);
		return NULL;
	}
	*size = used;
	return data;
}

/* The kernel's struct may have grown, or ours: what is missing is 0. */
static void take(void *to, size_t room, const char *from, size_t size)
{
	memset(to, 0, room);
	memcpy(to, from, size < room ? size : room);
}

static int compare_events(const void *a, const void *b)
{
	const struct weft_recorder_event *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	/* Of one moment: what was written first. */
	return (int32_t)(x->seq - y->seq) < 0 ? -1 : x->seq != y->seq;
}

static bool header_ok(const struct weft_recorder_header *h, size_t size)
{
	return size >= sizeof(*h) &&
	       !memcmp(h->magic, WEFT_RECORDER_MAGIC, sizeof(h->magic)) &&
	       h->version == WEFT_RECORDER_VERSION && h->header_size <= size &&
	       h->header_size >= sizeof(*h) &&
	       h->ring_size >= sizeof(struct weft_recorder_ring) &&
	       h->event_size >= sizeof(struct weft_recorder_event);
}

static void add_ring(struct recording *rec, const struct weft_recorder_ring *ring,
		     const char *at)
{
	struct weft_recorder_event *e = &rec->events[rec->count];
	size_t size = rec->header.event_size, i;
	uint64_t whole = 0, end;

	for (i = 0; i < ring->events; i++, e++) {
		take(e, sizeof(*e), at + i * size, size);
		end = event_end(e);
		if (end > rec->last_ns)
			rec->last_ns = end;
		if (!i)
			whole = end;
	}
	if (ring->lost && !ring->events)
		whole = rec->header.now_ns;
	if (ring->lost && whole > rec->whole_ns)
		rec->whole_ns = whole;
	rec->lost += ring->lost;
	rec->count += ring->events;
}

/* Return: 0, -EPROTO or -ENOMEM. */
static int parse(struct recording *rec, const char *data, size_t size)
{
	struct weft_recorder_ring ring;
	struct weft_recorder_header *h = &rec->header;
	size_t at;
	unsigned int i;

	take(h, sizeof(*h), data, size);
	if (!header_ok(h, size))
		return -EPROTO;
	at = h->header_size;
	rec->events = calloc(size / h->event_size + 1, sizeof(*rec->events));
	if (!rec->events)
		return -ENOMEM;
	for (i = 0; i < h->rings; i++) {
		if (size - at < h->ring_size)
			return -EPROTO;
		take(&ring, sizeof(ring), data + at, h->ring_size);
		at += h->ring_size;
		if ((size - at) / h->event_size < ring.events)
			return -EPROTO;
		add_ring(rec, &ring, data + at);
		at += (size_t)ring.events * h->event_size;
	}
	qsort(rec->events, rec->count, sizeof(*rec->events), compare_events);
	return 0;
}

/**
 * recording_load() - read the flight recorder
 * @rec: receives it; the caller calls recording_free()
 * @path: a copy of its file, or NULL for the kernel's
 *
 * Return: 0, or an exit code when it has complained.
 */
int recording_load(struct recording *rec, const char *path)
{
	const char *file = path ? path : DEBUGFS_DIR "/" RECORDER_FILE;
	size_t size;
	char *data;
	int ret;

	*rec = (struct recording){};
	data = read_file(file, &size);
	if (!data && !path)
		return complain_table(RECORDER_FILE, errno);
	if (!data) {
		complain("%s cannot be read: %s", path, strerror(errno));
		return EXIT_USAGE;
	}
	ret = parse(rec, data, size);
	free(data);
	if (!ret)
		return 0;
	recording_free(rec);
	if (ret == -ENOMEM)
		return complain_memory();
	complain("%s is no recording that this command can read: build the module and the command from one source",
		 file);
	return EXIT_REFUSED;
}

void recording_free(struct recording *rec)
{
	free(rec->events);
	*rec = (struct recording){};
}

/* Writes into a file of the recorder. Return: 0, or a negative errno. */
int recorder_set(const char *file, const char *word)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), DEBUGFS_DIR "/recorder/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, word, strlen(word)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}
