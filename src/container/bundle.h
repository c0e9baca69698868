/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A bundle on its way to a plan: its config read and checked, nothing changed yet. */

#include <stddef.h>

#include "cgroups/cgroups.h"
#include "hull.h"
#include "plan/request.h"

struct oci_report;
struct plan;
struct process_seccomp;

struct bundle {
	const char *path; /* absolute */
	const char *config_name; /* as it is called in findings: "config.json" */
	const char *text; /* the file */
	size_t size;
	struct request request; /* with config, rootfs, namespaces */
};

/* Reads <bundle>/config.json (config NULL) and finds the root file system. What is wrong with the
 * text goes into the report; a file that cannot be read at all is an error. Returns 0 even when
 * the report has errors: request.config is NULL then. */
int bundle_read(const struct hull *hull, const char *path, const char *config, const char *id,
		struct oci_report *report, struct bundle *ret, struct err *err);

/* What the config means, on this machine: every domain adds its findings. */
void bundle_check(const struct hull *hull, const struct bundle *bundle, struct oci_report *report);

/* -EINVAL with the first error of the report as text, when it has errors. */
int bundle_verdict(const struct bundle *bundle, const struct oci_report *report, struct err *err);

/* Logs the warnings of a report; after success only, since the log of a failure has one record. */
void bundle_log_warnings(const struct bundle *bundle, const struct oci_report *report);

/* Compiles linux.seccomp. cache_dir may be -1. */
int bundle_seccomp(const struct bundle *bundle, int cache_dir, struct process_seccomp *ret,
		   struct err *err);

/* Opens the directory of compiled filters below the state root, or returns -1: without it every
 * filter is compiled anew. */
int bundle_cache(const struct bundle *bundle, int root);

/* Whether hull has CAP_SYS_ADMIN in the user namespace that owns the host's mounts. */
bool bundle_host_root(void);
