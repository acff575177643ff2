/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes the n-th thing fail that can fail in a thread: an allocation or a copy of
 * user memory. It takes CONFIG_FAULT_INJECTION.
 */
#ifndef WEFT_SELFTESTS_FAULTS_H
#define WEFT_SELFTESTS_FAULTS_H

#include "common.h"
#include "table.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"

/* Debugging makes allocations of its own now and then: they shift the count. */
#define TRIES		4

static void __attribute__((constructor)) need_faults(void)
{
	if (access(FAIL_NTH, W_OK))
		ksft_exit_skip("no " FAIL_NTH ": the kernel lacks fault injection\n");
}

static inline void set_fault(const char *what, const char *knob, const char *value)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", what, knob);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

/* What may wait fails as well; and it is not printed with a call trace, like a bug. */
static inline int open_faults(void)
{
	/* To deliver a signal takes copies that may fail, too. */
	no_alarms();
	set_fault("failslab", "verbose", "0");
	set_fault("fail_page_alloc", "verbose", "0");
	set_fault("fail_usercopy", "verbose", "0");
	set_fault("failslab", "ignore-gfp-wait", "N");
	set_fault("fail_page_alloc", "ignore-gfp-wait", "N");
	return open(FAIL_NTH, O_RDWR | O_CLOEXEC);
}

static inline bool fail_nth(int fd, int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	return pwrite(fd, text, len, 0) == len;
}

/* What is left to fail may be this call, once. */
static inline bool fail_no_more(int fd)
{
	return fail_nth(fd, 0) || fail_nth(fd, 0);
}

/* Return: whether what was to fail was in the call, and not in here. */
static inline bool has_failed(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
}

#endif /* WEFT_SELFTESTS_FAULTS_H */
