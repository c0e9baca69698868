/* SPDX-License-Identifier: Apache-2.0 */

/* The container's root: attaching it, moving into it. */

#include <errno.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/mount.h"

/* Opens a directory and puts it into a slot, in place of what may be there. */
static int put_directory(struct init *in, int dir, const char *path, int slot)
{
	int fd = sys_openat(dir, path, O_PATH | O_DIRECTORY, 0);

	if (fd < 0)
		return init_doing(in, "open the root directory", fd);
	init_drop(in, slot);
	init_put(in, slot, fd);
	return 0;
}

/*
 * Attached at its path on the host, so that createRuntime hooks that enter this mount namespace
 * find the container below state.rootfs. This is the one path of the host that is resolved here;
 * the mount namespace is our own copy and its mounts receive but do not send (step propagate), so
 * nothing reaches the host.
 *
 * In a user namespace the way to that path may be closed to us (a bundle below /root, 0700): then
 * "/" serves as well, since pivot_root only wants a mount point.
 */
int step_root_attach(struct init *in, const struct step_root_attach *s)
{
	int tree = init_fd(in, s->tree);
	int target = sys_openat(AT_FDCWD, s->path, O_PATH | O_DIRECTORY, 0);
	int r;

	if (target == -EACCES || target == -ENOENT)
		target = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (target < 0)
		return init_doing(in, "open the mount point", target);
	r = sys_move_mount(tree, target);
	sys_close(target);
	if (r < 0)
		return init_doing(in, "move_mount", r);
	return put_directory(in, tree, ".", s->root);
}

int step_root_path(struct init *in, const struct step_root_path *s)
{
	return put_directory(in, AT_FDCWD, s->path, s->root);
}

int step_root_open(struct init *in, const struct step_root_open *s)
{
	return put_directory(in, AT_FDCWD, "/", s->root);
}

int step_root_cover(struct init *in, const struct step_root_cover *s)
{
	return put_directory(in, init_fd(in, s->tree), ".", s->root);
}

int step_pivot(struct init *in, const struct step_pivot *s)
{
	int old, r;

	old = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (old < 0)
		return init_doing(in, "open the old root", old);
	/* pivot_root(2), NOTES: with the same directory as both, the old root ends on top of the
	 * new one and no directory for it is needed in the image. */
	r = init_doing(in, "enter the new root", sys_fchdir(init_fd(in, s->root)));
	if (r == 0)
		r = init_doing(in, "pivot_root", sys_pivot_root(".", "."));
	if (r == 0)
		r = init_doing(in, "enter the old root", sys_fchdir(old));
	/*
	 * Unmounting a tree that is a peer of the host's would unmount it there. Step propagate has
	 * cut that already, but a createContainer hook may have made it shared again.
	 */
	if (r == 0)
		r = init_doing(in, "cut off the old root", sys_mount(NULL, ".", MS_SLAVE | MS_REC));
	if (r == 0)
		r = init_doing(in, "unmount the old root", sys_umount2(".", MNT_DETACH));
	if (r == 0)
		r = init_doing(in, "enter the new root", sys_fchdir(init_fd(in, s->root)));
	sys_close(old);
	return r;
}

/* There is one mount for each step: of several on one path each step takes away the topmost. */
int step_hide_mount(struct init *in, const struct step_hide_mount *s)
{
	int r = sys_umount2(s->path, MNT_DETACH | UMOUNT_NOFOLLOW);

	if (r == -ENOENT || r == -ENOTDIR) /* it was below one that is gone */
		return 0;
	if (r != -EINVAL && r != -EPERM)
		return init_doing(in, "unmount", r);
	/* It came from another user namespace, which locks it; or it is gone with the one above. */
	r = (int)sys_call(SYS_mount, "tmpfs", s->path, "tmpfs", MS_RDONLY, NULL);
	return init_doing(in, "cover", r);
}

int step_move_root(struct init *in, const struct step_move_root *s)
{
	int r = init_doing(in, "enter the new root", sys_fchdir(init_fd(in, s->root)));

	if (r == 0)
		r = init_doing(in, "move the root", sys_mount(".", "/", MS_MOVE));
	if (r == 0)
		r = init_doing(in, "chroot", sys_chroot("."));
	return r;
}

int step_chroot(struct init *in, const struct step_chroot *s)
{
	int r = init_doing(in, "enter the new root", sys_fchdir(init_fd(in, s->root)));

	return r < 0 ? r : init_doing(in, "chroot", sys_chroot("."));
}
