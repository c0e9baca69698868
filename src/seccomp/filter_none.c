/* SPDX-License-Identifier: Apache-2.0 */

/* Stands in for libseccomp.c in a hull that is configured without libseccomp. */

#include "seccomp/filter_build.h"

#include <errno.h>

#include "base/err.h"
#include "seccomp/filter.h"

bool filter_built_in(void)
{
	return false;
}

int filter_build(struct arena *arena, const struct oci_seccomp *seccomp, struct filter_program *ret,
		 struct err *err)
{
	(void)arena;
	(void)seccomp;
	(void)ret;
	return err_text(err, ENOTSUP, "linux.seccomp: this hull is built without libseccomp");
}

const char *filter_library_version(void)
{
	return NULL;
}
