/* SPDX-License-Identifier: Apache-2.0 */

/* Stands in for selinux.c where hull is built without libselinux. */

#include <errno.h>

#include "base/err.h"
#include "lsm/lsm.h"
#include "lsm/module.h"

bool lsm_selinux_built(void)
{
	return false;
}

bool lsm_selinux_enabled(void)
{
	return false;
}

int lsm_selinux_canonical(struct arena *arena, const char *context, const char **ret,
			  struct err *err)
{
	(void)arena;
	(void)context;
	(void)ret;
	return err_text(err, ENOSYS, "hull was built without SELinux");
}
