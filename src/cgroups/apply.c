/* SPDX-License-Identifier: Apache-2.0 */

/* Writing of a list of limits to a cgroup. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "cgroups/knob.h"
#include "cgroups/limits.h"

static int write_lines(int dir, const char *file, const char *text)
{
	char line[4096];
	int r = 0;

	while (*text && r == 0) {
		size_t n = strcspn(text, "\n");

		if (n >= sizeof line)
			return -E2BIG;
		memcpy(line, text, n);
		line[n] = '\0';
		if (n)
			r = knob_write(dir, file, line);
		text += n + (text[n] == '\n');
	}
	return r;
}

/* cpu.max is "QUOTA PERIOD"; a period cannot be written alone. */
static int write_period(int dir, const char *file, const char *period)
{
	char now[64], value[128];
	int r = knob_read(dir, file, now, sizeof now);

	if (r < 0)
		return r;
	now[strcspn(now, " ")] = '\0';
	snprintf(value, sizeof value, "%s %s", now, period);
	return knob_write(dir, file, value);
}

static int write_limit(int dir, const struct limit *limit)
{
	int r;

	if (limit->flags & LIMIT_LINES)
		r = write_lines(dir, limit->file, limit->value);
	else if (limit->flags & LIMIT_KEEP_QUOTA)
		r = write_period(dir, limit->file, limit->value);
	else
		r = knob_write(dir, limit->file, limit->value);
	if (r == -ENOENT && limit->or_file)
		r = knob_write(dir, limit->or_file, limit->or_value);
	return r == -ENOENT && (limit->flags & LIMIT_MISSING_OK) ? 0 : r;
}

static int failed(int dir, const char *dir_name, const struct limit *limit, int r, struct err *err)
{
	int64_t usage;

	/* v1 refuses a limit below what cannot be reclaimed: say what that is */
	if (r == -EBUSY && str_eq(limit->file, "memory.limit_in_bytes") &&
	    knob_read_number(dir, "memory.usage_in_bytes", &usage) == 0)
		return err_set(err, EBUSY,
			       "linux.resources.%s: unable to set memory limit to %s (current "
			       "usage: %" PRId64 ")",
			       limit->origin, limit->value, usage);
	return err_set(err, -r, "linux.resources.%s: write \"%.64s\" to %s/%s", limit->origin,
		       limit->value, dir_name, limit->file);
}

int limits_apply(const struct limits *l, int dir, const char *dir_name, unsigned bits,
		 struct err *err)
{
	bool later = false;
	int r = 0;

	for (size_t i = 0; i < l->n && r >= 0; i++) {
		const struct limit *limit = &l->item[i];

		if (!(bits & CONTROLLER_BIT(limit->controller)))
			continue;
		r = write_limit(dir, limit);
		if (r == -EINVAL && (limit->flags & LIMIT_LATER)) {
			later = true;
			r = 0;
		}
		if (r < 0)
			return failed(dir, dir_name, limit, r, err);
	}
	if (!later)
		return 0;
	/* Once more, now that the others are there. What was accepted before is so again. */
	for (size_t i = 0; i < l->n; i++) {
		const struct limit *limit = &l->item[i];

		if (!(bits & CONTROLLER_BIT(limit->controller)) || !(limit->flags & LIMIT_LATER))
			continue;
		r = write_limit(dir, limit);
		if (r < 0)
			return failed(dir, dir_name, limit, r, err);
	}
	return 0;
}
