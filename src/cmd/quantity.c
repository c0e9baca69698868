/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/quantity.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/str.h"

/* Cuts "12.5" off *text: value is 125, scale 10. */
static int cut_decimal(const char **text, int64_t *value, int64_t *scale)
{
	const char *p = *text;
	bool point = false, digits = false;

	*value = 0;
	*scale = 1;
	for (; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		digits = true;
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, *p - '0', value) ||
		    (point && __builtin_mul_overflow(*scale, 10, scale)))
			return -ERANGE;
	}
	if (!digits)
		return -EINVAL;
	*text = p;
	return 0;
}

/* value / scale * unit, without losing what the fraction stands for. */
static int multiply(int64_t value, int64_t scale, int64_t unit, int64_t *ret)
{
	int64_t whole, rest;

	if (__builtin_mul_overflow(value / scale, unit, &whole) ||
	    __builtin_mul_overflow(value % scale, unit, &rest) ||
	    __builtin_add_overflow(whole, rest / scale, ret))
		return -ERANGE;
	return 0;
}

int quantity_bytes(const char *text, int64_t *ret)
{
	static const char units[] = "kmgtp";
	const char *unit;
	int64_t value, scale, factor = 1;
	int r;

	if (number_i64(text, -1, INT64_MAX, ret) == 0)
		return 0;
	r = cut_decimal(&text, &value, &scale);
	if (r < 0)
		return r;
	unit = *text ? strchr(units, *text | 0x20) : NULL;
	if (unit) {
		factor <<= 10 * (unit - units + 1);
		text++;
	}
	if (*text && strcasecmp(text, "b") != 0 && !(unit && strcasecmp(text, "ib") == 0))
		return -EINVAL;
	return multiply(value, scale, factor, ret);
}

int quantity_ms(const char *text, int64_t *ret)
{
	static const struct unit {
		const char *name;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	int64_t total = 0, value, scale, part;

	do {
		size_t i = 0;
		int r = cut_decimal(&text, &value, &scale);

		if (r < 0)
			return r;
		while (i < COUNT_OF(units) && !str_after(text, units[i].name))
			i++;
		if (i == COUNT_OF(units))
			return -EINVAL;
		text = str_after(text, units[i].name);
		r = multiply(value, scale, units[i].ms, &part);
		if (r < 0 || __builtin_add_overflow(total, part, &total))
			return -ERANGE;
	} while (*text);
	*ret = total;
	return 0;
}
