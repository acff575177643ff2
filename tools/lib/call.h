/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How libweft calls the kernel; no part of its interface. */
#ifndef LIBWEFT_CALL_H
#define LIBWEFT_CALL_H

#include <errno.h>
#include <sys/ioctl.h>

static inline int weft_ioctl(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

#endif /* LIBWEFT_CALL_H */
