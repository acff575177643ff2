// SPDX-License-Identifier: GPL-2.0-only
/* weft card: as text, and as JSON there and back. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "card.h"
#include "cmd.h"
#include "page.h"
#include "term.h"
#include "util.h"

const char *const card_titles[CARD_PAIRS] = {
	"From one job to the next",
	"From the end of a sleep to the poll",
	"Memory of a job that waits",
};

const struct card_text card_texts[CARD_FIGURES] = {
	[CARD_KTHREAD_SWITCH] = {
		"kthread_switch", "kthread switch", "threads", false,
		"Two kernel threads on one CPU that yield: the time of a context switch, and of the poll after it. What a poll takes alone, at best, is measured first, and taken off where the scheduler did not switch.",
	},
	[CARD_COOP_SWITCH] = {
		"coop_switch", "coop switch", "async", false,
		"Two tasks a worker that yield: the time from one poll to that of the other task, with that poll. Time of all workers that have a CPU, by their coop switches.",
	},
	[CARD_WAKE_THREADS] = {
		"wake_threads", "wake latency", "threads", false,
		"A sleep of 1 ms, alone on the machine: how long after its time it was polled. With the timer's interrupt, the wake of the kernel thread, and its CPU's way out of idle.",
	},
	[CARD_WAKE_ASYNC] = {
		"wake_async", "wake latency", "async", false,
		"The same, with the wake of a worker.",
	},
	[CARD_BYTES_THREADS] = {
		"bytes_threads", "a waiter", "threads", true,
		"By weft's account: a slot, and the kernel thread with its stack. What else the kernel keeps for a thread is not in it. Rounds are of 100, 150 and 200 jobs: slots are made in chunks.",
	},
	[CARD_BYTES_ASYNC] = {
		"bytes_async", "a waiter", "async", true,
		"By weft's account: a slot, which is the task, its completion and its credit. Rounds are of 1,000, 2,000 and 4,000 jobs.",
	},
};

struct text card_value(enum card_figure_id id, uint64_t value)
{
	return card_texts[id].bytes ? text_bytes(value) : text_time(value);
}

/* Where a figure with its name is too long for a line it has two. */
#define WIDE	64

static void ratio(const struct card *card, enum card_figure_id id, struct page *page,
		  unsigned int width)
{
	char words[128];
	const struct card_figure *threads = &card->figures[id];
	const struct card_figure *async = &card->figures[id + 1];

	if (!threads->rounds || !async->rounds || !async->median)
		return;
	snprintf(words, sizeof(words), "median of threads: %.3g times that of async",
		 (double)threads->median / async->median);
	page_wrap(page, width, 2, words);
}

static void figure_line(const struct card *card, enum card_figure_id id,
			struct page *page, bool wide)
{
	const struct card_figure *f = &card->figures[id];
	const struct card_text *t = &card_texts[id];

	char figures[256];

	snprintf(figures, sizeof(figures), "%9s %9s %9s %6s", card_value(id, f->min).s,
		 card_value(id, f->median).s, card_value(id, f->p99).s,
		 text_count(f->rounds).s);
	if (!f->rounds)
		snprintf(figures, sizeof(figures), "not measured");
	if (wide) {
		page_line(page, "  %-8s %-14s %s", t->engine, t->title, figures);
	} else {
		page_line(page, "  %-8s %s", t->engine, t->title);
		page_line(page, "  %s", figures);
	}
}

static void others_line(const struct card *card, struct page *page, unsigned int width)
{
	char words[128];

	snprintf(words, sizeof(words), "%s jobs of others wanted the CPU meanwhile",
		 text_count(card->others).s);
	if (width < WIDE)
		page_wrap(page, width, 2, words);
	else
		page_line(page, PAGE_YELLOW "  %s", words);
}

