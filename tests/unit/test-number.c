/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"

#include <errno.h>

#include "tap.h"

/* What a user's id was read as by other runtimes, some of them as root (attack S40). */
static void test_ids(void)
{
	static const struct {
		const char *text;
		int r;
		uint32_t id;
	} table[] = {
		{"0", 0, 0},
		{"1", 0, 1},
		{"1000", 0, 1000},
		{"2147483648", 0, 2147483648},
		{"4294967294", 0, 4294967294},
		{"007", 0, 7},
		{"4294967295", -ERANGE, 0},
		{"4294967296", -ERANGE, 0},
		{"99999999999", -ERANGE, 0},
		{"18446744073709551616", -ERANGE, 0},
		{"184467440737095516160", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1x", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"1.0", -EINVAL, 0},
		{"root", -EINVAL, 0},
		{"\xd9\xa1", -EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		uint32_t id = 77;

		is_int(number_id(table[i].text, &id), table[i].r, "id \"%s\"", table[i].text);
		is_int(id, table[i].r < 0 ? 77 : table[i].id, "  and what it gives");
	}
}

static void test_bounds(void)
{
	uint64_t u = 5;
	int64_t i = 5;

	is_int(number_u64("18446744073709551615", UINT64_MAX, &u), 0, "the largest number");
	ok(u == UINT64_MAX, "  and its value");
	is_int(number_u64("11", 10, &u), -ERANGE, "more than the maximum");
	is_int(number_u64("10", 10, &u), 0, "the maximum itself");
	is_int(number_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &i), 0, "the smallest");
	ok(i == INT64_MIN, "  and its value");
	is_int(number_i64("9223372036854775807", INT64_MIN, INT64_MAX, &i), 0, "the largest");
	ok(i == INT64_MAX, "  and its value");
	is_int(number_i64("9223372036854775808", INT64_MIN, INT64_MAX, &i), -ERANGE, "one more");
	is_int(number_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &i), -ERANGE, "one less");
	is_int(number_i64("-1", 0, 9, &i), -ERANGE, "below the minimum");
	is_int(number_i64("--1", INT64_MIN, INT64_MAX, &i), -EINVAL, "two signs");
	is_int(number_i64("-", INT64_MIN, INT64_MAX, &i), -EINVAL, "only a sign");
	is_int(number_i64("-0", INT64_MIN, INT64_MAX, &i), 0, "minus zero");
	is_int(i, 0, "  is zero");
}

int main(void)
{
	test_ids();
	test_bounds();
	return done_testing();
}
