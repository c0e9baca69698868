/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A made-up /sys/fs/cgroup and /proc/self in a temporary directory. */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "cgroups/layout.h"

static char fake_root[1024];

/* A cgroup file system is a directory with the file that its root has. */
static int fake_version(const char *path)
{
	char file[4200];

	snprintf(file, sizeof file, "%s/cgroup.controllers", path);
	if (access(file, F_OK) == 0)
		return 2;
	snprintf(file, sizeof file, "%s/tasks", path);
	return access(file, F_OK) == 0 ? 1 : 0;
}

static void fake_die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(99);
}

/* Writes text to a file of the tree; makes the directories above it. */
__attribute__((format(printf, 2, 3), unused)) static void fake_file(const char *text,
								    const char *fmt, ...)
{
	char path[4200], *slash;
	size_t n = (size_t)snprintf(path, sizeof path, "%s/", fake_root);
	va_list ap;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path + n, sizeof path - n, fmt, ap);
	va_end(ap);
	for (slash = path + n; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			fake_die(path);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || io_write_all(fd, text, strlen(text)) < 0)
		fake_die(path);
	close(fd);
}

static char *fake_path(const char *below)
{
	static char room[4][4200];
	static unsigned turn;
	char *path = room[turn++ % 4];

	snprintf(path, sizeof room[0], "%s/%s", fake_root, below);
	return path;
}

static int fake_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

__attribute__((unused)) static void fake_end(void)
{
	if (*fake_root)
		nftw(fake_root, fake_remove, 16, FTW_DEPTH | FTW_PHYS);
	*fake_root = '\0';
}

__attribute__((unused)) static struct layout_source fake_begin(void)
{
	static char root[4200], own[4200], mountinfo[4200];
	const char *tmp = getenv("TMPDIR");

	snprintf(fake_root, sizeof fake_root, "%s/hull-cgroups-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(fake_root))
		fake_die("mkdtemp");
	snprintf(root, sizeof root, "%s", fake_path("cgroup"));
	snprintf(own, sizeof own, "%s", fake_path("own"));
	snprintf(mountinfo, sizeof mountinfo, "%s", fake_path("mountinfo"));
	fake_file("", "mountinfo");
	return (struct layout_source){root, own, mountinfo, fake_version};
}

/* The usual hybrid machine: separate, joined and named hierarchies and an empty cgroup2. */
__attribute__((unused)) static struct layout_source fake_hybrid(void)
{
	static const char *const mounts[] = {"cpu,cpuacct", "cpuset",  "memory",
					     "devices",     "freezer", "blkio",
					     "hugetlb",     "pids",    "systemd"};
	struct layout_source source = fake_begin();

	for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++)
		fake_file("", "cgroup/%s/tasks", mounts[i]);
	fake_file("rdma misc\n", "cgroup/unified/cgroup.controllers");
	fake_file("12:cpu,cpuacct:/user\n11:cpuset:/\n10:memory:/user/me\n9:devices:/\n"
		  "8:freezer:/\n7:blkio:/\n6:hugetlb:/\n5:pids:/user/me\n"
		  "4:name=elsewhere:/\n1:name=systemd:/user/me\n0::/user/me\n",
		  "own");
	fake_file("0\n", "cgroup/memory/user/me/tasks");
	fake_file("0\n", "cgroup/pids/user/me/tasks");
	fake_file("0\n", "cgroup/systemd/user/me/tasks");
	fake_file("0\n", "cgroup/cpu,cpuacct/user/tasks");
	return source;
}

__attribute__((unused)) static struct layout_source fake_unified(void)
{
	struct layout_source source = fake_begin();

	fake_file("cpuset cpu io memory hugetlb pids rdma misc\n", "cgroup/cgroup.controllers");
	fake_file("0::/user.slice/me.scope\n", "own");
	fake_file("", "cgroup/user.slice/me.scope/cgroup.procs");
	fake_file("", "cgroup/user.slice/cgroup.procs");
	fake_file("", "cgroup/cgroup.procs");
	return source;
}
