/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "cgroups/mountinfo.h"
#include "libocispec/arena.h"

/* One line of /proc/self/cgroup for each hierarchy; there can be no more than controllers and
 * named ones, and a path is limited by PATH_MAX. */
enum { OWN_LIMIT = 256 << 10, CONTROLLERS_LIMIT = 4096, HIERARCHIES_MAX = 64 };

static const char *const names_v1[] = {
#define CONTROLLER(name, v1, v2) v1,
#include "cgroups/controllers.def"
#undef CONTROLLER
};

static const char *const names_v2[] = {
#define CONTROLLER(name, v1, v2) v2,
#include "cgroups/controllers.def"
#undef CONTROLLER
};

static int version_by_magic(const char *path)
{
	struct statfs st;

	if (statfs(path, &st) < 0)
		return 0;
	if (st.f_type == CGROUP_SUPER_MAGIC)
		return 1;
	return st.f_type == CGROUP2_SUPER_MAGIC ? 2 : 0;
}

const struct layout_source layout_host = {
	.root = "/sys/fs/cgroup",
	.own = "/proc/self/cgroup",
	.mountinfo = "/proc/self/mountinfo",
	.version = version_by_magic,
};

const char *controller_name(enum controller c, bool unified)
{
	const char *name = unified ? names_v2[c] : names_v1[c];

	return name && *name ? name : names_v1[c];
}

unsigned controller_bits(const char *list, bool unified)
{
	const char *const *names = unified ? names_v2 : names_v1;
	unsigned bits = 0;

	while (*list) {
		size_t n = strcspn(list, ", \n");

		for (unsigned c = 0; c < N_CONTROLLERS; c++)
			if (n && names[c] && strlen(names[c]) == n && !memcmp(names[c], list, n))
				bits |= CONTROLLER_BIT(c);
		list += n;
		list += strspn(list, ", \n");
	}
	return bits;
}

/* Sets h->mountpoint to root/name when a cgroup file system of that version is there. */
static int try_directory(struct layout *layout, struct hierarchy *h, const char *name, size_t n)
{
	char *path = arena_printf(layout->arena, "%s/%.*s", layout->source->root, (int)n, name);

	if (!path)
		return -ENOMEM;
	if (layout->source->version(path) == (h->v2 ? 2 : 1))
		h->mountpoint = path;
	return 0;
}

/* mountinfo can have thousands of lines: read only when it is needed, and once. */
static int read_mountinfo(struct layout *layout)
{
	struct mountinfo *info;
	int r;

	if (layout->mountinfo)
		return 0;
	info = arena_alloc(layout->arena, sizeof *info);
	if (!info)
		return -ENOMEM;
	r = mountinfo_read(layout->arena, layout->source->mountinfo, info);
	if (r == 0)
		layout->mountinfo = info;
	return r;
}

/*
 * Everybody mounts hierarchies as /sys/fs/cgroup/NAMES, or has a link there for each single name
 * (cgroups(7), "Mounting v1 controllers"): asking for the file system type of these costs a
 * microsecond.
 */
static int find_mountpoint(struct layout *layout, struct hierarchy *h)
{
	const char *names = str_after(h->name, "name=");
	int r;

	if (!names)
		names = h->name;
	r = try_directory(layout, h, names, strlen(names));
	while (r == 0 && !h->mountpoint && *names) {
		size_t n = strcspn(names, ",");

		r = try_directory(layout, h, names, n);
		names += n + (names[n] == ',');
	}
	if (r < 0 || h->mountpoint)
		return r;
	r = read_mountinfo(layout);
	if (r == 0)
		h->mountpoint = mountinfo_find(layout->mountinfo, h->name);
	return r;
}

static int add(struct layout *layout, const struct hierarchy *h)
{
	if (layout->n == HIERARCHIES_MAX)
		return -E2BIG;
	layout->hierarchy[layout->n++] = *h;
	return 0;
}

/* "ID:NAMES:PATH", cut apart in place. False for a line of another form. */
static bool split_line(char *line, const char **names, const char **path)
{
	char *a = strchr(line, ':'), *b = a ? strchr(a + 1, ':') : NULL;

	if (!b || b[1] != '/')
		return false;
	*b = '\0';
	*names = a + 1;
	*path = b + 1;
	return true;
}

/* Named hierarchies without a controller are for their owner's book-keeping; only systemd's is of
 * use to others (it says which unit a process belongs to). */
static bool wanted(const struct hierarchy *h)
{
	return h->controllers || str_eq(h->name, "name=systemd");
}

