/* SPDX-License-Identifier: Apache-2.0 */
#include "container/container.h"

#include <errno.h>

#include "base/err.h"
#include "base/io.h"
#include "cgroups/cgroups.h"
#include "hull.h"
#include "libocispec/ocispec.h"

int container_store(const struct hull *hull, bool make, struct store *ret, struct err *err)
{
	const char *root = hull->root ? hull->root : store_default_root(hull->arena);

	return store_open(hull->arena, root, make, ret, err);
}

/* A create holds the lock until it is done; one that does not was killed. */
static bool creator_lives(const struct store *store, const struct container *container)
{
	STORE_ENTRY_AUTO struct store_entry probe = STORE_ENTRY_INIT;

	if (container->entry.locked ||
	    store_get(store, container->entry.id, false, &probe, NULL) < 0)
		return false;
	return !store_try_lock(&probe);
}

static enum status judge(const struct store *store, const struct container *container)
{
	enum status status = status_of(&container->record, container->cgroups);

	if (status == STATUS_CREATING && !status_alive(&container->record) &&
	    !creator_lives(store, container))
		return STATUS_STOPPED;
	return status;
}

int container_open_in(struct arena *arena, const struct store *store, const char *id, bool lock,
		      struct container *ret, struct err *err)
{
	int r = store_get(store, id, lock, &ret->entry, err);

	if (r < 0)
		return r;
	r = store_load(arena, &ret->entry, &ret->record, err);
	if (r < 0)
		return r;
	if (ret->record.cgroups) {
		r = cgroups_load(arena, (enum cgroups_driver)ret->record.cgroup_driver,
				 ret->record.cgroups, &ret->cgroups, err);
		if (r < 0)
			return err_at(err, "container %s", id);
	}
	ret->status = judge(store, ret);
	return 0;
}

int container_open(const struct hull *hull, const char *id, bool lock, struct container *ret,
		   struct err *err)
{
	int r = store_check_id(id, err);

	if (r < 0)
		return r;
	r = container_store(hull, false, &ret->store, err);
	if (r == -ENOENT)
		return err_text(err, ENOENT, "container does not exist");
	if (r < 0)
		return r;
	return container_open_in(hull->arena, &ret->store, id, lock, ret, err);
}

void container_close(struct container *container)
{
	store_close(&container->entry);
	store_end(&container->store);
}

int container_open_for(const struct hull *hull, const char *id, enum status_command command,
		       struct container *ret, struct err *err)
{
	int r = container_open(hull, id, true, ret, err);

	return r < 0 ? r : status_allow(command, ret->status, id, err);
}

int container_config_text(struct arena *arena, const struct store_entry *entry,
			  const char **ret_text, size_t *ret_size, const struct oci_config **ret,
			  struct err *err)
{
	struct oci_report report;
	struct oci_config *config;
	char *text;
	size_t size;
	int r = io_read_file(arena, entry->dir, "config.json", OCI_MAX_SIZE, &text, &size);

	if (r < 0)
		return err_set(err, -r, "read config.json of container %s", entry->id);
	oci_report_init(&report, arena);
	r = oci_config_read(arena, text, size, &report, &config);
	if (r < 0)
		return err_set(err, -r, "config.json of container %s", entry->id);
	*ret_text = text;
	*ret_size = size;
	*ret = config;
	return 0;
}

int container_config(struct arena *arena, const struct store_entry *entry,
		     const struct oci_config **ret, struct err *err)
{
	const char *text;
	size_t size;

	return container_config_text(arena, entry, &text, &size, ret, err);
}
