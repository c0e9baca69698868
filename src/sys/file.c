/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <errno.h>

enum { OPENAT2_TRIES = 4096 };

int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
	int r, tries = 0;

	/*
	 * RESOLVE_IN_ROOT and RESOLVE_BENEATH fail with EAGAIN when a rename or mount raced with a
	 * ".." (openat2(2)). A hostile volume can rename in a loop, so the number is high, but
	 * bounded: one try is some microseconds.
	 */
	do
		r = (int)sys_call(SYS_openat2, dir, path, &how, sizeof how);
	while ((r == -EAGAIN || r == -EINTR) && ++tries < OPENAT2_TRIES);
	return r;
}

long sys_read(int fd, void *data, size_t size)
{
	long r;

	do
		r = sys_call(SYS_read, fd, data, size);
	while (r == -EINTR);
	return r;
}

long sys_write(int fd, const void *data, size_t size)
{
	long r;

	do
		r = sys_call(SYS_write, fd, data, size);
	while (r == -EINTR);
	return r;
}
