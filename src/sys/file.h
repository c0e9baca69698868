/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Files by descriptor: thin calls that return a value or -errno. Freestanding. */

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/call.h"

#ifndef SYS_close_range
#define SYS_close_range 436 /* one number on every architecture */
#endif
#define SYS_CLOSE_RANGE_CLOEXEC (1u << 2)

static inline int sys_openat(int dir, const char *path, int flags, unsigned mode)
{
	return (int)sys_call(SYS_openat, dir, path, flags | O_CLOEXEC, mode);
}

/* resolve: RESOLVE_*. A rename anywhere on the machine can make the kernel give up with EAGAIN:
 * tried again a bounded number of times. */
int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

static inline int sys_close(int fd)
{
	return (int)sys_call(SYS_close, fd);
}

/* Restarted after signals. */
long sys_read(int fd, void *data, size_t size);
long sys_write(int fd, const void *data, size_t size);

static inline int sys_statx(int dir, const char *path, int flags, unsigned mask, struct statx *st)
{
	return (int)sys_call(SYS_statx, dir, path, flags, mask, st);
}

/* statx of the descriptor itself, O_PATH ones included. */
static inline int sys_fstatx(int fd, struct statx *st)
{
	return sys_statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, st);
}

static inline int sys_mkdirat(int dir, const char *path, unsigned mode)
{
	return (int)sys_call(SYS_mkdirat, dir, path, mode);
}

static inline int sys_mknodat(int dir, const char *path, unsigned mode, uint64_t device)
{
	return (int)sys_call(SYS_mknodat, dir, path, mode, device);
}

static inline int sys_symlinkat(const char *target, int dir, const char *path)
{
	return (int)sys_call(SYS_symlinkat, target, dir, path);
}

static inline long sys_readlinkat(int dir, const char *path, char *data, size_t size)
{
	return sys_call(SYS_readlinkat, dir, path, data, size);
}

static inline int sys_unlinkat(int dir, const char *path, int flags)
{
	return (int)sys_call(SYS_unlinkat, dir, path, flags);
}

static inline int sys_fchdir(int fd)
{
	return (int)sys_call(SYS_fchdir, fd);
}

static inline int sys_fchownat(int dir, const char *path, uint32_t uid, uint32_t gid, int flags)
{
	return (int)sys_call(SYS_fchownat, dir, path, uid, gid, flags);
}

static inline int sys_dup3(int from, int to, int flags)
{
	return (int)sys_call(SYS_dup3, from, to, flags);
}

static inline int sys_fcntl(int fd, int command, long arg)
{
	return (int)sys_call(SYS_fcntl, fd, command, arg);
}

static inline int sys_ioctl(int fd, unsigned long request, void *arg)
{
	return (int)sys_call(SYS_ioctl, fd, request, arg);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)sys_call(SYS_close_range, first, last, flags);
}
