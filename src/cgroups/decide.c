/* SPDX-License-Identifier: Apache-2.0 */

/* Where the container's cgroups go and what is written there. Looks, changes nothing. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "cgroups/object.h"
#include "cgroups/paths.h"
#include "cgroups/systemd.h"
#include "cgroups/tree.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"

const struct place *place_of(const struct cgroups *cgroups, enum controller c)
{
	const struct place *v2 = NULL;

	for (size_t i = 0; i < cgroups->n_places; i++) {
		const struct place *p = &cgroups->place[i];

		if (p->v2)
			v2 = p;
		else if (p->controllers & CONTROLLER_BIT(c))
			return p;
	}
	return v2 && (v2->controllers & CONTROLLER_BIT(c)) ? v2 : NULL;
}

/*
 * What linux.cgroupsPath is relative to. Absolute: to the mount. Relative, and without a path when
 * rootless: to hull's own cgroup, on v2 to the one above, since a cgroup that has processes in it
 * (hull) cannot give controllers to its children.
 */
static int base_of(struct cgroups *cgroups, const struct hierarchy *h, bool relative,
		   const char **ret, struct err *err)
{
	const char *own;
	int r;

	*ret = "/";
	if (!relative)
		return 0;
	r = layout_own(&cgroups->layout, h, &own, err);
	if (r < 0)
		return r;
	*ret = h->v2 ? paths_parent(cgroups->arena, own) : own;
	return *ret ? 0 : err_set(err, ENOMEM, "cgroups");
}

/* Whether this user can make a cgroup there. */
static bool is_writable(const struct place *p)
{
	char path[4096], *slash;
	size_t n = strlen(p->dir), top = strlen(p->mountpoint);

	if (n >= sizeof path)
		return false;
	memcpy(path, p->dir, n + 1);
	while (faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) < 0) {
		slash = strrchr(path, '/');
		if (!slash || (size_t)(slash - path) < top)
			return false;
		*slash = '\0';
	}
	return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

/* v2: who moves a process must be allowed to write to cgroup.procs of the cgroup that the old and
 * the new place have in common (cgroups(7), "Delegation containment rules"). */
static bool can_move(struct cgroups *cgroups, const struct hierarchy *h, const struct place *p)
{
	const char *own, *file;
	size_t common = 0;
	struct err ignored;

	if (layout_own(&cgroups->layout, h, &own, &ignored) < 0)
		return false;
	for (size_t i = 0;; i++) {
		char a = own[i], b = p->path[i];

		if ((a == '/' || !a) && (b == '/' || !b))
			common = i;
		if (a != b || !a)
			break;
	}
	file = arena_printf(cgroups->arena, "%s%.*s/cgroup.procs", p->mountpoint, (int)common, own);
	return file && faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) == 0;
}

/* The bits of a place: v1 what is mounted there, v2 what v1 does not have. */
static unsigned bits_of(struct layout *layout, const struct hierarchy *h)
{
	unsigned bits = 0;

	if (!h->v2)
		return h->controllers;
	for (unsigned c = 0; c < N_CONTROLLERS; c++)
		if (layout_find(layout, (enum controller)c) == h)
			bits |= CONTROLLER_BIT(c);
	return bits;
}

/* Beside v1, cgroup2 is used only when something wants it: each directory costs time. */
static bool is_wanted(struct cgroups *cgroups, const struct hierarchy *h)
{
	struct layout *layout = &cgroups->layout;

	if (!h->v2 || layout->unified)
		return true;
	for (size_t i = 0; i < cgroups->limits.n; i++)
		if (layout_find(layout, cgroups->limits.item[i].controller) == h)
			return true;
	return layout_find(layout, CONTROLLER_FREEZER) == h ||
	       (cgroups->devices_wanted && layout_find(layout, CONTROLLER_DEVICES) == h);
}

static int add_place(struct cgroups *cgroups, const struct hierarchy *h, const char *path,
		     bool relative, struct err *err)
{
	struct place p = {.name = h->name, .mountpoint = h->mountpoint, .v2 = h->v2};
	const char *base;
	int r = base_of(cgroups, h, relative, &base, err);

	if (r < 0)
		return r;
	p.path = paths_join(cgroups->arena, base, path);
	p.dir = p.path ? paths_join(cgroups->arena, p.mountpoint, p.path) : NULL;
	if (!p.dir)
		return err_set(err, ENOMEM, "cgroups");
	p.controllers = bits_of(&cgroups->layout, h);
	if (cgroups->rootless && !cgroups->systemd &&
	    (!is_writable(&p) || (p.v2 && !can_move(cgroups, h, &p))))
		return 0;
	cgroups->place[cgroups->n_places++] = p;
	return 0;
}

