/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The number of a resource of getrlimit(2) ("RLIMIT_NOFILE"), -1 when there is none. */
int rlimit_number(const char *name);
/* All names, for the nearest one in a hint; NULL-terminated. */
extern const char *const rlimit_names[];
