/* SPDX-License-Identifier: Apache-2.0 */

/* Stands in for apparmor.c where hull is built without libapparmor. */

#include "lsm/lsm.h"
#include "lsm/module.h"

bool lsm_apparmor_built(void)
{
	return false;
}

bool lsm_apparmor_enabled(void)
{
	return false;
}
