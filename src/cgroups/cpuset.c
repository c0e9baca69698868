/* SPDX-License-Identifier: Apache-2.0 */

/* cpuset of v1. */

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "cgroups/knob.h"
#include "cgroups/object.h"
#include "sys/file.h"

enum { LIST_MAX = 4096, DEPTH_MAX = 128 };

/* The nearest value at or above dir, filled in on the way back. Depth is that of the path, which
 * is no deeper than PATH_MAX allows; DEPTH_MAX bounds the stack. */
static int fill(int dir, const char *file, char value[LIST_MAX], int depth)
{
	AUTO_CLOSE int parent = -1;
	int w, r = knob_read(dir, file, value, LIST_MAX);

	if (r != 0)
		return r;
	if (depth == DEPTH_MAX)
		return -ELOOP;
	parent = sys_openat(dir, "..", O_PATH | O_DIRECTORY, 0);
	if (parent < 0)
		return parent;
	r = fill(parent, file, value, depth + 1);
	if (r <= 0)
		return r < 0 ? r : -ENOSPC;
	w = knob_write(dir, file, value);
	return w < 0 ? w : r;
}

int cpuset_inherit(const struct place *place, int dir, bool fresh, struct err *err)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
	AUTO_CLOSE int parent = sys_openat(dir, "..", O_PATH | O_DIRECTORY, 0);

	if (parent < 0)
		return err_set(err, -parent, "open the parent of %s", place->dir);
	for (size_t i = 0; i < 2; i++) {
		char value[LIST_MAX];
		int r = fresh ? 0 : knob_read(dir, files[i], value, sizeof value);

		if (r > 0)
			continue;
		if (r == 0)
			r = fill(parent, files[i], value, 0);
		if (r > 0)
			r = knob_write(dir, files[i], value);
		if (r < 0)
			return err_set(err, -r, "copy %s from the parent to %s", files[i],
				       place->dir);
	}
	return 0;
}
