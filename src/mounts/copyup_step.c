/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Option tmpcopyup: a new tmpfs begins with what the image has at its mount point. The tmpfs is
 * still detached; the image's side is read in-root and never through a symlink.
 */

#include <errno.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/resolve.h"
#include "sys/text.h"

enum { DEPTH_MAX = 64, ENTRIES_ROOM = 2048 };

#define BELOW (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

/* linux_dirent64 of getdents64(2). */
struct entry {
	uint64_t ino;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

/* chown takes the set-id bits away: the mode comes second. */
static int give_owner_and_mode(int fd, const struct statx *st)
{
	int r = (int)sys_call(SYS_fchown, fd, st->stx_uid, st->stx_gid);

	return r < 0 ? r : (int)sys_call(SYS_fchmod, fd, st->stx_mode & 07777);
}

static int copy_file(int from, int to, const char *name, const struct statx *st)
{
	int source =
		sys_openat2(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, BELOW);
	int copy;
	long r;

	if (source < 0)
		return source;
	copy = sys_openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	r = copy;
	while (r > 0 || r == -EINTR)
		r = sys_call(SYS_sendfile, copy, source, 0, 0x7ffff000);
	if (copy >= 0) {
		if (r == 0)
			r = give_owner_and_mode(copy, st);
		sys_close(copy);
	}
	sys_close(source);
	return (int)r;
}

static int copy_link(int from, int to, const char *name, const struct statx *st)
{
	char target[4096];
	long n = sys_readlinkat(from, name, target, sizeof target - 1);
	int r;

	if (n < 0)
		return (int)n;
	target[n] = '\0';
	r = sys_symlinkat(target, to, name);
	if (r == 0)
		r = sys_fchownat(to, name, st->stx_uid, st->stx_gid, AT_SYMLINK_NOFOLLOW);
	return r;
}

static int copy_node(int to, const char *name, const struct statx *st)
{
	uint32_t low = st->stx_rdev_minor;
	int r = sys_mknodat(to, name, st->stx_mode,
			    (low & 0xff) | (st->stx_rdev_major << 8) | ((low & ~0xffu) << 12));

	if (r == 0)
		r = sys_fchownat(to, name, st->stx_uid, st->stx_gid, AT_SYMLINK_NOFOLLOW);
	return r;
}

static int copy_directory(int from, int to, int depth);

static int copy_subdirectory(int from, int to, const char *name, const struct statx *st, int depth)
{
	int source, copy, r;

	if (depth >= DEPTH_MAX)
		return -ELOOP;
	r = sys_mkdirat(to, name, 0700);
	if (r < 0)
		return r;
	source = sys_openat2(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, BELOW);
	copy = sys_openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	r = source < 0 ? source : copy;
	if (r >= 0)
		r = copy_directory(source, copy, depth + 1);
	if (r == 0)
		r = give_owner_and_mode(copy, st);
	if (source >= 0)
		sys_close(source);
	if (copy >= 0)
		sys_close(copy);
	return r;
}

static int copy_entry(int from, int to, const char *name, int depth)
{
	struct statx st;
	int r = sys_statx(from, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS,
			  &st);

	if (r < 0)
		return r;
	switch (st.stx_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(from, to, name, &st);
	case S_IFDIR:
		return copy_subdirectory(from, to, name, &st, depth);
	case S_IFLNK:
		return copy_link(from, to, name, &st);
	case S_IFSOCK: /* nobody listens on a copy */
		return 0;
	default:
		return copy_node(to, name, &st);
	}
}

static int copy_directory(int from, int to, int depth)
{
	_Alignas(struct entry) char entries[ENTRIES_ROOM];
	long n;

	while ((n = sys_call(SYS_getdents64, from, entries, sizeof entries)) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *entry = (const void *)(entries + at);
			int r = 0;

			if (!text_equal(entry->name, ".") && !text_equal(entry->name, ".."))
				r = copy_entry(from, to, entry->name, depth);
			if (r < 0)
				return r;
			at += entry->size;
		}
	}
	return (int)n;
}

int step_tree_copy_up(struct init *in, const struct step_tree_copy_up *s)
{
	int from, to, r;
	struct statx top, st;

	from = resolve_open(init_fd(in, s->root), s->path, O_RDONLY | O_DIRECTORY);
	if (from == -ENOENT || from == -ENOTDIR)
		return 0; /* nothing to copy; a mount point that is a file fails in step target */
	if (from < 0)
		return init_doing(in, "open the directory to copy", from);
	to = sys_openat(init_fd(in, s->tree), ".", O_RDONLY | O_DIRECTORY, 0);
	r = to;
	if (r >= 0)
		r = copy_directory(from, to, 0);
	if (r == 0)
		r = sys_fstatx(from, &st);
	if (r == 0)
		r = sys_fstatx(to, &top);
	/* A tmpfs that was given uid= or gid= keeps them. */
	if (r == 0 && top.stx_uid == 0 && top.stx_gid == 0)
		r = (int)sys_call(SYS_fchown, to, st.stx_uid, st.stx_gid);
	if (to >= 0)
		sys_close(to);
	sys_close(from);
	return init_doing(in, "copy up", r);
}

int step_tree_mode(struct init *in, const struct step_tree_mode *s)
{
	int from = resolve_open(init_fd(in, s->root), s->path, O_PATH | O_DIRECTORY);
	int to, r;
	struct statx st;

	if (from == -ENOENT || from == -ENOTDIR)
		return 0;
	if (from < 0)
		return init_doing(in, "open the mount point", from);
	r = sys_fstatx(from, &st);
	sys_close(from);
	to = sys_openat(init_fd(in, s->tree), ".", O_RDONLY | O_DIRECTORY, 0);
	if (r == 0)
		r = to;
	if (r >= 0)
		r = (int)sys_call(SYS_fchmod, to, st.stx_mode & 07777);
	if (to >= 0)
		sys_close(to);
	return init_doing(in, "chmod", r);
}