static int add_places(struct cgroups *cgroups, const char *path, bool relative, struct err *err)
{
	struct layout *layout = &cgroups->layout;
	int r = 0;

	cgroups->place = arena_array(cgroups->arena, layout->n + 1, sizeof *cgroups->place);
	if (!cgroups->place)
		return err_set(err, ENOMEM, "cgroups");
	for (size_t i = 0; i < layout->n && r == 0; i++)
		if (is_wanted(cgroups, &layout->hierarchy[i]))
			r = add_place(cgroups, &layout->hierarchy[i], path, relative, err);
	return r;
}

/* The cgroupfs driver. */
static int add_path(struct cgroups *cgroups, const struct cgroups_wish *wish, struct err *err)
{
	bool given = wish->path && *wish->path;
	const char *path;
	int r = paths_clean(cgroups->arena, given ? wish->path : wish->id, &path, err);

	if (r < 0)
		return r;
	return add_places(cgroups, path, given ? *path != '/' : wish->rootless, err);
}

/* The systemd driver: where systemd will put the unit. */
static int add_unit(struct cgroups *cgroups, const struct cgroups_wish *wish, struct err *err)
{
	struct systemd *systemd = arena_alloc(cgroups->arena, sizeof *systemd);
	const char *root, *slice, *path;
	struct paths_unit unit;
	int r = paths_unit(cgroups->arena, wish->path, wish->id, wish->rootless, &unit, err);

	if (r < 0)
		return r;
	if (!systemd)
		return err_set(err, ENOMEM, "cgroups");
	if (wish->rootless && !cgroups->unified)
		return err_text(err, EOPNOTSUPP,
				"systemd cgroup driver: rootless containers need cgroup v2 alone");
	*systemd = (struct systemd){.dbus = DBUS_INIT,
				    .unit = unit.unit,
				    .slice = unit.slice,
				    .user = wish->rootless};
	cgroups->systemd = systemd;
	r = systemd_annotations(wish->annotations, wish->n_annotations, &systemd->extra, err);
	if (r == 0)
		r = systemd_connect(systemd, err);
	if (r == 0)
		r = systemd_root(cgroups->arena, systemd, &root, err);
	if (r < 0)
		return r;
	slice = systemd_slice_path(cgroups->arena, unit.slice);
	path = slice ? arena_printf(cgroups->arena, "%s%s/%s", str_eq(root, "/") ? "" : root, slice,
				    unit.unit)
		     : NULL;
	if (!path)
		return err_set(err, ENOMEM, "cgroups");
	return add_places(cgroups, path, false, err);
}

/* Without a permission a rootless container has no cgroup; what it asks for must not be lost. */
static int check_limits(const struct cgroups *cgroups, struct err *err)
{
	for (size_t i = 0; i < cgroups->limits.n; i++) {
		const struct limit *l = &cgroups->limits.item[i];

		if (!place_of(cgroups, l->controller))
			return err_text(err, EACCES,
					"linux.resources.%s: no permission for a cgroup of the %s "
					"controller: permission denied",
					l->origin,
					controller_name(l->controller, cgroups->unified));
	}
	return 0;
}

/*
 * Before anything is recorded for destruction: the processes in a cgroup that exists are not the
 * container's, and must not be killed when this create fails or is cleaned up after.
 */
static int check_unused(const struct cgroups *cgroups, struct err *err)
{
	for (size_t i = 0; i < cgroups->n_places; i++) {
		const struct place *p = &cgroups->place[i];
		struct tree_pids pids = {.arena = cgroups->arena};
		int r;

		if (access(p->dir, F_OK) < 0)
			continue;
		r = tree_pids(p->dir, &pids);
		if (r < 0)
			return err_set(err, -r, "processes of %s", p->dir);
		if (pids.n)
			return err_text(err, EBUSY,
					"container's cgroup is not empty: %zu process(es) found "
					"in %s",
					pids.n, p->dir);
		if ((p->controllers & CONTROLLER_BIT(CONTROLLER_FREEZER)) &&
		    freezer_get(p, true) == 1)
			return err_text(err, EBUSY, "container's cgroup unexpectedly frozen");
	}
	return 0;
}

static int fill_hierarchy(struct cgroups *cgroups, const struct hierarchy *h,
			  struct request_hierarchy *to, struct err *err)
{
	const char *slash = strrchr(h->mountpoint, '/');
	int r = 0;

	to->mountpoint = h->mountpoint;
	to->name = h->v2 || !slash ? "" : slash + 1;
	to->options = "";
	if (!h->v2)
		to->options = str_after(h->name, "name=")
				      ? arena_printf(cgroups->arena, "none,%s", h->name)
				      : h->name;
	for (size_t i = 0; i < cgroups->n_places; i++)
		if (str_eq(cgroups->place[i].mountpoint, h->mountpoint))
			to->path = cgroups->place[i].path;
	if (!to->path)
		r = layout_own(&cgroups->layout, h, &to->path, err);
	if (r == 0 && !to->options)
		return err_set(err, ENOMEM, "cgroups");
	return r;
}

