/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>

#include "cgroups/convert.h"
#include "tap.h"

static void test_shares(void)
{
	uint64_t wrong = 0, last = 0;
	bool monotonic = true;

	is_int(convert_shares(0), 1, "shares 0");
	is_int(convert_shares(1), 1, "shares 1");
	is_int(convert_shares(2), 1, "the smallest shares are the smallest weight");
	is_int(convert_shares(1024), 100, "the default is the default");
	is_int(convert_shares(262144), 10000, "the largest is the largest");
	is_int(convert_shares(UINT64_MAX), 10000, "beyond the largest");
	for (uint64_t s = 2; s <= 262144; s++) {
		long double l = log2l((long double)s);
		long double e = (l * l + 125 * l) / 612 - 7.0L / 34;
		uint64_t want = (uint64_t)ceill(powl(10, e) - 1e-12L), got = convert_shares(s);

		if (got != want && !wrong)
			wrong = s;
		monotonic &= got >= last;
		last = got;
	}
	is_int(wrong, 0, "all shares are converted as by the formula (first that is not)");
	ok(monotonic, "more shares are never less weight");
}

static void test_io(void)
{
	is_int(convert_io_weight(10), 1, "smallest weight");
	is_int(convert_io_weight(1000), 10000, "largest weight");
	is_int(convert_io_weight(505), 5000, "the middle");
	is_int(convert_io_weight(5), 1, "below the range");
	is_int(convert_io_weight(5000), 10000, "above the range");
}

static void test_swap(void)
{
	static const struct {
		int64_t limit, swap;
		int want;
		int64_t value;
	} table[] = {
		{0, 0, 0, 0},          {100, 0, 0, 0},        {100, 300, 1, 200},
		{100, 100, 1, 0},      {100, -1, 1, -1},      {-1, 0, 1, -1},
		{-1, -1, 1, -1},       {0, -1, 1, -1},        {0, 100, -EINVAL, 0},
		{-1, 100, -EINVAL, 0}, {100, 50, -EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const char *why = NULL;
		int64_t value = 0;

		is_int(convert_swap(table[i].limit, table[i].swap, &value, &why), table[i].want,
		       "limit %lld, swap %lld", (long long)table[i].limit,
		       (long long)table[i].swap);
		is_int(value, table[i].value, "its value");
		ok((why != NULL) == (table[i].want < 0), "a reason when refused");
	}
}

int main(void)
{
	test_shares();
	test_io();
	test_swap();
	return done_testing();
}
