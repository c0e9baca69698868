/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Words of the spec as numbers of the kernel. The arguments must be values of the enumeration. */

#include <stdint.h>

#include "libocispec/ocispec.h"

int schedule_policy(enum oci_scheduler_policy policy);
uint64_t schedule_flag(enum oci_scheduler_flag flag);
int schedule_io_class(enum oci_io_priority_class class);
int schedule_memory_mode(enum oci_memory_policy_mode mode);
int schedule_memory_flag(enum oci_memory_policy_flag flag);
