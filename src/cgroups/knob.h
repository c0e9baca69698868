/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The files of a cgroup directory: small texts, each write(2) a command. */

#include <stddef.h>
#include <stdint.h>

/* The present value of a knob that is cut off at room - 1 bytes, without its last newline.
 * Length or -errno. */
int knob_read(int dir, const char *file, char *value, size_t room);

/* The first number of a knob; "max" is INT64_MAX. */
int knob_read_number(int dir, const char *file, int64_t *ret);

int knob_write(int dir, const char *file, const char *value);

/* Opens with O_RDONLY or O_WRONLY. A v1 hierarchy that is mounted with noprefix (as Android does
 * for cpuset) has "cpus" for "cpuset.cpus": both are tried. fd or -errno. */
int knob_open(int dir, const char *file, int flags);
