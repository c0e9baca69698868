/* SPDX-License-Identifier: Apache-2.0 */

/* Labels of security modules: SELinux contexts and AppArmor profiles. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "lsm/lsm.h"
#include "lsm/module.h"
#include "plan/build.h"

static bool is_set(const char *label)
{
	return label && *label;
}

/* "unconfined" asks for nothing, so it needs no AppArmor. */
static bool wants_profile(const struct oci_process *process)
{
	return is_set(process->apparmor_profile) &&
	       (!str_eq(process->apparmor_profile, "unconfined") || lsm_apparmor_enabled());
}

static void check_label(const struct request *request, const char *path, const char *member,
			const char *label, struct oci_report *report)
{
	struct err err = {0};
	const char *canonical;
	char place[64];

	snprintf(place, sizeof place, "%s%s%s", path, *path ? "." : "", member);
	if (!lsm_selinux_enabled()) {
		oci_report_add(report, request->text, request->text_size, place, OCI_ERROR,
			       "selinux label is specified in config, but selinux is disabled or "
			       "not supported");
		if (!lsm_selinux_built())
			oci_report_hint(report, "this hull was built without SELinux");
	} else if (lsm_selinux_canonical(report->arena, label, &canonical, &err) < 0) {
		oci_report_add(report, request->text, request->text_size, place, OCI_ERROR, "%s",
			       err.text);
	}
}

void lsm_check(const struct request *request, const struct oci_process *process, const char *path,
	       struct oci_report *report)
{
	const struct oci_linux *config = *path ? request->config->linux_ : NULL;
	char place[64];

	if (process && wants_profile(process) && !lsm_apparmor_enabled()) {
		snprintf(place, sizeof place, "%s%sapparmorProfile", path, *path ? "." : "");
		oci_report_add(report, request->text, request->text_size, place, OCI_ERROR,
			       "apparmor: config provided but apparmor not supported");
		if (!lsm_apparmor_built())
			oci_report_hint(report, "this hull was built without AppArmor");
	}
	if (process && is_set(process->selinux_label))
		check_label(request, path, "selinuxLabel", process->selinux_label, report);
	if (config && is_set(config->mount_label))
		check_label(request, "linux", "mountLabel", config->mount_label, report);
}

static int plan_selinux(const struct request *request, const char *label, int procfs,
			struct plan *plan, struct err *err)
{
	const char *canonical = label;
	int r;

	/* hull-init compares what it reads back. */
	if (!request->dry) {
		r = lsm_selinux_canonical(request->arena, label, &canonical, err);
		if (r < 0)
			return err_at(err, "process.selinuxLabel");
	}
	plan_origin(plan, "process.selinuxLabel (%s)", label);
	plan_lsm_label(plan, procfs, "thread-self/attr/exec", NULL, canonical);
	return 0;
}

static int plan_apparmor(const struct request *request, const char *profile, int procfs,
			 struct plan *plan, struct err *err)
{
	const char *text = arena_printf(request->arena, "exec %s", profile);

	if (!text)
		return err_set(err, ENOMEM, "process.apparmorProfile");
	plan_origin(plan, "process.apparmorProfile (%s)", profile);
	plan_lsm_label(plan, procfs, "thread-self/attr/apparmor/exec", "thread-self/attr/exec",
		       text);
	return 0;
}

int lsm_plan(struct request *request, const struct oci_process *process, struct plan *plan,
	     struct err *err)
{
	bool selinux = is_set(process->selinux_label);
	bool apparmor = request->dry ? is_set(process->apparmor_profile) : wants_profile(process);
	int r = 0, procfs;

	if (!selinux && !apparmor)
		return 0;
	plan_origin(plan, "procfs for labels");
	procfs = plan_slot(plan, "procfs");
	plan_procfs(plan, false, procfs);
	if (selinux)
		r = plan_selinux(request, process->selinux_label, procfs, plan, err);
	if (r == 0 && apparmor)
		r = plan_apparmor(request, process->apparmor_profile, procfs, plan, err);
	plan_close(plan, procfs);
	return r;
}

/* Other runtimes let an engine choose the kind of context. */
static const char *context_type(const struct oci_config *config)
{
	static const char *const types[] = {"context", "fscontext", "defcontext", "rootcontext"};

	for (size_t i = 0; i < config->n_annotations; i++)
		for (size_t k = 0; k < COUNT_OF(types); k++)
			if (str_eq(config->annotations[i].key, "run.oci.mount_context_type") &&
			    str_eq(config->annotations[i].value, types[k]))
				return types[k];
	return types[0];
}

const char *lsm_mount_option(const struct request *request, const char *fstype)
{
	/* These label their files by policy, and refuse the option (genfscon; selinux(8)). */
	static const char *const own_labels[] = {"proc",    "sysfs",   "cgroup",
						 "cgroup2", "mqueue",  "securityfs",
						 "debugfs", "tracefs", "bpf"};
	const struct oci_linux *config = request->config->linux_;

	if (!config || !is_set(config->mount_label))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(own_labels); i++)
		if (fstype && str_eq(fstype, own_labels[i]))
			return NULL;
	return arena_printf(request->arena, "%s=%s", context_type(request->config),
			    config->mount_label);
}
