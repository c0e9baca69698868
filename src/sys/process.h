/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Identity and privileges of this process, and new processes: thin calls that return a value or
 * -errno. Freestanding. */

#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/call.h"

static inline int sys_prctl(int option, unsigned long argument)
{
	return (int)sys_call(SYS_prctl, option, argument, 0, 0, 0);
}

/* The signal that we get when our parent dies; 0: none. */
static inline int sys_pdeathsig(void)
{
	int signal = 0;

	sys_call(SYS_prctl, PR_GET_PDEATHSIG, &signal, 0, 0, 0);
	return signal;
}

/*
 * To be called after every change of credentials: the kernel then makes us dumpable as it sees fit
 * (/proc/sys/fs/suid_dumpable) and forgets the parent-death signal (prctl(2)). Nothing may look
 * into a process that still holds descriptors of the host (CVE-2016-9962).
 */
static inline void sys_guard_again(int pdeathsig)
{
	sys_prctl(PR_SET_DUMPABLE, 0);
	sys_prctl(PR_SET_PDEATHSIG, (unsigned long)pdeathsig);
}

static inline int sys_setresuid(uint32_t uid)
{
	return (int)sys_call(SYS_setresuid, uid, uid, uid);
}

static inline int sys_setresgid(uint32_t gid)
{
	return (int)sys_call(SYS_setresgid, gid, gid, gid);
}

static inline int sys_setgroups(size_t n, const uint32_t *gids)
{
	return (int)sys_call(SYS_setgroups, n, gids);
}

static inline int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{(uint32_t)effective, (uint32_t)permitted,
						  (uint32_t)inheritable},
						 {(uint32_t)(effective >> 32),
						  (uint32_t)(permitted >> 32),
						  (uint32_t)(inheritable >> 32)}};

	return (int)sys_call(SYS_capset, &header, data);
}

static inline int sys_unshare(uint64_t flags)
{
	return (int)sys_call(SYS_unshare, flags);
}

static inline int sys_setns(int fd, uint64_t type)
{
	return (int)sys_call(SYS_setns, fd, type);
}

/* fork(2) with CLONE_* flags; ret_pidfd (may be NULL) gets a pidfd with CLONE_PIDFD. 0 in the
 * child. s390 has the first two arguments the other way round. */
static inline long sys_fork(uint64_t flags, int *ret_pidfd)
{
#ifdef __s390x__
	return sys_call(SYS_clone, 0, flags, ret_pidfd, 0, 0);
#else
	return sys_call(SYS_clone, flags, 0, ret_pidfd, 0, 0);
#endif
}

static inline int sys_execve(const char *path, const char *const *args, const char *const *env)
{
	return (int)sys_call(SYS_execve, path, args, env);
}

__attribute__((noreturn)) static inline void sys_exit(int status)
{
	for (;;)
		sys_call(SYS_exit_group, status);
}
