// SPDX-License-Identifier: GPL-2.0-only
/* The weft command: finds the subcommand. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "term.h"
#include "util.h"
#include "weft.h"

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv);
} commands[] = {
	{ "run", cmd_run },
	{ "graph", cmd_graph },
	{ "stat", cmd_stat },
	{ "tasks", cmd_tasks },
	{ "timeline", cmd_timeline },
	{ "demo", cmd_demo },
	{ "top", cmd_top },
	{ "doctor", cmd_doctor },
	{ "step", cmd_step },
	{ "card", cmd_card },
	{ "copy", cmd_copy },
	{ "verify", cmd_verify },
};

#define NR_COMMANDS	ARRAY_SIZE(commands)

static const char doc[] =
	"Run jobs in the kernel, and see how async tasks differ from threads.\n"
	"\n"
	"  weft demo                                    show what weft is about\n"
	"  weft run sleep --for 100ms --count 10000     run jobs as async tasks\n"
	"  weft run sleep --for 100ms --engine threads  ... one thread each\n"
	"  weft graph FILE.json                         jobs that wait for each other\n"
	"  weft copy -r SRC DST                         copy files, many at once\n"
	"  weft verify FILE...                          digests of files, or check\n"
	"  weft stat                                    what the kernel counted\n"
	"  weft tasks                                   what jobs wait for, now\n"
	"  weft top                                     the same live, and warnings\n"
	"  weft doctor                                  is anything wrong, and why\n"
	"  weft step                                    one poll at a time, to learn\n"
	"  weft card                                    what jobs cost on this machine\n"
	"  weft timeline                                what ran when, as a picture\n"
	"  weft run --help                              all about a command\n"
	"\v"
	"Exit status:\n"
	"  0    all went well\n"
	"  1    a job failed or was cancelled, or a file differs\n"
	"  2    the command line is wrong\n"
	"  3    the module is not loaded, or its files may not be opened\n"
	"  4    the kernel refused something\n"
	"  130  interrupted (Ctrl-C); the jobs were cancelled\n"
	"weft doctor has its own: see weft doctor --help.";

/* Other parsers' keys are smaller. */
#define OPT_NO_COLOR	0x100

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	(void)state;
	if (key != OPT_NO_COLOR)
		return ARGP_ERR_UNKNOWN;
	term_no_colour();
	return 0;
}

static const struct argp_option common_options[] = {
	{ "no-color", OPT_NO_COLOR, NULL, 0, "no colours; as with NO_COLOR=1", -1 },
	{}
};

static const struct argp common_argp = {
	.options = common_options,
	.parser = parse_common,
};

const struct argp_child cmd_common[] = {
	{ &common_argp, 0, NULL, 0 },
	{}
};

static const struct command *find_command(struct argp_state *state,
					  const char *name)
{
	const char *names[NR_COMMANDS], *near;
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
		names[i] = commands[i].name;
	}
	near = did_you_mean(name, names, NR_COMMANDS);
	if (near)
		argp_error(state, "there is no command '%s': did you mean '%s'?",
			   name, near);
	argp_error(state, "there is no command '%s': weft --help lists them",
		   name);
	return NULL;
}

/* The rest of the command line is the subcommand's. */
static int run_command(struct argp_state *state, const char *name)
{
	const struct command *command = find_command(state, name);
	char **argv = &state->argv[state->next - 1];
	int argc = state->argc - state->next + 1, ret;
	char *word = argv[0];
	char full[32];

	state->next = state->argc;
	snprintf(full, sizeof(full), "weft %s", command->name);
	argv[0] = full;
	ret = command->main(argc, argv);
	/* The caller looks at it once more. */
	argv[0] = word;
	return ret;
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	int *ret = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		*ret = run_command(state, arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which command? weft --help lists them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "weft (interface %d of /dev/weft)\n", WEFT_ABI_VERSION);
}

void (*argp_program_version_hook)(FILE *, struct argp_state *) = print_version;

int main(int argc, char **argv)
{
	const struct argp argp = {
		.parser = parse_opt,
		.args_doc = "COMMAND [ARGUMENTS...]",
		.doc = doc,
		.children = cmd_common,
	};
	int ret = EXIT_USAGE;

	term_init();
	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &ret))
		return EXIT_USAGE;
	if (fflush(stdout) || ferror(stdout)) {
		complain("the output could not be written: %s",
			 strerror(errno));
		return EXIT_REFUSED;
	}
	return ret;
}
