/* SPDX-License-Identifier: Apache-2.0 */

/* Findings about linux.cgroupsPath and linux.resources for `hull check`, and before a create. */

#include <errno.h>

#include "base/err.h"
#include "base/str.h"
#include "cgroups/object.h"
#include "cgroups/paths.h"
#include "libocispec/ocispec.h"

static void check_path(const struct request *request, enum cgroups_driver driver,
		       struct oci_report *report)
{
	const char *path = request->config->linux_->cgroups_path, *clean;
	struct paths_unit unit;
	struct err err;
	int r;

	if (!path || !*path)
		return;
	if (driver == CGROUPS_SYSTEMD)
		r = paths_unit(request->arena, path, request->id, false, &unit, &err);
	else
		r = paths_clean(request->arena, path, &clean, &err);
	if (r == -EINVAL) {
		const char *text = str_after(err.text, "linux.cgroupsPath: ");

		oci_report_add(report, request->text, request->text_size, "linux.cgroupsPath",
			       OCI_ERROR, "%s", text ? text : err.text);
	}
	if (r == -EINVAL && driver == CGROUPS_SYSTEMD)
		oci_report_hint(report,
				"like \"system.slice:hull:%s\"; without --systemd-cgroup it "
				"is a path",
				request->id);
	else if (r == -EINVAL)
		oci_report_hint(report, "a path below /sys/fs/cgroup like \"/hull/%s\"",
				request->id);
}

void cgroups_check(const struct request *request, enum cgroups_driver driver,
		   struct oci_report *report)
{
	const struct oci_linux *linux_ = request->config->linux_;
	struct device_exceptions exceptions;
	struct device_rules devices;
	struct layout layout;
	struct err err;
	struct limits l = {
		.arena = request->arena,
		.layout = &layout,
		.report = report,
		.text = request->text,
		.text_size = request->text_size,
		.err = &err,
	};
	const struct hierarchy *h;

	if (!linux_ || driver == CGROUPS_DISABLED)
		return;
	check_path(request, driver, report);
	if (layout_probe(request->arena, &layout_host, &layout, &err) < 0) {
		if (linux_->resources)
			oci_report_add(report, request->text, request->text_size, "linux.resources",
				       OCI_WARNING, "%s", err.text);
		return;
	}
	(void)limits_build(&l, linux_->resources); /* what is wrong is in the report */
	l.refused = false;
	h = layout_find(&layout, CONTROLLER_DEVICES);
	if (devices_rules(&l, linux_->resources, &devices) == 0 && h && !h->v2)
		(void)devices_v1_compile(&l, &devices, &exceptions);
}
