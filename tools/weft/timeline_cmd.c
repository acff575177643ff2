// SPDX-License-Identifier: GPL-2.0-only
/* weft timeline: what the flight recorder saw, as a picture. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "draw.h"
#include "film.h"
#include "term.h"
#include "util.h"
#include "weft.h"

#define MIN_WIDTH	30
#define MAX_WIDTH	400

enum {
	OPT_LAST = 1,
	OPT_RUN,
	OPT_BOTH,
	OPT_FORMAT,
	OPT_FILE,
	OPT_CLIENT,
	OPT_WIDTH,
	OPT_TITLE,
	OPT_ASCII,
};

static const struct argp_option options[] = {
	{ "last", OPT_LAST, "TIME", 0,
	  "what happened in that time until now, or until the recorder was frozen (1s)", 0 },
	{ "run", OPT_RUN, "ARGS", 0, "run 'weft run ARGS', and show its jobs only", 0 },
	{ "both", OPT_BOTH, NULL, 0, "with --run: on both engines, one above the other", 0 },
	{ "client", OPT_CLIENT, "N", 0, "jobs of this client only, as in 'weft stat clients'", 0 },
	{ "file", OPT_FILE, "FILE", 0,
	  "a copy of the recorder's file, in place of the kernel's; twice, to compare two", 0 },
	{ "format", OPT_FORMAT, "NAME", 0,
	  "text, svg, html or json (what FILE of -o ends in, or text)", 1 },
	{ "output", 'o', "FILE", 0, "write to FILE", 1 },
	{ "title", OPT_TITLE, "TEXT", 0, "what stands above it", 1 },
	{ "width", OPT_WIDTH, "COLUMNS", 0, "of text (as wide as the terminal)", 1 },
	{ "ascii", OPT_ASCII, NULL, 0, "plain ASCII in any locale", 1 },
	{ NULL, 0, NULL, 0, "Help:", -1 },
	{}
};

static const char doc[] =
	"Show what jobs, workers and threads did and when, from the kernel's flight recorder.\n"
	"\n"
	"  weft timeline\n"
	"  weft timeline --last 50ms -o now.svg\n"
	"  weft timeline --run 'work --count 3 --rounds 2 --work 3ms --wait 6ms' --both\n"
	"  weft timeline --run 'sleep --for 1ms --count 100' -o jobs.html\n"
	"\n"
	"JSON opens in Perfetto (ui.perfetto.dev) and chrome://tracing. Wants root, for debugfs.";

enum format {
	FORMAT_NONE,
	FORMAT_TEXT,
	FORMAT_SVG,
	FORMAT_HTML,
	FORMAT_JSON,
};

static const char *const formats[] = {
	[FORMAT_TEXT] = "text", [FORMAT_SVG] = "svg",
	[FORMAT_HTML] = "html", [FORMAT_JSON] = "json",
};

#define NR_FORMATS	ARRAY_SIZE(formats)

struct plan {
	struct film_plan film;
	const char *paths[WEFT_LIB_ENGINES];
	unsigned int nr_paths;
	bool last;
	bool both;
	enum format format;
	const char *output;
	const char *title;
	unsigned int width;
};

static enum format find_format(const char *name)
{
	unsigned int i;

	for (i = FORMAT_TEXT; i < NR_FORMATS; i++)
		if (!strcmp(formats[i], name))
			return i;
	return FORMAT_NONE;
}

static void parse_format(struct plan *plan, struct argp_state *state,
			 const char *arg)
{
	const char *near;

	plan->format = find_format(arg);
	if (plan->format)
		return;
	near = did_you_mean(arg, formats + FORMAT_TEXT, NR_FORMATS - FORMAT_TEXT);
	if (near)
		argp_error(state, "there is no format '%s': did you mean '%s'?",
			   arg, near);
	argp_error(state, "there is no format '%s': use text, svg, html or json",
		   arg);
}

static void check_plan(struct plan *plan, struct argp_state *state)
{
	const char *dot = plan->output ? strrchr(plan->output, '.') : NULL;

	if (plan->film.run && plan->last)
		argp_error(state, "--run shows its own jobs: give it or --last, not both");
	if (plan->film.run && (plan->nr_paths || plan->film.client))
		argp_error(state, "--run goes neither with --file nor with --client");
	if (plan->both && !plan->film.run)
		argp_error(state, "--both wants --run: which jobs are to run on both engines?");
	if (!plan->format && dot)
		plan->format = find_format(dot + 1);
	if (!plan->format)
		plan->format = FORMAT_TEXT;
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;
	uint64_t n;

	switch (key) {
	case OPT_LAST:
		if (parse_duration(arg, &plan->film.last_ns) || !plan->film.last_ns)
			argp_error(state, "--last wants a time with a unit, such as 50ms or 1s, not '%s'",
				   arg);
		plan->last = true;
		break;
	case OPT_RUN:
		plan->film.run = arg;
		break;
	case OPT_BOTH:
		plan->both = true;
		break;
	case OPT_FORMAT:
		parse_format(plan, state, arg);
		break;
	case OPT_FILE:
		if (plan->nr_paths == ARRAY_SIZE(plan->paths))
			argp_error(state, "--file can be given twice, not more often");
		plan->paths[plan->nr_paths++] = arg;
		break;
	case OPT_CLIENT:
		if (parse_count(arg, 1, UINT32_MAX, &n))
			argp_error(state, "--client wants the number of a client, not '%s'",
				   arg);
		plan->film.client = n;
		break;
	case OPT_WIDTH:
		if (parse_count(arg, MIN_WIDTH, MAX_WIDTH, &n))
			argp_error(state, "--width wants a whole number from %d to %d, not '%s'",
				   MIN_WIDTH, MAX_WIDTH, arg);
		plan->width = n;
		break;
	case OPT_TITLE:
		plan->title = arg;
		break;
	case OPT_ASCII:
		term_ascii();
		break;
	case 'o':
		plan->output = arg;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		break;
	case ARGP_KEY_END:
		check_plan(plan, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void draw(FILE *out, const struct plan *plan, const struct drawing *d)
{
	switch (plan->format) {
	case FORMAT_SVG:
		draw_svg(out, d);
		break;
	case FORMAT_HTML:
		draw_html(out, d);
		break;
	case FORMAT_JSON:
		draw_json(out, d);
		break;
	default:
		draw_text(out, d, plan->width ? plan->width :
				  plan->output ? 80 : term_width());
	}
}

/* Return: the exit code. */
static int write_out(const struct plan *plan, const struct drawing *d)
{
	FILE *out = stdout;
	int ret = 0;

	if (plan->output) {
		term_no_colour();
		out = fopen(plan->output, "we");
		if (!out) {
			complain("%s cannot be written: %s", plan->output,
				 strerror(errno));
			return EXIT_USAGE;
		}
	}
	draw(out, plan, d);
	if (!plan->output)
		return 0;
	ret = ferror(out);
	if (fclose(out) || ret) {
		complain("%s cannot be written: %s", plan->output,
			 strerror(errno));
		return EXIT_REFUSED;
	}
	return 0;
}

