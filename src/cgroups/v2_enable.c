/* SPDX-License-Identifier: Apache-2.0 */

/* cgroup v2: a controller's files are in a cgroup only when its parent lists the controller in
 * cgroup.subtree_control, and so on up to the root. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "cgroups/knob.h"
#include "cgroups/object.h"
#include "cgroups/tree.h"
#include "sys/file.h"

static int failed(const char *dir, enum controller c, int r, struct err *err)
{
	const char *name = controller_name(c, true);

	if (r == -EBUSY)
		return err_text(err, EBUSY,
				"the %s controller cannot be given to the children of the cgroup "
				"%s, since there are processes in it itself (cgroups(7), \"no "
				"internal processes\"): device or resource busy",
				name, dir);
	if (r == -ENOENT)
		return err_text(err, ENOENT,
				"the %s controller is not available in the cgroup %s: no such file "
				"or directory",
				name, dir);
	if (r == -EOPNOTSUPP)
		return err_text(err, EOPNOTSUPP,
				"the %s controller cannot be given to the children of the cgroup "
				"%s, which is threaded: operation not supported",
				name, dir);
	return err_set(err, -r, "enable the %s controller in %s/cgroup.subtree_control", name, dir);
}

static int enable(int dir, unsigned bits)
{
	char text[256] = "";
	size_t used = 0;

	for (unsigned c = 0; c < N_CONTROLLERS; c++)
		if (bits & CONTROLLER_BIT(c))
			used += (size_t)snprintf(text + used, sizeof text - used, "%s+%s",
						 used ? " " : "",
						 controller_name((enum controller)c, true));
	return knob_write(dir, "cgroup.subtree_control", text);
}

static int open_or_make(const char *name, int *ret)
{
	int dir = sys_openat(AT_FDCWD, name, O_PATH | O_DIRECTORY, 0);
	int r = dir == -ENOENT ? tree_make(name) : 0;

	if (r < 0)
		return r;
	if (dir == -ENOENT)
		dir = sys_openat(AT_FDCWD, name, O_PATH | O_DIRECTORY, 0);
	*ret = dir;
	return dir < 0 ? dir : 0;
}

/*
 * A cgroup with processes in it, which is not the root. It would take cpu, cpuset and pids for its
 * children, but then be the root of threaded ones, in which no container can be (cgroup-v2.rst,
 * "Threads"): so nothing is enabled there.
 */
static bool has_processes(int dir)
{
	char text[32];

	return knob_read(dir, "cgroup.type", text, sizeof text) >= 0 &&
	       knob_read(dir, "cgroup.procs", text, sizeof text) > 0;
}

/*
 * All that the cgroup has, so that its use can be seen in the container's files even when nothing
 * is limited. The kernel takes a line whole or not at all: when it refuses, one by one, and only
 * the needed ones matter.
 */
static int enable_in(const char *name, unsigned needed, struct err *err)
{
	AUTO_CLOSE int dir = -1;
	char text[512];
	unsigned have, missing;
	int r = open_or_make(name, &dir);

	if (r < 0)
		return err_set(err, -r, "mkdir %s", name);
	r = knob_read(dir, "cgroup.controllers", text, sizeof text);
	if (r < 0)
		return err_set(err, -r, "read %s/cgroup.controllers", name);
	have = controller_bits(text, true);
	r = knob_read(dir, "cgroup.subtree_control", text, sizeof text);
	if (r < 0)
		return err_set(err, -r, "read %s/cgroup.subtree_control", name);
	missing = (have | needed) & ~controller_bits(text, true);
	if (!missing)
		return 0;
	if (has_processes(dir)) {
		for (unsigned c = 0; c < N_CONTROLLERS; c++)
			if (missing & needed & CONTROLLER_BIT(c))
				return failed(name, (enum controller)c, -EBUSY, err);
		return 0;
	}
	if (!(missing & ~have) && enable(dir, missing) == 0)
		return 0;
	for (unsigned c = 0; c < N_CONTROLLERS; c++) {
		unsigned bit = CONTROLLER_BIT(c);

		if (!(missing & bit))
			continue;
		r = have & bit ? enable(dir, bit) : -ENOENT;
		if (r < 0 && (needed & bit))
			return failed(name, (enum controller)c, r, err);
	}
	return 0;
}

int enable_controllers(const struct place *place, unsigned needed, struct err *err)
{
	char path[4096];
	size_t at = strlen(place->mountpoint);
	int r;

	if (strlen(place->dir) >= sizeof path)
		return err_set(err, ENAMETOOLONG, "%.256s", place->dir);
	memcpy(path, place->dir, strlen(place->dir) + 1);
	for (;;) {
		char *slash = strchr(path + at, '/');

		if (!slash)
			return 0;
		*slash = '\0';
		r = enable_in(path, needed, err);
		if (r < 0)
			return r;
		*slash = '/';
		at = (size_t)(slash - path) + 1;
	}
}
