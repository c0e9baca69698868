/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which id mapping a bind mount gets: of the mount (uidMappings, gidMappings), of its option
 * ("idmap=uids=0-1000-1;gids=@0-0-10"), or of the container's user namespace.
 */

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/number.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "mounts/state.h"

struct id_maps {
	const struct oci_id_mapping *map;
	size_t n;
};

/* One decimal number that ends at the character end, or at the end of the text. */
static const char *read_id(struct arena *arena, const char *text, char end, uint64_t max,
			   uint32_t *ret)
{
	size_t n = 0;
	const char *digits;
	uint64_t value;

	while (text[n] && text[n] != end)
		n++;
	digits = text[n] == end ? arena_strndup(arena, text, n) : NULL;
	if (!digits || number_u64(digits, max, &value) < 0)
		return NULL;
	*ret = (uint32_t)value;
	return text + n + (end != '\0');
}

/* "@": the second number is an id of the container's user namespace. The range must not go beyond
 * one of its maps, for behind that the host's ids are somewhere else. */
static bool make_absolute(const struct id_maps *user, struct oci_id_mapping *map)
{
	for (size_t i = 0; i < user->n; i++) {
		const struct oci_id_mapping *outer = &user->map[i];

		if (map->host_id < outer->container_id ||
		    map->host_id - outer->container_id >= outer->size)
			continue;
		if (map->size > outer->size - (map->host_id - outer->container_id))
			return false;
		map->host_id += outer->host_id - outer->container_id;
		return true;
	}
	return false;
}

/* One "[@]FS-HOST-SIZE". */
static int read_range(struct arena *arena, const char *text, const struct id_maps *user,
		      struct oci_id_mapping *ret, struct err *err)
{
	struct oci_id_mapping map = {0};
	bool relative = *text == '@';
	const char *at = text + relative;

	at = read_id(arena, at, '-', UINT32_MAX - 1, &map.container_id);
	if (at)
		at = read_id(arena, at, '-', UINT32_MAX - 1, &map.host_id);
	if (at)
		at = read_id(arena, at, '\0', UINT32_MAX, &map.size);
	if (!at || !map.size)
		return err_text(err, EINVAL,
				"option idmap: \"%s\" is not of the form FS-HOST-SIZE or "
				"@FS-CONTAINER-SIZE",
				text);
	if (relative && !make_absolute(user, &map))
		return err_text(err, EINVAL,
				"option idmap: could not find a user namespace mapping for the "
				"relative mapping \"%s\"",
				text);
	*ret = map;
	return 0;
}

/* The ranges of a list, between '#'. */
static int read_ranges(struct arena *arena, const char *text, const struct id_maps *user,
		       struct id_maps *ret, struct err *err)
{
	struct oci_id_mapping *map;
	size_t n = 1;

	for (const char *c = text; *c; c++)
		n += *c == '#';
	map = arena_array(arena, n, sizeof *map);
	if (!map)
		return err_set(err, ENOMEM, "option idmap");
	for (size_t i = 0; i < n; i++) {
		size_t length = strcspn(text, "#");
		const char *range = arena_strndup(arena, text, length);
		int r = range ? read_range(arena, range, user, &map[i], err)
			      : err_set(err, ENOMEM, "option idmap");

		if (r < 0)
			return r;
		text += length + (text[length] == '#');
	}
	*ret = (struct id_maps){map, n};
	return 0;
}

/* "uids=...;gids=..."; what is not given is as in the container's user namespace. */
static int read_option(struct arena *arena, const char *text, const struct id_maps user[2],
		       struct id_maps ret[2], struct err *err)
{
	for (;;) {
		size_t length = strcspn(text, ";");
		bool gids = strncmp(text, "gids=", 5) == 0;
		const char *list;
		int r;

		if (length < 5 || (!gids && strncmp(text, "uids=", 5) != 0))
			return err_text(err, EINVAL,
					"option idmap takes uids= and gids=, not \"%s\"", text);
		list = arena_strndup(arena, text + 5, length - 5);
		r = list ? read_ranges(arena, list, &user[gids], &ret[gids], err)
			 : err_set(err, ENOMEM, "option idmap");
		if (r < 0)
			return r;
		if (!text[length])
			return 0;
		text += length + 1;
	}
}

int mount_idmap_read(const struct request *request, const struct oci_mount *mount,
		     const struct mount_options *options, const struct mount_idmap **ret,
		     struct err *err)
{
	const struct oci_linux *l = request->config->linux_;
	struct id_maps maps[2] = {{0}, {0}}, user[2] = {{0}, {0}};
	struct mount_idmap *idmap;

	*ret = NULL;
	if (!mount->n_uid_mappings != !mount->n_gid_mappings)
		return err_text(err, EINVAL, "uidMappings and gidMappings must be given together");
	if (!mount->n_uid_mappings && !(options->flags & MOUNT_FLAG_IDMAP))
		return 0;
	if (l) {
		user[0] = (struct id_maps){l->uid_mappings, l->n_uid_mappings};
		user[1] = (struct id_maps){l->gid_mappings, l->n_gid_mappings};
	}
	memcpy(maps, user, sizeof maps);
	if (mount->n_uid_mappings && options->idmap)
		return err_text(err, EINVAL,
				"id mappings are given twice, by option idmap= and by uidMappings");
	if (mount->n_uid_mappings) {
		maps[0] = (struct id_maps){mount->uid_mappings, mount->n_uid_mappings};
		maps[1] = (struct id_maps){mount->gid_mappings, mount->n_gid_mappings};
	} else if (options->idmap) {
		int r = read_option(request->arena, options->idmap, user, maps, err);

		if (r < 0)
			return r;
	}
	if (!maps[0].n || !maps[1].n)
		return err_text(err, EINVAL,
				"option idmap needs id mappings, of the mount or of the "
				"container's user namespace");
	idmap = arena_alloc(request->arena, sizeof *idmap);
	if (!idmap)
		return err_set(err, ENOMEM, "option idmap");
	*idmap = (struct mount_idmap){maps[0].map, maps[0].n, maps[1].map, maps[1].n,
				      (options->flags & MOUNT_FLAG_IDMAP_RECURSIVE) != 0};
	*ret = idmap;
	return 0;
}
