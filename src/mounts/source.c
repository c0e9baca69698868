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

int source_error(const struct mount_source *source, int code, struct err *err)
{
	const char *hint = "";

	/* mount_namespaces(7): mounts that come as a unit may not be separated. */
	if (code == EINVAL && !source->recursive)
		hint = " (a mount below it cannot be left out: use rbind)";
	return err_set(err, code, "source %s%s", source->path, hint);
}

int source_clone(const struct mount_source *source, struct err *err)
{
	int tree = sys_open_tree(AT_FDCWD, source->path,
				 (source->recursive ? AT_RECURSIVE : 0u) |
					 (source->nofollow ? AT_SYMLINK_NOFOLLOW : 0u));

	return tree < 0 ? source_error(source, -tree, err) : tree;
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

/* A user namespace with these maps, which serves no process. A descriptor or -errno. */
static int map_namespace(const struct mount_idmap *map, struct err *err)
{
	char path[64];
	pid_t pid = namespace_holder();
	int fd = -1, r;

	if (pid < 0)
		return err_set(err, (int)-pid, "id mapping: new user namespace");
	r = write_map(pid, "uid_map", map->uid, map->n_uid, err);
	if (r == 0)
		r = write_map(pid, "gid_map", map->gid, map->n_gid, err);
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

/* Here, and not by hull-init: the kernel wants a process that is privileged over the file system's
 * own user namespace (mount_setattr(2), "ID-mapped mounts"), and the tree still detached. */
int source_idmap(const struct mount_source *source, int tree, struct err *err)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};
	AUTO_CLOSE int userns = -1;
	int r;

	if (!source->idmap)
		return 0;
	userns = map_namespace(source->idmap, err);
	if (userns < 0)
		return userns;
	attr.userns_fd = (unsigned)userns;
	r = sys_mount_setattr(tree, source->idmap->recursive, &attr);
	if (r == -EINVAL)
		return err_set(err, EINVAL,
			       "id mapping: the file system has no id mapped mounts, or the mount "
			       "is mapped already");
	return r < 0 ? err_set(err, -r, "id mapping: mount_setattr") : 0;
}
