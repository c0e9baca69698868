/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Moving network devices. A device goes in three steps, since the kernel's one call that moves and
 * renames at once leaves it in the other namespace when the new name is not to be had:
 *
 *	move, under a name that nobody else can have;
 *	there: rename;
 *	there: addresses (the kernel drops them with the move), and up.
 *
 * So each failure leaves the device where we know it, and the way back is the same with the sides
 * exchanged.
 */

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "libocispec/ocispec.h"
#include "net/link.h"
#include "net/name.h"
#include "net/net.h"
#include "net/visit.h"

struct device {
	const char *key; /* its name on the host */
	struct link link; /* as it was there */
	struct link_address *addresses;
	int index; /* in the container; 0: still on the host */
};

/* One of the two network namespaces. */
struct side {
	int ns, socket;
};

struct netdevices {
	struct side host, container;
	size_t n;
	struct device device[];
};

static int open_sides(struct netdevices *all, int pid, struct err *err)
{
	struct stat own, theirs;
	char path[64];
	int r;

	all->host.ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (all->host.ns < 0)
		return err_set(err, errno, "open /proc/thread-self/ns/net");
	snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
	all->container.ns = open(path, O_RDONLY | O_CLOEXEC);
	if (all->container.ns < 0)
		return err_set(err, errno, "open %s", path);
	if (fstat(all->host.ns, &own) < 0 || fstat(all->container.ns, &theirs) < 0)
		return err_set(err, errno, "stat %s", path);
	if (own.st_dev == theirs.st_dev && own.st_ino == theirs.st_ino)
		return err_text(err, EINVAL,
				"cannot move network devices without a private network namespace");
	all->host.socket = netlink_open();
	if (all->host.socket < 0)
		return err_set(err, -all->host.socket, "socket AF_NETLINK");
	r = visit_netlink(all->container.ns, err);
	if (r < 0)
		return r;
	all->container.socket = r;
	return 0;
}

/* A joined namespace may belong to somebody hostile: a name that cannot be guessed. */
static int name_for_the_way(char name[IFNAMSIZ], struct err *err)
{
	uint32_t number;

	if (getrandom(&number, sizeof number, 0) != sizeof number)
		return err_set(err, errno, "getrandom");
	snprintf(name, IFNAMSIZ, "hull%08x", number);
	return 0;
}

/* What is to be done where the device has arrived. */
static int settle(const struct side *there, const char *name, const struct device *device, bool up,
		  int index, struct err *err)
{
	struct link link;
	int r = link_rename(there->socket, index, name, err);

	/* The name that a template became is in the labels of addresses. */
	if (r == 0)
		r = link_get(there->socket, NULL, index, &link, err);
	if (r == 0)
		r = link_add_addresses(there->socket, &link, device->link.name, device->addresses,
				       err);
	/* Last: it is never up without its addresses. */
	if (r == 0 && up)
		r = link_up(there->socket, index, err);
	return r;
}

/* The name is free, or the kernel is to choose one. */
static int check_free(const struct side *there, const char *name, struct err *err)
{
	struct link link;
	int r = net_is_template(name) ? -ENODEV : link_get(there->socket, name, 0, &link, NULL);

	if (r == 0)
		return err_text(err, EEXIST,
				"a network device \"%s\" is in the container's network namespace "
				"already: file exists",
				name);
	return r == -ENODEV ? 0 : err_set(err, -r, "look for \"%s\" in the container", name);
}

/* Back to the host. The container's side is as good as gone, so what fails is told and no more. */
static void give_back(const struct netdevices *all, struct device *device)
{
	char way[IFNAMSIZ];
	struct err err = {0};
	struct link link;
	int r = name_for_the_way(way, &err);

	if (r == 0)
		r = link_move(all->container.socket, device->index, all->host.ns, way, &err);
	if (r == 0) {
		device->index = 0;
		r = link_get(all->host.socket, way, 0, &link, &err);
	}
	if (r == 0)
		r = settle(&all->host, device->link.name, device, device->link.flags & IFF_UP,
			   link.index, &err);
	if (r < 0)
		log_say(LOG_WARNING, "linux.netDevices (%s): cannot be given back to the host: %s",
			device->key, err.text);
}

static int take(const struct netdevices *all, const struct oci_net_device *wish,
		struct device *device, struct arena *arena, struct err *err)
{
	const char *name = net_inner_name(wish);
	char way[IFNAMSIZ];
	struct link link;
	int r = link_get(all->host.socket, wish->key, 0, &device->link, err);

	device->key = wish->key;
	if (r == 0)
		r = check_free(&all->container, name, err);
	if (r == 0)
		r = link_addresses(arena, all->host.socket, device->link.index, &device->addresses,
				   err);
	if (r == 0)
		r = name_for_the_way(way, err);
	if (r == 0)
		r = link_move(all->host.socket, device->link.index, all->container.ns, way, err);
	if (r == 0)
		r = link_get(all->container.socket, way, 0, &link, err);
	if (r < 0)
		return r;
	device->index = link.index;
	return settle(&all->container, name, device, true, link.index, err);
}

int netdevices_move(const struct request *request, int pid, struct netdevices **ret_moved,
		    struct err *err)
{
	const struct oci_linux *config = request->config->linux_;
	struct netdevices *all;
	int r;

	all = arena_alloc(request->arena,
			  sizeof *all + config->n_net_devices * sizeof *all->device);
	if (!all)
		return err_set(err, ENOMEM, "linux.netDevices");
	all->host = all->container = (struct side){-1, -1};
	r = open_sides(all, pid, err);
	if (r < 0)
		err_at(err, "linux.netDevices");
	for (size_t i = 0; r == 0 && i < config->n_net_devices; i++) {
		r = take(all, &config->net_devices[i], &all->device[all->n++], request->arena, err);
		if (r < 0)
			err_at(err, "linux.netDevices (%s)", config->net_devices[i].key);
	}
	if (r < 0)
		netdevices_return(all);
	else
		*ret_moved = all;
	return r;
}

void netdevices_return(struct netdevices *moved)
{
	if (!moved)
		return;
	/* The last one first: an earlier one may have had the name of a later one. */
	for (size_t i = moved->n; i-- > 0;)
		if (moved->device[i].index)
			give_back(moved, &moved->device[i]);
	netdevices_keep(moved);
}

void netdevices_keep(struct netdevices *moved)
{
	if (!moved)
		return;
	fd_close(&moved->host.ns);
	fd_close(&moved->host.socket);
	fd_close(&moved->container.ns);
	fd_close(&moved->container.socket);
	moved->n = 0;
}
