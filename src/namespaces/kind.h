/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of this folder share. */

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "libocispec/ocispec.h"
#include "plan/request.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* Linux 5.6; glibc 2.36 */
#endif

enum { NAMESPACE_KINDS = 8 };

/* All kinds in the order of namespaces.def. */
extern const uint64_t namespace_flags[NAMESPACE_KINDS];

uint64_t namespace_flag(enum oci_namespace_type type);

/* The entry of the config, or NULL. */
const struct oci_namespace *namespace_entry(const struct oci_linux *config, uint64_t flag);

/* Whether the entry asks for a namespace by path; "" is none. */
static inline bool namespace_has_path(const struct oci_namespace *entry)
{
	return entry->path && entry->path[0];
}

struct err;
/* Opens the namespace at path and makes sure that it is one of the right kind: a path may lead
 * anywhere, and a FIFO or a device must not be waited for. */
int namespace_open(const char *path, uint64_t flag, struct err *err);

/* Whether path names the namespace that hull itself is in. False when there is nothing. */
bool namespace_is_own(const char *path, uint64_t flag);
