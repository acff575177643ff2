/* SPDX-License-Identifier: GPL-2.0-only */
/* What the subcommands share. */
#ifndef WEFT_CMD_H
#define WEFT_CMD_H

#include <argp.h>

/* Exit codes; documented in main.c's help. */
#define EXIT_OK			0
#define EXIT_JOB_FAILED		1
#define EXIT_USAGE		2
#define EXIT_NO_MODULE		3
#define EXIT_REFUSED		4
#define EXIT_INTERRUPTED	130

/* The engine with this name; else it ends the program. */
unsigned int need_engine(struct argp_state *state, const char *arg);

int cmd_run(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_tasks(int argc, char **argv);
int cmd_timeline(int argc, char **argv);
int cmd_graph(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_step(int argc, char **argv);
int cmd_card(int argc, char **argv);
int cmd_copy(int argc, char **argv);
int cmd_verify(int argc, char **argv);

/* Options that every subcommand takes. */
extern const struct argp_child cmd_common[];

#endif /* WEFT_CMD_H */
