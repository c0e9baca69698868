/* SPDX-License-Identifier: Apache-2.0 */

/* Names that are newer than capability.def: libcap of the machine may know them. It is loaded only
 * when such a name turns up, so that a usual start does not pay for it. */

#include <dlfcn.h>
#include <strings.h>
#include <sys/capability.h>

#include "process/capability.h"
#include "process/process.h"

/* cap_from_name also takes numbers, and names with something behind them: the name that the library
 * itself gives to the number must be the one that was asked for. */
static int look_up(void *library, const char *name)
{
	__typeof__(&cap_from_name) from_name;
	__typeof__(&cap_to_name) to_name;
	__typeof__(&cap_free) release;
	cap_value_t value;
	char *own_name;
	bool same;

	*(void **)&from_name = dlsym(library, "cap_from_name");
	*(void **)&to_name = dlsym(library, "cap_to_name");
	*(void **)&release = dlsym(library, "cap_free");
	if (!from_name || !to_name || !release || strncasecmp(name, "cap_", 4) != 0 ||
	    from_name(name, &value) < 0)
		return -1;
	own_name = to_name(value);
	same = own_name && strcasecmp(own_name, name) == 0;
	release(own_name);
	return same ? value : -1;
}

int capability_from_library(const char *name)
{
	void *library = dlopen("libcap.so.2", RTLD_NOW | RTLD_LOCAL);
	int value;

	if (!library)
		return -1;
	value = look_up(library, name);
	dlclose(library);
	return value;
}

bool capability_library_built(void)
{
	return true;
}
