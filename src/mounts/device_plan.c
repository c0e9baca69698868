/* SPDX-License-Identifier: Apache-2.0 */

/* linux.devices, the devices and links that every container has, /dev/ptmx. */

#include <errno.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "mounts/mounts.h"
#include "mounts/state.h"
#include "plan/build.h"
#include "sys/mount.h"

/* config-linux.md, "Default Devices". /dev/console belongs to the terminal. */
static const struct mount_device defaults[] = {
	{"/dev/null", S_IFCHR | 0666, 1, 3, 0, 0},    {"/dev/zero", S_IFCHR | 0666, 1, 5, 0, 0},
	{"/dev/full", S_IFCHR | 0666, 1, 7, 0, 0},    {"/dev/random", S_IFCHR | 0666, 1, 8, 0, 0},
	{"/dev/urandom", S_IFCHR | 0666, 1, 9, 0, 0}, {"/dev/tty", S_IFCHR | 0666, 5, 0, 0, 0},
};

/* runtime-linux.md, "Dev symbolic links"; core is what images expect besides. */
static const struct {
	const char *path, *target;
} links[] = {
	{"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/core", "/proc/kcore"},       {"/dev/ptmx", "pts/ptmx"},
};

/* A bind mount on /dev: its content is what somebody else wants it to be, often the host's. */
static bool foreign_dev(const struct mounts_state *state)
{
	for (size_t i = 0; i < state->n_items; i++)
		if (state->item[i].form == MOUNT_BIND && str_eq(state->item[i].destination, "/dev"))
			return true;
	return false;
}

static bool wants_own(const struct request *request, const char *path)
{
	const struct oci_linux *l = request->config->linux_;

	for (size_t i = 0; l && i < l->n_devices; i++) {
		const char *own = mount_clean_path(request->arena, l->devices[i].path);

		if (own && str_eq(own, path))
			return true;
	}
	return false;
}

/* In a user namespace: the host's node of the same name, if it is the device that is asked for. */
static int host_node(const struct request *request, const struct mount_device *d, struct plan *plan,
		     int *ret_slot, struct err *err)
{
	struct stat st;

	if (!request->dry) {
		if (stat(d->path, &st) < 0)
			return err_set(err, errno, "device %s of the host", d->path);
		if ((st.st_mode & S_IFMT) != (d->mode & S_IFMT) || major(st.st_rdev) != d->major ||
		    minor(st.st_rdev) != d->minor)
			return err_text(err, EINVAL,
					"device %s of the host is another one, and in a user "
					"namespace none can be made",
					d->path);
	}
	return mount_source_slot(request, plan, "device", d->path, false, false, ret_slot, err);
}

static int plan_node(const struct request *request, const struct request_slots *slots,
		     const struct mount_device *d, struct plan *plan, struct err *err)
{
	int bind = PLAN_NO_SLOT;

	if (request_has(request, CLONE_NEWUSER) && (d->mode & S_IFMT) != S_IFIFO) {
		int r = host_node(request, d, plan, &bind, err);

		if (r < 0)
			return r;
		plan_tree_attr(plan, bind, 0, 0, MS_PRIVATE, false, PLAN_NO_SLOT);
	}
	plan_device(plan, slots->root, d->path, d->mode, d->major, d->minor, d->uid, d->gid, bind);
	if (bind != PLAN_NO_SLOT)
		plan_close(plan, bind);
	return 0;
}

static uint32_t type_bits(const char *type)
{
	switch (type[0]) {
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default: /* 'c' and, the same thing, 'u': libocispec takes no others */
		return S_IFCHR;
	}
}

int mount_device_read(struct arena *arena, const struct oci_device *device,
		      struct mount_device *ret, struct err *err)
{
	struct mount_device d = {.path = mount_clean_path(arena, device->path),
				 .mode = type_bits(device->type) |
					 (device->has_file_mode ? device->file_mode & 07777 : 0666),
				 .uid = device->uid,
				 .gid = device->gid};

	if (!d.path)
		return err_set(err, ENOMEM, "device");
	if (*device->path != '/' || str_eq(d.path, "/"))
		return err_text(err, EINVAL, "the path of a device must be absolute");
	if ((d.mode & S_IFMT) != S_IFIFO) {
		if (!device->has_major || !device->has_minor)
			return err_text(err, EINVAL, "major and minor are missing");
		if (device->major < 0 || device->major > 0xfff || device->minor < 0 ||
		    device->minor > 0xfffff)
			return err_text(err, ERANGE, "there is no device %lld:%lld",
					(long long)device->major, (long long)device->minor);
		d.major = (uint32_t)device->major;
		d.minor = (uint32_t)device->minor;
	}
	*ret = d;
	return 0;
}

static int plan_config_devices(const struct request *request, const struct request_slots *slots,
			       bool foreign, struct plan *plan, struct err *err)
{
	const struct oci_linux *l = request->config->linux_;

	for (size_t i = 0; l && i < l->n_devices; i++) {
		const char *place = l->devices[i].path;
		struct mount_device d;
		int r = mount_device_read(request->arena, &l->devices[i], &d, err);

		if (r < 0)
			return err_at(err, "linux.devices[%zu] (%s)", i, place);
		/* ptmx is always the link to the container's own devpts. */
		if (str_eq(d.path, "/dev/ptmx") || (foreign && str_after(d.path, "/dev/")))
			continue;
		plan_origin(plan, "linux.devices[%zu] (%s)", i, place);
		r = plan_node(request, slots, &d, plan, err);
		if (r < 0)
			return err_at(err, "linux.devices[%zu] (%s)", i, place);
	}
	return 0;
}

int mounts_plan_devices(struct request *request, const struct request_slots *slots,
			struct plan *plan, struct err *err)
{
	bool foreign = foreign_dev(request->mounts);
	int r = 0;

	plan_origin(plan, "devices");
	plan_umask(plan, 0); /* nodes get the mode that was asked for */
	for (size_t i = 0; i < COUNT_OF(defaults) && !foreign && r == 0; i++) {
		if (wants_own(request, defaults[i].path))
			continue;
		plan_origin(plan, "default device %s", defaults[i].path);
		r = plan_node(request, slots, &defaults[i], plan, err);
	}
	if (r == 0)
		r = plan_config_devices(request, slots, foreign, plan, err);
	plan_origin(plan, "devices");
	plan_umask(plan, 022);
	for (size_t i = 0; i < COUNT_OF(links) && !foreign && r == 0; i++)
		plan_symlink(plan, slots->root, links[i].path, links[i].target);
	return r;
}
