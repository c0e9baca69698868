/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "libocispec/arena.h"

int io_write_all(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

ssize_t io_read_full(int fd, void *data, size_t size)
{
	char *p = data;
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, p + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int io_read_fd(struct arena *arena, int fd, size_t limit, char **ret, size_t *ret_size)
{
	struct stat st;
	size_t room, size = 0;
	char *data;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > 0 && (size_t)st.st_size > limit)
		return -EFBIG;
	/* procfs and cgroupfs report size 0; one more byte shows the end of the others in one read
	 */
	room = st.st_size > 0 ? (size_t)st.st_size + 1 : 4096;
	for (;;) {
		ssize_t n;
		char *grown = arena_alloc(arena, room + 1);

		if (!grown)
			return -ENOMEM;
		if (size)
			memcpy(grown, data, size);
		data = grown;
		n = io_read_full(fd, data + size, room - size);
		if (n < 0)
			return (int)n;
		size += (size_t)n;
		if (size < room)
			break;
		if (size > limit)
			return -EFBIG;
		room *= 2;
	}
	if (size > limit)
		return -EFBIG;
	data[size] = '\0';
	*ret = data;
	*ret_size = size;
	return 0;
}

int io_read_file(struct arena *arena, int dirfd, const char *path, size_t limit, char **ret,
		 size_t *ret_size)
{
	struct stat st;
	AUTO_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return io_read_fd(arena, fd, limit, ret, ret_size);
}

int io_write_file(int dirfd, const char *path, const char *value)
{
	size_t size = strlen(value);
	ssize_t n;
	AUTO_CLOSE int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	do
		n = write(fd, value, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

int io_replace_file(int dirfd, const char *path, const void *data, size_t size, unsigned mode)
{
	char temporary[PATH_MAX];
	const char *name = strrchr(path, '/');
	int r;
	AUTO_CLOSE int fd = -1;

	name = name ? name + 1 : path;
	if (snprintf(temporary, sizeof temporary, "%.*s.%s.%d", (int)(name - path), path, name,
		     (int)getpid()) >= (int)sizeof temporary)
		return -ENAMETOOLONG;
	/* A stale one is left by a killed process that had our pid; never write through it. */
	if (unlinkat(dirfd, temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	/* Whatever the umask is: one of 0777 would make it unreadable to ourselves. */
	r = fchmod(fd, mode) < 0 ? -errno : io_write_all(fd, data, size);
	if (r == 0 && renameat(dirfd, temporary, dirfd, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, temporary, 0); /* the first error is the one to tell */
	return r;
}
