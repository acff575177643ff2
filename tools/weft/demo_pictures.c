// SPDX-License-Identifier: GPL-2.0-only
/* The pictures of weft demo --pictures: the same jobs on both engines. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "demo.h"
#include "film.h"
#include "util.h"
#include "weft.h"

/*
 * Each picture is one run: the shortest of so many, which other programs on the
 * machine disturbed least.
 */
#define RUNS	7

#define FIRST_STORY	1
#define SECOND_STORY	2
#define BOTH_STORIES	(FIRST_STORY | SECOND_STORY)

struct scene {
	const char *run;
	struct {
		const char *file;
		const char *title;
		unsigned int stories;
	} pictures[3];
};

static const struct scene scenes[] = {
	{
		.run = "work --count 3 --rounds 2 --work 3ms --wait 6ms",
		.pictures = {
			{ "three-threads.svg",
			  "Three tasks that work 3 ms, wait 6 ms, work 3 ms: a thread for each",
			  FIRST_STORY },
			{ "three-tasks.svg",
			  "The same three tasks, on workers that go from one to the next",
			  SECOND_STORY },
			{ "three-both.svg",
			  "Three tasks that work 3 ms, wait 6 ms, work 3 ms, on both engines",
			  BOTH_STORIES },
		},
	},
	{
		.run = "work --count 100 --rounds 3 --work 100us --wait 5ms",
		.pictures = {
			{ "hundred-both.svg",
			  "100 tasks that work 100 us three times, and wait 5 ms in between",
			  BOTH_STORIES },
		},
	},
};

static uint64_t longer(const struct story *stories)
{
	uint64_t a = stories[0].to - stories[0].from;
	uint64_t b = stories[1].to - stories[1].from;

	return a > b ? a : b;
}

static void free_both(struct story *stories)
{
	story_free(&stories[0]);
	story_free(&stories[1]);
}

/* The shortest run of each engine. Return: 0, or an exit code. */
static int film_best(struct story *best, const char *run)
{
	static const unsigned int engines[] = { WEFT_ENGINE_THREADS,
						WEFT_ENGINE_ASYNC };
	const struct film_plan plan = { .run = run };
	unsigned int i, k;
	int ret;

	for (i = 0; i < RUNS; i++) {
		for (k = 0; k < ARRAY_SIZE(engines); k++) {
			struct story s;

			ret = film_one(&s, &plan, weft_engine_name(engines[k]));
			if (ret)
				return ret;
			if (best[k].lanes && s.to - s.from >= best[k].to - best[k].from) {
				story_free(&s);
				continue;
			}
			story_free(&best[k]);
			best[k] = s;
		}
	}
	return 0;
}

/* Return: 0, or an exit code. */
static int write_picture(const char *dir, const char *file, const struct drawing *d)
{
	char path[4096];
	FILE *out;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return complain_memory();
	out = fopen(path, "we");
	if (out)
		draw_svg(out, d);
	if (!out || fclose(out)) {
		complain("%s cannot be written: %s", path, strerror(errno));
		return EXIT_REFUSED;
	}
	printf("%s\n", path);
	return 0;
}

static int draw_scene(const char *dir, const struct scene *scene)
{
	struct story stories[2] = {};
	unsigned int i;
	int ret;

	ret = film_best(stories, scene->run);
	for (i = 0; !ret && i < ARRAY_SIZE(scene->pictures); i++) {
		unsigned int which = scene->pictures[i].stories;
		const struct drawing d = {
			.title = scene->pictures[i].title,
			.stories = &stories[which == SECOND_STORY],
			.count = which == BOTH_STORIES ? 2 : 1,
			.length_ns = longer(stories),
		};

		if (scene->pictures[i].file)
			ret = write_picture(dir, scene->pictures[i].file, &d);
	}
	free_both(stories);
	return ret;
}

/**
 * demo_pictures() - draw the pictures of an article, from this kernel
 * @dir: where they go
 *
 * Return: 0, or an exit code when it has complained.
 */
int demo_pictures(const char *dir)
{
	unsigned int i;
	int ret = film_ready();

	if (!ret && mkdir(dir, 0777) && errno != EEXIST) {
		complain("%s cannot be made: %s", dir, strerror(errno));
		return EXIT_USAGE;
	}
	for (i = 0; i < ARRAY_SIZE(scenes) && !ret; i++)
		ret = draw_scene(dir, &scenes[i]);
	return ret;
}
