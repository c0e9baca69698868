/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

struct arena;

/* The directory where resctrl is mounted, in the arena; *ret is NULL when it is not. -ENOMEM or
 * what reading /proc/self/mountinfo gave. HULL_RESCTRL in the environment is taken for it
 * unlooked-at: tests have no such hardware. */
int mountpoint_find(struct arena *arena, const char **ret);

/* The same in the text of a mountinfo file (proc_pid_mountinfo(5)), which is changed. */
char *mountpoint_in(char *mountinfo);
