/* SPDX-License-Identifier: Apache-2.0 */

/* A mount of type cgroup: one cgroup2, or a directory of hierarchies as systemd lays them out. */

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "mounts/state.h"
#include "plan/build.h"
#include "sys/mount.h"

/* "cpu,cpuacct" as a list. */
static const char *const *words(struct arena *arena, const char *text)
{
	size_t n = 0, room = 2;
	const char **list;

	for (const char *c = text; *c; c++)
		room += *c == ',';
	list = arena_array(arena, room, sizeof *list);
	while (list && *text) {
		size_t length = strcspn(text, ",");

		list[n] = arena_strndup(arena, text, length);
		if (!list[n++])
			return NULL;
		text += length;
		text += *text == ',';
	}
	return list;
}

/* What is asked for the mount and for all below it: all of them are made here. */
static struct mount_bits all_bits(const struct mount_options *o)
{
	return (struct mount_bits){.set = (o->attr.set & ~o->tree.clear) | o->tree.set,
				   .clear = (o->attr.clear & ~o->tree.set) | o->tree.clear};
}

static bool is_unified(const struct request *request, const struct request_hierarchy *h)
{
	return request->cgroups->unified || str_eq(h->name, "unified");
}

/*
 * One hierarchy into the tree slot. In a cgroup namespace a new mount shows the container's cgroup
 * as its root. Without one it would show the whole machine's cgroups, so the container gets its own
 * cgroup's directory (CVE-2022-0492); it is there by now, and it is reached in our copy of the
 * host's mounts.
 */
static int plan_hierarchy(const struct request *request, const struct mount_item *item,
			  const struct request_hierarchy *h, struct plan *plan, struct err *err)
{
	bool v2 = is_unified(request, h);
	struct mount_bits bits = all_bits(&item->options);
	int tree = request->mounts->tree;

	if (request_has(request, CLONE_NEWCGROUP)) {
		const char *const *list =
			v2 ? item->options.data : words(request->arena, h->options);

		if (!list)
			return err_set(err, ENOMEM, "cgroup options");
		plan_tree_create(plan, v2 ? "cgroup2" : "cgroup", "cgroup", list, bits.set, tree);
	} else {
		const char *path = arena_printf(request->arena, "%s%s", h->mountpoint, h->path);

		if (!path)
			return err_set(err, ENOMEM, "cgroup path");
		plan_tree_clone(plan, path, false, false, tree);
		plan_tree_attr(plan, tree, bits.set, bits.clear, MS_PRIVATE, false, PLAN_NO_SLOT);
	}
	mounts_propagate(plan, tree, &item->options);
	return 0;
}

/* Names of their own for controllers that share a hierarchy: cpu -> cpu,cpuacct. */
static int plan_links(const struct request *request, const struct request_slots *slots,
		      const char *destination, const char *name, struct plan *plan, struct err *err)
{
	const char *const *list = words(request->arena, name);

	for (; list && *list; list++) {
		const char *path = arena_printf(request->arena, "%s/%s", destination, *list);

		if (!path)
			break;
		plan_symlink(plan, slots->root, path, name);
	}
	return list && !*list ? 0 : err_set(err, ENOMEM, "cgroup links");
}

static int plan_v1(const struct request *request, const struct request_slots *slots,
		   const struct mount_item *item, struct plan *plan, struct err *err)
{
	const char *options[] = {"mode=755", NULL, NULL};
	const struct request_cgroups *cgroups = request->cgroups;
	uint64_t set = all_bits(&item->options).set;
	const char *destination = str_eq(item->destination, "/") ? "" : item->destination;
	int top = plan_slot(plan, "cgroup");

	if (mounts_label(request, "tmpfs", &options[1], err) < 0)
		return -ENOMEM;
	plan_tree_create(plan, "tmpfs", "tmpfs", options, set & ~(uint64_t)MOUNT_ATTR_RDONLY, top);
	mounts_propagate(plan, top, &item->options);
	mounts_attach(request, slots, top, PLAN_DIRECTORY, item->destination, item->target, true,
		      plan);
	for (size_t i = 0; i < cgroups->n_hierarchies; i++) {
		const struct request_hierarchy *h = &cgroups->hierarchy[i];
		const char *path = arena_printf(request->arena, "%s/%s", destination, h->name);
		int r;

		if (!path)
			return err_set(err, ENOMEM, "cgroup path");
		r = plan_hierarchy(request, item, h, plan, err);
		if (r < 0)
			return r;
		mounts_attach(request, slots, request->mounts->tree, PLAN_DIRECTORY, path, 0, false,
			      plan);
		if (strchr(h->name, ',')) {
			r = plan_links(request, slots, destination, h->name, plan, err);
			if (r < 0)
				return r;
		}
	}
	/* Only now, since the directories had to be made. */
	if (set & MOUNT_ATTR_RDONLY)
		plan_tree_attr(plan, top, MOUNT_ATTR_RDONLY, 0, 0, false, PLAN_NO_SLOT);
	plan_close(plan, top);
	return 0;
}

int mounts_plan_cgroup(const struct request *request, const struct request_slots *slots,
		       const struct mount_item *item, struct plan *plan, struct err *err)
{
	const struct request_cgroups *cgroups = request->cgroups;
	int tree = request->mounts->tree;

	if (!cgroups || !cgroups->n_hierarchies)
		return err_text(err, EINVAL,
				"cgroups cannot be mounted: there are none, or hull was "
				"told not to use them");
	if (!cgroups->unified)
		return plan_v1(request, slots, item, plan, err);
	if (plan_hierarchy(request, item, &cgroups->hierarchy[0], plan, err) < 0)
		return err_set(err, ENOMEM, "cgroup path");
	mounts_attach(request, slots, tree, PLAN_DIRECTORY, item->destination, item->target, false,
		      plan);
	return 0;
}
