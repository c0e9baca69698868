/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/filter_flags.h"

#include <errno.h>
#include <linux/seccomp.h>

#include "base/err.h"
#include "sys/call.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

uint64_t filter_flag_bit(enum oci_seccomp_flag flag)
{
	switch (flag) {
	case OCI_SECCOMP_FILTER_FLAG_TSYNC:
		return SECCOMP_FILTER_FLAG_TSYNC;
	case OCI_SECCOMP_FILTER_FLAG_LOG:
		return SECCOMP_FILTER_FLAG_LOG;
	case OCI_SECCOMP_FILTER_FLAG_SPEC_ALLOW:
		return SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	case OCI_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV:
		return SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	}
	return 0;
}

/* seccomp(2) looks at the flags first (EINVAL) and at the program afterwards: EFAULT for the null
 * pointer means that the flags were fine. Nothing is loaded either way. */
bool filter_flag_supported(enum oci_seccomp_flag flag)
{
	uint64_t bits = filter_flag_bit(flag);

	/* the kernel takes it only together with a listener */
	if (flag == OCI_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		bits |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return sys_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, bits, 0) == -EFAULT;
}

/* What is left of a flag for a filter that a single-threaded init loads. */
static uint64_t useful_bit(enum oci_seccomp_flag flag, bool notify)
{
	/* TSYNC spreads the filter over the caller's other threads: hull-init has none. With a
	 * listener the kernel would refuse it (seccomp(2), SECCOMP_FILTER_FLAG_NEW_LISTENER). */
	if (flag == OCI_SECCOMP_FILTER_FLAG_TSYNC)
		return 0;
	/* It says how notifications wait; without a listener there are none, and the kernel
	 * refuses the flag. */
	if (flag == OCI_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !notify)
		return 0;
	return filter_flag_bit(flag);
}

int filter_flags(const struct oci_seccomp *seccomp, bool notify, uint64_t *ret, struct err *err)
{
	const enum oci_seccomp_flag spec_allow = OCI_SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	uint64_t bits = 0;

	/* Absent is not empty: without a list of flags a filter does not slow its process down by
	 * the speculation mitigations of old kernels, the default of the other runtimes. */
	if (!seccomp->flags && filter_flag_supported(spec_allow))
		bits = filter_flag_bit(spec_allow);
	for (size_t i = 0; i < seccomp->n_flags; i++) {
		if (!filter_flag_supported(seccomp->flags[i]))
			return err_text(err, ENOTSUP,
					"linux.seccomp.flags[%zu]: %s is not supported by this "
					"kernel",
					i,
					oci_enum_word(&oci_enum_seccomp_flag, seccomp->flags[i]));
		bits |= useful_bit(seccomp->flags[i], notify);
	}
	*ret = bits;
	return 0;
}
