/* SPDX-License-Identifier: Apache-2.0 */

/* update of what is no cgroup. */

#include <errno.h>

#include "container/container.h"
#include "hull.h"
#include "libocispec/ocispec.h"
#include "rdt/rdt.h"

int hull_update_rdt(const struct hull *hull, const char *id, const char *l3_cache,
		    const char *mem_bw, struct err *err)
{
	CONTAINER_AUTO struct container container = CONTAINER_INIT;
	const struct oci_config *config;
	struct rdt *rdt;
	int r = container_open_for(hull, id, COMMAND_UPDATE, &container, err);

	if (r == 0)
		r = container_config(hull->arena, &container.entry, &config, err);
	if (r == 0)
		r = rdt_find(hull->arena, config->linux_, id, &rdt, err);
	if (r < 0)
		return r;
	if (!rdt)
		return err_text(err, EINVAL,
				"Intel RDT: the container was created without linux.intelRdt");
	return rdt_update(rdt, l3_cache, mem_bw, err);
}
