/* SPDX-License-Identifier: Apache-2.0 */

/* One entry of config.mounts: what it is, and whether it can be. */

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "mounts/state.h"
#include "plan/plan.h"
#include "sys/mount.h"

const char *mount_clean_path(struct arena *arena, const char *path)
{
	char *clean = arena_alloc(arena, strlen(path) + 2);
	size_t used = 0;

	if (!clean)
		return NULL;
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (used > 0 && clean[--used] != '/')
				;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			clean[used++] = '/';
			memcpy(clean + used, path, n);
			used += n;
		}
		path += n;
		path += *path == '/';
	}
	if (used == 0)
		clean[used++] = '/';
	clean[used] = '\0';
	return clean;
}

/* Files of /proc that may be covered: what lxcfs supplies. */
static bool may_cover(const char *destination)
{
	static const char *const file[] = {
		"/proc/cpuinfo",
		"/proc/diskstats",
		"/proc/meminfo",
		"/proc/stat",
		"/proc/swaps",
		"/proc/uptime",
		"/proc/loadavg",
		"/proc/slabinfo",
		"/proc/sys/kernel/ns_last_pid",
		"/proc/sys/crypto/fips_enabled",
	};

	for (size_t i = 0; i < COUNT_OF(file); i++)
		if (str_eq(destination, file[i]))
			return true;
	return false;
}

static bool on_procfs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/*
 * Nothing but a procfs goes on /proc, and nothing below it but what lxcfs supplies: a container's
 * programs (and LSMs' and sysctl's writes) trust what they see there (CVE-2019-16884).
 */
static int check_proc(struct mount_item *item, struct err *err)
{
	bool create = item->form == MOUNT_CREATE;
	const char *type = item->mount->type;

	if (create && (str_eq(type, "proc") || str_eq(type, "sysfs")))
		item->target |= PLAN_TARGET_PROC;
	if (item->form == MOUNT_REMOUNT) {
		item->target |= PLAN_TARGET_ON_PROC;
		return 0;
	}
	if (str_eq(item->destination, "/proc")) {
		if (create ? str_eq(type, "proc")
			   : item->form == MOUNT_BIND && on_procfs(item->source)) {
			item->target |= PLAN_TARGET_PROC;
			return 0;
		}
		return err_text(err, EINVAL,
				"\"%s\" cannot be mounted because it is not of type proc",
				item->destination);
	}
	if (!str_after(item->destination, "/proc/"))
		return 0;
	if (!may_cover(item->destination) || item->form == MOUNT_SYMLINK)
		return err_text(err, EINVAL, "\"%s\" cannot be mounted because it is inside /proc",
				item->destination);
	item->target |= PLAN_TARGET_ON_PROC;
	return 0;
}

/* A new sysfs shows a network namespace, and the kernel makes one only for the user namespace that
 * owns that network namespace. */
static bool sysfs_possible(const struct request *request)
{
	if (!request_has(request, CLONE_NEWUSER) || (request->ns_new & CLONE_NEWNET))
		return true;
	return (request->ns_joined & CLONE_NEWUSER) && (request->ns_joined & CLONE_NEWNET);
}

/* The host's /sys instead, with all that is mounted below; what was asked for the one mount
 * (above all ro) then goes for all of them, and they are cut off from the host's. */
static void use_host_sysfs(struct mount_item *item)
{
	struct mount_options *o = &item->options;

	item->form = MOUNT_BIND;
	item->source = "/sys";
	item->target |= PLAN_TARGET_PROC;
	o->flags |= MOUNT_FLAG_BIND | MOUNT_FLAG_RECURSIVE;
	o->tree.set |= o->attr.set;
	o->tree.clear |= o->attr.clear;
	o->propagation[0] = MS_PRIVATE | MS_REC;
	o->n_propagation = 1;
}

