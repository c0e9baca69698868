/* SPDX-License-Identifier: Apache-2.0 */

/* Limits as properties of a unit (systemd.resource-control(5), org.freedesktop.systemd1(5)). They
 * are made from what is written to the files, so that "unified" is translated too. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/str.h"
#include "cgroups/limits.h"
#include "cgroups/systemd.h"

enum kind {
	NUMBER, /* "max" and -1 are UINT64_MAX */
	WEIGHT, /* "default N" or N */
	MASK, /* "0-3,7" as a bit mask in bytes */
	IDLE, /* 1 is the weight 0 */
};

static const struct {
	const char *file, *property;
	enum kind kind;
} table[] = {
	{"memory.max", "MemoryMax", NUMBER},
	{"memory.high", "MemoryHigh", NUMBER},
	{"memory.low", "MemoryLow", NUMBER},
	{"memory.min", "MemoryMin", NUMBER},
	{"memory.swap.max", "MemorySwapMax", NUMBER},
	{"memory.limit_in_bytes", "MemoryLimit", NUMBER},
	{"pids.max", "TasksMax", NUMBER},
	{"cpu.weight", "CPUWeight", NUMBER},
	{"cpu.idle", "CPUWeight", IDLE},
	{"cpu.shares", "CPUShares", NUMBER},
	{"cpuset.cpus", "AllowedCPUs", MASK},
	{"cpuset.mems", "AllowedMemoryNodes", MASK},
	{"io.weight", "IOWeight", WEIGHT},
};

enum { MASK_BYTES = 1024, DEFAULT_PERIOD = 100000, PERCENT = 10000 };

bool systemd_is_skipped(const char *const *skip, const char *name)
{
	for (; skip && *skip; skip++)
		if (str_eq(*skip, name))
			return true;
	return false;
}

static void property_u64(struct buf *buf, const char *const *skip, const char *name, uint64_t value)
{
	if (systemd_is_skipped(skip, name))
		return;
	dbus_align(buf, 8);
	dbus_string(buf, name);
	dbus_signature(buf, "t");
	dbus_u64(buf, value);
}

static bool parse_number(const char *text, uint64_t *ret)
{
	if (str_eq(text, "max") || str_eq(text, "-1")) {
		*ret = UINT64_MAX;
		return true;
	}
	return number_u64(text, UINT64_MAX, ret) == 0;
}

static bool parse_digits(const char **text, uint64_t *ret)
{
	char digits[21] = "";
	size_t n = strspn(*text, "0123456789");

	if (!n || n >= sizeof digits)
		return false;
	memcpy(digits, *text, n);
	*text += n;
	return number_u64(digits, UINT64_MAX, ret) == 0;
}

/* Bytes used, 0 for what is no list. */
static size_t parse_mask(const char *list, unsigned char mask[MASK_BYTES])
{
	size_t used = 0;

	memset(mask, 0, MASK_BYTES);
	while (*list) {
		uint64_t first, last;

		if (!parse_digits(&list, &first))
			return 0;
		last = first;
		if (*list == '-') {
			list++;
			if (!parse_digits(&list, &last))
				return 0;
		}
		if (last < first || last >= MASK_BYTES * 8)
			return 0;
		for (; first <= last; first++)
			mask[first / 8] |= (unsigned char)(1u << first % 8);
		used = last / 8 + 1 > used ? last / 8 + 1 : used;
		list += strspn(list, ", ");
	}
	return used;
}

static void property_mask(struct buf *buf, const char *const *skip, const char *name,
			  const char *list)
{
	unsigned char mask[MASK_BYTES];
	size_t n = parse_mask(list, mask), array;

	if (!n || systemd_is_skipped(skip, name))
		return;
	dbus_align(buf, 8);
	dbus_string(buf, name);
	dbus_signature(buf, "ay");
	array = dbus_array(buf, 1);
	buf_add(buf, mask, n);
	dbus_array_end(buf, array, 1);
}

static void property(struct buf *buf, const char *const *skip, size_t i, const char *value)
{
	const char *weight = str_after(value, "default ");
	uint64_t number;

	switch (table[i].kind) {
	case MASK:
		property_mask(buf, skip, table[i].property, value);
		break;
	case IDLE:
		if (str_eq(value, "1"))
			property_u64(buf, skip, table[i].property, 0);
		break;
	case WEIGHT:
	case NUMBER:
		/* What is no number (a weight for one device) has no property. */
		if (parse_number(weight ? weight : value, &number))
			property_u64(buf, skip, table[i].property, number);
		break;
	}
}

struct bandwidth {
	bool has_quota, has_period;
	uint64_t quota, period; /* microseconds; quota UINT64_MAX: no limit */
};

/* "50000 100000", "max", "50000" of v2; two files on v1. */
static void read_bandwidth(const struct limit *l, struct bandwidth *b)
{
	const char *text = l->value;

	if (str_eq(l->file, "cpu.cfs_period_us") ||
	    (str_eq(l->file, "cpu.max") && (l->flags & LIMIT_KEEP_QUOTA))) {
		b->has_period = number_u64(text, UINT32_MAX, &b->period) == 0;
	} else if (str_eq(l->file, "cpu.cfs_quota_us")) {
		b->has_quota = parse_number(text, &b->quota);
	} else if (str_eq(l->file, "cpu.max")) {
		if (str_after(text, "max")) {
			b->quota = UINT64_MAX;
			b->has_quota = true;
			text += strlen("max");
		} else {
			b->has_quota = parse_digits(&text, &b->quota);
		}
		if (*text == ' ')
			b->has_period = number_u64(text + 1, UINT32_MAX, &b->period) == 0;
	}
}

/* systemd counts in whole percents of a CPU: rounded up, the files then have the exact value. */
static void bandwidth(struct buf *buf, const char *const *skip, const struct bandwidth *b)
{
	uint64_t period = b->has_period && b->period ? b->period : DEFAULT_PERIOD, per_second;

	if (b->has_period)
		property_u64(buf, skip, "CPUQuotaPeriodUSec", period);
	if (!b->has_quota)
		return;
	if (b->quota == UINT64_MAX || __builtin_mul_overflow(b->quota, 1000000, &per_second))
		per_second = UINT64_MAX;
	else
		per_second = (per_second / period + PERCENT - 1) / PERCENT * PERCENT;
	property_u64(buf, skip, "CPUQuotaPerSecUSec", per_second);
}

void systemd_properties(const struct limits *limits, const char *const *skip, struct buf *buf)
{
	struct bandwidth b = {0};

	for (size_t k = 0; k < limits->n; k++) {
		const struct limit *l = &limits->item[k];

		for (size_t i = 0; i < COUNT_OF(table); i++) {
			if (str_eq(l->file, table[i].file))
				property(buf, skip, i, l->value);
			else if (l->or_file && str_eq(l->or_file, table[i].file))
				property(buf, skip, i, l->or_value);
		}
		read_bandwidth(l, &b);
	}
	bandwidth(buf, skip, &b);
}