/* Return: the exit code. */
static int tell_files(struct drawing *d, struct story *stories, struct plan *plan)
{
	unsigned int i;
	int ret;

	for (i = 0; i < plan->nr_paths; i++) {
		struct story *s = &stories[i];

		plan->film.path = plan->paths[i];
		ret = film_one(s, &plan->film, NULL);
		if (ret)
			return ret;
		if (plan->nr_paths > 1)
			snprintf(s->title, sizeof(s->title), "%s", plan->paths[i]);
		d->count++;
		if (s->to - s->from > d->length_ns)
			d->length_ns = s->to - s->from;
	}
	return 0;
}

/* Of several, a title says what is compared; one has its own. */
static void name_it(char *title, size_t size, const struct plan *plan)
{
	if (plan->title)
		snprintf(title, size, "%s", plan->title);
	else if (plan->both)
		snprintf(title, size, "weft run %s, on both engines", plan->film.run);
	else if (plan->nr_paths > 1)
		snprintf(title, size, "%s and %s, on one scale of time",
			 plan->paths[0], plan->paths[1]);
}

int cmd_timeline(int argc, char **argv)
{
	const struct argp argp = {
		.options = options,
		.parser = parse_opt,
		.doc = doc,
		.children = cmd_common,
	};
	struct plan plan = { .film.last_ns = NSEC_PER_SEC };
	struct story stories[WEFT_LIB_ENGINES] = {};
	struct drawing d = { .stories = stories };
	char title[256] = "";
	unsigned int i;
	int ret;

	if (argp_parse(&argp, argc, argv, 0, NULL, &plan))
		return EXIT_USAGE;
	if (plan.format == FORMAT_HTML && !draw_has_html()) {
		complain("this command was built without d3: install node-d3 and build it again, or use svg");
		return EXIT_REFUSED;
	}
	if (plan.film.run)
		plan.film.last_ns = 0;
	if (plan.both) {
		ret = film_both(&d, stories, &plan.film);
	} else if (plan.nr_paths) {
		ret = tell_files(&d, stories, &plan);
	} else {
		ret = film_one(&stories[0], &plan.film, NULL);
		d.count = 1;
		d.length_ns = stories[0].to - stories[0].from;
	}
	name_it(title, sizeof(title), &plan);
	d.title = title;
	if (!ret)
		ret = write_out(&plan, &d);
	for (i = 0; i < WEFT_LIB_ENGINES; i++)
		story_free(&stories[i]);
	return ret;
}
