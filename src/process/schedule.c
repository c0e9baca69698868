/* SPDX-License-Identifier: Apache-2.0 */
#include "process/schedule.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>

/* Linux 5.15 and 6.9; older headers lack them. */
#define MODE_PREFERRED_MANY 5
#define MODE_WEIGHTED_INTERLEAVE 6
/* Reserved by linux/sched.h, never implemented: the kernel refuses it. */
#define POLICY_ISO 4

int schedule_policy(enum oci_scheduler_policy policy)
{
	static const int number[] = {
		[OCI_SCHED_OTHER] = SCHED_NORMAL,
		[OCI_SCHED_FIFO] = SCHED_FIFO,
		[OCI_SCHED_RR] = SCHED_RR,
		[OCI_SCHED_BATCH] = SCHED_BATCH,
		[OCI_SCHED_ISO] = POLICY_ISO,
		[OCI_SCHED_IDLE] = SCHED_IDLE,
		[OCI_SCHED_DEADLINE] = SCHED_DEADLINE,
	};

	return number[policy];
}

uint64_t schedule_flag(enum oci_scheduler_flag flag)
{
	static const uint64_t number[] = {
		[OCI_SCHED_FLAG_RESET_ON_FORK] = SCHED_FLAG_RESET_ON_FORK,
		[OCI_SCHED_FLAG_RECLAIM] = SCHED_FLAG_RECLAIM,
		[OCI_SCHED_FLAG_DL_OVERRUN] = SCHED_FLAG_DL_OVERRUN,
		[OCI_SCHED_FLAG_KEEP_POLICY] = SCHED_FLAG_KEEP_POLICY,
		[OCI_SCHED_FLAG_KEEP_PARAMS] = SCHED_FLAG_KEEP_PARAMS,
		[OCI_SCHED_FLAG_UTIL_CLAMP_MIN] = SCHED_FLAG_UTIL_CLAMP_MIN,
		[OCI_SCHED_FLAG_UTIL_CLAMP_MAX] = SCHED_FLAG_UTIL_CLAMP_MAX,
	};

	return number[flag];
}

int schedule_io_class(enum oci_io_priority_class class)
{
	static const int number[] = {
		[OCI_IOPRIO_CLASS_RT] = IOPRIO_CLASS_RT,
		[OCI_IOPRIO_CLASS_BE] = IOPRIO_CLASS_BE,
		[OCI_IOPRIO_CLASS_IDLE] = IOPRIO_CLASS_IDLE,
	};

	return number[class];
}

int schedule_memory_mode(enum oci_memory_policy_mode mode)
{
	static const int number[] = {
		[OCI_MPOL_DEFAULT] = MPOL_DEFAULT,
		[OCI_MPOL_BIND] = MPOL_BIND,
		[OCI_MPOL_INTERLEAVE] = MPOL_INTERLEAVE,
		[OCI_MPOL_WEIGHTED_INTERLEAVE] = MODE_WEIGHTED_INTERLEAVE,
		[OCI_MPOL_PREFERRED] = MPOL_PREFERRED,
		[OCI_MPOL_PREFERRED_MANY] = MODE_PREFERRED_MANY,
		[OCI_MPOL_LOCAL] = MPOL_LOCAL,
	};

	return number[mode];
}

int schedule_memory_flag(enum oci_memory_policy_flag flag)
{
	static const int number[] = {
		[OCI_MPOL_F_NUMA_BALANCING] = 1 << 13,
		[OCI_MPOL_F_RELATIVE_NODES] = MPOL_F_RELATIVE_NODES,
		[OCI_MPOL_F_STATIC_NODES] = MPOL_F_STATIC_NODES,
	};

	return number[flag];
}
