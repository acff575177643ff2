/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads JSON and remembers where everything stood, to say where an error is. */
#ifndef WEFT_JREAD_H
#define WEFT_JREAD_H

#include <stddef.h>

enum j_type {
	J_NULL,
	J_BOOL,
	J_NUMBER,
	J_STRING,
	J_ARRAY,
	J_OBJECT,
};

/**
 * struct j_value - A value
 * @type: of what type
 * @line: where it begins, from 1
 * @column: likewise, in bytes
 * @text: of a number, as it was written; of a string; "true" or "false"
 * @key: its name in an object, else NULL
 * @key_line: where that begins
 * @key_column: likewise
 * @first: of an array or object: what is in it
 * @next: in the same array or object
 */
struct j_value {
	enum j_type type;
	unsigned int line;
	unsigned int column;
	char *text;
	char *key;
	unsigned int key_line;
	unsigned int key_column;
	struct j_value *first;
	struct j_value *next;
};

/* What went wrong, and where. */
struct j_error {
	unsigned int line;
	unsigned int column;
	const char *what;
};

struct j_value *j_read(const char *text, size_t len, struct j_error *error);
void j_free(struct j_value *value);

#endif /* WEFT_JREAD_H */
