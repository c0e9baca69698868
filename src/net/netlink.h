/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* As much of rtnetlink(7) as moving a device takes. */

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NETLINK_REQUEST_SIZE = 2048, NETLINK_REASON_SIZE = 128 };

/* A request that is built part by part; what does not fit sets failed. */
struct netlink_request {
	_Alignas(8) char data[NETLINK_REQUEST_SIZE];
	size_t size;
	bool failed;
};

/* A socket of the network namespace that the calling thread is in. fd or -errno. */
int netlink_open(void);

/* body is what follows the header: struct ifinfomsg, struct ifaddrmsg. */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *body,
		   size_t size);
void netlink_add(struct netlink_request *request, uint16_t type, const void *data, size_t size);
void netlink_add_text(struct netlink_request *request, uint16_t type, const char *text);

/*
 * Sends the request and hears all of the answer; each (may be NULL) gets every message of it until
 * it returns a negative errno, which is the result then. 0 or -errno; -EINTR: something changed
 * during a dump, ask again. reason gets the kernel's own words for an error, or "".
 */
int netlink_ask(int fd, struct netlink_request *request,
		int (*each)(void *user, const struct nlmsghdr *message), void *user,
		char reason[NETLINK_REASON_SIZE]);

/* An attribute of a message whose body has body_size bytes; *offset (0 at first) goes on to the
 * next one. NULL at the end. */
const struct nlattr *netlink_next(const struct nlmsghdr *message, size_t body_size, size_t *offset);

static inline const void *netlink_body(const struct nlmsghdr *message)
{
	return (const char *)message + NLMSG_HDRLEN;
}

static inline const void *netlink_content(const struct nlattr *attribute)
{
	return (const char *)attribute + sizeof *attribute;
}

/* The content of the first attribute of that type with at least that many bytes, or NULL. */
const void *netlink_find(const struct nlmsghdr *message, size_t body_size, uint16_t type,
			 size_t size);
