/* SPDX-License-Identifier: Apache-2.0 */
#include "process/capability.h"

#include <linux/capability.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "process/process.h"

static const char *const names[] = {
#define CAPABILITY(number, name) [number] = #name,
#include "process/capability.def"
#undef CAPABILITY
};

enum { CAPABILITY_BITS = 64 };

int capability_number(const char *name)
{
	int number;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcasecmp(names[i], name) == 0)
			return (int)i;
	number = capability_from_library(name);
	return number < CAPABILITY_BITS ? number : -1;
}

const char *capability_name(int number)
{
	return number >= 0 && (size_t)number < COUNT_OF(names) ? names[number] : NULL;
}

int capability_last(void)
{
	int last = 0;

	while (last + 1 < CAPABILITY_BITS && prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0)
		last++;
	return last;
}

uint64_t capability_mask(const char *const *list, size_t n)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < n; i++) {
		int number = capability_number(list[i]);

		if (number >= 0)
			mask |= UINT64_C(1) << number;
	}
	return mask;
}

struct capability_sets capability_sets_of(const struct oci_capabilities *config, uint64_t available)
{
	struct capability_sets sets = {0};

	if (!config)
		return sets;
#define SET(set) (capability_mask(config->set, config->n_##set) & available)
	sets.bounding = SET(bounding);
	sets.permitted = SET(permitted);
	sets.effective = SET(effective) & sets.permitted;
	sets.inheritable = SET(inheritable) & sets.bounding;
	sets.ambient = SET(ambient) & sets.permitted & sets.inheritable;
#undef SET
	return sets;
}

uint64_t capability_available(bool userns)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	uint64_t mine, bounding = 0;

	for (unsigned long cap = 0; cap < CAPABILITY_BITS; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= (userns ? 0 : 1))
			bounding |= UINT64_C(1) << cap;
	if (userns || syscall(SYS_capget, &header, data) < 0)
		return bounding;
	mine = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	return mine & bounding;
}
