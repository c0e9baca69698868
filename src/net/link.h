/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Single acts on a network device, through a netlink socket of its namespace. 0 or -errno. */

#include <net/if.h>
#include <stddef.h>

#include "net/netlink.h"

struct arena;
struct err;

struct link {
	int index;
	unsigned flags; /* IFF_* */
	char name[IFNAMSIZ];
};

/* A permanent address of global scope as the kernel told it. */
struct link_address {
	struct link_address *next;
	const struct nlmsghdr *message;
};

/* By name, or (name NULL) by index. -ENODEV. */
int link_get(int socket, const char *name, int index, struct link *ret, struct err *err);

/* To the namespace behind ns, where it gets that name. */
int link_move(int socket, int index, int ns, const char *name, struct err *err);
int link_rename(int socket, int index, const char *name, struct err *err);
int link_up(int socket, int index, struct err *err);

/* In the kernel's order, which puts the primary address of a subnet before its secondary ones. */
int link_addresses(struct arena *arena, int socket, int index, struct link_address **ret,
		   struct err *err);

/* Gives a device the addresses of one that was called old_name. */
int link_add_addresses(int socket, const struct link *link, const char *old_name,
		       const struct link_address *address, struct err *err);
