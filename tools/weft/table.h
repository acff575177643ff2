/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables: read from debugfs, printed to fit the terminal. */
#ifndef WEFT_TABLE_H
#define WEFT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

/* Row 0 names the columns. */
struct table {
	unsigned int rows;
	unsigned int cols;
	char **cells;
};

#define DEBUGFS_DIR	"/sys/kernel/debug/weft"

/* The files there, in the order in which they are shown. */
#define DEBUGFS_FILES	8
extern const char *const debugfs_files[DEBUGFS_FILES];

int table_parse(struct table *table, const char *text);
int table_read(const char *dir, const char *file, char **text);
int table_load(struct table *table, const char *file);
void table_free(struct table *table);
void table_filter(struct table *table,
		  bool (*keep)(const struct table *table, unsigned int row,
			       const void *arg),
		  const void *arg);
const char *table_cell(const struct table *table, unsigned int row,
		       unsigned int col);
int table_number(const struct table *table, const char *row, const char *col,
		 uint64_t *n);
struct json_object *table_json(const struct table *table);
void table_print(const struct table *table, unsigned int width);

int complain_table(const char *file, int error);
int complain_snap(const char *dir, const char *file, int error);

#endif /* WEFT_TABLE_H */
