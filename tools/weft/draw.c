// SPDX-License-Identifier: GPL-2.0-only
/* What all drawings share. */
#include <inttypes.h>
#include <stdio.h>

#include "draw.h"
#include "util.h"

/* Between two marks of an axis: 1, 2 or 5 times a power of ten; @most of them. */
uint64_t draw_tick(uint64_t length, unsigned int most)
{
	static const unsigned int steps[] = { 1, 2, 5 };
	uint64_t power = 1;
	unsigned int i;

	for (;; power *= 10)
		for (i = 0; i < ARRAY_SIZE(steps); i++)
			if (power * steps[i] * most >= length ||
			    power > UINT64_MAX / 100)
				return power * steps[i];
}

/* The unit that suits a length, and how many ns it has. */
const char *draw_unit(uint64_t length, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "s", NSEC_PER_SEC }, { "ms", NSEC_PER_MSEC }, { "us", 1000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (length >= 2 * units[i].ns) {
			*ns = units[i].ns;
			return units[i].name;
		}
	}
	*ns = 1;
	return "ns";
}

/* Does the legend speak of the blocking pool? */
bool draw_has_pool(const struct drawing *d)
{
	unsigned int i;

	for (i = 0; i < d->count; i++)
		if (d->stories[i].pool)
			return true;
	return false;
}

/* What a story comes to, in one sentence. */
void draw_sum(const struct story *s, char *words, size_t size)
{
	char switches[96] = "switches unknown on this kernel", coop[96] = "";
	char steps[96] = "";

	if (s->sees_switches)
		snprintf(switches, sizeof(switches), "switched out %s times",
			 text_count(s->nr_switches).s);
	if (s->exact)
		snprintf(coop, sizeof(coop), ", %s of them coop switches",
			 text_count(s->coop).s);
	if (s->punts)
		snprintf(steps, sizeof(steps), "; %s step%s in the blocking pool",
			 text_count(s->punts).s, s->punts == 1 ? "" : "s");
	snprintf(words, size, "%s task%s, %s ended; %s kernel thread%s, %s; %s poll%s%s; %s wake%s%s.",
		 text_count(s->nr_tasks).s, s->nr_tasks == 1 ? "" : "s",
		 text_count(s->ended).s, text_count(s->nr_lanes).s,
		 s->nr_lanes == 1 ? "" : "s", switches, text_count(s->polls).s,
		 s->polls == 1 ? "" : "s", coop, text_count(s->nr_wakes).s,
		 s->nr_wakes == 1 ? "" : "s", steps);
}
