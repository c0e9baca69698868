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

int mount_source_slot(const struct request *request, struct plan *plan, const char *name,
		      const char *path, bool recursive, bool nofollow, int *ret_slot,
		      struct err *err)
{
	int fd = -1;

	if (!request->host_root) {
		*ret_slot = plan_slot(plan, name);
		plan_tree_clone(plan, path, recursive, nofollow, *ret_slot);
		return 0;
	}
	if (!request->dry) {
		fd = source_clone(path, recursive, nofollow, err);
		if (fd < 0)
			return fd;
	}
	*ret_slot = plan_adopt_fd(plan, name, fd);
	return 0;
}

static int idmap_source(const struct request *request, const struct mount_item *item, int tree,
			struct err *err)
{
	const struct oci_mount *m = item->mount;
	const struct oci_linux *l = request->config->linux_;
	AUTO_CLOSE int userns = -1;

	if (m->n_uid_mappings)
		userns = source_userns(m->uid_mappings, m->n_uid_mappings, m->gid_mappings,
				       m->n_gid_mappings, err);
	else
		userns = source_userns(l->uid_mappings, l->n_uid_mappings, l->gid_mappings,
				       l->n_gid_mappings, err);
	if (userns < 0)
		return userns;
	return source_idmap(tree, userns, (item->options.flags & MOUNT_FLAG_IDMAP_RECURSIVE) != 0,
			    err);
}

static int bind_source(const struct request *request, struct plan *plan, struct mount_item *item,
		       size_t i, struct err *err)
{
	bool recursive = (item->options.flags & MOUNT_FLAG_RECURSIVE) != 0;
	bool nofollow = (item->options.flags & MOUNT_FLAG_SRC_NOFOLLOW) != 0;
	bool idmap = item->mount->n_uid_mappings || (item->options.flags & MOUNT_FLAG_IDMAP);
	const char *name =
		arena_printf(request->arena, "mounts[%zu]%s", i, idmap ? " (idmapped)" : "");
	AUTO_CLOSE int fd = -1;
	int r;

	if (!name)
		return err_set(err, ENOMEM, "source");
	/* check_idmap has seen to it that an id mapped source is opened here. */
	if (request->dry || !idmap)
		return mount_source_slot(request, plan, name, item->source, recursive, nofollow,
					 &item->tree, err);
	fd = source_clone(item->source, recursive, nofollow, err);
	if (fd < 0)
		return fd;
	r = idmap_source(request, item, fd, err);
	if (r == 0)
		item->tree = plan_adopt_fd(plan, name, fd_take(&fd));
	return r;
}

static int read_items(struct request *request, struct plan *plan, struct err *err)
{
	const struct oci_config *config = request->config;
	struct mounts_state *state = arena_alloc(request->arena, sizeof *state);
	const char *member;

	if (!state)
		return err_set(err, ENOMEM, "mounts");
	*state = (struct mounts_state){
		.item = arena_array(request->arena, config->n_mounts + 1, sizeof *state->item),
		.n_items = config->n_mounts,
		.null = PLAN_NO_SLOT,
		.tree = plan_slot(plan, "tree"),
		.target = plan_slot(plan, "target"),
	};
	if (!state->item)
		return err_set(err, ENOMEM, "mounts");
	for (size_t i = 0; i < config->n_mounts; i++)
		if (mount_item_read(request, &config->mounts[i], &state->item[i], &member, err) < 0)
			return err_at(err, "mounts[%zu] (%s)", i, config->mounts[i].destination);
	request->mounts = state;
	return 0;
}

static int plan_sources(struct request *request, struct plan *plan, struct err *err)
{
	struct mounts_state *state = request->mounts;
	const struct oci_linux *l = request->config->linux_;

	for (size_t i = 0; i < state->n_items; i++) {
		struct mount_item *item = &state->item[i];

		if (item->form != MOUNT_BIND)
			continue;
		plan_origin(plan, "mounts[%zu] (%s)", i, item->mount->destination);
		if (bind_source(request, plan, item, i, err) < 0)
			return err_at(err, "mounts[%zu] (%s)", i, item->mount->destination);
	}
	if (!l || !l->n_masked_paths)
		return 0;
	/* The host's null device: what the container has under that name may be anything. */
	plan_origin(plan, "linux.maskedPaths");
	if (mount_source_slot(request, plan, "null", "/dev/null", false, false, &state->null, err) <
	    0)
		return err_at(err, "linux.maskedPaths");
	return 0;
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
	int r = read_items(request, plan, err), tree;

	if (r < 0)
		return r;
	plan_origin(plan, "root.path");
	/* Directories on the way to mount points: 0755, whatever the caller's umask is. */
	plan_umask(plan, 022);
	if (!request_has(request, CLONE_NEWNS)) {
		if (request->mounts->n_items)
			return err_text(err, EINVAL, "mounts: need a mount namespace");
		plan_root_path(plan, request->rootfs, slots->root);
		return 0;
	}
	/* Our copy of the host's mounts hears of new mounts there and tells of none: what we attach
	 * below would else appear on the host. */
	plan_propagate(plan, "/", MS_SLAVE | MS_REC);
	r = mount_source_slot(request, plan, "rootfs", request->rootfs, true, false, &tree, err);
	if (r < 0)
		return err_at(err, "root.path");
	r = plan_sources(request, plan, err);
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
		plan_move_root(plan, slots->root);
	else
		plan_pivot(plan, slots->root);
	return 0;
}
