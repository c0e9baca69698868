/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "net/name.h"
#include "net/net.h"

struct check {
	const struct request *request;
	struct oci_report *report;
	const char *path; /* linux.netDevices["eth0"] */
};

static void add(const struct check *c, const char *member, const char *name, const char *what)
{
	const char *path = arena_printf(c->report->arena, "%s%s", c->path, member);

	oci_report_add(c->report, c->request->text, c->request->text_size,
		       path ? path : "linux.netDevices", OCI_ERROR, "\"%s\" %s", name, what);
}

/* dev_valid_name in the kernel's net/core/dev.c, in words. NULL: a good name. */
static const char *fault_of(const char *name)
{
	if (!*name)
		return "is no name of a network device: it is empty";
	if (strlen(name) >= IFNAMSIZ)
		return "is no name of a network device: more than 15 bytes";
	if (str_eq(name, ".") || str_eq(name, ".."))
		return "is no name of a network device";
	for (const char *p = name; *p; p++)
		if (*p == '/' || *p == ':' || isspace((unsigned char)*p))
			return "is no name of a network device: it has a slash, a colon or a blank";
	return NULL;
}

/* The kernel takes one %d in a name, and nothing else behind a %. */
static const char *template_fault(const char *name)
{
	const char *percent = strchr(name, '%');

	if (!percent)
		return NULL;
	if (percent[1] != 'd' || strchr(percent + 1, '%'))
		return "is no name of a network device: a % stands only once, and before a d";
	return NULL;
}

static void check_device(const struct check *c, const struct oci_net_device *device)
{
	const char *name = net_inner_name(device), *fault;

	fault = fault_of(device->key);
	if (fault)
		add(c, "", device->key, fault);
	else if (str_eq(device->key, "lo"))
		add(c, "", device->key, "is the loopback device, which cannot be moved");
	if (name == device->key)
		return;
	fault = fault_of(name);
	if (!fault)
		fault = template_fault(name);
	if (!fault && str_eq(name, "lo"))
		fault = "is the container's own loopback device";
	if (fault)
		add(c, ".name", name, fault);
}

static void check_twice(const struct check *c, const struct oci_net_device *all, size_t i)
{
	const char *name = net_inner_name(&all[i]);

	if (net_is_template(name))
		return;
	for (size_t k = 0; k < i; k++)
		if (str_eq(name, net_inner_name(&all[k])))
			add(c, all[i].name && all[i].name[0] ? ".name" : "", name,
			    "is the name of another device of this container, too");
}

void net_check(const struct request *request, struct oci_report *report)
{
	const struct oci_linux *linux_config = request->config->linux_;
	struct check c = {request, report, "linux.netDevices"};

	if (!linux_config || !linux_config->n_net_devices)
		return;
	if (!request_has(request, CLONE_NEWNET))
		oci_report_add(report, request->text, request->text_size, c.path, OCI_ERROR,
			       "cannot move network devices without a private network namespace");
	/* CAP_NET_ADMIN over the host's network namespace is what it takes. */
	else if (!request->host_root)
		oci_report_add(report, request->text, request->text_size, c.path, OCI_ERROR,
			       "network devices are not supported for rootless containers");
	for (size_t i = 0; i < linux_config->n_net_devices; i++) {
		const struct oci_net_device *device = &linux_config->net_devices[i];

		c.path = arena_printf(report->arena, "linux.netDevices[\"%s\"]", device->key);
		if (!c.path)
			c.path = "linux.netDevices";
		check_device(&c, device);
		check_twice(&c, linux_config->net_devices, i);
	}
}
