/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

struct err;
struct oci_id_mapping;

/* Has newuidmap or newgidmap (set-user-ID programs of the shadow suite, which allow what
 * /etc/subuid and /etc/subgid give to a user) write a map. Only found in the system's folders and
 * run with an empty environment. */
int idmap_helper(const char *name, int pid, const struct oci_id_mapping *mapping, size_t n,
		 struct err *err);
