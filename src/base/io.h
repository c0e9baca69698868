/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct arena;

/* Writes all of it; retries EINTR and short writes. 0 or -errno. */
int io_write_all(int fd, const void *data, size_t size);

/* Reads until the buffer is full or the end. Returns the count or -errno. */
ssize_t io_read_full(int fd, void *data, size_t size);

/* Reads a whole file from an open descriptor into the arena, NUL-terminated.
 * More than limit bytes: -EFBIG. *ret_size does not count the NUL. */
int io_read_fd(struct arena *arena, int fd, size_t limit, char **ret, size_t *ret_size);

/* Opens path below dirfd (O_CLOEXEC, O_NONBLOCK so that a FIFO cannot hang us; only a regular
 * file is accepted unless special is set, for procfs-like files that say so anyway), reads it
 * whole. -EINVAL for anything that is not a regular file. */
int io_read_file(struct arena *arena, int dirfd, const char *path, size_t limit, char **ret,
		 size_t *ret_size);

/* Writes value with one write(2) to an existing file below dirfd (cgroup and procfs files parse
 * each write on its own). 0 or -errno. */
int io_write_file(int dirfd, const char *path, const char *value);

/* Creates or replaces path below dirfd: a temporary sibling, then rename(2); a reader sees the old
 * or the new content, never a part. mode is subject to the umask. 0 or -errno. */
int io_replace_file(int dirfd, const char *path, const void *data, size_t size, unsigned mode);
