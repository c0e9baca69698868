/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/quantity.h"

#include <errno.h>

#include "tap.h"

struct row {
	const char *text;
	int r;
	int64_t value;
};

static const struct row bytes[] = {
	{"0", 0, 0},
	{"-1", 0, -1},
	{"4096", 0, 4096},
	{"100M", 0, 100 << 20},
	{"100m", 0, 100 << 20},
	{"100MB", 0, 100 << 20},
	{"100mib", 0, 100 << 20},
	{"1.5g", 0, 1610612736},
	{"2k", 0, 2048},
	{"7b", 0, 7},
	{"1p", 0, INT64_C(1) << 50},
	{"9223372036854775807", 0, INT64_MAX},
	{"-2", -EINVAL, 0},
	{"", -EINVAL, 0},
	{"M", -EINVAL, 0},
	{".", -EINVAL, 0},
	{"1..5k", -EINVAL, 0},
	{"1 M", -EINVAL, 0},
	{"1Mx", -EINVAL, 0},
	{"1ib", -EINVAL, 0},
	{"0x10", -EINVAL, 0},
	{"9223372036854775808", -ERANGE, 0},
	{"9000000p", -ERANGE, 0},
};

static const struct row times[] = {
	{"5s", 0, 5000},
	{"500ms", 0, 500},
	{"1m30s", 0, 90000},
	{"1.5h", 0, 5400000},
	{"0s", 0, 0},
	{"0.5ms", 0, 0},
	{"5", -EINVAL, 0},
	{"", -EINVAL, 0},
	{"s", -EINVAL, 0},
	{"5d", -EINVAL, 0},
	{"5s1", -EINVAL, 0},
	{"-5s", -EINVAL, 0},
	{"9223372036854775807s", -ERANGE, 0},
};

static void check(const char *what, int (*parse)(const char *, int64_t *), const struct row *row,
		  size_t n)
{
	for (; n; n--, row++) {
		int64_t value = 77;

		is_int(parse(row->text, &value), row->r, "%s \"%s\"", what, row->text);
		if (row->r == 0)
			is_int(value, row->value, "  and its value");
	}
}

int main(void)
{
	check("bytes", quantity_bytes, bytes, sizeof bytes / sizeof *bytes);
	check("time", quantity_ms, times, sizeof times / sizeof *times);
	return done_testing();
}
