// SPDX-License-Identifier: GPL-2.0-only
/* What storms do to processes, modules and files; and that all ends with them. */
#include "soak.h"

/* A process that goes with its parent. */
pid_t fork_helper(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may be gone already. */
	if (getppid() != parent)
		_exit(0);
	return 0;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			fail("waitpid: %s", strerror(errno));
	return status;
}

/* Waits for one that ends by itself, with 0. */
void end_helper(pid_t pid)
{
	int status = wait_for(pid);

	if (WIFSIGNALED(status))
		fail("a process was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		fail("a process ended with %d", WEXITSTATUS(status));
}

/* It may have ended, but not in a failure. */
void kill_helper(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	status = wait_for(pid);
	if (WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status) != SIGKILL)
		fail("a process ended with status %#x before it was killed", status);
}

static bool is_empty(const char *file)
{
	static struct table t;

	return !table_read(&t, file) && !t.rows;
}

/* No client, no job, no thread: all jobs that were ever accepted have ended. */
void must_be_idle(__u64 within)
{
	__u64 end = in_ns(within);

	while (!is_empty("clients") || !engine_idle(WEFT_ENGINE_ASYNC) ||
	       !engine_idle(WEFT_ENGINE_THREADS)) {
		if (now_ns() > end)
			fail("clients or jobs are left after %llu ms", within / MSEC);
		sched_yield();
	}
}

bool write_file(const char *path, const char *text)
{
	ssize_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, len) == len;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Return: 0 or a negative errno, which is what the module's init returned. */
static int insert_module(const char *file, const char *parameters)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	do {
		ret = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	} while (ret == -EINTR);
	close(fd);
	return ret;
}

void load_module(const char *file, const char *parameters)
{
	int ret = insert_module(file, parameters);

	if (ret)
		fail("insmod %s %s: %s", file, parameters, strerror(-ret));
}

/* Return: 0 or a negative errno, -EWOULDBLOCK if it is in use. */
int unload_module(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}
