/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/resolve.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "sys/file.h"
#include "sys/text.h"

enum { LINKS_MAX = 40 }; /* what the kernel allows in one look-up */

#define RESOLVE_FLAGS (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)

int resolve_open(int root, const char *path, uint64_t flags)
{
	/* An empty path would be refused; it means the root. */
	return sys_openat2(root, *path ? path : "/", flags, 0, RESOLVE_FLAGS);
}

/* Makes one component in an open directory and opens it; name is a single component and the
 * directory may be shared with an attacker, so whatever is there by now must not be a symlink. */
static int make_one(int dir, const char *name, unsigned mode)
{
	int r = sys_mkdirat(dir, name, mode);

	if (r < 0 && r != -EEXIST)
		return r;
	return sys_openat2(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/*
 * Puts the target of a dangling symlink in place of the link: path becomes
 * (link's directory + target, or the target alone when absolute) + what followed the link.
 * The kernel resolves the result in-root again, so this text work decides nothing about safety.
 */
static int splice_link(char path[PATH_MAX], size_t start, size_t end, int dir, const char *name)
{
	char target[PATH_MAX], joined[PATH_MAX];
	long n = sys_readlinkat(dir, name, target, sizeof target - 1);
	struct text out = {joined, sizeof joined, 0};

	if (n < 0)
		return (int)n;
	target[n] = '\0';
	if (target[0] != '/')
		text_add(&out, path, start);
	text_add(&out, target, (size_t)n);
	text_add(&out, path + end, text_length(path + end));
	if (out.used >= out.room)
		return -ENAMETOOLONG;
	text_copy(path, PATH_MAX, joined);
	return 0;
}

/* Makes the missing component name at path[start..end] in dir. -ELOOP: it is a dangling symlink,
 * whose target is now spliced into path. Where somebody exchanges a directory and a link all the
 * time, one look may see either: looked at again, so that the container starts all the same. */
static int make_missing(char path[PATH_MAX], size_t start, size_t end, int dir, const char *name,
			unsigned mode)
{
	for (int tries = 0; tries < LINKS_MAX; tries++) {
		int r = make_one(dir, name, mode);

		if (r != -ELOOP && r != -ENOTDIR)
			return r;
		r = splice_link(path, start, end, dir, name);
		if (r != -EINVAL) /* EINVAL: it is no link (any more) */
			return r < 0 ? r : -ELOOP;
	}
	return -ENOTDIR;
}

/* Opens the longest part of path that is there, "/" at the least, knowing that all of it is not;
 * *ret_end is where that part ends. From the end, since mostly one component is missing. */
static int open_existing(int root, char path[PATH_MAX], size_t *ret_end)
{
	size_t end = text_length(path);
	int dir;

	do {
		char rest;

		while (end > 0 && path[end - 1] == '/')
			end--;
		while (end > 0 && path[end - 1] != '/')
			end--;
		rest = path[end];
		path[end] = '\0';
		dir = resolve_open(root, path, O_PATH | O_DIRECTORY);
		path[end] = rest;
	} while (dir == -ENOENT && end > 0);
	*ret_end = end;
	return dir;
}

/* One round: makes all that is missing. -ELOOP asks for another round with the changed path (a
 * dangling link was spliced in). */
static int make_round(int root, char path[PATH_MAX], unsigned mode)
{
	size_t at;
	int dir = open_existing(root, path, &at);
	bool made = true; /* the next component is not there */

	while (dir >= 0) {
		size_t start;
		char name[NAME_MAX + 1], rest;
		int next;

		while (path[at] == '/')
			at++;
		if (!path[at])
			return dir;
		start = at;
		while (path[at] && path[at] != '/')
			at++;
		if (at - start > NAME_MAX) {
			sys_close(dir);
			return -ENAMETOOLONG;
		}
		text_cut(name, path + start, at - start);
		if (text_equal(name, "."))
			continue;
		/* From the root each time: the kernel follows links and ".." in-root. Below what
		 * this round has made there is nothing to follow, until ".." leads out again. */
		made = made && !text_equal(name, "..");
		rest = path[at];
		path[at] = '\0';
		next = made ? -ENOENT : resolve_open(root, path, O_PATH | O_DIRECTORY);
		path[at] = rest;
		/* A ".." cannot be made; that it is missing means that its directory was removed.
		 */
		if (next == -ENOENT && !text_equal(name, "..")) {
			next = make_missing(path, start, at, dir, name, mode);
			made = next >= 0;
		}
		sys_close(dir);
		dir = next;
	}
	return dir;
}

int resolve_make_directory(int root, const char *path, unsigned mode)
{
	char work[PATH_MAX];
	int r = resolve_open(root, path, O_PATH | O_DIRECTORY);

	if (r != -ENOENT)
		return r;
	if (text_copy(work, sizeof work, path) < 0)
		return -ENAMETOOLONG;
	for (int round = 0; round < LINKS_MAX; round++) {
		r = make_round(root, work, mode);
		if (r != -ELOOP)
			return r;
		/* A dangling link's target may have come into being meanwhile. */
		r = resolve_open(root, work, O_PATH | O_DIRECTORY);
		if (r != -ENOENT)
			return r;
	}
	return -ELOOP;
}

int resolve_parent(int root, const char *path, char name[256])
{
	char work[PATH_MAX];
	size_t end = text_length(path), start;

	while (end > 0 && path[end - 1] == '/')
		end--;
	start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	if (start == end || (end - start == 1 && path[start] == '.') ||
	    (end - start == 2 && path[start] == '.' && path[start + 1] == '.'))
		return -EINVAL;
	if (end - start > NAME_MAX || start >= sizeof work)
		return -ENAMETOOLONG;
	text_cut(name, path + start, end - start);
	text_cut(work, path, start);
	return resolve_make_directory(root, work, 0755);
}

/* Makes the file name in dir, or opens what is there; a symlink too. */
static int make_entry(int dir, const char *name, unsigned mode, bool *ret_link)
{
	/* mknod never follows and never truncates: an attacker's link makes it fail. */
	int r = sys_mknodat(dir, name, S_IFREG | mode, 0), fd;
	struct statx st;

	if (r < 0 && r != -EEXIST)
		return r;
	fd = sys_openat2(dir, name, O_PATH | O_NOFOLLOW, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	if (fd < 0)
		return fd;
	r = sys_fstatx(fd, &st);
	if (r < 0) {
		sys_close(fd);
		return r;
	}
	*ret_link = (st.stx_mode & S_IFMT) == S_IFLNK;
	return fd;
}

/* Puts the target of the symlink that path names (in dir) in its place. */
static int splice_last(char path[PATH_MAX], int dir, const char *name)
{
	size_t end = text_length(path), start;

	while (end > 0 && path[end - 1] == '/')
		end--;
	path[end] = '\0';
	start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	return splice_link(path, start, end, dir, name);
}

int resolve_make_file(int root, const char *path, unsigned mode)
{
	char work[PATH_MAX], name[256];
	int r;

	if (text_copy(work, sizeof work, path) < 0)
		return -ENAMETOOLONG;
	for (int round = 0; round < LINKS_MAX; round++) {
		bool link = false;
		int dir;

		r = resolve_open(root, work, O_PATH);
		if (r != -ENOENT)
			return r;
		dir = resolve_parent(root, work, name);
		if (dir < 0)
			return dir;
		r = make_entry(dir, name, mode, &link);
		if (r >= 0 && link) { /* a dangling symlink: its target is made instead */
			sys_close(r);
			r = splice_last(work, dir, name);
			sys_close(dir);
			if (r < 0)
				return r;
			continue;
		}
		sys_close(dir);
		return r;
	}
	return -ELOOP;
}
