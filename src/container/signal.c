/* SPDX-License-Identifier: Apache-2.0 */
#include "container/signal.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <strings.h>

#include "base/number.h"
#include "base/str.h"

static const struct name {
	const char *name;
	int number;
} names[] = {
#define SIGNAL(name) {#name, SIG##name},
#include "container/signal.def"
#undef SIGNAL
};

/* "" or sign and digits behind RTMIN or RTMAX. */
static int real_time(const char *offset, int base, char sign, int *ret)
{
	uint64_t distance = 0;

	if (*offset && (*offset != sign ||
			number_u64(offset + 1, (uint64_t)(SIGRTMAX - SIGRTMIN), &distance) < 0))
		return -EINVAL;
	*ret = sign == '+' ? base + (int)distance : base - (int)distance;
	return 0;
}

int signal_number(const char *text, int *ret)
{
	uint64_t number;

	if (number_u64(text, (uint64_t)SIGRTMAX, &number) == 0) {
		*ret = (int)number;
		return 0;
	}
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncasecmp(text, "RTMIN", 5) == 0)
		return real_time(text + 5, SIGRTMIN, '+', ret);
	if (strncasecmp(text, "RTMAX", 5) == 0)
		return real_time(text + 5, SIGRTMAX, '-', ret);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (strcasecmp(text, names[i].name) == 0) {
			*ret = names[i].number;
			return 0;
		}
	}
	return -EINVAL;
}
