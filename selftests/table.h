/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the tables of debugfs: a line of column names, then rows of cells.
 * Columns are looked up by name, so that new ones may come anywhere.
 */
#ifndef WEFT_SELFTESTS_TABLE_H
#define WEFT_SELFTESTS_TABLE_H

#include "api.h"

#define DEBUGFS		"/sys/kernel/debug/weft/"
#define MAX_COLUMNS	32
#define MAX_ROWS	256

struct table {
	char text[1 << 16];
	char *cells[MAX_ROWS][MAX_COLUMNS];
	unsigned int rows;	/* without the line of names, which is cells[0] */
	unsigned int columns;
	bool ragged;		/* a row has another number of cells */
};

static const char *const table_files[] = {
	"engines", "workers", "ops", "clients", "histograms", "memory", "offences",
	"tasks",
};

static inline unsigned int table_split(char **cells, char *line)
{
	char *save, *cell;
	unsigned int n = 0;

	for (cell = strtok_r(line, " ", &save); cell && n < MAX_COLUMNS;
	     cell = strtok_r(NULL, " ", &save))
		cells[n++] = cell;
	return n;
}

static inline void table_parse(struct table *t)
{
	char *save, *line;
	unsigned int n, columns;

	line = strtok_r(t->text, "\n", &save);
	t->columns = line ? table_split(t->cells[0], line) : 0;
	for (n = 1; n < MAX_ROWS; n++) {
		line = strtok_r(NULL, "\n", &save);
		if (!line)
			break;
		columns = table_split(t->cells[n], line);
		t->ragged |= columns != t->columns;
	}
	t->rows = n - 1;
}

static inline int table_read(struct table *t, const char *file)
{
	char path[64];
	size_t len = 0;
	ssize_t ret;
	int fd;

	memset(t, 0, sizeof(*t));
	snprintf(path, sizeof(path), DEBUGFS "%s", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		ret = read(fd, t->text + len, sizeof(t->text) - 1 - len);
		if (ret > 0)
			len += ret;
	} while (ret > 0);
	ret = ret < 0 ? -errno : 0;
	close(fd);
	table_parse(t);
	return ret;
}

static inline int table_column(const struct table *t, const char *name)
{
	unsigned int i;

	for (i = 0; i < t->columns; i++)
		if (!strcmp(t->cells[0][i], name))
			return i;
	return -1;
}

/* The row whose column @key has the value @value, or 0. */
static inline unsigned int table_row(const struct table *t, const char *key,
				     const char *value)
{
	int column = table_column(t, key);
	unsigned int i;

	for (i = 1; column >= 0 && i <= t->rows; i++)
		if (t->cells[i][column] && !strcmp(t->cells[i][column], value))
			return i;
	return 0;
}

static inline const char *table_text(const struct table *t, unsigned int row,
				     const char *name)
{
	int column = table_column(t, name);

	if (column < 0 || !row || !t->cells[row][column])
		return "";
	return t->cells[row][column];
}

/* -1 if there is no such cell. */
static inline long long table_number(const struct table *t, unsigned int row,
				     const char *name)
{
	const char *text = table_text(t, row, name);

	return *text ? strtoll(text, NULL, 10) : -1;
}

static inline const char *engine_name(__u32 engine)
{
	return engine == WEFT_ENGINE_ASYNC ? "async" : "threads";
}

/* The row of the client that process @pid opened, or 0. */
static inline unsigned int client_row(struct table *t, pid_t pid)
{
	char text[16];

	if (table_read(t, "clients"))
		return 0;
	snprintf(text, sizeof(text), "%d", pid);
	return table_row(t, "pid", text);
}

static inline bool client_exists(pid_t pid)
{
	static struct table t;

	return client_row(&t, pid);
}

/* Whether every job that the engine ever accepted has ended. */
static inline bool engine_idle(__u32 engine)
{
	static struct table t;
	unsigned int row;

	if (table_read(&t, "engines"))
		return false;
	row = table_row(&t, "engine", engine_name(engine));
	return row && table_number(&t, row, "accepted") == table_number(&t, row, "done") &&
	       !table_number(&t, row, "queued") && !table_number(&t, row, "running") &&
	       !table_number(&t, row, "waiting");
}

/* Whether the client of @pid goes, and all jobs of its engine end. */
static inline bool until_gone(pid_t pid, __u32 engine)
{
	__u64 end = in_ns(PATIENCE);

	while (client_exists(pid) || !engine_idle(engine)) {
		if (now_ns() > end)
			return false;
		sched_yield();
	}
	return true;
}

#endif /* WEFT_SELFTESTS_TABLE_H */
