/* SPDX-License-Identifier: Apache-2.0 */

/* config.mounts in order. */

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "mounts/mounts.h"
#include "mounts/state.h"
#include "plan/build.h"
#include "sys/mount.h"

enum { FSCONFIG_MAX = 255 }; /* fsconfig(2) takes no longer keys and values */

/* A fresh tree is private, like any mount below a root that is not shared; a copy begins as a peer
 * of its original on the host, and must not stay one unless rootfsPropagation says so. */
static uint64_t bind_propagation(const struct oci_config *config)
{
	const struct oci_linux *l = config->linux_;

	if (!l || !l->has_rootfs_propagation)
		return MS_SLAVE | MS_REC;
	switch (l->rootfs_propagation) {
	case OCI_PROPAGATION_SHARED:
	case OCI_PROPAGATION_RSHARED:
		return 0;
	case OCI_PROPAGATION_SLAVE:
	case OCI_PROPAGATION_RSLAVE:
		return MS_SLAVE | MS_REC;
	case OCI_PROPAGATION_PRIVATE:
	case OCI_PROPAGATION_RPRIVATE:
	case OCI_PROPAGATION_UNBINDABLE:
	case OCI_PROPAGATION_RUNBINDABLE:
		break;
	}
	return MS_PRIVATE | MS_REC;
}

static void plan_propagation(struct plan *plan, int tree, uint64_t flags)
{
	plan_tree_attr(plan, tree, 0, 0, flags & ~(uint64_t)MS_REC, (flags & MS_REC) != 0,
		       PLAN_NO_SLOT);
}

void mounts_propagate(struct plan *plan, int tree, const struct mount_options *options)
{
	for (size_t i = 0; i < options->n_propagation; i++)
		plan_propagation(plan, tree, options->propagation[i]);
}

static void plan_bits(struct plan *plan, int tree, const struct mount_bits *bits, bool recursive)
{
	if (bits->set || bits->clear)
		plan_tree_attr(plan, tree, bits->set, bits->clear, 0, recursive, PLAN_NO_SLOT);
}

void mounts_attach(const struct request *request, const struct request_slots *slots, int tree,
		   enum plan_kind kind, const char *path, uint64_t target, bool keep,
		   struct plan *plan)
{
	int point = request->mounts->target;

	plan_target(plan, slots->root, path, kind, kind == PLAN_LIKE ? tree : PLAN_NO_SLOT, target,
		    point);
	plan_tree_attach(plan, tree, point);
	if (target & PLAN_TARGET_ROOT)
		plan_root_cover(plan, tree, slots->root);
	if (!keep)
		plan_close(plan, tree);
}

static void plan_bind(const struct request *request, const struct request_slots *slots,
		      const struct mount_item *item, struct plan *plan)
{
	const struct mount_options *o = &item->options;
	uint64_t first = o->n_propagation ? o->propagation[0] : 0;
	uint64_t cut = bind_propagation(request->config);

	/* All attributes before anybody can see the mount: "read-only a moment later" is a race. */
	plan_bits(plan, item->tree, &o->attr, false);
	plan_bits(plan, item->tree, &o->tree, true);
	if (cut && !((first & (MS_PRIVATE | MS_UNBINDABLE)) && (first & MS_REC)))
		plan_propagation(plan, item->tree, cut);
	mounts_propagate(plan, item->tree, o);
	mounts_attach(request, slots, item->tree, PLAN_LIKE, item->destination, item->target, false,
		      plan);
}

/* File systems without a medium, some of which have one superblock for all mounts of them: `ro` is
 * a matter of the mount alone. */
static bool is_virtual(const char *type)
{
	static const char *const types[] = {"bpf",    "cgroup",     "cgroup2", "debugfs",
					    "devpts", "hugetlbfs",  "mqueue",  "proc",
					    "ramfs",  "securityfs", "sysfs",   "tmpfs",
					    "tracefs"};

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (str_eq(type, types[i]))
			return true;
	return false;
}

/* The SELinux context of all files of a new file system; these types have their own. fsconfig(2)
 * takes it without the quotes that mount(2) needs around its commas. */
int mounts_label(const struct request *request, const char *type, const char **ret, struct err *err)
{
	const struct oci_linux *l = request->config->linux_;

	*ret = NULL;
	if (!l || !l->mount_label || !*l->mount_label || str_eq(type, "proc") ||
	    str_eq(type, "sysfs") || str_eq(type, "mqueue"))
		return 0;
	*ret = arena_printf(request->arena, "context=%s", l->mount_label);
	return *ret ? 0 : err_set(err, ENOMEM, "linux.mountLabel");
}

/* An overlay's lowerdir with many layers is longer than fsconfig(2) takes: one "lowerdir+" for each
 * layer (Linux 6.8). ':' divides, a backslash escapes. */
static bool split_layers(struct arena *arena, const char *layers, const char **list, size_t *n)
{
	const char *start = layers;

	for (const char *c = layers;; c++) {
		if (*c == '\\' && c[1]) {
			c++;
			continue;
		}
		if (*c && *c != ':')
			continue;
		list[*n] = arena_printf(arena, "lowerdir+=%.*s", (int)(c - start), start);
		if (!list[(*n)++])
			return false;
		if (!*c)
			return true;
		start = c + 1;
	}
}

