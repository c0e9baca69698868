/* SPDX-License-Identifier: Apache-2.0 */

/* libapparmor is loaded when a profile turns up, and not before. */

#include <dlfcn.h>
#include <sys/apparmor.h>

#include "lsm/lsm.h"
#include "lsm/module.h"

bool lsm_apparmor_built(void)
{
	return true;
}

bool lsm_apparmor_enabled(void)
{
	void *library = dlopen("libapparmor.so.1", RTLD_NOW | RTLD_LOCAL);
	__typeof__(&aa_is_enabled) enabled;

	if (!library)
		return false;
	*(void **)&enabled = dlsym(library, "aa_is_enabled");
	return enabled && enabled() == 1;
}
