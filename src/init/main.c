/* SPDX-License-Identifier: Apache-2.0 */

/*
 * hull-init: the first program inside the new namespaces. It is run from a sealed memory file,
 * has no C library, no heap and no parser; argv[1] is the number of the descriptor that holds the
 * plan.
 */

#include <linux/prctl.h>

#include "init/run.h"
#include "sys/call.h"

/* Static: the struct is larger than a page, and a waiting init should touch few. */
static struct init init;

/* Called by start-<arch>.S with the stack as the kernel left it. */
__attribute__((noreturn, used)) void init_main(const long *stack);

void init_main(const long *stack)
{
	const char *const *argv = (const void *)(stack + 1);
	int fd = 0, r;

	/*
	 * Before any namespace is joined: nothing in a container may trace us, read our memory or
	 * open our descriptors through /proc (CVE-2016-9962).
	 */
	sys_call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (stack[0] < 2)
		sys_call(SYS_exit_group, 127);
	for (const char *c = argv[1]; *c >= '0' && *c <= '9'; c++)
		fd = fd * 10 + (*c - '0');
	r = init_load(&init, fd);
	if (r == 0)
		r = init_run(&init);
	for (;;)
		sys_call(SYS_exit_group, 127);
}
