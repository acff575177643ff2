// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cmd.h"
#include "table.h"
#include "util.h"

const char *const debugfs_files[DEBUGFS_FILES] = {
	"engines", "workers", "ops", "clients", "histograms", "memory",
	"offences", "tasks",
};

const char *table_cell(const struct table *table, unsigned int row,
		       unsigned int col)
{
	return table->cells[row * table->cols + col];
}

void table_free(struct table *table)
{
	unsigned int i;

	for (i = 0; i < table->rows * table->cols; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){};
}

/* Keeps the rows for which @keep says so, and the names of the columns. */
void table_filter(struct table *table,
		  bool (*keep)(const struct table *table, unsigned int row,
			       const void *arg),
		  const void *arg)
{
	unsigned int row, col, kept = 1;

	for (row = 1; row < table->rows; row++) {
		char **cells = &table->cells[row * table->cols];
		bool wanted = keep(table, row, arg);

		for (col = 0; !wanted && col < table->cols; col++)
			free(cells[col]);
		if (wanted)
			memmove(&table->cells[kept++ * table->cols], cells,
				table->cols * sizeof(*cells));
	}
	if (table->rows)
		table->rows = kept;
}

static unsigned int count_words(const char *line)
{
	unsigned int count = 0;

	while (*(line += strspn(line, " \t"))) {
		line += strcspn(line, " \t");
		count++;
	}
	return count;
}

/* Return: 0, -EPROTO (not as wide as the first line) or -ENOMEM. */
static int table_add_line(struct table *table, char *line)
{
	unsigned int words = count_words(line), i;
	char **cells, *word, *save;

	if (!table->rows)
		table->cols = words;
	if (!words || words != table->cols)
		return -EPROTO;
	cells = reallocarray(table->cells, (table->rows + 1) * table->cols,
			     sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	table->cells = cells;
	cells += table->rows++ * table->cols;
	memset(cells, 0, table->cols * sizeof(*cells));

	word = strtok_r(line, " \t", &save);
	for (i = 0; i < words; i++) {
		cells[i] = strdup(word);
		if (!cells[i])
			return -ENOMEM;
		word = strtok_r(NULL, " \t", &save);
	}
	return 0;
}

/* The first line names the columns, each other line is a row. */
int table_parse(struct table *table, const char *text)
{
	char *copy = strdup(text), *line, *save;
	int ret = copy ? 0 : -ENOMEM;

	*table = (struct table){};
	line = copy ? strtok_r(copy, "\n", &save) : NULL;
	if (copy && !line)
		ret = -EPROTO;
	for (; line && !ret; line = strtok_r(NULL, "\n", &save))
		ret = table_add_line(table, line);
	free(copy);
	if (ret)
		table_free(table);
	return ret;
}

static int read_all(int fd, char **out)
{
	size_t size = 4096, used = 0;
	char *text = malloc(size), *more;
	ssize_t ret = text ? 1 : -ENOMEM;

	while (ret > 0) {
		ret = read(fd, text + used, size - 1 - used);
		if (ret < 0)
			ret = -errno;
		else
			used += ret;
		if (ret <= 0 || used < size - 1)
			continue;
		size *= 2;
		more = realloc(text, size);
		if (more)
			text = more;
		else
			ret = -ENOMEM;
	}
	if (ret < 0) {
		free(text);
		return ret;
	}
	text[used] = '\0';
	*out = text;
	return 0;
}

/**
 * table_read() - read a file as it is
 * @dir: where; DEBUGFS_DIR, or a folder like it
 * @file: its name
 * @text: receives it; the caller's to free
 *
 * Return: 0 or a negative errno; see complain_table().
 */
int table_read(const char *dir, const char *file, char **text)
{
	char path[512];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = read_all(fd, text);
	close(fd);
	return ret;
}

/**
 * table_load() - read a file of DEBUGFS_DIR
 * @table: receives it; the caller's to free
 * @file: its name
 *
 * Return: 0 or a negative errno; see complain_table().
 */
int table_load(struct table *table, const char *file)
{
	char *text;
	int ret;

	*table = (struct table){};
	ret = table_read(DEBUGFS_DIR, file, &text);
	if (ret)
		return ret;
	ret = table_parse(table, text);
	free(text);
	return ret;
}

/* Why a file of DEBUGFS_DIR could not be read. Return: the exit code. */
int complain_table(const char *file, int error)
{
	struct statfs fs;

	if (error == EPROTO) {
		complain(DEBUGFS_DIR "/%s is not the table this command expects: build the module and the command from one source",
			 file);
		return EXIT_REFUSED;
	}
	if (error == EACCES || error == EPERM) {
		complain(DEBUGFS_DIR "/%s may not be read by this user: run as root",
			 file);
		return EXIT_NO_MODULE;
	}
	if (access("/sys/module/weft", F_OK))
		return complain_device(ENOENT);
	if (error == ENOENT &&
	    (statfs("/sys/kernel/debug", &fs) || fs.f_type != DEBUGFS_MAGIC)) {
		complain("debugfs is not mounted: run mount -t debugfs none /sys/kernel/debug");
		return EXIT_NO_MODULE;
	}
	complain(DEBUGFS_DIR "/%s cannot be read: %s; look for weft in the kernel log (dmesg)",
		 file, strerror(error));
	return EXIT_NO_MODULE;
}

/* The same for a folder that may be a copy. Return: the exit code. */
int complain_snap(const char *dir, const char *file, int error)
{
	if (!strcmp(dir, DEBUGFS_DIR))
		return complain_table(file, error);
	complain("%s/%s %s: make the copy anew, of all files of " DEBUGFS_DIR, dir, file,
		 error == EPROTO ? "is not the table this command expects" :
		 strerror(error));
	return EXIT_NO_MODULE;
}

/* Return: 0, or -EPROTO if there is no such number. */
int table_number(const struct table *table, const char *row, const char *col,
		 uint64_t *n)
{
	unsigned int r, c;

	for (c = 0; c < table->cols; c++)
		if (!strcmp(table_cell(table, 0, c), col))
			break;
	for (r = 1; r < table->rows; r++)
		if (!strcmp(table_cell(table, r, 0), row))
			break;
	if (c == table->cols || r == table->rows ||
	    parse_count(table_cell(table, r, c), 0, UINT64_MAX, n))
		return -EPROTO;
	return 0;
}
