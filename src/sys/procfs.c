/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/procfs.h"

#include <asm/statfs.h>
#include <errno.h>
#include <linux/magic.h>

#include "sys/file.h"
#include "sys/mount.h"
#include "sys/text.h"

#define RESOLVE_PLAIN                                                                              \
	(RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS)

enum { PROC_ROOT_INODE = 1 }; /* PROC_ROOT_INO of linux/proc_fs.h: no other directory has it */

/* -ENOTTY stands for "not the root of a procfs". */
static int verify(int fd)
{
	struct statfs fs;
	struct statx st;
	long r = sys_call(SYS_fstatfs, fd, &fs);

	if (r < 0)
		return (int)r;
	r = sys_fstatx(fd, &st);
	if (r < 0)
		return (int)r;
	return fs.f_type == PROC_SUPER_MAGIC && st.stx_ino == PROC_ROOT_INODE ? 0 : -ENOTTY;
}

static int detached(bool whole, const char **ret_verb)
{
	int r, context = sys_fsopen("proc");

	*ret_verb = "fsopen proc";
	if (context < 0)
		return context;
	/*
	 * subset=pid hides all that is not a process: less to reach should the descriptor leak.
	 * Linux 5.8; before that hidepid belonged to the PID namespace instead of the mount, so
	 * neither is tried without the other.
	 */
	if (!whole && sys_fsconfig(context, FSCONFIG_SET_STRING, "subset", "pid") == 0)
		(void)sys_fsconfig(context, FSCONFIG_SET_STRING, "hidepid", "ptraceable");
	*ret_verb = "fsconfig proc";
	r = sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL);
	if (r == 0) {
		*ret_verb = "fsmount proc";
		r = sys_fsmount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	}
	sys_close(context);
	return r;
}

int procfs_new(bool whole, const char **ret_verb)
{
	int r, fd = detached(whole, ret_verb);

	/*
	 * In a user namespace the kernel wants to see a procfs without anything mounted on it
	 * before it makes another one, and wants the PID namespace to belong to the same user
	 * namespace (mount_namespaces(7)); a container manager around us may also forbid it. What
	 * is mounted on /proc does as well: procfs_open does not cross what lies on top of it.
	 */
	if (fd == -EPERM || fd == -EACCES) {
		*ret_verb = "open /proc";
		fd = sys_openat2(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0,
				 RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
	}
	if (fd < 0)
		return fd;
	r = verify(fd);
	if (r < 0) {
		*ret_verb = r == -ENOTTY ? "=/proc is not a proc file system" : "fstatfs proc";
		sys_close(fd);
		return r;
	}
	return fd;
}

/* "self" and "thread-self" are links whose target the kernel makes; taken by hand, so that no
 * link at all has to be allowed. */
static int follow_self(int procfs, const char *path, char out[256])
{
	const char *rest = text_after(path, "thread-self/");
	struct text text = {out, 256, 0};
	long n;

	if (!rest)
		rest = text_after(path, "self/");
	if (rest) {
		char name[16];

		text_cut(name, path, (size_t)(rest - path) - 1);
		n = sys_readlinkat(procfs, name, out, 64);
		if (n < 0)
			return (int)n;
		text.used = (size_t)n;
		text_adds(&text, "/");
	}
	text_adds(&text, rest ? rest : path);
	return text.used < text.room ? 0 : -ENAMETOOLONG;
}

int procfs_open(int procfs, const char *path, int flags)
{
	char plain[256];
	int r = follow_self(procfs, path, plain);

	if (r < 0)
		return r;
	return sys_openat2(procfs, plain, (uint64_t)flags | O_NOCTTY, 0, RESOLVE_PLAIN);
}

int procfs_write(int procfs, const char *path, const char *value, size_t size)
{
	int fd = procfs_open(procfs, path, O_WRONLY);
	long r;

	if (fd < 0)
		return fd;
	r = sys_write(fd, value, size);
	sys_close(fd);
	if (r < 0)
		return (int)r;
	return (size_t)r == size ? 0 : -EIO;
}
