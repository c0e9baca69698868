/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/str.h"
#include "libocispec/arena.h"

enum { MOUNTINFO_LIMIT = 16 << 20, MOUNTS_MAX = 256 };

/* proc_pid_mountinfo(5): blank, tab, newline and backslash are written as \ooo. In place. */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		bool octal = text[0] == '\\' && text[1] >= '0' && text[1] <= '3';

		for (int i = 2; octal && i < 4; i++)
			octal = text[i] >= '0' && text[i] <= '7';
		if (octal) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* "ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS [TAG...] - TYPE SOURCE SUPEROPTIONS", in place. A
 * line that is cut short (a racing read) is no line. */
static bool split(char *text, struct mountinfo_mount *ret)
{
	char *field[8], *save = NULL, *rest = strstr(text, " - ");
	size_t n = 0;

	if (!rest || (!str_after(rest, " - cgroup ") && !str_after(rest, " - cgroup2 ")))
		return false;
	*rest = '\0';
	rest += 3;
	for (char *f = strtok_r(text, " ", &save); f && n < 5; f = strtok_r(NULL, " ", &save))
		field[n++] = f;
	for (char *f = strtok_r(rest, " ", &save); f && n < 8; f = strtok_r(NULL, " ", &save))
		field[n++] = f;
	if (n != 8)
		return false;
	unescape(field[3]);
	unescape(field[4]);
	*ret = (struct mountinfo_mount){field[3], field[4], field[7], str_eq(field[5], "cgroup2")};
	return true;
}

int mountinfo_read(struct arena *arena, const char *file, struct mountinfo *ret)
{
	struct mountinfo info = {0};
	char *text, *save = NULL;
	size_t size;
	int r = io_read_file(arena, AT_FDCWD, file, MOUNTINFO_LIMIT, &text, &size);

	if (r < 0)
		return r;
	info.mount = arena_array(arena, MOUNTS_MAX, sizeof *info.mount);
	if (!info.mount)
		return -ENOMEM;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (info.n < MOUNTS_MAX && split(l, &info.mount[info.n]))
			info.n++;
	*ret = info;
	return 0;
}

static bool has_option(const char *options, const char *name, size_t n)
{
	while (*options) {
		size_t size = strcspn(options, ",");

		if (size == n && !memcmp(options, name, n))
			return true;
		options += size + (options[size] == ',');
	}
	return false;
}

/* Names are among "rw", "xattr", "noprefix" and the like, and not always in the order of
 * /proc/self/cgroup. */
static bool has_names(const char *options, const char *names)
{
	while (*names) {
		size_t n = strcspn(names, ",");

		if (!has_option(options, names, n))
			return false;
		names += n + (names[n] == ',');
	}
	return true;
}

const char *mountinfo_find(const struct mountinfo *info, const char *names)
{
	for (size_t i = 0; i < info->n; i++) {
		const struct mountinfo_mount *m = &info->mount[i];

		if (names ? !m->v2 && has_names(m->options, names) : m->v2)
			return m->mountpoint;
	}
	return NULL;
}

const char *mountinfo_root(const struct mountinfo *info, const char *mountpoint)
{
	/* The last one is the mount on top. */
	for (size_t i = info->n; i > 0; i--)
		if (str_eq(info->mount[i - 1].mountpoint, mountpoint))
			return info->mount[i - 1].root;
	return NULL;
}