static int read_bind(const struct request *request, struct mount_item *item, struct err *err)
{
	const char *source = item->mount->source;
	char link[PATH_MAX];
	ssize_t n;

	item->form = MOUNT_BIND;
	if (!source || !*source)
		return err_text(err, EINVAL, "a bind mount needs a source");
	if (item->options.n_data)
		return err_text(err, EINVAL,
				"bind mounts cannot have any filesystem-specific options applied "
				"(%s)",
				item->options.data[0]);
	item->source = *source == '/'
			       ? source
			       : arena_printf(request->arena, "%s/%s", request->bundle, source);
	if (!item->source)
		return err_set(err, ENOMEM, "source");
	if (!(item->options.flags & MOUNT_FLAG_COPY_SYMLINK))
		return 0;
	n = readlink(item->source, link, sizeof link);
	if (n < 0)
		return errno == EINVAL ? 0 : err_set(err, errno, "source %s", item->source);
	if ((size_t)n == sizeof link)
		return err_set(err, ENAMETOOLONG, "source %s", item->source);
	item->form = MOUNT_SYMLINK;
	item->link = arena_strndup(request->arena, link, (size_t)n);
	return item->link ? 0 : err_set(err, ENOMEM, "source");
}

static int read_form(const struct request *request, struct mount_item *item, struct err *err)
{
	const char *type = item->mount->type;
	struct mount_options *o = &item->options;

	if (o->flags & MOUNT_FLAG_REMOUNT) {
		item->form = MOUNT_REMOUNT;
		if (o->n_data || (o->n_superblock && !(o->flags & MOUNT_FLAG_BIND)))
			return err_text(err, EINVAL,
					"remount cannot change the file system's own options (%s)",
					o->n_data ? o->data[0] : o->superblock[0]);
		return 0;
	}
	if (type && !(o->flags & MOUNT_FLAG_BIND) &&
	    (str_eq(type, "bind") || str_eq(type, "rbind")))
		o->flags |= *type == 'r' ? MOUNT_FLAG_BIND | MOUNT_FLAG_RECURSIVE : MOUNT_FLAG_BIND;
	if (o->flags & MOUNT_FLAG_BIND)
		return read_bind(request, item, err);
	if (!type || !*type)
		return err_text(err, EINVAL, "a mount that is no bind mount needs a type");
	item->form = MOUNT_CREATE;
	if (str_eq(type, "cgroup") ||
	    (str_eq(type, "cgroup2") && request->cgroups && request->cgroups->unified))
		item->form = MOUNT_CGROUP;
	else if (str_eq(type, "sysfs") && !sysfs_possible(request))
		use_host_sysfs(item);
	return 0;
}

static int read_idmap(const struct request *request, struct mount_item *item, struct err *err)
{
	int r = mount_idmap_read(request, item->mount, &item->options, &item->idmap, err);

	if (r < 0 || !item->idmap)
		return r;
	if (item->form != MOUNT_BIND)
		return err_text(err, EINVAL, "only bind mounts can have id mappings");
	if (!request->host_root)
		return err_text(err, EPERM, "id mapped mounts need privileges on the host");
	return 0;
}

int mount_item_read(const struct request *request, const struct oci_mount *mount,
		    struct mount_item *ret, const char **ret_member, struct err *err)
{
	struct mount_item item = {.mount = mount, .tree = PLAN_NO_SLOT};
	int r = mount_options_read(request->arena, mount->options, mount->n_options, &item.options);

	*ret_member = "options";
	if (r == -E2BIG)
		return err_text(err, E2BIG, "too many propagation options");
	if (r < 0)
		return err_set(err, -r, "options");
	*ret_member = "destination";
	item.destination = mount_clean_path(request->arena, mount->destination);
	if (!item.destination)
		return err_set(err, ENOMEM, "destination");
	*ret_member = item.options.flags & MOUNT_FLAG_BIND ? "source" : "type";
	r = read_form(request, &item, err);
	if (r < 0)
		return r;
	if (item.options.flags & MOUNT_FLAG_DEST_NOFOLLOW)
		item.target |= PLAN_TARGET_NOFOLLOW;
	if (str_eq(item.destination, "/"))
		item.target |= PLAN_TARGET_ROOT;
	*ret_member = "options";
	if ((item.options.flags & MOUNT_FLAG_COPY_UP) &&
	    (item.form != MOUNT_CREATE || !str_eq(mount->type, "tmpfs")))
		return err_text(err, EINVAL, "tmpcopyup is for tmpfs only");
	r = read_idmap(request, &item, err);
	if (r < 0)
		return r;
	*ret_member = "destination";
	r = check_proc(&item, err);
	if (r == 0)
		*ret = item;
	return r;
}
