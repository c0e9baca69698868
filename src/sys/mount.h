/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The mount calls: thin, return a value or -errno. Freestanding. Mounts are handled as descriptors
 * ("trees"): made or cloned detached, given their attributes while nobody can see them, and
 * attached last (open_tree(2), fsopen(2), mount_setattr(2), move_mount(2); Linux 5.12 for all).
 *
 * Both sides take constants from linux/mount.h; the C library's sys/mount.h declares some of the
 * same names and must not be included beside it.
 */

#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/call.h"

/* Newer than some headers, or in the C library's headers only. */
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif
#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 8
#endif

/* One number on every architecture (all but alpha, which hull does not know). */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

/* A detached copy of what path names below dir ("" is dir itself). flags: AT_RECURSIVE,
 * AT_SYMLINK_NOFOLLOW. A tree descriptor. */
static inline int sys_open_tree(int dir, const char *path, unsigned flags)
{
	return (int)sys_call(SYS_open_tree, dir, path,
			     flags | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
}

/* Attaches tree on target; both are descriptors, no path is resolved. */
static inline int sys_move_mount(int tree, int target)
{
	return (int)sys_call(SYS_move_mount, tree, "", target, "",
			     MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static inline int sys_mount_setattr(int tree, bool recursive, const struct mount_attr *attr)
{
	return (int)sys_call(SYS_mount_setattr, tree, "",
			     AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attr, sizeof *attr);
}

static inline int sys_fsopen(const char *type)
{
	return (int)sys_call(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

/* command: FSCONFIG_SET_FLAG (no value), FSCONFIG_SET_STRING, FSCONFIG_CMD_CREATE (neither). The
 * kernel takes at most 255 bytes of key and of value. */
static inline int sys_fsconfig(int context, unsigned command, const char *key, const char *value)
{
	return (int)sys_call(SYS_fsconfig, context, command, key, value, 0);
}

/* attr: MOUNT_ATTR_*. */
static inline int sys_fsmount(int context, uint64_t attr)
{
	return (int)sys_call(SYS_fsmount, context, FSMOUNT_CLOEXEC, attr);
}

/* mount(2): for what has no descriptor form, propagation and MS_MOVE. */
static inline int sys_mount(const char *source, const char *target, unsigned long flags)
{
	return (int)sys_call(SYS_mount, source, target, NULL, flags, NULL);
}

static inline int sys_umount2(const char *target, int flags)
{
	return (int)sys_call(SYS_umount2, target, flags);
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)sys_call(SYS_pivot_root, new_root, put_old);
}

static inline int sys_chroot(const char *path)
{
	return (int)sys_call(SYS_chroot, path);
}
