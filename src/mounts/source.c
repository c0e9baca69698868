/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the host opens for the container: mount sources as detached trees, and user namespaces for
 * id mapped mounts. Done before any process of the container exists, so that nothing in a volume
 * can change what a source path means (CVE-2021-30465).
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "libocispec/ocispec.h"
#include "mounts/state.h"
#include "sys/mount.h"

int source_clone(const char *path, bool recursive, bool nofollow, struct err *err)
{
	int tree = sys_open_tree(AT_FDCWD, path,
				 (recursive ? AT_RECURSIVE : 0u) |
					 (nofollow ? AT_SYMLINK_NOFOLLOW : 0u));

	return tree < 0 ? err_set(err, -tree, "source %s", path) : tree;
}

/* Writes one map file of a process, in one write(2) as user_namespaces(7) demands. */
static int write_map(pid_t pid, const char *file, const struct oci_id_mapping *map, size_t n,
		     struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	char path[64];
	AUTO_CLOSE int fd = -1;

	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%u %u %u\n", map[i].container_id, map[i].host_id, map[i].size);
	if (text.failed)
		return err_set(err, ENOMEM, "id mapping");
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, errno, "id mapping: open %s", path);
	if (write(fd, text.data, text.size) != (ssize_t)text.size)
		return err_set(err, errno, "id mapping: write %s", file);
	return 0;
}

/* A child that only holds a new user namespace open until it is killed. The clone has the meaning
 * of fork(2): no memory is shared. */
static pid_t namespace_holder(void)
{
	pid_t pid = (pid_t)sys_call(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		for (;;)
			sys_call(SYS_pause);
	return pid;
}

int source_userns(const struct oci_id_mapping *uid, size_t n_uid, const struct oci_id_mapping *gid,
		  size_t n_gid, struct err *err)
{
	char path[64];
	pid_t pid = namespace_holder();
	int fd = -1, r;

	if (pid < 0)
		return err_set(err, (int)-pid, "id mapping: new user namespace");
	r = write_map(pid, "uid_map", uid, n_uid, err);
	if (r == 0)
		r = write_map(pid, "gid_map", gid, n_gid, err);
	if (r == 0) {
		snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		r = fd < 0 ? err_set(err, errno, "id mapping: open %s", path) : fd;
	}
	(void)kill(pid, SIGKILL); /* our own child, not yet reaped: it is there */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

int source_idmap(int tree, int userns, bool recursive, struct err *err)
{
	const struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP,
					.userns_fd = (unsigned)userns};
	int r = sys_mount_setattr(tree, recursive, &attr);

	if (r == -EINVAL)
		return err_set(err, EINVAL,
			       "id mapping: the file system has no id mapped mounts, or the mount "
			       "is mapped already");
	return r < 0 ? err_set(err, -r, "id mapping: mount_setattr") : 0;
}
