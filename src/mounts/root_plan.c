/* SPDX-License-Identifier: Apache-2.0 */

/* The container's root: its tree and all mount sources first, the pivot last. */

#include <errno.h>
#include <sched.h>

#include "base/err.h"
#include "base/fd.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "mounts/mounts.h"
#include "mounts/state.h"
#include "plan/build.h"
#include "sys/mount.h"

/* Sources beside those of mounts and devices: the root, /dev/null, the default devices. */
enum { SOURCES_MAX = 16 };

static int bind_source(const struct request *request, struct plan *plan, struct mount_item *item,
		       size_t i, struct err *err)
{
	const char *destination = item->mount->destination;
	struct mount_source source = {
		.place = arena_printf(request->arena, "mounts[%zu] (%s)", i, destination),
		.path = item->source,
		.recursive = (item->options.flags & MOUNT_FLAG_RECURSIVE) != 0,
		.nofollow = (item->options.flags & MOUNT_FLAG_SRC_NOFOLLOW) != 0,
		.idmap = item->idmap,
	};
	const char *name =
		arena_printf(request->arena, "mounts[%zu]%s", i, item->idmap ? " (idmapped)" : "");

	if (!name || !source.place)
		return err_set(err, ENOMEM, "mounts[%zu] (%s)", i, destination);
	plan_origin(plan, "%s", source.place);
	return mount_source_slot(request, plan, name, &source, &item->tree, err);
}

static int read_items(struct request *request, struct plan *plan, struct err *err)
{
	const struct oci_config *config = request->config;
	struct mounts_state *state = arena_alloc(request->arena, sizeof *state);
	size_t sources =
		SOURCES_MAX + config->n_mounts + (config->linux_ ? config->linux_->n_devices : 0);
	const char *member;

	if (!state)
		return err_set(err, ENOMEM, "mounts");
	*state = (struct mounts_state){
		.item = arena_array(request->arena, config->n_mounts + 1, sizeof *state->item),
		.n_items = config->n_mounts,
		.source = arena_array(request->arena, sources, sizeof *state->source),
		.null = PLAN_NO_SLOT,
		.tree = plan_slot(plan, "tree"),
		.target = plan_slot(plan, "target"),
	};
	if (!state->item || !state->source)
		return err_set(err, ENOMEM, "mounts");
	for (size_t i = 0; i < config->n_mounts; i++)
		if (mount_item_read(request, &config->mounts[i], &state->item[i], &member, err) < 0)
			return err_at(err, "mounts[%zu] (%s)", i, config->mounts[i].destination);
	request->mounts = state;
	return 0;
}

/* All before anything is mounted: no mount of the container's can change what a source path means
 * (CVE-2021-30465). */
static int plan_sources(struct request *request, struct plan *plan, int *ret_root, struct err *err)
{
	struct mount_source root = {.place = "root.path",
				    .path = request->rootfs,
				    .recursive = true};
	/* The host's null device: what the container has under that name may be anything. */
	static const struct mount_source null = {.place = "linux.maskedPaths", .path = "/dev/null"};
	struct mounts_state *state = request->mounts;
	const struct oci_linux *l = request->config->linux_;
	int r = mount_source_slot(request, plan, "rootfs", &root, ret_root, err);

	for (size_t i = 0; i < state->n_items && r == 0; i++)
		if (state->item[i].form == MOUNT_BIND)
			r = bind_source(request, plan, &state->item[i], i, err);
	if (r == 0 && l && l->n_masked_paths) {
		plan_origin(plan, "%s", null.place);
		r = mount_source_slot(request, plan, "null", &null, &state->null, err);
	}
	if (r == 0)
		r = mounts_read_devices(request, plan, err);
	if (r == 0)
		mounts_plan_sources(request, plan);
	return r;
}

/* The root tree is cut off from the host before anything is mounted in it. `shared` is set at the
 * end: pivot_root(2) refuses a shared root. */
static uint64_t root_propagation(const struct oci_linux *l)
{
	if (l && (l->rootfs_propagation == OCI_PROPAGATION_PRIVATE ||
		  l->rootfs_propagation == OCI_PROPAGATION_RPRIVATE ||
		  l->rootfs_propagation == OCI_PROPAGATION_UNBINDABLE ||
		  l->rootfs_propagation == OCI_PROPAGATION_RUNBINDABLE))
		return MS_PRIVATE;
	return MS_SLAVE;
}

int mounts_plan_root(struct request *request, const struct request_slots *slots, struct plan *plan,
		     struct err *err)
{
	int r = read_items(request, plan, err), tree = PLAN_NO_SLOT;

	if (r < 0)
		return r;
	plan_origin(plan, "root.path");
	/* Directories on the way to mount points: 0755, whatever the caller's umask is. */
	plan_umask(plan, 022);
	if (!request_has(request, CLONE_NEWNS)) {
		if (request->mounts->n_items)
			return err_text(err, EINVAL, "mounts: need a mount namespace");
		plan_root_path(plan, request->rootfs, slots->root);
		return mounts_read_devices(request, plan, err);
	}
	/* Our copy of the host's mounts hears of new mounts there and tells of none: what we attach
	 * below would else appear on the host. */
	plan_propagate(plan, "/", MS_SLAVE | MS_REC);
	r = plan_sources(request, plan, &tree, err);
	if (r < 0)
		return r;
	plan_origin(plan, "root.path");
	plan_tree_attr(plan, tree, 0, 0, root_propagation(request->config->linux_), true,
		       PLAN_NO_SLOT);
	plan_root_attach(plan, tree, request->rootfs, slots->root);
	plan_close(plan, tree);
	return 0;
}

int mounts_plan_pivot(struct request *request, const struct request_slots *slots, struct plan *plan,
		      struct err *err)
{
	const struct oci_root *root = request->config->root;
	bool own = request_has(request, CLONE_NEWNS);

	if (root && root->readonly) {
		if (!own)
			return err_text(err, EINVAL, "root.readonly: needs a mount namespace");
		/* By descriptor: no path, and no /proc of the image, is involved (CVE-2026-115521).
		 */
		plan_origin(plan, "root.readonly");
		plan_tree_attr(plan, slots->root, MOUNT_ATTR_RDONLY, 0, 0, false, PLAN_NO_SLOT);
	}
	plan_origin(plan, "root.path");
	if (!own)
		plan_chroot(plan, slots->root);
	else if (request->no_pivot)
		return mounts_plan_no_pivot(request, slots, plan, err);
	else
		plan_pivot(plan, slots->root);
	return 0;
}
