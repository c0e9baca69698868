/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The cgroup mounts of /proc/self/mountinfo, for machines that mount them at unusual places. */

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct mountinfo {
	struct mountinfo_mount {
		const char *root; /* directory of the hierarchy that is the mount's root */
		const char *mountpoint;
		const char *options; /* of the super block: the controllers are among them */
		bool v2;
	} * mount;
	size_t n;
};

/* 0 or -errno. Lines of other file systems are left out. */
int mountinfo_read(struct arena *arena, const char *file, struct mountinfo *ret);

/* The first mount of the v1 hierarchy with these names ("cpu,cpuacct", "name=systemd") or, with
 * names NULL, of cgroup2; NULL when there is none. */
const char *mountinfo_find(const struct mountinfo *info, const char *names);

/* The root of what is mounted at mountpoint; NULL: no cgroup mount. */
const char *mountinfo_root(const struct mountinfo *info, const char *mountpoint);
