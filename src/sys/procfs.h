/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Writing to procfs through one trusted descriptor. Freestanding.
 *
 * A path below /proc proves nothing: anything may be mounted there, on the whole or on one file,
 * so that a label or sysctl goes nowhere, or somewhere bad (CVE-2019-16884, CVE-2025-52881). The
 * descriptor is checked to be the root of a procfs, and below it no mount and no link is crossed.
 */

#include <stdbool.h>
#include <stddef.h>

/* A procfs of our PID namespace: detached and seen by nobody else, or, where the kernel refuses
 * that, what is mounted on /proc. whole: with the files that do not belong to a process (sysctl).
 * *ret_verb names a failing call. A descriptor or -errno. */
int procfs_new(bool whole, const char **ret_verb);

/* Opens a file. path may begin with "self/" or "thread-self/". */
int procfs_open(int procfs, const char *path, int flags);

/* Writes with one write(2), since procfs takes each write as a whole value. 0 or -errno. */
int procfs_write(int procfs, const char *path, const char *value, size_t size);
