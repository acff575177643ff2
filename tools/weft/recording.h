/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's flight recorder had to say, in the order of time. */
#ifndef WEFT_RECORDING_H
#define WEFT_RECORDING_H

#include <stddef.h>
#include <stdint.h>
#include <linux/weft_recorder.h>

#define RECORDER_FILE	"recorder/events"

/**
 * struct recording - A reading of the flight recorder
 * @header: of the file
 * @events: all events, by the time of their begin
 * @count: how many
 * @lost: events that were overwritten before
 * @whole_ns: from here on none was overwritten
 * @last_ns: end of the last one
 */
struct recording {
	struct weft_recorder_header header;
	struct weft_recorder_event *events;
	size_t count;
	uint64_t lost;
	uint64_t whole_ns;
	uint64_t last_ns;
};

int recording_load(struct recording *rec, const char *path);
void recording_free(struct recording *rec);
int recorder_set(const char *file, const char *word);

/* A poll that took longer than the clock can count has taken no time. */
static inline uint64_t event_end(const struct weft_recorder_event *e)
{
	return e->took_ns < UINT64_MAX - e->ns ? e->ns + e->took_ns : e->ns;
}

#endif /* WEFT_RECORDING_H */
