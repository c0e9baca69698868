/* SPDX-License-Identifier: Apache-2.0 */

/* Device nodes and symlinks, made relative to a directory that was found in-root: a /dev that is a
 * symlink to somewhere else leads nowhere else (CVE-2026-41579, CVE-2026-47766). */

#include <errno.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/resolve.h"
#include "sys/text.h"

/* The device number as mknod(2) takes it: twelve bits of major, twenty of minor. */
static uint32_t device_number(int64_t major, int64_t minor)
{
	uint32_t low = (uint32_t)minor;

	return (low & 0xff) | ((uint32_t)major << 8) | ((low & ~0xffu) << 12);
}

static bool same_node(const struct statx *st, const struct step_device *s)
{
	uint32_t type = s->mode & S_IFMT;

	return (st->stx_mode & S_IFMT) == type &&
	       (type == S_IFIFO ||
		(st->stx_rdev_major == s->major && st->stx_rdev_minor == s->minor));
}

/* Opens an entry, whatever it is, and looks at it. */
static int open_entry(int dir, const char *name, struct statx *st)
{
	int fd = sys_openat2(dir, name, O_PATH | O_NOFOLLOW, 0,
			     RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	int r;

	if (fd < 0)
		return fd;
	r = sys_fstatx(fd, st);
	if (r < 0) {
		sys_close(fd);
		return r;
	}
	return fd;
}

/*
 * The mode is exact since the plan has set the umask to 0. The owner is changed only when the node
 * is the one just made: an inode that the image supplied, or a hard link that somebody put in place
 * of ours, is never touched (the host's /dev/null has been chowned that way).
 */
static int make_node(struct init *in, const struct step_device *s, int dir, const char *name)
{
	int made = sys_mknodat(dir, name, s->mode, device_number(s->major, s->minor));
	struct statx st;
	int node, r = 0;

	if (made < 0 && made != -EEXIST)
		return init_doing(in, "mknod", made);
	node = open_entry(dir, name, &st);
	if (node < 0)
		return init_doing(in, "open the device", node);
	if (!same_node(&st, s))
		r = init_doing(in, "=a file that is not this device is in its place", -EEXIST);
	else if (made == 0 && st.stx_nlink == 1 && (st.stx_uid != s->uid || st.stx_gid != s->gid))
		r = init_doing(in, "chown",
			       sys_fchownat(node, "", (uint32_t)s->uid, (uint32_t)s->gid,
					    AT_EMPTY_PATH));
	sys_close(node);
	return r;
}

/* In a user namespace mknod(2) is not allowed: the host's node is attached on an empty file. */
static int bind_node(struct init *in, const struct step_device *s, int dir, const char *name)
{
	int r = sys_mknodat(dir, name, S_IFREG | 0644, 0), target;
	struct statx st;

	if (r < 0 && r != -EEXIST)
		return init_doing(in, "make the mount point", r);
	target = open_entry(dir, name, &st);
	if (target < 0)
		return init_doing(in, "open the mount point", target);
	if (same_node(&st, s))
		r = 0;
	else if ((st.stx_mode & S_IFMT) == S_IFREG)
		r = init_doing(in, "move_mount", sys_move_mount(init_fd(in, s->bind), target));
	else
		r = init_doing(in, "=a file that is not this device is in its place", -EEXIST);
	sys_close(target);
	return r;
}

/* The directory of an entry, and its name there. A bare name is in the directory that is given,
 * which the planner has let open once for many. */
static int open_directory(int root, const char *path, char name[256])
{
	if (text_find(path, '/'))
		return resolve_parent(root, path, name);
	return text_copy(name, 256, path) < 0 ? -ENAMETOOLONG : root;
}

int step_device(struct init *in, const struct step_device *s)
{
	char name[256];
	int root = init_fd(in, s->root), dir = open_directory(root, s->path, name);
	int r;

	if (dir < 0)
		return init_doing(in, "open the directory", dir);
	r = s->bind == PLAN_NO_SLOT ? make_node(in, s, dir, name) : bind_node(in, s, dir, name);
	if (dir != root)
		sys_close(dir);
	return r;
}

/* What is already there under the name stays: images carry these links themselves, and an
 * /dev/ptmx that is a device node serves as well as the link. */
int step_symlink(struct init *in, const struct step_symlink *s)
{
	char name[256];
	int root = init_fd(in, s->root), dir = open_directory(root, s->path, name);
	int r;

	if (dir < 0)
		return init_doing(in, "open the directory", dir);
	r = sys_symlinkat(s->target, dir, name);
	if (dir != root)
		sys_close(dir);
	return r == -EEXIST ? 0 : init_doing(in, "symlink", r);
}