static int fill_request(struct cgroups *cgroups, struct err *err)
{
	struct layout *layout = &cgroups->layout;
	struct request_hierarchy *list;
	int r = 0;

	list = arena_array(cgroups->arena, layout->n + 1, sizeof *list);
	if (!list)
		return err_set(err, ENOMEM, "cgroups");
	cgroups->request.hierarchy = list;
	cgroups->request.unified = layout->unified;
	cgroups->request.attach = cgroups->systemd != NULL;
	if (!layout->unified && !cgroups->systemd)
		cgroups->request.tasks = (unsigned)cgroups->n_places;
	for (size_t i = 0; i < layout->n && r == 0; i++)
		if (layout->unified || !layout->hierarchy[i].v2)
			r = fill_hierarchy(cgroups, &layout->hierarchy[i],
					   &list[cgroups->request.n_hierarchies++], err);
	return r;
}

static int fill_record(struct cgroups *cgroups, struct err *err)
{
	const char **record =
		arena_array(cgroups->arena, cgroups->n_places + 1, sizeof *cgroups->record);

	if (!record)
		return err_set(err, ENOMEM, "cgroups");
	for (size_t i = 0; i < cgroups->n_places; i++) {
		const struct place *p = &cgroups->place[i];

		record[i] = arena_printf(cgroups->arena, "%s:%s", p->name, p->dir);
		if (!record[i])
			return err_set(err, ENOMEM, "cgroups");
	}
	cgroups->record = record;
	return 0;
}

static int decide_devices(struct cgroups *cgroups, const struct oci_resources *resources,
			  struct err *err)
{
	struct limits *l = &cgroups->limits;
	const struct hierarchy *h = layout_find(&cgroups->layout, CONTROLLER_DEVICES);
	int r;

	/* Only the host's root may set them (CAP_SYS_ADMIN, CAP_BPF). Without such power hull
	 * cannot give a container a device node either that the user could not use before. */
	r = devices_rules(l, resources, &cgroups->devices);
	if (r < 0 || cgroups->rootless)
		return r;
	if (!h)
		return err_text(err, ENOENT,
				"linux.resources.devices: the devices controller is not available "
				"on this machine");
	cgroups->devices_wanted = true;
	return h->v2 ? 0 : devices_v1_compile(l, &cgroups->devices, &cgroups->exceptions);
}

static int decide_limits(struct cgroups *cgroups, const struct oci_resources *resources,
			 struct err *err)
{
	int r;

	cgroups->limits = (struct limits){
		.arena = cgroups->arena,
		.layout = &cgroups->layout,
		.err = err,
	};
	r = limits_build(&cgroups->limits, resources);
	return r < 0 ? r : decide_devices(cgroups, resources, err);
}

int decide(struct arena *arena, const struct layout_source *source, const struct cgroups_wish *wish,
	   struct cgroups **ret, struct err *err)
{
	struct cgroups *cgroups = arena_alloc(arena, sizeof *cgroups);
	int r;

	if (!cgroups)
		return err_set(err, ENOMEM, "cgroups");
	cgroups->arena = arena;
	cgroups->driver = wish->driver;
	cgroups->rootless = wish->rootless;
	cgroups->directory = -1;
	if (wish->driver == CGROUPS_DISABLED) {
		*ret = cgroups;
		return fill_record(cgroups, err);
	}
	r = layout_probe(arena, source, &cgroups->layout, err);
	if (r < 0 && !(r == -ENOENT && wish->rootless))
		return r;
	cgroups->unified = cgroups->layout.unified;
	r = decide_limits(cgroups, wish->resources, err);
	if (r == 0 && wish->driver == CGROUPS_SYSTEMD)
		r = add_unit(cgroups, wish, err);
	else if (r == 0)
		r = add_path(cgroups, wish, err);
	if (r == 0)
		r = check_limits(cgroups, err);
	if (r == 0 && !wish->dry)
		r = check_unused(cgroups, err);
	if (r == 0)
		r = fill_request(cgroups, err);
	if (r == 0)
		r = fill_record(cgroups, err);
	if (r == 0)
		*ret = cgroups;
	else
		cgroups_close(cgroups);
	return r;
}

int cgroups_decide(struct arena *arena, const struct cgroups_wish *wish, struct cgroups **ret,
		   struct err *err)
{
	return decide(arena, &layout_host, wish, ret, err);
}

const struct request_cgroups *cgroups_request(const struct cgroups *cgroups)
{
	return cgroups->driver == CGROUPS_DISABLED ? NULL : &cgroups->request;
}

const char *const *cgroups_record(const struct cgroups *cgroups)
{
	return cgroups->record;
}
