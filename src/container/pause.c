/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/err.h"
#include "cgroups/cgroups.h"
#include "container/container.h"
#include "hull.h"
#include "libocispec/arena.h"

static int need_cgroups(const struct container *container, const char *what, struct err *err)
{
	if (container->cgroups)
		return 0;
	return err_text(err, EOPNOTSUPP, "cannot %s container %s: it was created without cgroups",
			what, container->entry.id);
}

static int freeze(const struct hull *hull, const char *id, bool pause, struct err *err)
{
	CONTAINER_AUTO struct container container = CONTAINER_INIT;
	int r = container_open_for(hull, id, pause ? COMMAND_PAUSE : COMMAND_RESUME, &container,
				   err);

	if (r == 0)
		r = need_cgroups(&container, pause ? "pause" : "resume", err);
	if (r == 0)
		r = cgroups_freeze(container.cgroups, pause, err);
	return r;
}

int hull_pause(const struct hull *hull, const char *id, struct err *err)
{
	return freeze(hull, id, true, err);
}

int hull_resume(const struct hull *hull, const char *id, struct err *err)
{
	return freeze(hull, id, false, err);
}

int hull_update(const struct hull *hull, const char *id, const struct oci_resources *resources,
		struct err *err)
{
	CONTAINER_AUTO struct container container = CONTAINER_INIT;
	int r = container_open_for(hull, id, COMMAND_UPDATE, &container, err);

	if (r == 0)
		r = need_cgroups(&container, "update", err);
	if (r == 0)
		r = cgroups_update(container.cgroups, resources, err);
	return r;
}

int hull_stats(const struct hull *hull, const char *id, struct buf *json, struct err *err)
{
	CONTAINER_AUTO struct container container = CONTAINER_INIT;
	int r = container_open(hull, id, false, &container, err);

	if (r == 0)
		r = status_allow(COMMAND_EVENTS, container.status, id, err);
	if (r == 0)
		r = need_cgroups(&container, "measure", err);
	if (r == 0)
		r = cgroups_stats(container.cgroups, json, err);
	return r;
}

int hull_pids(const struct hull *hull, const char *id, pid_t **ret, size_t *ret_n, struct err *err)
{
	CONTAINER_AUTO struct container container = CONTAINER_INIT;
	int r = container_open(hull, id, false, &container, err);

	if (r == 0)
		r = status_allow(COMMAND_PS, container.status, id, err);
	if (r < 0)
		return r;
	if (container.cgroups)
		return cgroups_pids(hull->arena, container.cgroups, ret, ret_n, err);
	*ret = arena_array(hull->arena, 1, sizeof **ret);
	if (!*ret)
		return err_set(err, ENOMEM, "processes of container %s", id);
	**ret = (pid_t)container.record.pid;
	*ret_n = container.status == STATUS_STOPPED ? 0 : 1;
	return 0;
}
