/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/devices.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "cgroups/limits.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"

/* Making any node is harmless when it cannot be opened, and package managers do it. */
static const struct device_rule defaults[] = {
	{true, DEVICE_ALL_TYPES, DEVICE_MKNOD, -1, -1, -1},
	{true, DEVICE_CHAR, DEVICE_ALL_RIGHTS, 1, 3, -1}, /* null */
	{true, DEVICE_CHAR, DEVICE_ALL_RIGHTS, 1, 5, -1}, /* zero */
	{true, DEVICE_CHAR, DEVICE_ALL_RIGHTS, 1, 7, -1}, /* full */
	{true, DEVICE_CHAR, DEVICE_ALL_RIGHTS, 1, 8, -1}, /* random */
	{true, DEVICE_CHAR, DEVICE_ALL_RIGHTS, 1, 9, -1}, /* urandom */
	{true, DEVICE_CHAR, DEVICE_ALL_RIGHTS, 5, 0, -1}, /* tty */
	{true, DEVICE_CHAR, DEVICE_ALL_RIGHTS, 5, 2, -1}, /* ptmx */
	{true, DEVICE_CHAR, DEVICE_ALL_RIGHTS, 136, -1, -1}, /* pts/N */
	{true, DEVICE_CHAR, DEVICE_ALL_RIGHTS, 10, 200, -1}, /* net/tun */
};

static unsigned parse_access(const char *text)
{
	unsigned access = 0;

	for (; text && *text; text++) {
		if (*text == 'r')
			access |= DEVICE_READ;
		else if (*text == 'w')
			access |= DEVICE_WRITE;
		else if (*text == 'm')
			access |= DEVICE_MKNOD;
		else
			return 0;
	}
	return access;
}

static unsigned parse_types(const char *text)
{
	if (!text || str_eq(text, "a") || !*text)
		return DEVICE_ALL_TYPES;
	if (str_eq(text, "b"))
		return DEVICE_BLOCK;
	return str_eq(text, "c") ? DEVICE_CHAR : 0;
}

/* The kernel keeps "all" as 4294967295 (v1): that number must not pass for a device's. */
static bool valid_number(int64_t n)
{
	return n >= -1 && n <= INT32_MAX;
}

static void parse_rule(struct limits *l, const struct oci_device_rule *from, size_t i,
		       struct device_rule *to)
{
	const char *origin = limits_text(l, "devices[%zu]", i);

	*to = (struct device_rule){
		.allow = from->allow,
		.types = parse_types(from->type),
		.access = parse_access(from->access),
		.major = from->has_major ? from->major : -1,
		.minor = from->has_minor ? from->minor : -1,
		.index = (int)i,
	};
	if (!from->access || !*from->access)
		limits_refuse(l, origin, "device access at %zu field cannot be empty", i);
	else if (!to->access)
		limits_refuse(l, origin, "access \"%.16s\" is not made of r, w and m",
			      from->access);
	if (!to->types)
		limits_refuse(l, origin, "type \"%.16s\" is not one of a, b, c", from->type);
	if (!valid_number(to->major) || !valid_number(to->minor))
		limits_refuse(l, origin, "%" PRId64 ":%" PRId64 " is no device number", to->major,
			      to->minor);
}

static bool about_all(const struct device_rule *r)
{
	return r->types == DEVICE_ALL_TYPES && r->access == DEVICE_ALL_RIGHTS && r->major == -1 &&
	       r->minor == -1;
}

int devices_rules(struct limits *l, const struct oci_resources *resources, struct device_rules *ret)
{
	size_t n = resources ? resources->n_devices : 0, first = 0, n_defaults = 0;
	struct device_rules rules = {0};
	struct device_rule *from = arena_array(l->arena, n + 1, sizeof *from);

	rules.rule = arena_array(l->arena, n + COUNT_OF(defaults), sizeof *rules.rule);
	if (!from || !rules.rule)
		return err_set(l->err, ENOMEM, "linux.resources.devices");
	for (size_t i = 0; i < n; i++) {
		parse_rule(l, &resources->devices[i], i, &from[i]);
		if (about_all(&from[i])) {
			rules.allow = from[i].allow;
			first = i + 1;
		}
	}
	if (l->refused)
		return -EINVAL;
	if (!rules.allow) {
		n_defaults = COUNT_OF(defaults);
		memcpy(rules.rule, defaults, sizeof defaults);
	}
	memcpy(rules.rule + n_defaults, from + first, (n - first) * sizeof *from);
	rules.n = n_defaults + n - first;
	*ret = rules;
	return 0;
}

static void dump_number(struct buf *buf, int64_t n)
{
	if (n < 0)
		buf_str(buf, "*");
	else
		buf_printf(buf, "%" PRId64, n);
}

void devices_dump(const struct device_rules *rules, struct buf *buf)
{
	buf_printf(buf, "devices: %s all\n", rules->allow ? "allow" : "deny");
	for (size_t i = 0; i < rules->n; i++) {
		const struct device_rule *r = &rules->rule[i];

		buf_printf(buf, "devices: %s %s ", r->allow ? "allow" : "deny",
			   r->types == DEVICE_ALL_TYPES ? "a"
			   : r->types == DEVICE_CHAR    ? "c"
							: "b");
		dump_number(buf, r->major);
		buf_str(buf, ":");
		dump_number(buf, r->minor);
		buf_printf(buf, " %s%s%s\n", r->access & DEVICE_READ ? "r" : "",
			   r->access & DEVICE_WRITE ? "w" : "",
			   r->access & DEVICE_MKNOD ? "m" : "");
	}
}
