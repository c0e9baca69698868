/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"

#include <errno.h>

int number_u64(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return -ERANGE;
	}
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int number_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	uint64_t magnitude;
	int64_t value;
	int negative = *text == '-', r;

	r = number_u64(text + negative, (uint64_t)INT64_MAX + (uint64_t)negative, &magnitude);
	if (r < 0)
		return r;
	value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int number_id(const char *text, uint32_t *ret)
{
	uint64_t value;
	int r = number_u64(text, UINT32_MAX - 1, &value);

	if (r == 0)
		*ret = (uint32_t)value;
	return r;
}
