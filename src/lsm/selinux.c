/* SPDX-License-Identifier: Apache-2.0 */

/* libselinux is loaded when a label turns up, and not before: it costs more than hull itself. */

#include <dlfcn.h>
#include <errno.h>
#include <selinux/selinux.h>

#include "base/err.h"
#include "libocispec/arena.h"
#include "lsm/lsm.h"
#include "lsm/module.h"

/* Stays loaded for the life of the command; dlopen counts. NULL: not on this machine. */
static void *library_symbol(const char *name)
{
	void *library = dlopen("libselinux.so.1", RTLD_NOW | RTLD_LOCAL);

	return library ? dlsym(library, name) : NULL;
}

bool lsm_selinux_built(void)
{
	return true;
}

bool lsm_selinux_enabled(void)
{
	__typeof__(&is_selinux_enabled) enabled;

	*(void **)&enabled = library_symbol("is_selinux_enabled");
	return enabled && enabled() > 0;
}

int lsm_selinux_canonical(struct arena *arena, const char *context, const char **ret,
			  struct err *err)
{
	__typeof__(&security_canonicalize_context_raw) canonicalize;
	__typeof__(&freecon) release;
	char *canonical = NULL;

	*(void **)&canonicalize = library_symbol("security_canonicalize_context_raw");
	*(void **)&release = library_symbol("freecon");
	if (!canonicalize || !release)
		return err_text(err, ENOSYS, "libselinux.so.1 cannot be loaded");
	if (canonicalize(context, &canonical) < 0)
		return err_set(err, errno, "the SELinux policy does not know the label \"%s\"",
			       context);
	*ret = arena_strdup(arena, canonical);
	release(canonical);
	return *ret ? 0 : err_set(err, ENOMEM, "SELinux label");
}
