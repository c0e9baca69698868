/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the planner of mounts keeps between its functions. Private to src/mounts. */

#include "mounts/options.h"
#include "plan/plan.h"
#include "plan/request.h"

struct err;
struct oci_device;
struct oci_id_mapping;
struct oci_mount;
struct plan;

enum mount_form {
	MOUNT_BIND, /* a copy of something on the host */
	MOUNT_CREATE, /* a file system instance of its own */
	MOUNT_CGROUP, /* whatever this machine's cgroups look like */
	MOUNT_REMOUNT, /* other attributes for what is mounted there */
	MOUNT_SYMLINK, /* copy-symlink, and the source is one */
};

/* The id mapping of a bind mount. */
struct mount_idmap {
	const struct oci_id_mapping *uid;
	size_t n_uid;
	const struct oci_id_mapping *gid;
	size_t n_gid;
	bool recursive;
};

struct mount_item {
	const struct oci_mount *mount;
	enum mount_form form;
	struct mount_options options;
	const char *destination; /* absolute, without "." "..", "//" */
	const char *source; /* of a bind mount: absolute, on the host */
	const char *link; /* MOUNT_SYMLINK: its content */
	const struct mount_idmap *idmap; /* MOUNT_BIND, or NULL */
	uint64_t target; /* PLAN_TARGET_* */
	int tree; /* MOUNT_BIND: the slot of the source */
};

/* Something of the host that is to be mounted in the container. */
struct mount_source {
	const char *place; /* in the config: "mounts[2] (/data)" */
	const char *path;
	bool recursive, nofollow;
	const struct mount_idmap *idmap; /* NULL: none */
};

/* idmap.c: the id mapping that is asked for; *ret is NULL when there is none. */
int mount_idmap_read(const struct request *request, const struct oci_mount *mount,
		     const struct mount_options *options, const struct mount_idmap **ret,
		     struct err *err);

/* A device node, with numbers that mknod(2) can take. */
struct mount_device {
	const char *path; /* clean */
	uint32_t mode; /* type and permissions */
	uint32_t major, minor, uid, gid;
	const char *place; /* in the config */
	int bind; /* slot of the host's node, or -1: mknod */
};

struct mounts_state {
	struct mount_item *item; /* one for each of config.mounts */
	size_t n_items;
	struct mount_device *device; /* all that the container gets */
	size_t n_devices;
	/* The sources that hull opens in the container's mount namespace, in the order of their
	 * slots, of which the first is first_source; and how many of them init has got. */
	struct mount_source *source;
	size_t n_sources, n_sent;
	int first_source;
	int null; /* slot of the host's /dev/null, or -1 */
	int tree, target; /* slots that are filled and emptied again and again */
};

/* Decides what a mount is. What cannot be done is an error whose text says all but the place;
 * *ret_member then names the member of the mount that it is about ("options"). */
int mount_item_read(const struct request *request, const struct oci_mount *mount,
		    struct mount_item *ret, const char **ret_member, struct err *err);

int mount_device_read(struct arena *arena, const struct oci_device *device,
		      struct mount_device *ret, struct err *err);

/* A path in the container: absolute, "." and ".." and "//" taken out. Arena; NULL: no memory. */
const char *mount_clean_path(struct arena *arena, const char *path);

/* Whether this is a bind mount on /dev: its content is somebody else's affair, often the host's, so
 * no device and no link is made there. */
bool mount_covers_dev(const struct mount_item *item);
/* Decides on all devices, and makes slots for those that come from the host. */
int mounts_read_devices(const struct request *request, struct plan *plan, struct err *err);

/* Whether hull opens the sources in the container's mount namespace: see inside.c. */
bool mount_sources_inside(const struct request *request);

/* Fills a new slot with a copy of the source: the descriptor, opened here and now, when hull may
 * (request->host_root); or with a step that lets hull-init open it; or it will be filled by
 * mounts_plan_sources. The source itself need not live on. */
int mount_source_slot(const struct request *request, struct plan *plan, const char *name,
		      const struct mount_source *source, int *ret_slot, struct err *err);
/* The steps that wait for the sources that are opened inside. */
void mounts_plan_sources(const struct request *request, struct plan *plan);

/* source.c, host actions. */
/* A detached copy of the source: a descriptor or -errno. */
int source_clone(const struct mount_source *source, struct err *err);
/* What open_tree(2) said about a source. Returns -code. */
int source_error(const struct mount_source *source, int code, struct err *err);
/* Gives a detached tree of the source its id mapping, if it is to have one. 0 or -errno. */
int source_idmap(const struct mount_source *source, int tree, struct err *err);

/* Hides what of the host's mounts must not stay below the root, and moves there. */
int mounts_plan_no_pivot(const struct request *request, const struct request_slots *slots,
			 struct plan *plan, struct err *err);
/* The steps for one mount of type cgroup, whatever this machine has. */
int mounts_plan_cgroup(const struct request *request, const struct request_slots *slots,
		       const struct mount_item *item, struct plan *plan, struct err *err);
/* "context=LABEL" from linux.mountLabel for a new file system of this type. *ret is NULL when there
 * is none to give. */
int mounts_label(const struct request *request, const char *type, const char **ret,
		 struct err *err);
/* Applies the propagation options to a tree, in order. */
void mounts_propagate(struct plan *plan, int tree, const struct mount_options *options);
/* Attaches the tree, which is a directory or (PLAN_LIKE) may be a file, at a path of the root, and
 * closes the tree slot unless keep. */
void mounts_attach(const struct request *request, const struct request_slots *slots, int tree,
		   enum plan_kind kind, const char *path, uint64_t target, bool keep,
		   struct plan *plan);
