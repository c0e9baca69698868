/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "plan/step.h"
#include "sys/call.h"

/* Everything that could be refused here (flags that this kernel lacks, too many instructions) was
 * found out on the host by src/seccomp/filter.c. */
static long load(const struct plan_bytes *filter, uint64_t flags)
{
	struct sock_fprog program;

	if (filter->size / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return -E2BIG;
	program.len = (unsigned short)(filter->size / sizeof(struct sock_filter));
	program.filter = (struct sock_filter *)(uintptr_t)filter->data;
	return sys_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

int step_seccomp(struct init *in, const struct step_seccomp *s)
{
	return init_doing(in, "seccomp", load(&s->filter, s->flags));
}

/* The descriptor that seccomp(2) returns is close-on-exec. */
int step_seccomp_listener(struct init *in, const struct step_seccomp_listener *s)
{
	long r = load(&s->filter, s->flags | SECCOMP_FILTER_FLAG_NEW_LISTENER);

	if (r < 0)
		return init_doing(in, "seccomp (new listener)", r);
	init_put(in, s->listener, (int)r);
	return 0;
}
