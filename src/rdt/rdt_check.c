/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "rdt/mountpoint.h"
#include "rdt/rdt.h"

__attribute__((format(printf, 5, 6))) static void add(const struct request *request,
						      struct oci_report *report,
						      enum oci_severity severity,
						      const char *member, const char *fmt, ...)
{
	char path[96];
	const char *message;
	va_list args;

	va_start(args, fmt);
	message = arena_vprintf(report->arena, fmt, args);
	va_end(args);
	snprintf(path, sizeof path, "linux.intelRdt%s", member);
	oci_report_add(report, request->text, request->text_size, path, severity, "%s",
		       message ? message : fmt);
}

/* The name of a directory in the root of resctrl, and of none that the kernel has there. */
static bool good_name(const char *name)
{
	static const char *const taken[] = {".", "..", "info", "mon_groups", "mon_data"};

	if (!*name || strlen(name) > NAME_MAX || strpbrk(name, "/\n"))
		return false;
	for (size_t i = 0; i < COUNT_OF(taken); i++)
		if (str_eq(name, taken[i]))
			return false;
	return true;
}

static void check_names(const struct request *request, const struct oci_intel_rdt *config,
			struct oci_report *report)
{
	const char *clos = config->clos_id;

	if (clos && *clos && !str_eq(clos, "/") && !good_name(clos))
		add(request, report, OCI_ERROR, ".closID",
		    "\"%s\" cannot be the name of a class of service", clos);
	if ((!clos || !*clos) && request->id && !good_name(request->id))
		add(request, report, OCI_ERROR, "",
		    "without closID the container's id is the name of the class of service, and "
		    "\"%s\" cannot be one",
		    request->id);
}

static void check_schemata(const struct request *request, const struct oci_intel_rdt *config,
			   struct oci_report *report)
{
	const char *l3 = config->l3_cache_schema;
	char member[48];

	if (l3 && !str_after(l3, "L3"))
		add(request, report, OCI_WARNING, ".l3CacheSchema", "does not begin with \"L3:\"");
	if (l3 && strchr(l3, '\n'))
		add(request, report, OCI_WARNING, ".l3CacheSchema", "has more than one line");
	for (size_t i = 0; i < config->n_schemata; i++) {
		snprintf(member, sizeof member, ".schemata[%zu]", i);
		if (strchr(config->schemata[i], '\n'))
			add(request, report, OCI_ERROR, member, "has more than one line");
		else if (!strchr(config->schemata[i], ':'))
			add(request, report, OCI_ERROR, member,
			    "\"%s\" is not a schema like L3:0=ff;1=f0", config->schemata[i]);
	}
}

void rdt_check(const struct request *request, struct oci_report *report)
{
	const struct oci_linux *linux_config = request->config->linux_;
	const char *root = NULL;
	int r;

	if (!linux_config || !linux_config->intel_rdt)
		return;
	check_names(request, linux_config->intel_rdt, report);
	check_schemata(request, linux_config->intel_rdt, report);
	r = mountpoint_find(report->arena, &root);
	if (r < 0) {
		add(request, report, OCI_ERROR, "", "look for resctrl: %s", err_name(-r));
	} else if (!root) {
		add(request, report, OCI_ERROR, "", "resctrl is not mounted on this machine");
		oci_report_hint(report, "on a processor with Intel RDT: mount -t resctrl resctrl "
					"/sys/fs/resctrl");
	}
}
