/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One file per security module and one that stands in for it where hull is built without. */

#include <stdbool.h>

struct arena;
struct err;

/* Whether the running kernel enforces it (and the library to ask with is there). */
bool lsm_selinux_enabled(void);
bool lsm_apparmor_enabled(void);

/* The context in the one form in which the kernel gives it back ("c3,c1" becomes "c1,c3"), in the
 * arena. What the policy does not know: -EINVAL. */
int lsm_selinux_canonical(struct arena *arena, const char *context, const char **ret,
			  struct err *err);
