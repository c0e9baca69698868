/* SPDX-License-Identifier: Apache-2.0 */

/* Where there is no assembly for it: a child with its own copy of the memory. */

#include "sys/clone.h"

#include "sys/call.h"

long sys_clone_call(const struct clone_args *args, size_t size, int (*fn)(void *), void *arg)
{
	struct clone_args copy = *args;
	long r;

	copy.flags &= ~(__u64)CLONE_VM;
	copy.stack = copy.stack_size = 0;
	r = sys_call(SYS_clone3, &copy, size);
	if (r == 0)
		sys_call(SYS_exit, fn(arg));
	return r;
}
