/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the planners of this folder share. */

#include <stdint.h>

#include "libocispec/ocispec.h"
#include "plan/request.h"

/* Whether the container has a user namespace that is not ours (also for exec, which joins it). */
bool process_in_userns(const struct request *request);

/* Capabilities that can be granted. In a dry run all: a plan as text is the same on each machine.
 */
uint64_t process_capabilities_available(const struct request *request);

static inline uint32_t process_uid(const struct oci_process *process)
{
	return process->user ? process->user->uid : 0;
}

static inline uint32_t process_gid(const struct oci_process *process)
{
	return process->user ? process->user->gid : 0;
}
