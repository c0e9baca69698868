/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the one file that knows libseccomp gives to the rest of the domain. Implemented by
 * libseccomp.c, or by filter_none.c in a hull that is built without it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>

struct arena;
struct err;
struct oci_seccomp;

/* The system calls that did not exist for the author of a profile, as far as one can know: on an
 * audit architecture, those with a number above the newest that the profile names. */
struct filter_newer {
	uint32_t arch; /* AUDIT_ARCH_*, as in struct seccomp_data */
	uint32_t newest;
	uint32_t end; /* numbers from here on are not ordinary system calls */
};

struct filter_program {
	struct sock_filter *code;
	size_t n;
	struct filter_newer *newer; /* the native architecture first; ascending within one */
	size_t n_newer;
	const char *library; /* path of the shared object that compiled it */
};

bool filter_built_in(void);

/* Loads the library, compiles, unloads. ret lives in the arena. */
int filter_build(struct arena *arena, const struct oci_seccomp *seccomp, struct filter_program *ret,
		 struct err *err);
