/* SPDX-License-Identifier: Apache-2.0 */

/* Id maps of a user namespace (user_namespaces(7)). */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "libocispec/ocispec.h"
#include "namespaces/idmap_helper.h"
#include "namespaces/namespaces.h"
#include "namespaces/privilege.h"

struct idmap {
	const char *file; /* uid_map */
	const char *helper; /* newuidmap */
	const struct oci_id_mapping *mapping;
	size_t n;
	uint32_t own; /* our own id, which anybody may map alone */
	int capability; /* what it takes to map others */
};

static int64_t host_id(const struct oci_id_mapping *mapping, size_t n, uint32_t id)
{
	if (!n)
		return id;
	for (size_t i = 0; i < n; i++)
		if (id >= mapping[i].container_id && id - mapping[i].container_id < mapping[i].size)
			return (int64_t)mapping[i].host_id + (id - mapping[i].container_id);
	return -1;
}

int64_t idmap_host_uid(const struct oci_linux *linux_config, uint32_t uid)
{
	return linux_config ? host_id(linux_config->uid_mappings, linux_config->n_uid_mappings, uid)
			    : uid;
}

int64_t idmap_host_gid(const struct oci_linux *linux_config, uint32_t gid)
{
	return linux_config ? host_id(linux_config->gid_mappings, linux_config->n_gid_mappings, gid)
			    : gid;
}

static int write_file(int pid, const char *file, const char *text, struct err *err)
{
	char path[64];
	int r;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	r = io_write_file(AT_FDCWD, path, text);
	return r < 0 ? err_set(err, -r, "write %s", path) : 0;
}

/* All lines with one write: the kernel takes a map only once and whole. */
static int write_directly(const struct idmap *map, int pid, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	for (size_t i = 0; i < map->n; i++)
		buf_printf(&text, "%u %u %u\n", map->mapping[i].container_id,
			   map->mapping[i].host_id, map->mapping[i].size);
	if (text.failed)
		return err_set(err, ENOMEM, "write the id map");
	return write_file(pid, map->file, text.data, err);
}

/* Without privileges a process may map one id: its own. */
static bool is_own_only(const struct idmap *map)
{
	return map->n == 1 && map->mapping[0].size == 1 && map->mapping[0].host_id == map->own;
}

static int write_map(const struct idmap *map, int pid, struct err *err)
{
	int r;

	if (privilege_has(map->capability) || is_own_only(map))
		r = write_directly(map, pid, err);
	else
		r = idmap_helper(map->helper, pid, map->mapping, map->n, err);
	return r < 0 ? err_at(err, "linux.%s",
			      map->capability == CAP_SETUID ? "uidMappings" : "gidMappings")
		     : 0;
}

int idmap_write(const struct oci_linux *linux_config, int pid, struct err *err)
{
	const struct idmap uids = {
		"uid_map", "newuidmap", linux_config->uid_mappings, linux_config->n_uid_mappings,
		geteuid(), CAP_SETUID};
	const struct idmap gids = {
		"gid_map", "newgidmap", linux_config->gid_mappings, linux_config->n_gid_mappings,
		getegid(), CAP_SETGID};
	int r = write_map(&uids, pid, err);

	if (r < 0)
		return r;
	/* Dropping a group may give access that membership took away, so a user that maps itself
	 * must give up setgroups first (CVE-2014-8989). */
	if (!privilege_has(CAP_SETGID) && is_own_only(&gids)) {
		r = write_file(pid, "setgroups", "deny", err);
		if (r < 0)
			return err_at(err, "linux.gidMappings");
	}
	return write_map(&gids, pid, err);
}
