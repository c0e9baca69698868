/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "libocispec/ocispec.h"

/* What the device is to be called inside. An empty name is none: engines in Go write it so. */
static inline const char *net_inner_name(const struct oci_net_device *device)
{
	return device->name && device->name[0] ? device->name : device->key;
}

/* "eth%d": the kernel takes the first free number. */
static inline bool net_is_template(const char *name)
{
	return strchr(name, '%') != NULL;
}