static int add_line(struct layout *layout, char *line)
{
	struct hierarchy h = {0};
	const char *names;
	int r;

	if (!split_line(line, &names, &h.own))
		return 0;
	if (!*names) {
		/* cgroup2. Beside v1 it is at "unified" or not of interest. */
		h.name = "unified";
		h.v2 = true;
		if (layout->unified)
			h.mountpoint = layout->source->root;
		else
			r = try_directory(layout, &h, h.name, strlen(h.name));
	} else if (!layout->unified) {
		h.name = names;
		h.controllers = controller_bits(names, false);
		h.probed = true;
		if (!wanted(&h))
			return 0;
		r = find_mountpoint(layout, &h);
		if (r < 0)
			return r;
	}
	return h.mountpoint ? add(layout, &h) : 0;
}

/* cgroup2 alone, mounted at an unusual place. */
static int find_unified(struct layout *layout)
{
	struct hierarchy h = {.name = "unified", .own = "/", .v2 = true};
	int r = read_mountinfo(layout);

	if (r == 0)
		h.mountpoint = mountinfo_find(layout->mountinfo, NULL);
	if (!h.mountpoint)
		return r;
	layout->unified = true;
	return add(layout, &h);
}

static void find_v2(struct layout *layout)
{
	for (size_t i = 0; i < layout->n; i++)
		if (layout->hierarchy[i].v2)
			layout->v2 = &layout->hierarchy[i];
}

int layout_probe(struct arena *arena, const struct layout_source *source, struct layout *ret,
		 struct err *err)
{
	struct layout layout = {.arena = arena, .source = source};
	char *text, *line, *save = NULL;
	size_t size;
	int r;

	layout.unified = source->version(source->root) == 2;
	layout.hierarchy = arena_array(arena, HIERARCHIES_MAX, sizeof *layout.hierarchy);
	if (!layout.hierarchy)
		return err_set(err, ENOMEM, "cgroups");
	r = io_read_file(arena, AT_FDCWD, source->own, OWN_LIMIT, &text, &size);
	if (r < 0)
		return err_set(err, -r, "read %s", source->own);
	for (line = strtok_r(text, "\n", &save); line && r == 0; line = strtok_r(NULL, "\n", &save))
		r = add_line(&layout, line);
	if (r == 0 && !layout.n)
		r = find_unified(&layout);
	if (r < 0)
		return err_set(err, -r, "find the cgroup hierarchies");
	find_v2(&layout);
	*ret = layout;
	if (!layout.n)
		return err_text(err, ENOENT, "no cgroup file system is mounted (%s)", source->root);
	return 0;
}

/* What the root of the cgroup2 mount can give to its children. */
static void probe_v2(struct layout *layout)
{
	struct hierarchy *h = layout->v2;
	char *path, *text;
	size_t size;

	h->probed = true;
	h->controllers = CONTROLLER_BIT(CONTROLLER_DEVICES) | CONTROLLER_BIT(CONTROLLER_FREEZER);
	path = arena_printf(layout->arena, "%s/cgroup.controllers", h->mountpoint);
	if (path &&
	    io_read_file(layout->arena, AT_FDCWD, path, CONTROLLERS_LIMIT, &text, &size) == 0)
		h->controllers |= controller_bits(text, true);
}

const struct hierarchy *layout_find(struct layout *layout, enum controller c)
{
	for (size_t i = 0; i < layout->n; i++) {
		const struct hierarchy *h = &layout->hierarchy[i];

		if (!h->v2 && (h->controllers & CONTROLLER_BIT(c)))
			return h;
	}
	if (!layout->v2)
		return NULL;
	if (!layout->v2->probed)
		probe_v2(layout);
	return layout->v2->controllers & CONTROLLER_BIT(c) ? layout->v2 : NULL;
}

int layout_own(struct layout *layout, const struct hierarchy *h, const char **ret, struct err *err)
{
	struct stat st;
	const char *root, *below;
	char *path;
	int r;

	*ret = "/";
	/* "/../x" is a cgroup above the root of hull's cgroup namespace: not visible. */
	if (str_eq(h->own, "/") || strstr(h->own, "/../") || str_after(h->own, "/.."))
		return 0;
	path = arena_printf(layout->arena, "%s%s", h->mountpoint, h->own);
	if (!path)
		return err_set(err, ENOMEM, "cgroups");
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		*ret = h->own;
		return 0;
	}
	r = read_mountinfo(layout);
	if (r < 0)
		return err_set(err, -r, "read %s", layout->source->mountinfo);
	root = mountinfo_root(layout->mountinfo, h->mountpoint);
	below = root ? str_after(h->own, root) : NULL;
	if (below && *below == '/')
		*ret = below;
	return 0;
}
