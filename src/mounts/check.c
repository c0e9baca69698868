/* SPDX-License-Identifier: Apache-2.0 */

/* What is wrong with root, mounts, devices and masks beyond their shape: all findings at once. */

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "mounts/mounts.h"
#include "mounts/state.h"

static void find(const struct request *request, struct oci_report *report, const char *path,
		 enum oci_severity severity, const char *text)
{
	oci_report_add(report, request->text, request->text_size, path, severity, "%s", text);
}

/* A bind mount's file system is the host's: its options are not the container's to set. */
static void check_words(const struct request *request, const struct mount_item *item, size_t i,
			struct oci_report *report)
{
	char path[64];

	if (item->form != MOUNT_BIND)
		return;
	for (size_t n = 0; n < item->options.n_superblock; n++) {
		snprintf(path, sizeof path, "mounts[%zu].options", i);
		oci_report_add(report, request->text, request->text_size, path, OCI_WARNING,
			       "\"%s\" has no effect on a bind mount", item->options.superblock[n]);
	}
}

static void check_mount(const struct request *request, size_t i, struct oci_report *report)
{
	const struct oci_mount *mount = &request->config->mounts[i];
	struct err err = {0};
	struct mount_item item;
	const char *member;
	char path[64];

	if (*mount->destination != '/') {
		snprintf(path, sizeof path, "mounts[%zu].destination", i);
		oci_report_add(report, request->text, request->text_size, path, OCI_WARNING,
			       "\"%s\" is a relative path, which is deprecated",
			       mount->destination);
		oci_report_hint(report, "write \"/%s\"", mount->destination);
	}
	if (mount_item_read(request, mount, &item, &member, &err) < 0) {
		snprintf(path, sizeof path, "mounts[%zu].%s", i, member);
		find(request, report, path, OCI_ERROR, err.text);
		return;
	}
	check_words(request, &item, i, report);
	/* When it is for real, opening the source says this, and better. */
	if ((request->dry || request->inspect) && item.form == MOUNT_BIND &&
	    access(item.source, F_OK) < 0) {
		snprintf(path, sizeof path, "mounts[%zu].source", i);
		oci_report_add(report, request->text, request->text_size, path, OCI_ERROR,
			       "%s does not exist or cannot be reached", item.source);
	}
}

/* The source of the bind mount on /dev and the mount's index; NULL: there is none. */
static const char *dev_source(const struct request *request, size_t *ret_index)
{
	for (size_t i = 0; i < request->config->n_mounts; i++) {
		struct mount_item item;
		const char *member;

		if (mount_item_read(request, &request->config->mounts[i], &item, &member, NULL) < 0)
			continue;
		*ret_index = i;
		if (mount_covers_dev(&item))
			return item.source;
	}
	return NULL;
}

/* Whether the tree that is bound to /dev has the device. */
static bool is_there(const struct request *request, const char *dev, const struct mount_device *d)
{
	const char *path = arena_printf(request->arena, "%s/%s", dev, str_after(d->path, "/dev/"));
	mode_t type = d->mode & S_IFMT;
	struct stat st;

	return path && stat(path, &st) == 0 && (st.st_mode & S_IFMT) == type &&
	       (type == S_IFIFO ||
		(major(st.st_rdev) == d->major && minor(st.st_rdev) == d->minor));
}

static void check_devices(const struct request *request, const struct oci_linux *l,
			  struct oci_report *report)
{
	size_t dev_index = 0;
	const char *dev = dev_source(request, &dev_index);

	for (size_t i = 0; i < l->n_devices; i++) {
		struct mount_device device;
		struct err err = {0};
		char path[64];

		snprintf(path, sizeof path, "linux.devices[%zu]", i);
		if (mount_device_read(request->arena, &l->devices[i], &device, &err) < 0) {
			find(request, report, path, OCI_ERROR, err.text);
			continue;
		}
		if (!dev || !str_after(device.path, "/dev/") || str_eq(device.path, "/dev/ptmx") ||
		    is_there(request, dev, &device))
			continue;
		oci_report_add(report, request->text, request->text_size, path, OCI_WARNING,
			       "%s is not made: mounts[%zu] binds %s to /dev, which does not have "
			       "this device",
			       device.path, dev_index, dev);
		oci_report_hint(report, "make it in %s, or mount a tmpfs on /dev", dev);
	}
}

static void check_paths(const struct request *request, const char *name, const char *const *list,
			size_t n, struct oci_report *report)
{
	char path[64];

	for (size_t i = 0; i < n; i++) {
		const char *clean = mount_clean_path(request->arena, list[i]);

		snprintf(path, sizeof path, "linux.%s[%zu]", name, i);
		if (*list[i] != '/') {
			find(request, report, path, OCI_ERROR, "must be an absolute path");
		} else if (clean && str_eq(clean, "/")) {
			/* A process stays in its root directory: what is attached on it is not
			 * seen. */
			find(request, report, path, OCI_ERROR, "has no effect on the root itself");
			oci_report_hint(report, "root.readonly makes it read-only");
		}
	}
}

/* What needs a mount namespace is not possible without: the mounts would be the host's. */
static void check_namespace(const struct request *request, struct oci_report *report)
{
	const struct oci_config *config = request->config;
	const struct oci_linux *l = config->linux_;
	const struct {
		const char *path;
		bool given;
	} needs[] = {
		{"mounts", config->n_mounts > 0},
		{"root.readonly", config->root && config->root->readonly},
		{"process.terminal", config->process && config->process->terminal},
		{"linux.maskedPaths", l && l->n_masked_paths > 0},
		{"linux.readonlyPaths", l && l->n_readonly_paths > 0},
		{"linux.rootfsPropagation", l && l->has_rootfs_propagation},
	};

	if (request_has(request, CLONE_NEWNS))
		return;
	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
		if (!needs[i].given)
			continue;
		find(request, report, needs[i].path, OCI_ERROR,
		     "is not possible without a mount namespace of the container's own");
		oci_report_hint(report, "add {\"type\": \"mount\"} to linux.namespaces");
	}
}

void mounts_check(const struct request *request, struct oci_report *report)
{
	const struct oci_config *config = request->config;

	if (!config->root || !config->root->path || !*config->root->path)
		find(request, report, config->root ? "root.path" : "root", OCI_ERROR,
		     "a container needs a root file system");
	check_namespace(request, report);
	for (size_t i = 0; i < config->n_mounts; i++)
		check_mount(request, i, report);
	if (!config->linux_)
		return;
	check_devices(request, config->linux_, report);
	check_paths(request, "maskedPaths", config->linux_->masked_paths,
		    config->linux_->n_masked_paths, report);
	check_paths(request, "readonlyPaths", config->linux_->readonly_paths,
		    config->linux_->n_readonly_paths, report);
}
