/* SPDX-License-Identifier: Apache-2.0 */

/* Stands in for capability_libcap.c where hull is built without libcap. */

#include "process/capability.h"
#include "process/process.h"

int capability_from_library(const char *name)
{
	(void)name;
	return -1;
}

bool capability_library_built(void)
{
	return false;
}
