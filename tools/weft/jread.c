// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "jread.h"

/* Deeper is nothing that anybody means. */
#define MAX_DEPTH	16

struct reader {
	const char *p;
	const char *end;
	const char *line_begin;
	unsigned int line;
	unsigned int depth;
	struct j_error *error;
};

static struct j_value *read_value(struct reader *r);

static unsigned int column(const struct reader *r)
{
	return r->p - r->line_begin + 1;
}

static void *fail(struct reader *r, const char *what)
{
	if (!r->error->what)
		*r->error = (struct j_error){
			.line = r->line,
			.column = column(r),
			.what = what,
		};
	return NULL;
}

static void skip_blanks(struct reader *r)
{
	for (; r->p < r->end; r->p++) {
		if (*r->p == '\n') {
			r->line++;
			r->line_begin = r->p + 1;
		} else if (*r->p != ' ' && *r->p != '\t' && *r->p != '\r') {
			break;
		}
	}
}

/* Return: the next character that is no blank, 0 at the end. */
static char peek(struct reader *r)
{
	skip_blanks(r);
	return r->p < r->end ? *r->p : '\0';
}

static char *copy(const char *from, size_t len)
{
	char *text = malloc(len + 1);

	if (text) {
		memcpy(text, from, len);
		text[len] = '\0';
	}
	return text;
}

/* Names and paths: the escapes of one character, and no \u. */
static char *read_string(struct reader *r)
{
	static const char names[] = "\"\\/bfnrt", chars[] = "\"\\/\b\f\n\r\t";
	const char *begin = ++r->p, *escape;
	char *text = malloc(r->end - begin + 1);
	size_t len = 0;

	if (!text)
		return fail(r, "there is no memory");
	for (; r->p < r->end && *r->p != '"'; r->p++) {
		if ((unsigned char)*r->p < ' ')
			break;
		text[len] = *r->p;
		if (*r->p == '\\') {
			escape = ++r->p < r->end && *r->p ? strchr(names, *r->p) : NULL;
			if (!escape) {
				free(text);
				return fail(r, "this escape is not known");
			}
			text[len] = chars[escape - names];
		}
		len++;
	}
	if (r->p >= r->end || *r->p != '"') {
		free(text);
		return fail(r, "the string does not end");
	}
	r->p++;
	text[len] = '\0';
	return text;
}

static struct j_value *new_value(const struct reader *r)
{
	struct j_value *v = calloc(1, sizeof(*v));

	if (v) {
		v->line = r->line;
		v->column = column(r);
	}
	return v;
}

/* Numbers, true, false and null. */
static bool read_word(struct reader *r, struct j_value *v)
{
	const char *begin = r->p;
	size_t len = strspn(begin, "+-.0123456789abcdefghijklmnopqrstuvwxyzE");

	if (len > (size_t)(r->end - begin))
		len = r->end - begin;
	v->text = copy(begin, len);
	if (!v->text)
		return fail(r, "there is no memory");
	if (!strcmp(v->text, "true") || !strcmp(v->text, "false"))
		v->type = J_BOOL;
	else if (!strcmp(v->text, "null"))
		v->type = J_NULL;
	else if (len && (strchr("-0123456789", *begin)))
		v->type = J_NUMBER;
	else
		return fail(r, "a value was expected");
	r->p += len;
	return true;
}

static struct j_value *read_member(struct reader *r)
{
	unsigned int line, at;
	struct j_value *v;
	char *key;

	if (peek(r) != '"')
		return fail(r, "a name in quotes was expected");
	line = r->line;
	at = column(r);
	key = read_string(r);
	if (!key)
		return NULL;
	if (peek(r) != ':') {
		free(key);
		return fail(r, "a ':' was expected");
	}
	r->p++;
	v = read_value(r);
	if (!v) {
		free(key);
		return NULL;
	}
	v->key = key;
	v->key_line = line;
	v->key_column = at;
	return v;
}

static bool read_list(struct reader *r, struct j_value *v)
{
	bool object = v->type == J_OBJECT;
	char close = object ? '}' : ']';
	struct j_value **end = &v->first;

	if (++r->depth > MAX_DEPTH)
		return fail(r, "this is too deep");
	r->p++;
	if (peek(r) != close) {
		for (;;) {
			*end = object ? read_member(r) : read_value(r);
			if (!*end)
				return false;
			end = &(*end)->next;
			if (peek(r) != ',')
				break;
			r->p++;
		}
	}
	if (peek(r) != close)
		return fail(r, object ? "a ',' or '}' was expected" :
					"a ',' or ']' was expected");
	r->p++;
	r->depth--;
	return true;
}

static struct j_value *read_value(struct reader *r)
{
	char first = peek(r);
	struct j_value *v = new_value(r);
	bool ok;

	if (!v)
		return fail(r, "there is no memory");
	switch (first) {
	case '{':
	case '[':
		v->type = first == '{' ? J_OBJECT : J_ARRAY;
		ok = read_list(r, v);
		break;
	case '"':
		v->type = J_STRING;
		v->text = read_string(r);
		ok = v->text;
		break;
	case '\0':
		ok = fail(r, "the text ends too early");
		break;
	default:
		ok = read_word(r, v);
	}
	if (ok)
		return v;
	j_free(v);
	return NULL;
}

/* @text ends with a 0 at @len. Return: to be freed by j_free(), or NULL. */
struct j_value *j_read(const char *text, size_t len, struct j_error *error)
{
	struct reader r = {
		.p = text,
		.end = text + len,
		.line_begin = text,
		.line = 1,
		.error = error,
	};
	struct j_value *v;

	*error = (struct j_error){};
	v = read_value(&r);
	if (v && (peek(&r) || r.p < r.end)) {
		fail(&r, "nothing more was expected here");
		j_free(v);
		v = NULL;
	}
	return v;
}

void j_free(struct j_value *v)
{
	struct j_value *next;

	for (; v; v = next) {
		next = v->next;
		j_free(v->first);
		free(v->text);
		free(v->key);
		free(v);
	}
}
