/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan/request.h"

struct err;
struct oci_process;
struct process_seccomp;

/* Compiles create (or run): all steps from the first namespace to exec. The file plan/compile.c
 * fixes only the order; what each domain adds is in its x_plan.c. 0 or -errno. */
int compile_create(struct request *request, const struct request_slots *slots,
		   const struct process_seccomp *seccomp, struct plan *plan, struct err *err);

/* What `exec` joins. */
struct compile_join {
	int pidfd; /* of the container's init; -1 in a dry run */
	uint64_t ns; /* namespaces to join: those in which init differs from hull */
	bool userns; /* one of them is a user namespace */
};

/* Compiles exec of process in a running container. request->config may be the container's config
 * or an empty one; ns_new is 0. */
int compile_exec(struct request *request, const struct oci_process *process,
		 const struct compile_join *join, const struct request_slots *slots,
		 const struct process_seccomp *seccomp, struct plan *plan, struct err *err);
