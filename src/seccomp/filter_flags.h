/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "libocispec/ocispec.h"

struct err;

/* The bit of seccomp(2) for a flag of the spec. */
uint64_t filter_flag_bit(enum oci_seccomp_flag flag);

/* Whether the running kernel knows it. */
bool filter_flag_supported(enum oci_seccomp_flag flag);

/* The flags to load a filter with; notify: a listener is wanted. A flag that this kernel lacks is
 * an error, never left out silently. */
int filter_flags(const struct oci_seccomp *seccomp, bool notify, uint64_t *ret, struct err *err);
