/* SPDX-License-Identifier: Apache-2.0 */

/* Mount points: found (and made) in-root, once, as a descriptor. */

#include <errno.h>
#include <linux/magic.h>
#include <sys/statfs.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/resolve.h"

#define BELOW (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

/* The last component itself, made when missing. A symlink is not followed: it is refused for a
 * directory and is the mount point itself otherwise (mounting on a symlink covers it). */
static int open_last(int root, const char *path, bool file)
{
	char name[256];
	int dir = resolve_parent(root, path, name);
	int r;

	if (dir == -EINVAL) /* "/" and paths that end in a dot or two have no name to speak of */
		return resolve_open(root, path, O_PATH | O_DIRECTORY);
	if (dir < 0)
		return dir;
	r = file ? sys_mknodat(dir, name, S_IFREG | 0644, 0) : sys_mkdirat(dir, name, 0755);
	if (r == 0 || r == -EEXIST)
		r = file ? sys_openat2(dir, name, O_PATH | O_NOFOLLOW, 0,
				       BELOW & ~(uint64_t)RESOLVE_NO_SYMLINKS)
			 : sys_openat2(dir, name, O_PATH | O_NOFOLLOW | O_DIRECTORY, 0, BELOW);
	sys_close(dir);
	return r;
}

/*
 * The path alone does not tell where a target is: a symlink of the image can lead onto the
 * container's procfs, where a mount fakes what LSM and sysctl writes of others see
 * (CVE-2019-16884, CVE-2025-52881).
 */
static int refuse_procfs(struct init *in, int target)
{
	struct statfs fs;
	int r = (int)sys_call(SYS_fstatfs, target, &fs);

	if (r < 0)
		return init_doing(in, "fstatfs", r);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return 0;
	return init_doing(in, "=cannot be mounted because it is inside /proc", -EPERM);
}

/* What is mounted on the root directory itself would stay hidden below it. */
static int refuse_root(struct init *in, int root, const struct statx *st)
{
	struct statx top;
	int r;

	if (!(st->stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return 0;
	r = sys_statx(root, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &top);
	if (r < 0)
		return init_doing(in, "statx", r);
	if (top.stx_mnt_id == st->stx_mnt_id && top.stx_ino == st->stx_ino)
		return init_doing(in, "=the mount point leads to the root directory", -EBUSY);
	return 0;
}

/* The root is at no name, so only by a symlink can a target turn out to be it. */
static int check_target(struct init *in, const struct step_target *s, int target, bool file)
{
	bool anywhere = !(s->flags & (PLAN_TARGET_ROOT | PLAN_TARGET_NOFOLLOW | PLAN_TARGET_PROC));
	struct statx st;
	int r;

	if (anywhere || (file && s->kind == PLAN_LIKE)) {
		r = sys_statx(target, "", AT_EMPTY_PATH, STATX_TYPE | STATX_INO | STATX_MNT_ID,
			      &st);
		if (r < 0)
			return init_doing(in, "statx", r);
		/* move_mount(2) says EINVAL to this; engines explain ENOTDIR to their users. */
		if (s->kind == PLAN_LIKE && file && (st.stx_mode & S_IFMT) == S_IFDIR)
			return init_doing(in, "mount a file on a directory", -ENOTDIR);
		r = anywhere ? refuse_root(in, init_fd(in, s->root), &st) : 0;
		if (r < 0)
			return r;
	}
	if (s->flags & (PLAN_TARGET_PROC | PLAN_TARGET_ON_PROC))
		return 0;
	return refuse_procfs(in, target);
}

int step_target(struct init *in, const struct step_target *s)
{
	int root = init_fd(in, s->root), target, r;
	bool file = s->kind == PLAN_FILE;
	struct statx st;

	if (s->kind == PLAN_LIKE) {
		r = sys_fstatx(init_fd(in, s->like), &st);
		if (r < 0)
			return init_doing(in, "statx", r);
		file = (st.stx_mode & S_IFMT) != S_IFDIR;
	}
	/* A proc or sysfs on a symlink would be somewhere else than the path says (CVE-2019-19921).
	 */
	if (s->flags & (PLAN_TARGET_NOFOLLOW | PLAN_TARGET_PROC))
		target = open_last(root, s->path, file);
	else if (file)
		target = resolve_make_file(root, s->path, 0644);
	else
		target = resolve_make_directory(root, s->path, 0755);
	if (target < 0)
		return init_doing(in, "open the mount point", target);
	r = check_target(in, s, target, file);
	if (r < 0) {
		sys_close(target);
		return r;
	}
	init_put(in, s->target, target);
	return 0;
}