static int option_list(const struct request *request, const struct mount_item *item,
		       const char *const **ret, struct err *err)
{
	const struct mount_options *o = &item->options;
	const char *type = item->mount->type, *label;
	size_t n = 0, room = o->n_data + o->n_superblock + 3;
	const char **list;

	for (size_t i = 0; i < o->n_data; i++)
		room += strlen(o->data[i]) / 2; /* layers of one character and a colon each */
	list = arena_array(request->arena, room, sizeof *list);
	if (!list || mounts_label(request, type, &label, err) < 0)
		return err_set(err, ENOMEM, "options");
	for (size_t i = 0; i < o->n_superblock; i++)
		list[n++] = o->superblock[i];
	if ((o->attr.set & MOUNT_ATTR_RDONLY) && !is_virtual(type))
		list[n++] = "ro"; /* so that a read-only medium can be opened */
	if (label)
		list[n++] = label;
	for (size_t i = 0; i < o->n_data; i++) {
		const char *layers = str_after(o->data[i], "lowerdir=");
		const char *value = strchr(o->data[i], '=');

		if (layers && strlen(layers) > FSCONFIG_MAX && str_eq(type, "overlay")) {
			if (!split_layers(request->arena, layers, list, &n))
				return err_set(err, ENOMEM, "options");
			continue;
		}
		if (strlen(value ? value + 1 : o->data[i]) > FSCONFIG_MAX)
			return err_text(err, E2BIG,
					"an option is longer than the %d bytes that fsconfig(2) "
					"takes: %s",
					FSCONFIG_MAX, o->data[i]);
		list[n++] = o->data[i];
	}
	*ret = list;
	return 0;
}

static bool has_mode(const struct mount_options *o)
{
	for (size_t i = 0; i < o->n_data; i++)
		if (str_after(o->data[i], "mode="))
			return true;
	return false;
}

/* A tmpfs without mode= takes the mode of the directory that it covers (1777 when it is new), and
 * with tmpcopyup its content: it can become read-only only then. */
static void plan_tmpfs(const struct request_slots *slots, const struct mount_item *item, int tree,
		       struct plan *plan)
{
	if (!has_mode(&item->options))
		plan_tree_mode(plan, tree, slots->root, item->destination);
	if (item->options.flags & MOUNT_FLAG_COPY_UP)
		plan_tree_copy_up(plan, tree, slots->root, item->destination);
	if (item->options.attr.set & MOUNT_ATTR_RDONLY)
		plan_tree_attr(plan, tree, MOUNT_ATTR_RDONLY, 0, 0, false, PLAN_NO_SLOT);
}

static int plan_create(const struct request *request, const struct request_slots *slots,
		       const struct mount_item *item, struct plan *plan, struct err *err)
{
	const struct mount_options *o = &item->options;
	const char *type = item->mount->type, *source = item->mount->source;
	bool tmpfs = str_eq(type, "tmpfs");
	uint64_t attr = o->attr.set & ~(uint64_t)(tmpfs ? MOUNT_ATTR_RDONLY : 0);
	int tree = request->mounts->tree, r;
	const char *const *list = NULL;

	r = option_list(request, item, &list, err);
	if (r < 0)
		return r;
	plan_tree_create(plan, type, source && *source ? source : NULL, list, attr, tree);
	if (tmpfs)
		plan_tmpfs(slots, item, tree, plan);
	plan_bits(plan, tree, &o->tree, true);
	mounts_propagate(plan, tree, o);
	mounts_attach(request, slots, tree, PLAN_DIRECTORY, item->destination, item->target, false,
		      plan);
	return 0;
}

static void plan_remount(const struct request *request, const struct request_slots *slots,
			 const struct mount_item *item, struct plan *plan)
{
	int point = request->mounts->target;

	/* PLAN_FILE: whatever is there will do; what is no mount point is refused afterwards. */
	plan_target(plan, slots->root, item->destination, PLAN_FILE, PLAN_NO_SLOT,
		    item->target | PLAN_TARGET_ON_PROC | PLAN_TARGET_ROOT, point);
	plan_bits(plan, point, &item->options.attr, false);
	plan_bits(plan, point, &item->options.tree, true);
	mounts_propagate(plan, point, &item->options);
	plan_close(plan, point);
}

static int plan_item(const struct request *request, const struct request_slots *slots,
		     const struct mount_item *item, struct plan *plan, struct err *err)
{
	switch (item->form) {
	case MOUNT_BIND:
		plan_bind(request, slots, item, plan);
		return 0;
	case MOUNT_CREATE:
		return plan_create(request, slots, item, plan, err);
	case MOUNT_CGROUP:
		return mounts_plan_cgroup(request, slots, item, plan, err);
	case MOUNT_REMOUNT:
		plan_remount(request, slots, item, plan);
		return 0;
	case MOUNT_SYMLINK:
		plan_symlink(plan, slots->root, item->destination, item->link);
		return 0;
	}
	return 0;
}

/* What a cgroup mount shows depends on the cgroup namespace, and that on the cgroup we are in. */
static bool needs_cgroup(const struct mount_item *item)
{
	return item->form == MOUNT_CGROUP ||
	       (item->form == MOUNT_CREATE && str_eq(item->mount->type, "cgroup2"));
}

int mounts_plan_all(struct request *request, const struct request_slots *slots, struct plan *plan,
		    void (*cgroup_ready)(struct request *, struct plan *), struct err *err)
{
	const struct mounts_state *state = request->mounts;
	bool ready = false;

	for (size_t i = 0; i < state->n_items; i++) {
		const struct mount_item *item = &state->item[i];
		int r;

		if (!ready && needs_cgroup(item)) {
			cgroup_ready(request, plan);
			ready = true;
		}
		plan_origin(plan, "mounts[%zu] (%s)", i, item->mount->destination);
		r = plan_item(request, slots, item, plan, err);
		if (r < 0)
			return err_at(err, "mounts[%zu] (%s)", i, item->mount->destination);
	}
	if (!ready)
		cgroup_ready(request, plan);
	return 0;
}
