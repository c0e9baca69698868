/* SPDX-License-Identifier: Apache-2.0 */

/* check and plan: what would be, without doing anything. */

#include <errno.h>
#include <sched.h>

#include "base/buf.h"
#include "container/bundle.h"
#include "libocispec/ocispec.h"
#include "namespaces/namespaces.h"
#include "net/net.h"
#include "plan/build.h"
#include "plan/compile.h"
#include "process/process.h"
#include "rdt/rdt.h"

int hull_check(const struct hull *hull, const char *path, const char *config, struct buf *buf,
	       struct err *err)
{
	struct oci_report report;
	struct bundle bundle;
	char line[2048];
	int r;

	oci_report_init(&report, hull->arena);
	report.warn_unknown = true;
	r = bundle_read(hull, path, config, "check", &report, &bundle, err);
	if (r < 0)
		return r;
	bundle.request.inspect = true;
	bundle_check(hull, &bundle, &report);
	for (size_t i = 0; i < report.n_findings; i++) {
		oci_finding_format(&report.findings[i], bundle.config_name, line, sizeof line);
		buf_printf(buf, "%s\n", line);
	}
	if (report.n_errors + report.n_warnings > report.n_findings)
		buf_printf(buf, "and %zu more\n",
			   report.n_errors + report.n_warnings - report.n_findings);
	return (int)report.n_errors;
}

/* What the host does beside hull-init, in the words of a plan. */
static void dump_host(const struct request *request, const struct cgroups *cgroups, struct buf *buf)
{
	uint64_t birth = namespaces_at_birth(request);

	buf_str(buf, "# host\n");
	cgroups_dump(cgroups, buf);
	buf_printf(buf, "clone namespaces=%s%s%s\n", birth & CLONE_NEWUSER ? "user" : "",
		   birth & CLONE_NEWUSER && birth & CLONE_NEWPID ? "+" : "",
		   birth & CLONE_NEWPID ? "pid" : (birth ? "" : "none"));
	rdt_dump(request, buf);
	net_dump(request, buf);
	process_apply_dump(request->config->process, buf);
}

int hull_plan(const struct hull *hull, const char *path, const char *config, struct buf *buf,
	      struct err *err)
{
	struct oci_report report;
	struct bundle bundle;
	struct process_seccomp seccomp;
	struct request_slots slots;
	struct cgroups_wish wish;
	struct cgroups *cgroups;
	struct plan *plan;
	const void *image;
	size_t size;
	int r;

	oci_report_init(&report, hull->arena);
	r = bundle_read(hull, path, config, "plan", &report, &bundle, err);
	if (r < 0)
		return r;
	bundle.request.dry = true;
	bundle.request.listener = true;
	bundle_check(hull, &bundle, &report);
	r = bundle_verdict(&bundle, &report, err);
	if (r < 0)
		return r;
	wish = (struct cgroups_wish){.driver = (enum cgroups_driver)hull->cgroup_driver,
				     .id = "plan",
				     .dry = true};
	if (bundle.request.config->linux_) {
		wish.path = bundle.request.config->linux_->cgroups_path;
		wish.resources = bundle.request.config->linux_->resources;
	}
	r = cgroups_decide(hull->arena, &wish, &cgroups, err);
	if (r < 0)
		return r;
	bundle.request.cgroups = cgroups_request(cgroups);
	r = bundle_seccomp(&bundle, -1, &seccomp, err);
	if (r < 0)
		return r;
	plan = plan_new(hull->arena);
	if (!plan)
		return err_set(err, ENOMEM, "build the plan");
	slots = (struct request_slots){.root = plan_slot(plan, "root"),
				       .pty = plan_slot(plan, "pty"),
				       .listener = plan_slot_fd(plan, "listener", -1)};
	r = compile_create(&bundle.request, &slots, &seccomp, plan, err);
	if (r == 0)
		r = plan_finish(plan, 0, &image, &size, err);
	if (r == 0) {
		dump_host(&bundle.request, cgroups, buf);
		plan_dump(plan, buf);
	}
	plan_free(plan);
	return r;
}
