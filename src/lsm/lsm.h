/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan/request.h"

struct err;
struct oci_process;
struct oci_report;

/* A label that this machine or build cannot apply is a finding, never ignored. */
void lsm_check(const struct request *request, const struct oci_process *process, const char *path,
	       struct oci_report *report);

/* Adds lsm_label steps for process.selinuxLabel and process.apparmorProfile (attr/exec, so that the
 * label takes effect at exec), through a procfs of their own. */
int lsm_plan(struct request *request, const struct oci_process *process, struct plan *plan,
	     struct err *err);

/* "context=LABEL" (a whole option for fsconfig(2), so without quotes) to add to the options of a
 * new file system (linux.mountLabel), or NULL where there is none or the file system takes none. */
const char *lsm_mount_option(const struct request *request, const char *fstype);

bool lsm_selinux_built(void);
bool lsm_apparmor_built(void);
