/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Values of the config, which are those of cgroup v1, as cgroup v2 wants them. Pure. */

#include <stdbool.h>
#include <stdint.h>

/* cpu.shares (2 to 262144) to cpu.weight (1 to 10000) on a curve that takes the default 1024 to
 * the default 100. */
uint64_t convert_shares(uint64_t shares);

/* blkio.weight (10 to 1000) to io.weight (1 to 10000), linear. */
uint64_t convert_io_weight(uint64_t weight);

/*
 * v1 counts memory and swap together, v2 swap alone. limit and swap as in the config; 0 is unset,
 * -1 unlimited. *ret -1: "max". Returns 1 when there is something to write, 0 when not, -EINVAL
 * with *why when it has no meaning.
 */
int convert_swap(int64_t limit, int64_t swap, int64_t *ret, const char **why);
