/* SPDX-License-Identifier: Apache-2.0 */

/* maskedPaths, readonlyPaths, and the propagation that the root keeps. */

#include <errno.h>
#include <sched.h>

#include "base/err.h"
#include "libocispec/ocispec.h"
#include "mounts/mounts.h"
#include "mounts/state.h"
#include "plan/build.h"
#include "sys/mount.h"

static void plan_readonly(const struct oci_linux *l, const struct request_slots *slots,
			  struct plan *plan)
{
	for (size_t i = 0; i < l->n_readonly_paths; i++) {
		plan_origin(plan, "linux.readonlyPaths[%zu] (%s)", i, l->readonly_paths[i]);
		plan_readonly_path(plan, slots->root, l->readonly_paths[i]);
	}
}

static int plan_masked(const struct request *request, const struct request_slots *slots,
		       struct plan *plan, struct err *err)
{
	/* One page and one inode beyond the root: one file system serves all masks. */
	const char *options[] = {"mode=755", "nr_blocks=1", "nr_inodes=2", NULL, NULL};
	const struct oci_linux *l = request->config->linux_;
	int null = request->mounts->null, empty;

	if (!l->n_masked_paths)
		return 0;
	if (mounts_label(request, "tmpfs", &options[3], err) < 0)
		return -ENOMEM;
	empty = plan_slot(plan, "empty");
	plan_origin(plan, "linux.maskedPaths");
	plan_tree_create(plan, "tmpfs", "tmpfs", options,
			 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				 MOUNT_ATTR_NOEXEC,
			 empty);
	/* Private, so that no mask is a peer of the host's /dev. */
	plan_tree_attr(plan, null, 0, 0, MS_PRIVATE, false, PLAN_NO_SLOT);
	for (size_t i = 0; i < l->n_masked_paths; i++) {
		plan_origin(plan, "linux.maskedPaths[%zu] (%s)", i, l->masked_paths[i]);
		plan_mask(plan, slots->root, l->masked_paths[i], null, empty);
	}
	plan_close(plan, null);
	plan_close(plan, empty);
	return 0;
}

/* What root_propagation could not set before the pivot; and unbindable, which would have kept the
 * paths above from being copied. */
static uint64_t final_propagation(enum oci_propagation p)
{
	switch (p) {
	case OCI_PROPAGATION_SHARED:
		return MS_SHARED;
	case OCI_PROPAGATION_RSHARED:
		return MS_SHARED | MS_REC;
	case OCI_PROPAGATION_UNBINDABLE:
		return MS_UNBINDABLE;
	case OCI_PROPAGATION_RUNBINDABLE:
		return MS_UNBINDABLE | MS_REC;
	case OCI_PROPAGATION_PRIVATE:
	case OCI_PROPAGATION_RPRIVATE:
	case OCI_PROPAGATION_SLAVE:
	case OCI_PROPAGATION_RSLAVE:
		break;
	}
	return 0;
}

int mounts_plan_masks(struct request *request, const struct request_slots *slots, struct plan *plan,
		      struct err *err)
{
	const struct oci_linux *l = request->config->linux_;
	uint64_t final;

	if (!l)
		return 0;
	if (!request_has(request, CLONE_NEWNS)) {
		if (l->n_masked_paths || l->n_readonly_paths)
			return err_text(err, EINVAL, "linux.%s: needs a mount namespace",
					l->n_masked_paths ? "maskedPaths" : "readonlyPaths");
		return 0;
	}
	plan_readonly(l, slots, plan);
	if (plan_masked(request, slots, plan, err) < 0)
		return -ENOMEM;
	final = l->has_rootfs_propagation ? final_propagation(l->rootfs_propagation) : 0;
	if (final) {
		plan_origin(plan, "linux.rootfsPropagation");
		plan_tree_attr(plan, slots->root, 0, 0, final & ~(uint64_t)MS_REC,
			       (final & MS_REC) != 0, PLAN_NO_SLOT);
	}
	return 0;
}
