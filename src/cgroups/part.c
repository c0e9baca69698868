/* SPDX-License-Identifier: Apache-2.0 */

/* exec --cgroup: a cgroup that the container has made below its own. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"
#include "cgroups/object.h"
#include "libocispec/arena.h"

/* A path that stays below: no "..", whatever else it is. */
static bool stays_below(const char *path)
{
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return false;
		p += n + (p[n] == '/');
	}
	return true;
}

/* Whether a comma-separated list has a controller of this hierarchy ("cpu,cpuacct"). */
static bool names_match(const char *wanted, size_t size, const char *hierarchy)
{
	for (const char *end = wanted + size; wanted < end;) {
		size_t n = strcspn(wanted, ",:");
		const char *p = hierarchy;

		for (;;) {
			size_t m = strcspn(p, ",");

			if (m == n && strncmp(p, wanted, n) == 0)
				return true;
			if (!p[m])
				break;
			p += m + 1;
		}
		wanted += n + 1;
	}
	return false;
}

static int enter_part(struct arena *arena, struct place *place, const char *path, struct err *err)
{
	struct stat st;
	const char *dir = arena_printf(arena, "%s/%s", place->dir, path);

	if (!dir)
		return err_set(err, ENOMEM, "--cgroup");
	/* The tree of a cgroup file system has no links: the name is the place. */
	if (lstat(dir, &st) < 0)
		return err_set(err, errno, "--cgroup %s: %s", path, dir);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ENOTDIR, "--cgroup %s: %s", path, dir);
	place->dir = dir;
	return 0;
}

int cgroups_part(struct arena *arena, const struct cgroups *cgroups, const char *part,
		 struct cgroups **ret, struct err *err)
{
	struct cgroups *copy = arena_alloc(arena, sizeof *copy);
	const char *colon = strchr(part, ':');
	const char *path = colon ? colon + 1 : part;
	bool found = false;

	if (!copy)
		return err_set(err, ENOMEM, "--cgroup");
	if (!stays_below(path))
		return err_text(err, EINVAL, "--cgroup %s: must stay below the container's cgroup",
				part);
	*copy = *cgroups;
	copy->place = arena_array(arena, cgroups->n_places, sizeof *copy->place);
	if (!copy->place)
		return err_set(err, ENOMEM, "--cgroup");
	for (size_t i = 0; i < cgroups->n_places; i++) {
		int r;

		copy->place[i] = cgroups->place[i];
		if (colon && !names_match(part, (size_t)(colon - part), copy->place[i].name))
			continue;
		found = true;
		r = enter_part(arena, &copy->place[i], path, err);
		if (r < 0)
			return r;
	}
	if (!found)
		return err_text(err, EINVAL, "--cgroup %s: no such hierarchy", part);
	*ret = copy;
	return 0;
}
