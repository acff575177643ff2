/* SPDX-License-Identifier: GPL-2.0-only */
/* Loads and unloads the module, and looks for what it may have left. */
#ifndef WEFT_SELFTESTS_MODULES_H
#define WEFT_SELFTESTS_MODULES_H

#include <dirent.h>
#include "common.h"
#include "table.h"

#define MODULE_FILE	"/weft.ko"

static inline int load(const char *parameters)
{
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return ret;
}

static inline int unload(void)
{
	return syscall(SYS_delete_module, "weft", O_NONBLOCK) ? -errno : 0;
}

static inline bool is_loaded(void)
{
	return !access("/sys/module/weft", F_OK);
}

static void __attribute__((constructor)) need_module(void)
{
	if (access(MODULE_FILE, R_OK))
		ksft_exit_skip("no " MODULE_FILE ": copy the module there\n");
	if (geteuid())
		ksft_exit_skip("loading modules needs root\n");
}

static inline bool is_named(const char *pid, const char *name)
{
	char path[288], comm[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, comm, sizeof(comm) - 1) < 0)
		comm[0] = '\0';
	close(fd);
	return !strncmp(comm, name, strlen(name));
}

static inline bool has_thread(const char *name)
{
	struct dirent *entry;
	bool found = false;
	DIR *proc = opendir("/proc");

	while (proc && !found && (entry = readdir(proc)))
		found = is_named(entry->d_name, name);
	if (proc)
		closedir(proc);
	return found;
}

/* One whose last step was waited for is still listed for a moment. */
static inline bool until_no_thread(const char *name)
{
	__u64 end = in_ns(PATIENCE);

	while (has_thread(name)) {
		if (now_ns() > end)
			return false;
		sched_yield();
	}
	return true;
}

#endif /* WEFT_SELFTESTS_MODULES_H */
