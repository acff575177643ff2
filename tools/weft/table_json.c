// SPDX-License-Identifier: GPL-2.0-only
#include <json-c/json.h>
#include <stdint.h>

#include "table.h"
#include "util.h"

static struct json_object *json_cell(const char *cell)
{
	uint64_t n;

	if (!parse_count(cell, 0, UINT64_MAX, &n))
		return json_object_new_uint64(n);
	return json_object_new_string(cell);
}

/* An array of rows, each an object; the caller's. */
struct json_object *table_json(const struct table *table)
{
	struct json_object *rows = json_object_new_array();
	unsigned int row, col;

	for (row = 1; row < table->rows; row++) {
		struct json_object *o = json_object_new_object();

		for (col = 0; col < table->cols; col++) {
			const char *name = table_cell(table, 0, col);
			const char *cell = table_cell(table, row, col);

			json_object_object_add(o, name, json_cell(cell));
		}
		json_object_array_add(rows, o);
	}
	return rows;
}
