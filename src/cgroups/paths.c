/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/paths.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec/arena.h"

/* Takes the last component off text[0..used). False when there is none. */
static bool drop_last(const char *text, size_t *used)
{
	size_t n = *used;

	if (!n)
		return false;
	while (n > 0 && text[n - 1] != '/')
		n--;
	*used = n ? n - 1 : 0;
	return true;
}

/* The kernel refuses a newline itself (it would forge lines of /proc/PID/cgroup); the other
 * control characters are refused since the path goes into messages and the record. */
static const char *bad_component(const char *at, size_t n)
{
	if (n > NAME_MAX)
		return "has a component of more than 255 bytes";
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)at[i] < 0x20 || at[i] == 0x7f)
			return "has a control character";
	return NULL;
}

int paths_clean(struct arena *arena, const char *path, const char **ret, struct err *err)
{
	size_t size = strlen(path), used = 0;
	char *text = arena_alloc(arena, size + 2), *below;
	const char *at = path, *bad = size >= PATH_MAX - 512 ? "is too long" : NULL;

	if (!text)
		return err_set(err, ENOMEM, "cgroupsPath");
	if (*path == '/')
		*text = '/';
	below = text + (*path == '/');
	while (*at && !bad) {
		size_t n = strcspn(at, "/");

		bad = bad_component(at, n);
		if (n == 2 && !memcmp(at, "..", 2)) {
			if (!drop_last(below, &used))
				bad = "leads out of its start with \"..\"";
		} else if (n && !bad && !(n == 1 && *at == '.')) {
			if (used)
				below[used++] = '/';
			memcpy(below + used, at, n);
			used += n;
		}
		at += n + (at[n] == '/');
	}
	if (!bad && !used)
		bad = "names the root cgroup";
	if (bad)
		return err_text(err, EINVAL, "linux.cgroupsPath: \"%.256s\" %s", path, bad);
	below[used] = '\0';
	*ret = text;
	return 0;
}

const char *paths_join(struct arena *arena, const char *base, const char *path)
{
	if (str_eq(base, "/"))
		base = "";
	return arena_printf(arena, "%s%s%s", base, *path == '/' ? "" : "/", path);
}

const char *paths_parent(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return "/";
	return arena_strndup(arena, path, (size_t)(slash - path));
}

/* systemd.unit(5): letters, digits, ":-_.\" and, in templates, "@". */
static bool unit_characters(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && !(c && strchr("-_.\\@+", c)))
			return false;
	}
	return true;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && str_eq(text + n - m, end);
}

static int slice_name(struct arena *arena, const char *text, size_t n, bool user, const char **ret)
{
	if (n == 0)
		*ret = user ? "user.slice" : "system.slice";
	else if (n == 1 && *text == '-')
		*ret = "-.slice";
	else
		*ret = arena_strndup(arena, text, n);
	return *ret ? 0 : -ENOMEM;
}

int paths_unit(struct arena *arena, const char *path, const char *id, bool user_slice,
	       struct paths_unit *ret, struct err *err)
{
	struct paths_unit unit;
	const char *text = path && *path ? path : arena_printf(arena, ":hull:%s", id);
	const char *prefix = text ? strchr(text, ':') : NULL;
	const char *name = prefix ? strchr(prefix + 1, ':') : NULL;
	size_t n;

	if (!text)
		return err_set(err, ENOMEM, "cgroupsPath");
	if (!name || strchr(name + 1, ':') || !name[1])
		return err_text(err, EINVAL,
				"linux.cgroupsPath: \"%.256s\" must be \"slice:prefix:name\" for "
				"the systemd cgroup driver",
				text);
	n = (size_t)(name - prefix - 1);
	if (!unit_characters(text, (size_t)(prefix - text)) || !unit_characters(prefix + 1, n) ||
	    !unit_characters(name + 1, strlen(name + 1)))
		return err_text(err, EINVAL,
				"linux.cgroupsPath: \"%.256s\" has a character that a systemd unit "
				"cannot have",
				text);
	if (slice_name(arena, text, (size_t)(prefix - text), user_slice, &unit.slice) < 0)
		return err_set(err, ENOMEM, "cgroupsPath");
	if (!ends_with(unit.slice, ".slice"))
		return err_text(err, EINVAL, "linux.cgroupsPath: \"%.256s\" is not a slice",
				unit.slice);
	if (ends_with(name + 1, ".slice"))
		unit.unit = name + 1;
	else if (n)
		unit.unit = arena_printf(arena, "%.*s-%s.scope", (int)n, prefix + 1, name + 1);
	else
		unit.unit = arena_printf(arena, "%s.scope", name + 1);
	if (!unit.unit)
		return err_set(err, ENOMEM, "cgroupsPath");
	*ret = unit;
	return 0;
}
