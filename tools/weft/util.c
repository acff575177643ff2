// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "term.h"
#include "util.h"

#define MAX_WORD	32

static volatile sig_atomic_t was_interrupted;

/* 1234567 as 1,234,567 */
struct text text_count(uint64_t n)
{
	struct text digits, text;
	size_t len, i, at = 0;

	len = snprintf(digits.s, sizeof(digits.s), "%" PRIu64, n);
	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text.s[at++] = ',';
		text.s[at++] = digits.s[i];
	}
	text.s[at] = '\0';
	return text;
}

/* Three digits and a unit. */
static struct text text_scaled(double value, double step,
			       const char *const *units, size_t count)
{
	struct text text;
	size_t unit = 0;
	int digits;

	while (unit + 1 < count && value >= step * 0.9995) {
		value /= step;
		unit++;
	}
	digits = !unit || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
	snprintf(text.s, sizeof(text.s), "%.*f %s", digits, value, units[unit]);
	return text;
}

struct text text_time(uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };

	return text_scaled(ns, 1000, units, ARRAY_SIZE(units));
}

/* A time that was asked for, not measured: 100 ms, 1.5 s */
struct text text_exact_time(uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double value = ns;
	struct text text;
	size_t unit = 0;

	while (unit + 1 < ARRAY_SIZE(units) && value >= 1000) {
		value /= 1000;
		unit++;
	}
	snprintf(text.s, sizeof(text.s), "%.12g %s", value, units[unit]);
	return text;
}

struct text text_bytes(uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB" };

	return text_scaled(bytes, 1024, units, ARRAY_SIZE(units));
}

/* One line on stderr: what happened, then what to do next. */
void complain(const char *fmt, ...)
{
	va_list ap;

	term_progress_end();
	fflush(stdout);
	va_start(ap, fmt);
	fputs("weft: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

/* Why /dev/weft could not be opened. Return: the exit code. */
int complain_device(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		complain("/dev/weft is not there: load the module %s",
			 "(insmod weft.ko, or modprobe weft if it is installed)");
		break;
	case EACCES:
	case EPERM:
		complain("/dev/weft may not be opened by this user: %s",
			 "run as root, or give the user access (see ls -l /dev/weft)");
		break;
	default:
		complain("/dev/weft cannot be opened: %s; look for weft in the kernel log (dmesg)",
			 strerror(error));
		break;
	}
	return EXIT_NO_MODULE;
}

/* The kernel said no to something. Return: the exit code. */
int complain_kernel(const char *what, int error)
{
	const char *next = "look for weft in the kernel log (dmesg)";

	switch (error) {
	case EAGAIN:
		next = "wait for other jobs to end (weft stat clients shows whose) or submit fewer";
		break;
	case ENOMEM:
		next = "free memory or submit fewer jobs (weft stat memory shows what they take)";
		break;
	case EDQUOT:
		next = "close other clients (weft stat clients shows them)";
		break;
	case EINVAL:
	case E2BIG:
	case ENOTTY:
		next = "build the module and this command from one source";
		break;
	}
	complain("%s: %s; %s", what, strerror(error), next);
	return EXIT_REFUSED;
}

int complain_memory(void)
{
	complain("out of memory: ask for fewer jobs, or leave out --receipts");
	return EXIT_REFUSED;
}

/* Levenshtein's distance, letters of either case being the same. */
static unsigned int distance(const char *a, const char *b)
{
	size_t len = strlen(b), i, j;
	unsigned int row[MAX_WORD + 1];

	for (j = 0; j <= len; j++)
		row[j] = j;
	for (i = 0; a[i]; i++) {
		unsigned int diagonal = row[0];

		row[0] = i + 1;
		for (j = 0; j < len; j++) {
			unsigned int best = diagonal;

			if (tolower((unsigned char)a[i]) !=
			    tolower((unsigned char)b[j]))
				best++;
			diagonal = row[j + 1];
			if (diagonal + 1 < best)
				best = diagonal + 1;
			if (row[j] + 1 < best)
				best = row[j] + 1;
			row[j + 1] = best;
		}
	}
	return row[len];
}

/* The known word that @word is nearest to; NULL if none is near. */
const char *did_you_mean(const char *word, const char *const *known,
			 size_t count)
{
	unsigned int best = 3, d;
	const char *found = NULL;
	size_t i;

	if (strlen(word) > MAX_WORD)
		return NULL;
	for (i = 0; i < count; i++) {
		d = distance(word, known[i]);
		/* Not every letter may differ. */
		if (d < best && d < strlen(known[i])) {
			best = d;
			found = known[i];
		}
	}
	return found;
}

/* Return: 0, -EINVAL (not a whole number) or -ERANGE. */
int parse_count(const char *s, uint64_t min, uint64_t max, uint64_t *n)
{
	size_t len = strlen(s);

	if (!len || strspn(s, "0123456789") != len)
		return -EINVAL;
	errno = 0;
	*n = strtoull(s, NULL, 10);
	if (errno || *n < min || *n > max)
		return -ERANGE;
	return 0;
}

static uint64_t unit_ns(const char *unit)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },		  { "us", 1000 },
		{ "ms", NSEC_PER_MSEC },  { "s", NSEC_PER_SEC },
		{ "m", 60 * NSEC_PER_SEC }, { "h", 3600 * NSEC_PER_SEC },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(unit, units[i].name))
			return units[i].ns;
	return 0;
}

/* 250us, 1.5ms. Return: 0, -EINVAL, or -ERANGE (more than 2^63 - 1 ns). */
int parse_duration(const char *s, uint64_t *ns)
{
	uint64_t unit, scale, fraction = 0, whole;
	char *end;

	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	whole = strtoull(s, &end, 10);
	if (errno)
		return -ERANGE;
	s = end;
	scale = 1;
	if (*s == '.') {
		if (!isdigit((unsigned char)*++s))
			return -EINVAL;
		for (; isdigit((unsigned char)*s); s++) {
			if (scale == 1000000)
				continue;
			scale *= 10;
			fraction = fraction * 10 + (*s - '0');
		}
	}
	unit = unit_ns(s);
	if (!unit)
		return -EINVAL;
	if (whole > INT64_MAX / unit)
		return -ERANGE;
	*ns = whole * unit + fraction * unit / scale;
	return *ns > INT64_MAX ? -ERANGE : 0;
}

/* CLOCK_MONOTONIC */
uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

void nap_ms(unsigned int ms)
{
	struct timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * NSEC_PER_MSEC,
	};

	nanosleep(&ts, NULL);
}

static void on_interrupt(int signal)
{
	(void)signal;
	was_interrupted = 1;
}

/* The first Ctrl-C is for interrupted() to see; the second ends the program. */
void interrupt_catch(void)
{
	struct sigaction action = {
		.sa_handler = on_interrupt,
		.sa_flags = SA_RESETHAND,
	};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool interrupted(void)
{
	return was_interrupted;
}

static int compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void sort_times(uint64_t *times, size_t count)
{
	if (count)
		qsort(times, count, sizeof(*times), compare_times);
}

/* The smallest time that @percent per cent of all do not exceed. */
uint64_t percentile(const uint64_t *sorted, size_t count, unsigned int percent)
{
	size_t rank = (count * percent + 99) / 100;

	if (!count)
		return 0;
	return sorted[rank ? rank - 1 : 0];
}
