/* SPDX-License-Identifier: Apache-2.0 */
#include "process/rlimit.h"

#include <sys/resource.h>

#include "base/str.h"

const char *const rlimit_names[] = {
#define RLIMIT(name) #name,
#include "process/rlimit.def"
#undef RLIMIT
	NULL};

static const int numbers[] = {
#define RLIMIT(name) (int)name,
#include "process/rlimit.def"
#undef RLIMIT
};

int rlimit_number(const char *name)
{
	for (size_t i = 0; rlimit_names[i]; i++)
		if (str_eq(rlimit_names[i], name))
			return numbers[i];
	return -1;
}
