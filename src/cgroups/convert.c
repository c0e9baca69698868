/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/convert.h"

#include <errno.h>

/*
 * Logarithm and power by series, exact to some 1e-14: libm would be one more library to load for
 * every container (60 microseconds) and is wanted nowhere else.
 */
#define LN2 0.693147180559945309417
#define LN10 2.302585092994045684018

static double log_base2(uint64_t n)
{
	double x = (double)n, z, power, sum = 0;
	int exponent = 0;

	for (; x >= 2; x /= 2)
		exponent++;
	/* ln x = 2 artanh z; z is at most 1/3, so each term gives another digit */
	z = (x - 1) / (x + 1);
	power = z;
	for (int i = 1; i < 40; i += 2, power *= z * z)
		sum += power / i;
	return exponent + 2 * sum / LN2;
}

static double power_of_10(double y)
{
	double x = y * LN10, result = 1, term = 1;
	int doublings = 0;

	for (; x > 1; x -= LN2)
		doublings++;
	for (int i = 1; i < 30; i++) {
		term *= x / i;
		result += term;
	}
	for (; doublings > 0; doublings--)
		result *= 2;
	return result;
}

uint64_t convert_shares(uint64_t shares)
{
	double l, weight;
	uint64_t whole;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log_base2(shares);
	weight = power_of_10((l * l + 125 * l) / 612 - 7.0 / 34);
	/* Rounded up, but 1024 is 100 and not 101 for a bit of the last place. */
	whole = (uint64_t)(weight - 1e-9);
	return whole + 1;
}

uint64_t convert_io_weight(uint64_t weight)
{
	if (weight < 10)
		return 1;
	if (weight > 1000)
		return 10000;
	return 1 + (weight - 10) * 9999 / 990;
}

int convert_swap(int64_t limit, int64_t swap, int64_t *ret, const char **why)
{
	/* On v1 the sum is never below the limit: lifting the limit lifts the sum. */
	if (swap == -1 || (swap == 0 && limit == -1)) {
		*ret = -1;
		return 1;
	}
	if (swap == 0)
		return 0;
	if (limit == 0 || limit == -1)
		*why = "needs a memory limit beside it";
	else if (swap < limit)
		*why = "is memory and swap together: it must not be below the memory limit";
	else {
		*ret = swap - limit;
		return 1;
	}
	return -EINVAL;
}
