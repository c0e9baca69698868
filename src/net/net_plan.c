/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "libocispec/ocispec.h"
#include "net/name.h"
#include "net/net.h"
#include "plan/build.h"

void net_plan(const struct request *request, struct plan *plan)
{
	const struct oci_linux *linux_config = request->config->linux_;

	if (!linux_config || !linux_config->n_net_devices)
		return;
	plan_origin(plan, "linux.netDevices");
	plan_barrier(plan, MESSAGE_NETWORK, PLAN_NO_SLOT, 0);
}

void net_dump(const struct request *request, struct buf *buf)
{
	const struct oci_linux *linux_config = request->config->linux_;

	for (size_t i = 0; linux_config && i < linux_config->n_net_devices; i++) {
		const struct oci_net_device *device = &linux_config->net_devices[i];
		const char *name = net_inner_name(device);

		buf_printf(buf, "netdevice %s name=%s\n", device->key, name);
	}
}
