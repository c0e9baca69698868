/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/sched.h>
#include <stddef.h>

/*
 * clone3(2) whose child calls fn (arg) on the stack given in args and exits with its result.
 * Made for CLONE_VM: the child shares the caller's memory, so fn must use raw kernel calls only
 * (no errno, no allocation, no locks) until it execs. Returns the pid or -errno.
 */
long sys_clone_call(const struct clone_args *args, size_t size, int (*fn)(void *), void *arg);
