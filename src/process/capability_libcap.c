/* SPDX-License-Identifier: Apache-2.0 */

/* Names that are newer than capability.def: libcap of the machine may know them. It is loaded only
 * when such a name turns up, so that a usual start does not pay for it. */

#include <dlfcn.h>
#include <sys/capability.h>

#include "base/str.h"
#include "process/capability.h"
#include "process/process.h"

int capability_from_library(const char *name)
{
	void *library;
	__typeof__(&cap_from_name) from_name;
	cap_value_t value = -1;

	/* cap_from_name takes numbers, too; the spec does not. */
	if (!str_after(name, "CAP_") || name[4] < 'A' || name[4] > 'Z')
		return -1;
	library = dlopen("libcap.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return -1;
	*(void **)&from_name = dlsym(library, "cap_from_name");
	if (!from_name || from_name(name, &value) < 0)
		value = -1;
	dlclose(library);
	return value;
}

bool capability_library_built(void)
{
	return true;
}