void card_print(const struct card *card)
{
	unsigned int width = term_width(), id;
	bool wide = width >= WIDE;
	struct page page = {};

	page_line(&page, PAGE_BOLD "weft card" PAGE_PLAIN ", measured in %s",
		  text_time(card->took_ns).s);
	page_wrap(&page, width, 2, card->machine);
	page_line(&page, "  weft: %s", card->module);
	if (card->others)
		others_line(card, &page, width);
	page_line(&page, " ");
	page_line(&page, "  %-*s%9s %9s %9s %6s", wide ? 24 : 0, wide ? "engine" : "",
		  "min", "median", "p99", "rounds");
	for (id = 0; id < CARD_FIGURES; id++) {
		if (id % 2 == 0)
			page_line(&page, PAGE_BOLD "%s", card_titles[id / 2]);
		figure_line(card, id, &page, wide);
		if (id % 2)
			ratio(card, id - 1, &page, width);
	}
	page_line(&page, " ");
	page_line(&page, PAGE_BOLD "What is in them");
	for (id = 0; id < CARD_FIGURES; id++) {
		page_line(&page, "  %s, %s", card_texts[id].title, card_texts[id].engine);
		page_wrap(&page, width, 4, card_texts[id].includes);
	}
	page_wrap(&page, width, 2, "They are of this machine as it was then, also with what else ran on it. In an emulated one, compare engines, not machines.");
	page_print(&page, width);
	page_free(&page);
}

static struct json_object *json_figure(const struct card *card, enum card_figure_id id)
{
	const struct card_figure *f = &card->figures[id];
	const struct card_text *t = &card_texts[id];
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "engine", json_object_new_string(t->engine));
	json_object_object_add(o, "unit", json_object_new_string(t->bytes ? "B" : "ns"));
	json_object_object_add(o, "min", json_object_new_int64(f->min));
	json_object_object_add(o, "median", json_object_new_int64(f->median));
	json_object_object_add(o, "p99", json_object_new_int64(f->p99));
	json_object_object_add(o, "rounds", json_object_new_int64(f->rounds));
	json_object_object_add(o, "includes", json_object_new_string(t->includes));
	return o;
}

void card_json(const struct card *card)
{
	struct json_object *o = json_object_new_object();
	struct json_object *figures = json_object_new_object();
	unsigned int id;

	json_object_object_add(o, "machine", json_object_new_string(card->machine));
	json_object_object_add(o, "module", json_object_new_string(card->module));
	json_object_object_add(o, "others", json_object_new_int64(card->others));
	json_object_object_add(o, "took_ns", json_object_new_int64(card->took_ns));
	for (id = 0; id < CARD_FIGURES; id++)
		json_object_object_add(figures, card_texts[id].name,
				       json_figure(card, id));
	json_object_object_add(o, "figures", figures);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_SPACED));
	json_object_put(o);
}

static bool get_number(struct json_object *o, const char *key, uint64_t *n)
{
	struct json_object *value;

	if (!json_object_object_get_ex(o, key, &value) ||
	    !json_object_is_type(value, json_type_int) ||
	    json_object_get_int64(value) < 0)
		return false;
	*n = json_object_get_int64(value);
	return true;
}

static bool get_text(struct json_object *o, const char *key, char *text, size_t size)
{
	struct json_object *value;

	if (!json_object_object_get_ex(o, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return false;
	snprintf(text, size, "%s", json_object_get_string(value));
	return true;
}

static bool load(struct card *card, struct json_object *o)
{
	struct json_object *figures, *f;
	unsigned int id;

	if (!get_text(o, "machine", card->machine, sizeof(card->machine)) ||
	    !get_text(o, "module", card->module, sizeof(card->module)) ||
	    !get_number(o, "others", &card->others) ||
	    !get_number(o, "took_ns", &card->took_ns) ||
	    !json_object_object_get_ex(o, "figures", &figures))
		return false;
	for (id = 0; id < CARD_FIGURES; id++) {
		struct card_figure *to = &card->figures[id];

		if (!json_object_object_get_ex(figures, card_texts[id].name, &f) ||
		    !get_number(f, "min", &to->min) ||
		    !get_number(f, "median", &to->median) ||
		    !get_number(f, "p99", &to->p99) ||
		    !get_number(f, "rounds", &to->rounds) ||
		    to->min > to->median || to->median > to->p99)
			return false;
	}
	return true;
}

/* A card that card_json() wrote. Return: the exit code. */
int card_load(struct card *card, const char *path)
{
	struct json_object *o = json_object_from_file(path);
	bool ok = o && json_object_is_type(o, json_type_object) && load(card, o);

	json_object_put(o);
	if (ok)
		return 0;
	complain("%s is not a card: weft card --json writes one", path);
	return EXIT_USAGE;
}
