// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the test VM. ttyS0 belongs to the kernel log, ttyS1 to the payload,
 * ttyS2 carries a tar of /out and a trailer with the exit status to the host.
 * The status also leaves through isa-debug-exit, which keeps seven bits of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define DEBUG_EXIT_PORT	0xf4
#define NO_HASH		"-"

static const struct {
	const char *type;
	const char *dir;
	const char *options;
} mounts[] = {
	{ "devtmpfs", "/dev", NULL },
	{ "proc", "/proc", NULL },
	{ "sysfs", "/sys", NULL },
	{ "debugfs", "/sys/kernel/debug", NULL },
	{ "tracefs", "/sys/kernel/tracing", NULL },
	{ "tmpfs", "/tmp", "mode=1777" },
	{ "tmpfs", "/dev/shm", "mode=1777" },
	{ "devpts", "/dev/pts", "ptmxmode=666" },
};

/* Into the kernel log, where the host reads it after the run. */
static void klog(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int fd, len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, line, len) != len)
		perror("kmsg");
	close(fd);
}

static void mount_all(void)
{
	size_t i;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].dir, 0755);
		if (mount(mounts[i].type, mounts[i].dir, mounts[i].type, 0,
			  mounts[i].options))
			klog("weft-test: cannot mount %s: %s\n", mounts[i].dir,
			     strerror(errno));
	}
}

/*
 * The console the kernel handed us is ttyS0. Letting go of it frees the
 * interrupt that ttyS0 shares with ttyS2.
 */
static void leave_console(void)
{
	int fd, i;

	fd = open("/dev/null", O_RDWR);
	for (i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

/* Output stays unprocessed even for people: the host's terminal adds the CRs. */
static int open_tty(const char *path, int interactive)
{
	struct termios t;
	int fd;

	fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || tcgetattr(fd, &t)) {
		klog("weft-test: cannot open %s: %s\n", path, strerror(errno));
		return -1;
	}
	cfmakeraw(&t);
	if (interactive) {
		t.c_iflag |= ICRNL;
		t.c_lflag |= ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK;
	}
	t.c_cflag |= CLOCAL;
	cfsetspeed(&t, B115200);
	tcsetattr(fd, TCSANOW, &t);
	return fd;
}

/* The marker /shell holds "ROWS COLUMNS TERM" of the host's terminal. */
static void copy_terminal(int fd)
{
	struct winsize size = { 0 };
	char term[32];
	FILE *f;

	f = fopen("/shell", "re");
	if (!f)
		return;
	if (fscanf(f, "%hu %hu %31s", &size.ws_row, &size.ws_col, term) == 3) {
		ioctl(fd, TIOCSWINSZ, &size);
		setenv("TERM", term, 1);
	}
	fclose(f);
}

static pid_t spawn(int tty, int interactive, char *const argv[])
{
	pid_t pid;

	pid = fork();
	if (pid)
		return pid;
	setsid();
	if (interactive) {
		ioctl(tty, TIOCSCTTY, 0);
		copy_terminal(tty);
	}
	dup2(tty, 0);
	dup2(tty, 1);
	dup2(tty, 2);
	execv(argv[0], argv);
	_exit(127);
}

/* Waits for @pid and reaps every orphan that ends meanwhile. */
static int reap_until(pid_t pid)
{
	int status;
	pid_t got;

	do {
		got = wait(&status);
	} while (got != pid && (got > 0 || errno == EINTR));
	if (got != pid)
		return 127;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static int run(int interactive, char *const argv[])
{
	int status;
	int tty;

	tty = open_tty("/dev/ttyS1", interactive);
	if (tty < 0)
		return 127;
	status = reap_until(spawn(tty, interactive, argv));
	tcdrain(tty);
	close(tty);
	return status;
}

/* Leftovers must not write while /out is read, nor keep a module busy. */
static void kill_leftovers(void)
{
	kill(-1, SIGKILL);
	while (wait(NULL) > 0)
		;
}

static void send_out(char *hash, size_t size)
{
	FILE *p;

	p = popen("tar -cf - -C /out . | tee /dev/ttyS2 | sha256sum", "re");
	if (!p)
		return;
	if (!fgets(hash, size, p))
		strcpy(hash, NO_HASH);
	pclose(p);
}

/* The host takes the last 78 bytes of ttyS2 as the trailer. */
static void report(int status)
{
	char hash[65] = NO_HASH;
	int tty;

	tty = open_tty("/dev/ttyS2", 0);
	if (tty < 0)
		return;
	if (!access("/out", F_OK))
		send_out(hash, sizeof(hash));
	dprintf(tty, "weft-end %3d %64s\n", status, hash);
	tcdrain(tty);
	close(tty);
}

static void leave(int status)
{
	if (!ioperm(DEBUG_EXIT_PORT, 1, 1))
		outb(status & 0x7f, DEBUG_EXIT_PORT);
	reboot(RB_POWER_OFF);
}

int main(void)
{
	static char *const payload[] = { "/bin/sh", "/payload", NULL };
	static char *const shell[] = { "/bin/sh", NULL };
	int status;

	umask(022);
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/", 1);
	setenv("PS1", "weft-vm:\\w\\$ ", 1);
	mount_all();
	leave_console();
	klog("weft-test: start\n");
	status = run(0, payload);
	if (!access("/shell", F_OK)) {
		klog("weft-test: shell\n");
		run(1, shell);
	}
	klog("weft-test: end with status %d\n", status);
	kill_leftovers();
	report(status);
	leave(status);
	return status;
}
