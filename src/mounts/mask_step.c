/* SPDX-License-Identifier: Apache-2.0 */

/* maskedPaths and readonlyPaths. Only a path that does not exist is passed over. */

#include <errno.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/resolve.h"

/* Opens path in-root: a descriptor, -ENOENT when there is nothing. */
static int open_path(int root, const char *path)
{
	int fd = resolve_open(root, path, O_PATH);

	return fd == -ENOTDIR ? -ENOENT : fd;
}

enum { MASK_NULL = 1, MASK_EMPTY = 2 };

/*
 * Attaches a copy of tree. A detached tree can be cloned since Linux 6.15, and only in the mount
 * namespace that it was made in, which for the null device may be the host's; else open_tree(2)
 * says EINVAL. Then the first use attaches the tree itself, and from then on it can be cloned as
 * any mount of ours. Only the first: to move it once more would uncover a path that is masked.
 */
static int attach_copy(struct init *in, int tree, unsigned which, int target)
{
	int copy = sys_open_tree(tree, "", 0), r;

	if (copy == -EINVAL && !(in->masks & which)) {
		in->masks |= which;
		return init_doing(in, "move_mount", sys_move_mount(tree, target));
	}
	if (copy < 0)
		return init_doing(in, "open_tree", copy);
	r = sys_move_mount(copy, target);
	sys_close(copy);
	return init_doing(in, "move_mount", r);
}

/*
 * The null device comes from the host, not from the container's /dev, where the image could have
 * put something else (CVE-2025-31133); it is checked all the same.
 */
static int mask_file(struct init *in, int null, int target)
{
	struct statx st;
	int r = sys_fstatx(null, &st);

	if (r < 0)
		return init_doing(in, "statx", r);
	if ((st.stx_mode & S_IFMT) != S_IFCHR || st.stx_rdev_major != 1 || st.stx_rdev_minor != 3)
		return init_doing(in, "=/dev/null is not the null device", -ENODEV);
	return attach_copy(in, null, MASK_NULL, target);
}

int step_mask(struct init *in, const struct step_mask *s)
{
	int target = open_path(init_fd(in, s->root), s->path), r;
	struct statx st;

	if (target < 0)
		return target == -ENOENT ? 0 : init_doing(in, "open", target);
	r = sys_fstatx(target, &st);
	if (r < 0)
		init_doing(in, "statx", r);
	else if ((st.stx_mode & S_IFMT) == S_IFDIR)
		r = attach_copy(in, init_fd(in, s->empty), MASK_EMPTY, target);
	else
		r = mask_file(in, init_fd(in, s->null), target);
	sys_close(target);
	return r;
}

/* A read-only copy of the path with all that is mounted below, attached on the path itself. */
int step_readonly_path(struct init *in, const struct step_readonly_path *s)
{
	static const struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
	int target = open_path(init_fd(in, s->root), s->path);
	int tree, r;

	if (target < 0)
		return target == -ENOENT ? 0 : init_doing(in, "open", target);
	tree = sys_open_tree(target, "", AT_RECURSIVE);
	r = init_doing(in, "open_tree", tree);
	if (r >= 0)
		r = init_doing(in, "mount_setattr", sys_mount_setattr(tree, true, &readonly));
	if (r >= 0)
		r = init_doing(in, "move_mount", sys_move_mount(tree, target));
	if (tree >= 0)
		sys_close(tree);
	sys_close(target);
	return r < 0 ? r : 0;
}
