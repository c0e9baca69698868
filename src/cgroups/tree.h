/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A cgroup directory with those below it that the container may have made. Any depth, any number:
 * two descriptors at a time, and no path longer than one component.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;

struct tree_pids {
	struct arena *arena;
	pid_t *pid;
	size_t n, room;
};

/* Makes dir and what is missing above it. 1: made, 0: it was there, -errno. */
int tree_make(const char *dir);

/* Adds all processes in dir and below. Those in another PID namespace (shown as 0) and hull itself
 * are left out. A directory that vanishes has none. 0 or -errno. */
int tree_pids(const char *dir, struct tree_pids *pids);

/* Removes what is below dir and dir itself. -EBUSY: processes are left. What is gone is fine.
 * -EINVAL: dir is not below the root of a cgroup file system. */
int tree_remove(const char *dir);
