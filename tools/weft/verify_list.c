// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of digests: a line a file, as sha256sum has it. A line whose name has a
 * newline or a backslash begins with a backslash, and they are escaped.
 *
 * crc32c and xxh64 are numbers, which people write with the most significant digit
 * first: so do other programs that print them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "util.h"
#include "verify.h"

static bool is_number(unsigned int algorithm)
{
	return algorithm != WEFT_VERIFY_SHA256;
}

/* Where in the text the byte @i of the digest stands. */
static unsigned int digit_at(unsigned int algorithm, unsigned int i)
{
	unsigned int bytes = weft_algorithm_bytes(algorithm);

	return 2 * (is_number(algorithm) ? bytes - 1 - i : i);
}

/* In hexadecimal; @text has room for 2 * WEFT_LIB_MAX_DIGEST + 1. */
void digest_text(const struct file_item *item, char *text)
{
	static const char hex[] = "0123456789abcdef";
	unsigned int i, at, bytes = weft_algorithm_bytes(item->algorithm);

	for (i = 0; i < bytes; i++) {
		at = digit_at(item->algorithm, i);
		text[at] = hex[item->digest[i] >> 4];
		text[at + 1] = hex[item->digest[i] & 15];
	}
	text[2 * bytes] = '\0';
}

static bool has_to_be_escaped(const char *path)
{
	return strpbrk(path, "\\\n\r");
}

static void print_escaped(const char *path)
{
	for (; *path; path++) {
		switch (*path) {
		case '\\':
			fputs("\\\\", stdout);
			break;
		case '\n':
			fputs("\\n", stdout);
			break;
		case '\r':
			fputs("\\r", stdout);
			break;
		default:
			putchar(*path);
		}
	}
}

void list_print_line(const struct file_item *item)
{
	char text[2 * WEFT_LIB_MAX_DIGEST + 1];

	digest_text(item, text);
	if (has_to_be_escaped(item->path))
		putchar('\\');
	printf("%s  ", text);
	print_escaped(item->path);
	putchar('\n');
}

void list_print_verdict(const struct file_item *item)
{
	const char *verdict = "OK";

	if (item->state != FILE_OK)
		verdict = item->error == EBADMSG ? "FAILED" : "FAILED open or read";
	if (has_to_be_escaped(item->path))
		putchar('\\');
	print_escaped(item->path);
	printf(": %s\n", verdict);
}

static unsigned int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Return: the algorithm whose digests are of this length, -1 if none is. */
static int algorithm_of(size_t digits)
{
	unsigned int a;

	for (a = 0; a < WEFT_LIB_ALGORITHMS; a++)
		if (digits == 2 * weft_algorithm_bytes(a))
			return a;
	return -1;
}

/* Undoes what print_escaped() does, in place. Return: false if it is wrong. */
static bool unescape(char *path)
{
	char *to = path;

	for (; *path; path++) {
		if (*path == '\\') {
			switch (*++path) {
			case '\\':
				*to++ = '\\';
				continue;
			case 'n':
				*to++ = '\n';
				continue;
			case 'r':
				*to++ = '\r';
				continue;
			default:
				return false;
			}
		}
		*to++ = *path;
	}
	*to = '\0';
	return true;
}

/* Return: 0, -EINVAL if this is no line of a list, -ENOMEM. */
static int read_line(struct files *f, char *line, int wanted, unsigned int number)
{
	bool escaped = *line == '\\';
	struct file_item *item;
	char *text = line + escaped;
	size_t digits = strspn(text, "0123456789abcdefABCDEF");
	int algorithm = algorithm_of(digits);
	char *path = text + digits;
	struct stat st;
	unsigned int i;

	if (algorithm < 0 || (wanted >= 0 && algorithm != wanted))
		return -EINVAL;
	/* Two blanks; the second may say that it was read as binary. */
	if (path[0] != ' ' || (path[1] != ' ' && path[1] != '*') || !path[2])
		return -EINVAL;
	path += 2;
	if (escaped && !unescape(path))
		return -EINVAL;
	item = files_add(f, path, NULL, stat(path, &st) ? 0 : st.st_size);
	if (!item)
		return -ENOMEM;
	item->algorithm = algorithm;
	item->line = number;
	for (i = 0; i < weft_algorithm_bytes(algorithm); i++) {
		const char *at = text + digit_at(algorithm, i);

		item->digest[i] = hex_digit(at[0]) << 4 | hex_digit(at[1]);
	}
	return 0;
}

static int read_lines(struct files *f, FILE *file, const char *name, int algorithm,
		      unsigned int *wrong)
{
	unsigned int number = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int ret = 0;

	while (ret != -ENOMEM && (len = getline(&line, &room, file)) >= 0) {
		number++;
		if (len && line[len - 1] == '\n')
			line[--len] = '\0';
		if (!len || *line == '#')
			continue;
		ret = strlen(line) == (size_t)len ?
		      read_line(f, line, algorithm, number) : -EINVAL;
		if (ret != -EINVAL)
			continue;
		++*wrong;
		complain("%s:%u: no line such as 'DIGEST  NAME'%s; write the list again (weft verify FILE...)",
			 name, number, algorithm < 0 ? "" : " with a digest of that algorithm");
	}
	free(line);
	return ret == -ENOMEM ? ret : 0;
}

/**
 * list_read() - read a list
 * @f: grows by the files in it
 * @name: of the list; - is stdin
 * @algorithm: of all digests, or -1: the length of each says which
 * @wrong: grows by the lines that are none; they are told
 *
 * Return: 0, or the exit code; it has complained.
 */
int list_read(struct files *f, const char *name, int algorithm, unsigned int *wrong)
{
	bool in = !strcmp(name, "-");
	FILE *file = in ? stdin : fopen(name, "re");
	int ret;

	if (!file) {
		complain_file(name, errno);
		return EXIT_JOB_FAILED;
	}
	ret = read_lines(f, file, in ? "stdin" : name, algorithm, wrong);
	if (!ret && ferror(file)) {
		complain_file(name, errno);
		ret = EXIT_JOB_FAILED;
	} else if (ret) {
		ret = complain_memory();
	} else if (!f->count) {
		complain("%s: there is no digest in it; write it with: weft verify FILE...",
			 in ? "stdin" : name);
		ret = EXIT_JOB_FAILED;
	}
	if (!in)
		fclose(file);
	return ret;
}
