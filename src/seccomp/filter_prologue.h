/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "seccomp/filter_build.h"

/*
 * Puts instructions in front of a program that answer ENOSYS to the system calls of newer.
 *
 * A profile that denies by default with EPERM was written against the kernel of its day. A C
 * library tries the newest call first and falls back only on ENOSYS: EPERM for clone3, statx,
 * faccessat2 or openat2 broke programs each time the kernel grew (moby issue 42680). Calls that the
 * profile could have known but does not name keep its default.
 *
 * 0, -ENOMEM, or -E2BIG when the whole is longer than the kernel takes (BPF_MAXINSNS).
 */
int filter_prologue(struct arena *arena, struct filter_program *program);
