/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Device rules for devices.allow and devices.deny of v1. The kernel keeps a default (deny or allow
 * all) and a list of exceptions to it (security/device_cgroup.c). Its "deny" only takes an entry
 * back that was allowed in just the same words: "deny c 10:229" after "allow c 10:*" is accepted
 * and does nothing. So the rules are played through here, and what the list cannot hold is an
 * error instead of a hole.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/str.h"
#include "cgroups/devices.h"
#include "cgroups/knob.h"
#include "cgroups/limits.h"
#include "libocispec/arena.h"
#include "sys/file.h"

enum { LIST_LIMIT = 1 << 20 };

static bool covers(int64_t wide, int64_t narrow)
{
	return wide == -1 || wide == narrow;
}

static bool meets(int64_t a, int64_t b)
{
	return a == -1 || b == -1 || a == b;
}

/* The list has room for two (block, char) of each rule. */
static void add_exception(struct device_exceptions *list, unsigned type,
			  const struct device_rule *r)
{
	for (size_t i = 0; i < list->n; i++) {
		struct device_exception *e = &list->item[i];

		if (e->type == type && e->major == r->major && e->minor == r->minor) {
			e->access |= r->access;
			return;
		}
	}
	list->item[list->n++] = (struct device_exception){type, r->access, r->major, r->minor};
}

/* hull's "mknod of all" stands although one device is denied: making a node that cannot be opened
 * gives nothing. (On v2, where the order is kept, it is denied too.) */
static bool only_mknod(const struct device_exception *e, const struct device_rule *r)
{
	return e->major == -1 && e->minor == -1 && (e->access & r->access) == DEVICE_MKNOD;
}

/* A rule that is like the default takes its rights back from the exceptions. */
static void take_back(struct limits *l, struct device_exceptions *list, unsigned type,
		      const struct device_rule *r)
{
	for (size_t i = 0; i < list->n; i++) {
		struct device_exception *e = &list->item[i];
		char text[64];

		if (e->type != type || !(e->access & r->access))
			continue;
		if (covers(r->major, e->major) && covers(r->minor, e->minor)) {
			e->access &= ~r->access;
		} else if (meets(r->major, e->major) && meets(r->minor, e->minor) &&
			   !(list->allow == false && only_mknod(e, r))) {
			devices_v1_text(e, text);
			limits_refuse(l, limits_text(l, "devices[%d]", r->index),
				      "cgroup v1 cannot make an exception from the earlier rule "
				      "\"%s\"",
				      text);
		}
	}
}

/* The kernel wants one entry that has all rights of a request: give each what wider ones have. */
static void widen(struct device_exceptions *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct device_exception *e = &list->item[i];

		for (size_t j = 0; j < list->n; j++) {
			const struct device_exception *f = &list->item[j];

			if (f->type == e->type && covers(f->major, e->major) &&
			    covers(f->minor, e->minor))
				e->access |= f->access;
		}
	}
}

int devices_v1_compile(struct limits *l, const struct device_rules *rules,
		       struct device_exceptions *ret)
{
	struct device_exceptions list = {.allow = rules->allow};
	size_t kept = 0;

	list.item = arena_array(l->arena, 2 * rules->n + 1, sizeof *list.item);
	if (!list.item)
		return err_set(l->err, ENOMEM, "linux.resources.devices");
	for (size_t i = 0; i < rules->n; i++) {
		const struct device_rule *r = &rules->rule[i];

		for (unsigned type = DEVICE_BLOCK; type <= DEVICE_CHAR; type <<= 1) {
			if (!(r->types & type))
				continue;
			if (r->allow == list.allow)
				take_back(l, &list, type, r);
			else
				add_exception(&list, type, r);
		}
	}
	for (size_t i = 0; i < list.n; i++)
		if (list.item[i].access)
			list.item[kept++] = list.item[i];
	list.n = kept;
	widen(&list);
	*ret = list;
	return l->refused ? -EINVAL : 0;
}

static void number(char *text, size_t room, int64_t n)
{
	if (n < 0)
		snprintf(text, room, "*");
	else
		snprintf(text, room, "%" PRId64, n);
}

void devices_v1_text(const struct device_exception *e, char text[64])
{
	char major[24], minor[24];

	number(major, sizeof major, e->major);
	number(minor, sizeof minor, e->minor);
	snprintf(text, 64, "%c %s:%s %s%s%s", e->type == DEVICE_CHAR ? 'c' : 'b', major, minor,
		 e->access & DEVICE_READ ? "r" : "", e->access & DEVICE_WRITE ? "w" : "",
		 e->access & DEVICE_MKNOD ? "m" : "");
}

static int failed(const char *dir_name, bool allow, const char *text, int r, struct err *err)
{
	return err_set(err, -r, "linux.resources.devices: write \"%s\" to %s/devices.%s", text,
		       dir_name, allow ? "allow" : "deny");
}

static int send_one(int dir, const char *dir_name, bool allow, const char *text, struct err *err)
{
	int r = knob_write(dir, allow ? "devices.allow" : "devices.deny", text);

	return r < 0 ? failed(dir_name, allow, text, r, err) : 0;
}

/* One open for all (a container has 11 and more), one write for each: the kernel reads the first
 * rule of a write only. */
static int send_all(const struct device_exceptions *e, int dir, const char *dir_name,
		    struct err *err)
{
	AUTO_CLOSE int fd = knob_open(dir, e->allow ? "devices.deny" : "devices.allow", O_WRONLY);
	long r = fd < 0 ? fd : 0;

	if (r < 0)
		return failed(dir_name, !e->allow, "", (int)r, err);
	for (size_t i = 0; i < e->n; i++) {
		char text[64];

		devices_v1_text(&e->item[i], text);
		r = sys_write(fd, text, strlen(text));
		if (r < 0)
			return failed(dir_name, !e->allow, text, (int)r, err);
	}
	return 0;
}

static bool in_list(const struct device_exceptions *e, const char *line)
{
	for (size_t i = 0; i < e->n; i++) {
		char text[64];

		devices_v1_text(&e->item[i], text);
		if (str_eq(text, line))
			return true;
	}
	return false;
}

/* Takes away what the list of a running container has and the new rules do not. */
static int drop_old(const struct device_exceptions *e, char *now, int dir, const char *dir_name,
		    struct err *err)
{
	char *save = NULL;
	int r = 0;

	for (char *line = strtok_r(now, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save))
		if (!in_list(e, line))
			r = send_one(dir, dir_name, false, line, err);
	return r;
}

int devices_v1_apply(struct arena *arena, const struct device_exceptions *e, int dir,
		     const char *dir_name, bool fresh, struct err *err)
{
	char *now = NULL;
	size_t size;
	int r;

	if (!fresh) {
		r = io_read_file(arena, dir, "devices.list", LIST_LIMIT, &now, &size);
		if (r < 0)
			return err_set(err, -r, "read %s/devices.list", dir_name);
	}
	/* The list shows "a *:* rwm" when the default is to allow. Writing that sets the default
	 * and forgets all exceptions. */
	if (fresh || e->allow || str_after(now, "a ")) {
		r = send_one(dir, dir_name, e->allow, "a *:* rwm", err);
		return r == 0 && e->n ? send_all(e, dir, dir_name, err) : r;
	}
	r = send_all(e, dir, dir_name, err);
	return r == 0 ? drop_old(e, now, dir, dir_name, err) : r;
}
