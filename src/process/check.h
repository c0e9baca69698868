/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside of process_check, which has two files. */

#include "libocispec/ocispec.h"
#include "plan/request.h"

struct check {
	const struct request *request;
	const char *path; /* of the process: "process", or "" for a file of its own */
	struct oci_report *report;
};

/* A finding at a member of the process ("user.uid"). */
void check_add(const struct check *c, enum oci_severity severity, const char *member,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* scheduler, ioPriority, execCPUAffinity. */
void check_scheduling(const struct check *c, const struct oci_process *process);

/* linux.personality, linux.memoryPolicy. */
void check_linux(const struct check *c);
