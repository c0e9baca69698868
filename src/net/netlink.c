/* SPDX-License-Identifier: Apache-2.0 */
#include "net/netlink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/call.h"

/* The kernel makes no message of an answer larger than this (NLMSG_GOODSIZE and dumps). */
enum { ANSWER_SIZE = 32 * 1024 };

/* A socket has one conversation at a time, and each is heard to its end. */
enum { SEQUENCE = 1 };

int netlink_open(void)
{
	/* Raw: also called from a process that borrows our memory. */
	return (int)sys_call(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static void append(struct netlink_request *request, const void *data, size_t size)
{
	size_t padded = NLMSG_ALIGN(size);

	if (request->failed || padded > sizeof request->data - request->size) {
		request->failed = true;
		return;
	}
	memset(request->data + request->size, 0, padded);
	if (size)
		memcpy(request->data + request->size, data, size);
	request->size += padded;
}

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *body,
		   size_t size)
{
	const struct nlmsghdr header = {
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
	};

	request->size = 0;
	request->failed = false;
	append(request, &header, sizeof header);
	append(request, body, size);
}

void netlink_add(struct netlink_request *request, uint16_t type, const void *data, size_t size)
{
	const struct nlattr attribute = {
		.nla_len = (uint16_t)(sizeof(struct nlattr) + size),
		.nla_type = type,
	};

	if (size > NETLINK_REQUEST_SIZE) {
		request->failed = true;
		return;
	}
	append(request, &attribute, sizeof attribute);
	append(request, data, size);
}

void netlink_add_text(struct netlink_request *request, uint16_t type, const char *text)
{
	netlink_add(request, type, text, strlen(text) + 1);
}

const struct nlattr *netlink_next(const struct nlmsghdr *message, size_t body_size, size_t *offset)
{
	size_t start = *offset ? *offset : NLMSG_HDRLEN + NLMSG_ALIGN(body_size);
	const struct nlattr *attribute;

	if (start + sizeof(struct nlattr) > message->nlmsg_len)
		return NULL;
	attribute = (const void *)((const char *)message + start);
	if (attribute->nla_len < sizeof(struct nlattr) ||
	    attribute->nla_len > message->nlmsg_len - start)
		return NULL;
	*offset = start + NLMSG_ALIGN(attribute->nla_len);
	return attribute;
}

const void *netlink_find(const struct nlmsghdr *message, size_t body_size, uint16_t type,
			 size_t size)
{
	const struct nlattr *attribute;
	size_t offset = 0;

	while ((attribute = netlink_next(message, body_size, &offset)))
		if ((attribute->nla_type & NLA_TYPE_MASK) == type &&
		    attribute->nla_len >= sizeof(struct nlattr) + size)
			return netlink_content(attribute);
	return NULL;
}

/* NETLINK_EXT_ACK: behind the error and the header of what it answers come attributes. */
static int read_error(const struct nlmsghdr *message, char *reason)
{
	struct nlmsgerr error;
	const struct nlattr *attribute;
	size_t body = sizeof error, offset = 0;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof error))
		return -EPROTO;
	memcpy(&error, netlink_body(message), sizeof error);
	if (!(message->nlmsg_flags & NLM_F_CAPPED) && error.msg.nlmsg_len > NLMSG_HDRLEN)
		body += error.msg.nlmsg_len - NLMSG_HDRLEN;
	while ((message->nlmsg_flags & NLM_F_ACK_TLVS) &&
	       (attribute = netlink_next(message, body, &offset)))
		if ((attribute->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			snprintf(reason, NETLINK_REASON_SIZE, "%.*s",
				 (int)(attribute->nla_len - sizeof *attribute),
				 (const char *)netlink_content(attribute));
	return error.error;
}

/* What the answer goes to. */
struct hearing {
	int (*each)(void *user, const struct nlmsghdr *message);
	void *user;
	char *reason;
	int failed; /* the first negative result of each, or -EINTR: the dump has gaps */
};

/* true: that was all, and *ret is the result. */
static bool hear(struct hearing *h, const struct nlmsghdr *message, int *ret)
{
	int r;

	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		h->failed = -EINTR;
	if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
		*ret = message->nlmsg_type == NLMSG_ERROR ? read_error(message, h->reason) : 0;
		if (*ret == 0)
			*ret = h->failed;
		return true;
	}
	r = h->each && !h->failed ? h->each(h->user, message) : 0;
	if (r < 0)
		h->failed = r;
	return false;
}

/* One datagram; the same result. */
static bool hear_all(struct hearing *h, const char *data, size_t size, int *ret)
{
	for (size_t at = 0; at < size && size - at >= NLMSG_HDRLEN;) {
		const struct nlmsghdr *message = (const void *)(data + at);

		if (message->nlmsg_len < NLMSG_HDRLEN || message->nlmsg_len > size - at) {
			*ret = -EPROTO;
			return true;
		}
		if (message->nlmsg_seq == SEQUENCE && hear(h, message, ret))
			return true;
		at += NLMSG_ALIGN(message->nlmsg_len);
	}
	return false;
}

int netlink_ask(int fd, struct netlink_request *request,
		int (*each)(void *user, const struct nlmsghdr *message), void *user,
		char reason[NETLINK_REASON_SIZE])
{
	static const int yes = 1;
	struct hearing h = {.each = each, .user = user, .reason = reason};
	_Alignas(8) char answer[ANSWER_SIZE];
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct nlmsghdr header;
	int r;

	reason[0] = '\0';
	if (request->failed)
		return -E2BIG;
	memcpy(&header, request->data, sizeof header);
	header.nlmsg_len = (uint32_t)request->size;
	header.nlmsg_seq = SEQUENCE;
	memcpy(request->data, &header, sizeof header);
	/* Only for better words; Linux 4.12. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof yes);
	if (sendto(fd, request->data, request->size, 0, (struct sockaddr *)&kernel, sizeof kernel) <
	    0)
		return -errno;
	for (;;) {
		socklen_t length = sizeof kernel;
		ssize_t n = recvfrom(fd, answer, sizeof answer, MSG_TRUNC,
				     (struct sockaddr *)&kernel, &length);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > (ssize_t)sizeof answer)
			return -EMSGSIZE;
		/* Any process may send to our socket; only the kernel is port 0. */
		if (n > 0 && kernel.nl_pid == 0 && hear_all(&h, answer, (size_t)n, &r))
			return r;
	}
}
