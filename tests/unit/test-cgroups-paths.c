/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/err.h"
#include "cgroups/paths.h"
#include "libocispec/arena.h"
#include "tap.h"

static const struct {
	const char *path, *clean; /* NULL: refused */
} table[] = {
	{"/docker/abc", "/docker/abc"},
	{"/docker/abc/", "/docker/abc"},
	{"//a///b", "/a/b"},
	{"/a/./b/.", "/a/b"},
	{"/a/../b", "/b"},
	{"/a/b/../../c", "/c"},
	{"a/b", "a/b"},
	{"./a", "a"},
	{"a/../b", "b"},
	{"/..a/b..", "/..a/b.."},
	{"/...", "/..."},
	/* out of the tree, or the root cgroup */
	{"..", NULL},
	{"../x", NULL},
	{"../../../..", NULL},
	{"/..", NULL},
	{"/../x", NULL},
	{"/a/../../x", NULL},
	{"a/../../x", NULL},
	{"/", NULL},
	{"//", NULL},
	{".", NULL},
	{"/a/..", NULL},
	{"", NULL},
	/* what would forge lines of the record or of /proc/PID/cgroup */
	{"/a\nb", NULL},
	{"/a\033b", NULL},
	{"/a\177", NULL},
};

static void test_clean(struct arena *arena)
{
	char longest[300];

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const char *got = NULL;
		struct err err = {0};
		int r = paths_clean(arena, table[i].path, &got, &err);

		if (table[i].clean)
			is_str(got, table[i].clean, "clean \"%s\"", table[i].path);
		else
			ok(r == -EINVAL && !got && *err.text, "\"%s\" is refused: %s",
			   table[i].path, err.text);
	}
	memset(longest, 'x', sizeof longest);
	longest[0] = '/';
	longest[256] = '\0';
	ok(paths_clean(arena, longest, &(const char *){0}, NULL) == 0, "255 bytes are a name");
	longest[256] = 'x';
	longest[257] = '\0';
	ok(paths_clean(arena, longest, &(const char *){0}, NULL) < 0, "256 bytes are not");
}

static void test_join(struct arena *arena)
{
	is_str(paths_join(arena, "/", "a/b"), "/a/b", "below the root");
	is_str(paths_join(arena, "/", "/a/b"), "/a/b", "absolute below the root");
	is_str(paths_join(arena, "/own", "a"), "/own/a", "relative to hull's own");
	is_str(paths_parent(arena, "/a/b/c"), "/a/b", "parent");
	is_str(paths_parent(arena, "/a"), "/", "parent of a first component");
	is_str(paths_parent(arena, "/"), "/", "parent of the root");
}

static const struct {
	const char *path;
	bool user;
	const char *slice, *unit; /* NULL: refused */
} units[] = {
	{"system.slice:docker:abc", false, "system.slice", "docker-abc.scope"},
	{":cri:abc", false, "system.slice", "cri-abc.scope"},
	{":cri:abc", true, "user.slice", "cri-abc.scope"},
	{"-:cri:abc", false, "-.slice", "cri-abc.scope"},
	{"a-b.slice:libpod:x.slice", false, "a-b.slice", "x.slice"},
	{"a.slice::abc", false, "a.slice", "abc.scope"},
	{NULL, false, "system.slice", "hull-ID.scope"},
	{"/docker/abc", false, NULL, NULL},
	{"a:b", false, NULL, NULL},
	{"a.slice:b:", false, NULL, NULL},
	{"a.slice:b:c:d", false, NULL, NULL},
	{"notaslice:b:c", false, NULL, NULL},
	{"../x.slice:b:c", false, NULL, NULL},
	{"x.slice:../b:c", false, NULL, NULL},
	{"x.slice:b:c/d", false, NULL, NULL},
	{"x.slice:b:c d", false, NULL, NULL},
};

static void test_units(struct arena *arena)
{
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		struct paths_unit unit = {NULL, NULL};
		struct err err = {0};
		int r = paths_unit(arena, units[i].path, "ID", units[i].user, &unit, &err);

		ok((r == 0) == (units[i].slice != NULL), "unit %s: %s",
		   units[i].path ? units[i].path : "(none)", r ? err.text : "accepted");
		is_str(unit.slice, units[i].slice, "its slice");
		is_str(unit.unit, units[i].unit, "its name");
	}
}

int main(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;

	test_clean(&arena);
	test_join(&arena);
	test_units(&arena);
	return done_testing();
}
