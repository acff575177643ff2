/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages, numbers and times. */
#ifndef WEFT_UTIL_H
#define WEFT_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NSEC_PER_MSEC	1000000ULL
#define NSEC_PER_SEC	1000000000ULL

/* A short text that is returned by value, for use as an argument: x(n).s */
struct text {
	char s[48];
};

struct text text_count(uint64_t n);
struct text text_time(uint64_t ns);
struct text text_exact_time(uint64_t ns);
struct text text_bytes(uint64_t bytes);

void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int complain_device(int error);
int complain_kernel(const char *what, int error);
int complain_memory(void);
const char *did_you_mean(const char *word, const char *const *known,
			 size_t count);

int parse_count(const char *s, uint64_t min, uint64_t max, uint64_t *n);
int parse_duration(const char *s, uint64_t *ns);

uint64_t now_ns(void);
void nap_ms(unsigned int ms);
void interrupt_catch(void);
bool interrupted(void);

void sort_times(uint64_t *times, size_t count);
uint64_t percentile(const uint64_t *sorted, size_t count, unsigned int percent);

#endif /* WEFT_UTIL_H */
