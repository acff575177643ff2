/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the flight recorder. */
#ifndef WEFT_SELFTESTS_RECORDER_H
#define WEFT_SELFTESTS_RECORDER_H

#include <linux/weft_recorder.h>

#include "table.h"

#define RECORDER	DEBUGFS "recorder/"
#define MAX_RINGS	64

struct recording {
	char *file;
	size_t size;
	struct weft_recorder_header header;
	struct weft_recorder_ring ring[MAX_RINGS];
	struct weft_recorder_event *events[MAX_RINGS];
};

static inline void recording_free(struct recording *rec)
{
	free(rec->file);
	memset(rec, 0, sizeof(*rec));
}

/* Return: the contents, to be freed; NULL with errno set. */
static inline char *read_whole(const char *path, size_t *size)
{
	size_t room = 1 << 20, len = 0;
	char *text = malloc(room + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t ret = -1;

	while (text && fd >= 0) {
		ret = read(fd, text + len, room - len);
		if (ret <= 0)
			break;
		len += ret;
		if (len == room) {
			room *= 2;
			text = realloc(text, room + 1);
		}
	}
	if (fd >= 0)
		close(fd);
	if (ret || !text) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	*size = len;
	return text;
}

/* Return: 0, or -EPROTO if the file is not as its header says. */
static inline int recording_read(struct recording *rec)
{
	size_t at = sizeof(rec->header);
	unsigned int i;

	memset(rec, 0, sizeof(*rec));
	rec->file = read_whole(RECORDER "events", &rec->size);
	if (!rec->file)
		return -errno;
	if (rec->size < at)
		return -EPROTO;
	memcpy(&rec->header, rec->file, at);
	if (rec->header.header_size != at ||
	    rec->header.ring_size != sizeof(*rec->ring) ||
	    rec->header.event_size != sizeof(**rec->events) ||
	    rec->header.rings > MAX_RINGS)
		return -EPROTO;
	for (i = 0; i < rec->header.rings; i++) {
		if (rec->size - at < sizeof(*rec->ring))
			return -EPROTO;
		memcpy(&rec->ring[i], rec->file + at, sizeof(*rec->ring));
		at += sizeof(*rec->ring);
		rec->events[i] = (void *)(rec->file + at);
		if ((rec->size - at) / sizeof(**rec->events) < rec->ring[i].events)
			return -EPROTO;
		at += rec->ring[i].events * sizeof(**rec->events);
	}
	return at == rec->size ? 0 : -EPROTO;
}

/* Calls @each for all events since @from_ns. */
static inline __u64 recording_sum(const struct recording *rec, __u64 from_ns,
				  __u64 (*each)(const struct weft_recorder_event *e))
{
	unsigned int i, k;
	__u64 sum = 0;

	for (i = 0; i < rec->header.rings; i++)
		for (k = 0; k < rec->ring[i].events; k++)
			if (rec->events[i][k].ns >= from_ns)
				sum += each(&rec->events[i][k]);
	return sum;
}

static inline __u64 recording_lost(const struct recording *rec)
{
	unsigned int i;
	__u64 lost = 0;

	for (i = 0; i < rec->header.rings; i++)
		lost += rec->ring[i].lost;
	return lost;
}

static inline int recorder_write(const char *file, const char *text)
{
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), RECORDER "%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* The contents of a small file there, without the line end. */
static inline const char *recorder_word(const char *file)
{
	static char word[64];
	char path[64];
	size_t size;
	char *text;

	snprintf(path, sizeof(path), RECORDER "%s", file);
	text = read_whole(path, &size);
	if (!text)
		return "";
	snprintf(word, sizeof(word), "%s", text);
	word[strcspn(word, "\n")] = '\0';
	free(text);
	return word;
}

#endif /* WEFT_SELFTESTS_RECORDER_H */
