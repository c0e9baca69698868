/* SPDX-License-Identifier: Apache-2.0 */
#include "net/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "libocispec/arena.h"

/* The kernel's own words stand before those of the errno. */
static int fail(struct err *err, int r, const char *doing, const char *reason)
{
	return err_set(err, -r, "%s%s%s%s", doing, reason[0] ? " (" : "", reason,
		       reason[0] ? ")" : "");
}

static int take_link(void *user, const struct nlmsghdr *message)
{
	struct link *link = user;
	struct ifinfomsg info;
	const char *name = netlink_find(message, sizeof info, IFLA_IFNAME, 2);

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof info))
		return 0;
	if (!name || strnlen(name, IFNAMSIZ) == IFNAMSIZ)
		return -EPROTO;
	memcpy(&info, netlink_body(message), sizeof info);
	link->index = info.ifi_index;
	link->flags = info.ifi_flags;
	snprintf(link->name, sizeof link->name, "%s", name);
	return 0;
}

int link_get(int socket, const char *name, int index, struct link *ret, struct err *err)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	char reason[NETLINK_REASON_SIZE];
	struct netlink_request request;
	struct link link = {0};
	int r;

	netlink_begin(&request, RTM_GETLINK, 0, &info, sizeof info);
	if (name)
		netlink_add_text(&request, IFLA_IFNAME, name);
	r = netlink_ask(socket, &request, take_link, &link, reason);
	if (r == 0 && !link.index)
		r = -ENODEV;
	if (r < 0)
		return fail(err, r, "find the network device", reason);
	*ret = link;
	return 0;
}

/* One that is up is taken down by the kernel before it leaves. */
int link_move(int socket, int index, int ns, const char *name, struct err *err)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	char reason[NETLINK_REASON_SIZE];
	struct netlink_request request;
	int r;

	netlink_begin(&request, RTM_SETLINK, 0, &info, sizeof info);
	netlink_add(&request, IFLA_NET_NS_FD, &ns, sizeof ns);
	netlink_add_text(&request, IFLA_IFNAME, name);
	r = netlink_ask(socket, &request, NULL, NULL, reason);
	return r < 0 ? fail(err, r, "move it to another network namespace", reason) : 0;
}

int link_rename(int socket, int index, const char *name, struct err *err)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	char reason[NETLINK_REASON_SIZE];
	struct netlink_request request;
	int r;

	netlink_begin(&request, RTM_SETLINK, 0, &info, sizeof info);
	netlink_add_text(&request, IFLA_IFNAME, name);
	r = netlink_ask(socket, &request, NULL, NULL, reason);
	if (r == 0)
		return 0;
	fail(err, r, "rename it", reason);
	return err_at(err, "%s", name);
}

int link_up(int socket, int index, struct err *err)
{
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC,
				       .ifi_index = index,
				       .ifi_flags = IFF_UP,
				       .ifi_change = IFF_UP};
	char reason[NETLINK_REASON_SIZE];
	struct netlink_request request;
	int r;

	netlink_begin(&request, RTM_SETLINK, 0, &info, sizeof info);
	r = netlink_ask(socket, &request, NULL, NULL, reason);
	return r < 0 ? fail(err, r, "set it up", reason) : 0;
}

struct address_list {
	struct arena *arena;
	int index;
	struct link_address *first, **end;
};

/* config-linux.md, "Network Devices": permanent ones of global scope, of any family. */
static bool wanted(const struct nlmsghdr *message, int index)
{
	struct ifaddrmsg info;
	uint32_t flags;
	const void *more;

	if (message->nlmsg_type != RTM_NEWADDR || message->nlmsg_len < NLMSG_LENGTH(sizeof info))
		return false;
	memcpy(&info, netlink_body(message), sizeof info);
	flags = info.ifa_flags;
	/* The 32 bits of IFA_FLAGS include the 8 of the body. */
	more = netlink_find(message, sizeof info, IFA_FLAGS, sizeof flags);
	if (more)
		memcpy(&flags, more, sizeof flags);
	return (int)info.ifa_index == index && info.ifa_scope == RT_SCOPE_UNIVERSE &&
	       (flags & IFA_F_PERMANENT);
}

