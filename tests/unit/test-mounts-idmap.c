/* SPDX-License-Identifier: Apache-2.0 */

/* Which id mapping a bind mount gets. */

#include <errno.h>

#include "base/err.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "mounts/state.h"
#include "tap.h"

static struct arena arena = ARENA_INIT;

#define MAP(inside, outside, n)                                                                    \
	{                                                                                          \
		.container_id = (inside), .host_id = (outside), .size = (n)                        \
	}
static struct oci_id_mapping user_uid[] = {MAP(0, 100000, 1000), MAP(1000, 300000, 1000)};
static struct oci_id_mapping user_gid[] = {MAP(0, 200000, 10)};
static struct oci_id_mapping own[] = {MAP(5, 6, 7)};
static const struct mount_idmap *map;
static struct err err;

/* Reads the mapping for one option; with: linux.uidMappings and gidMappings. */
static int of_mount(const struct oci_mount *mount, const char *option, bool with)
{
	struct oci_linux l = {0};
	struct oci_config config = {.linux_ = &l};
	struct request request = {.arena = &arena, .config = &config};
	struct mount_options options;

	if (with) {
		l.uid_mappings = user_uid;
		l.n_uid_mappings = 2;
		l.gid_mappings = user_gid;
		l.n_gid_mappings = 1;
	}
	err = (struct err){0};
	mount_options_read(&arena, &option, option ? 1 : 0, &options);
	return mount_idmap_read(&request, mount, &options, &map, &err);
}

static int of(const char *option, bool with)
{
	static const struct oci_mount mount = {.destination = "/d", .source = "/s"};

	return of_mount(&mount, option, with);
}

static bool is(const struct oci_id_mapping *m, uint32_t inside, uint32_t outside, uint32_t size)
{
	return m->container_id == inside && m->host_id == outside && m->size == size;
}

static void test_none(void)
{
	ok(of(NULL, true) == 0 && !map, "no option, no mapping");
	ok(of("ro", true) == 0 && !map, "another option");
	ok(of("idmap", true) == 0 && map->uid == user_uid && map->n_uid == 2 &&
		   map->gid == user_gid && !map->recursive,
	   "idmap: the container's");
	ok(of("ridmap", true) == 0 && map->recursive, "ridmap: with the mounts below");
	ok(of("idmap", false) == -EINVAL, "idmap without any: %s", err.text);
}

static void test_mount(void)
{
	struct oci_mount mount = {.destination = "/d", .uid_mappings = own, .n_uid_mappings = 1};

	ok(of_mount(&mount, NULL, true) == -EINVAL, "uidMappings alone: %s", err.text);
	mount.gid_mappings = own;
	mount.n_gid_mappings = 1;
	ok(of_mount(&mount, NULL, true) == 0 && map->uid == own && map->gid == own,
	   "the mount's own mappings");
	ok(of_mount(&mount, "idmap=uids=0-0-1", true) == -EINVAL, "and others: %s", err.text);
}

static void test_option(void)
{
	ok(of("idmap=uids=0-1-10#10-11-12;gids=0-100-10", false) == 0 && map->n_uid == 2 &&
		   is(&map->uid[0], 0, 1, 10) && is(&map->uid[1], 10, 11, 12) && map->n_gid == 1 &&
		   is(&map->gid[0], 0, 100, 10),
	   "lists of both kinds");
	ok(of("ridmap=gids=4294967294-0-1;uids=0-0-4294967295", false) == 0 && map->recursive &&
		   is(&map->gid[0], 4294967294, 0, 1) && is(&map->uid[0], 0, 0, 4294967295),
	   "the largest numbers, the other order, ridmap");
	ok(of("idmap=uids=0-1-1", true) == 0 && is(&map->uid[0], 0, 1, 1) && map->gid == user_gid,
	   "what is not given is the container's");
	ok(of("idmap=uids=@1-3-10", true) == 0 && is(&map->uid[0], 1, 100003, 10),
	   "@: an id of the container");
	ok(of("idmap=uids=@0-1000-1000#@9-0-1", true) == 0 && is(&map->uid[0], 0, 300000, 1000) &&
		   is(&map->uid[1], 9, 100000, 1),
	   "@: of each map");
}

static void test_wrong(void)
{
	static const char *const wrong[] = {
		"idmap=uids=",
		"idmap=uids=1",
		"idmap=uids=1-2",
		"idmap=uids=1-2-0",
		"idmap=uids=1-2-3-4",
		"idmap=uids=1-2-x",
		"idmap=uids=1-2-3 ",
		"idmap=uids= 1-2-3",
		"idmap=uids=+1-2-3",
		"idmap=uids=4294967295-0-1",
		"idmap=uids=0-4294967295-1",
		"idmap=uids=0-0-4294967296",
		"idmap=uids=0-0-18446744073709551617",
		"idmap=uids=0-0-1#",
		"idmap=uids=#0-0-1",
		"idmap=uids=0-0-1;",
		"idmap=uids=0-0-1;;gids=0-0-1",
		"idmap=uids=0-0-1;gid=0-0-1",
		"idmap=uids=@@0-0-1",
		"idmap=uids=@0-2000-1",
		"idmap=uids=@0-999-2",
		"idmap=uids=@0-0-1001",
		"idmap=gids=@0-10-1",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ok(of(wrong[i], true) == -EINVAL && strstr(err.text, "option idmap"), "%s: %s",
		   wrong[i], err.text);
	ok(of("idmap=user", true) == 0 && !map, "a file system's own option of that name");
}

int main(void)
{
	test_none();
	test_mount();
	test_option();
	test_wrong();
	arena_free(&arena);
	return done_testing();
}
