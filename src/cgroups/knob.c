/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/knob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "sys/file.h"

int knob_open(int dir, const char *file, int flags)
{
	int fd = sys_openat(dir, file, flags | O_NOFOLLOW, 0);
	const char *dot = strchr(file, '.');

	if (fd == -ENOENT && dot)
		fd = sys_openat(dir, dot + 1, flags | O_NOFOLLOW, 0);
	return fd;
}

int knob_read(int dir, const char *file, char *value, size_t room)
{
	AUTO_CLOSE int fd = knob_open(dir, file, O_RDONLY);
	long n;

	if (fd < 0)
		return fd;
	/* seq_file gives all that fits in one read(2) */
	n = sys_read(fd, value, room - 1);
	if (n < 0)
		return (int)n;
	while (n > 0 && value[n - 1] == '\n')
		n--;
	value[n] = '\0';
	return (int)n;
}

int knob_read_number(int dir, const char *file, int64_t *ret)
{
	char value[64], *end;
	int64_t number;
	int r = knob_read(dir, file, value, sizeof value);

	if (r < 0)
		return r;
	if (!strncmp(value, "max", 3)) {
		*ret = INT64_MAX;
		return 0;
	}
	errno = 0;
	number = strtoll(value, &end, 10);
	/* v1 says 18446744073709551615 for "no limit" in some files */
	if (errno == ERANGE)
		number = INT64_MAX;
	if (end == value)
		return -EINVAL;
	*ret = number;
	return 0;
}

int knob_write(int dir, const char *file, const char *value)
{
	size_t size = strlen(value);
	AUTO_CLOSE int fd = knob_open(dir, file, O_WRONLY);
	long n;

	if (fd < 0)
		return fd;
	n = sys_write(fd, value, size);
	if (n < 0)
		return (int)n;
	return (size_t)n == size ? 0 : -EIO;
}