static int take_address(void *user, const struct nlmsghdr *message)
{
	struct address_list *list = user;
	struct link_address *address;
	void *copy;

	if (!wanted(message, list->index))
		return 0;
	address = arena_alloc(list->arena, sizeof *address);
	copy = arena_alloc(list->arena, message->nlmsg_len);
	if (!address || !copy)
		return -ENOMEM;
	memcpy(copy, message, message->nlmsg_len);
	*address = (struct link_address){.message = copy};
	*list->end = address;
	list->end = &address->next;
	return 0;
}

int link_addresses(struct arena *arena, int socket, int index, struct link_address **ret,
		   struct err *err)
{
	const struct ifaddrmsg info = {.ifa_family = AF_UNSPEC};
	char reason[NETLINK_REASON_SIZE];
	struct netlink_request request;
	struct address_list list;
	int r, tries = 0;

	do {
		list = (struct address_list){.arena = arena, .index = index};
		list.end = &list.first;
		netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, &info, sizeof info);
		r = netlink_ask(socket, &request, take_address, &list, reason);
	} while (r == -EINTR && tries++ < 16);
	if (r < 0)
		return fail(err, r, "read its addresses", reason);
	*ret = list.first;
	return 0;
}

/* "eth0:1" goes with the device's name; a label that is just the name is the kernel's default. */
static void add_label(struct netlink_request *request, const char *label, const struct link *link,
		      const char *old_name)
{
	const char *rest = str_after(label, old_name);
	char text[IFNAMSIZ];

	if (rest && !*rest)
		return;
	if (!rest || *rest != ':')
		rest = NULL;
	if (snprintf(text, sizeof text, "%s%s", rest ? link->name : label, rest ? rest : "") <
	    (int)sizeof text)
		netlink_add_text(request, IFA_LABEL, text);
}

static int address_fail(const struct nlmsghdr *message, int r, const char *reason, struct err *err)
{
	const struct ifaddrmsg *info = netlink_body(message);
	size_t size = info->ifa_family == AF_INET ? 4 : 16;
	const void *bytes = netlink_find(message, sizeof *info, IFA_LOCAL, size);
	char text[INET6_ADDRSTRLEN] = "?";

	if (!bytes)
		bytes = netlink_find(message, sizeof *info, IFA_ADDRESS, size);
	if (bytes)
		(void)inet_ntop(info->ifa_family, bytes, text, sizeof text); /* or "?" */
	fail(err, r, "add it", reason);
	return err_at(err, "address %s/%u", text, info->ifa_prefixlen);
}

static int add_address(int socket, const struct link *link, const char *old_name,
		       const struct nlmsghdr *message, struct err *err)
{
	char reason[NETLINK_REASON_SIZE];
	struct netlink_request request;
	const struct nlattr *attribute;
	struct ifaddrmsg info;
	size_t offset = 0;
	int r;

	memcpy(&info, netlink_body(message), sizeof info);
	info.ifa_index = (uint32_t)link->index;
	netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof info);
	while ((attribute = netlink_next(message, sizeof info, &offset))) {
		const char *content = netlink_content(attribute);
		size_t size = attribute->nla_len - sizeof(struct nlattr);

		switch (attribute->nla_type & NLA_TYPE_MASK) {
		case IFA_CACHEINFO: /* permanent: no lifetimes; the rest is history */
			break;
		case IFA_LABEL:
			if (size && !content[size - 1])
				add_label(&request, content, link, old_name);
			break;
		default:
			netlink_add(&request, attribute->nla_type, content, size);
			break;
		}
	}
	r = netlink_ask(socket, &request, NULL, NULL, reason);
	return r < 0 ? address_fail(message, r, reason, err) : 0;
}

int link_add_addresses(int socket, const struct link *link, const char *old_name,
		       const struct link_address *address, struct err *err)
{
	int r = 0;

	for (; r == 0 && address; address = address->next)
		r = add_address(socket, link, old_name, address->message, err);
	return r;
}
