/* SPDX-License-Identifier: Apache-2.0 */

/* linux.devices, the devices and links that every container has, /dev/ptmx. */

#include <errno.h>
#include <sched.h>
#include <string.h>
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
#define DEFAULT(path, major, minor)                                                                \
	{                                                                                          \
		path, S_IFCHR | 0666, major, minor, 0, 0, "default device " path, PLAN_NO_SLOT     \
	}
	DEFAULT("/dev/null", 1, 3),   DEFAULT("/dev/zero", 1, 5),    DEFAULT("/dev/full", 1, 7),
	DEFAULT("/dev/random", 1, 8), DEFAULT("/dev/urandom", 1, 9), DEFAULT("/dev/tty", 5, 0),
#undef DEFAULT
};

/* runtime-linux.md, "Dev symbolic links"; core is what images expect besides. */
static const struct {
	const char *name, *target;
} links[] = {
	{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},      {"ptmx", "pts/ptmx"},
};

bool mount_covers_dev(const struct mount_item *item)
{
	return item->form == MOUNT_BIND && str_eq(item->destination, "/dev");
}

static bool foreign_dev(const struct mounts_state *state)
{
	for (size_t i = 0; i < state->n_items; i++)
		if (mount_covers_dev(&state->item[i]))
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
	const struct mount_source source = {.place = d->place, .path = d->path};
	struct stat st;

	if (!request->dry) {
		if (stat(d->path, &st) < 0)
			return err_set(err, errno, "%s: device %s of the host", d->place, d->path);
		if ((st.st_mode & S_IFMT) != (d->mode & S_IFMT) || major(st.st_rdev) != d->major ||
		    minor(st.st_rdev) != d->minor)
			return err_text(err, EINVAL,
					"%s: device %s of the host is another one, and in a user "
					"namespace none can be made",
					d->place, d->path);
	}
	return mount_source_slot(request, plan, "device", &source, ret_slot, err);
}

static int add_device(const struct request *request, const struct mount_device *device,
		      struct plan *plan, struct err *err)
{
	struct mounts_state *state = request->mounts;
	struct mount_device *d = &state->device[state->n_devices++];

	*d = *device;
	if (!request_has(request, CLONE_NEWUSER) || (d->mode & S_IFMT) == S_IFIFO)
		return 0;
	plan_origin(plan, "%s", d->place);
	return host_node(request, d, plan, &d->bind, err);
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
				 .gid = device->gid,
				 .bind = PLAN_NO_SLOT};

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

static int read_config_devices(const struct request *request, bool foreign, struct plan *plan,
			       struct err *err)
{
	const struct oci_linux *l = request->config->linux_;
	int r = 0;

	for (size_t i = 0; l && i < l->n_devices && r == 0; i++) {
		const char *place = arena_printf(request->arena, "linux.devices[%zu] (%s)", i,
						 l->devices[i].path);
		struct mount_device d;

		if (!place)
			return err_set(err, ENOMEM, "linux.devices");
		if (mount_device_read(request->arena, &l->devices[i], &d, err) < 0)
			return err_at(err, "%s", place);
		/* ptmx is always the link to the container's own devpts. */
		if (str_eq(d.path, "/dev/ptmx") || (foreign && str_after(d.path, "/dev/")))
			continue;
		d.place = place;
		r = add_device(request, &d, plan, err);
	}
	return r;
}

int mounts_read_devices(const struct request *request, struct plan *plan, struct err *err)
{
	const struct oci_linux *l = request->config->linux_;
	struct mounts_state *state = request->mounts;
	bool foreign = foreign_dev(state);
	int r = 0;

	state->device = arena_array(request->arena, COUNT_OF(defaults) + (l ? l->n_devices : 0),
				    sizeof *state->device);
	if (!state->device)
		return err_set(err, ENOMEM, "linux.devices");
	for (size_t i = 0; i < COUNT_OF(defaults) && !foreign && r == 0; i++)
		if (!wants_own(request, defaults[i].path))
			r = add_device(request, &defaults[i], plan, err);
	return r < 0 ? r : read_config_devices(request, foreign, plan, err);
}

/* The name of an entry of /dev itself, or NULL. */
static const char *name_in_dev(const char *path)
{
	const char *name = str_after(path, "/dev/");

	return name && !strchr(name, '/') ? name : NULL;
}

static void plan_node(const struct request_slots *slots, const struct mount_device *d, int dev,
		      struct plan *plan)
{
	const char *name = name_in_dev(d->path);

	plan_origin(plan, "%s", d->place);
	if (d->bind != PLAN_NO_SLOT)
		plan_tree_attr(plan, d->bind, 0, 0, MS_PRIVATE, false, PLAN_NO_SLOT);
	plan_device(plan, name ? dev : slots->root, name ? name : d->path, d->mode, d->major,
		    d->minor, d->uid, d->gid, d->bind);
	if (d->bind != PLAN_NO_SLOT)
		plan_close(plan, d->bind);
}

int mounts_plan_devices(struct request *request, const struct request_slots *slots,
			struct plan *plan, struct err *err)
{
	const struct mounts_state *state = request->mounts;
	bool foreign = foreign_dev(state);
	int dev = state->target;

	(void)err;
	plan_origin(plan, "devices");
	plan_umask(plan, 0); /* nodes get the mode that was asked for */
	if (!foreign)
		plan_target(plan, slots->root, "/dev", PLAN_DIRECTORY, PLAN_NO_SLOT,
			    PLAN_TARGET_ON_PROC | PLAN_TARGET_ROOT, dev);
	for (size_t i = 0; i < state->n_devices; i++)
		plan_node(slots, &state->device[i], dev, plan);
	plan_origin(plan, "devices");
	plan_umask(plan, 022);
	for (size_t i = 0; i < COUNT_OF(links) && !foreign; i++)
		plan_symlink(plan, dev, links[i].name, links[i].target);
	if (!foreign)
		plan_close(plan, dev);
	return 0;
}
