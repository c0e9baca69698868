/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/fd.h"
#include "seccomp/filter.h"

/* An agent that does not take the connection for so long is dead; no command of hull waits for
 * ever. On a unix socket the time also bounds connect(2). */
enum { AGENT_SECONDS = 10 };

/* sun_path has room for 107 bytes. A longer path is reached through a descriptor of its directory;
 * *ret_dir keeps that open for the connect. */
static int agent_address(const char *path, struct sockaddr_un *address, int *ret_dir)
{
	const char *slash = strrchr(path, '/');
	char parent[4096];
	size_t n = slash ? (size_t)(slash - path) : 0;

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) < sizeof address->sun_path) {
		memcpy(address->sun_path, path, strlen(path) + 1);
		return 0;
	}
	if (!slash || n >= sizeof parent)
		return -ENAMETOOLONG;
	snprintf(parent, sizeof parent, "%.*s/", (int)n, path);
	*ret_dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return -errno;
	n = (size_t)snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s",
			     *ret_dir, slash + 1);
	return n < sizeof address->sun_path ? 0 : -ENAMETOOLONG;
}

static int send_all(int agent, int fd, const char *text)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control.room};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	while (part.iov_len > 0) {
		ssize_t n = sendmsg(agent, &message, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		part.iov_base = (char *)part.iov_base + n;
		part.iov_len -= (size_t)n;
		/* "the file descriptors MUST be sent only in the first call" (config-linux.md) */
		message.msg_control = NULL;
		message.msg_controllen = 0;
	}
	return 0;
}

int filter_send_listener(const char *listener_path, int fd, const char *state_json, struct err *err)
{
	const struct timeval limit = {.tv_sec = AGENT_SECONDS};
	AUTO_CLOSE int agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_CLOSE int dir = -1;
	struct sockaddr_un address;
	int r;

	if (agent < 0)
		return err_set(err, errno, "linux.seccomp.listenerPath: socket");
	if (setsockopt(agent, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0)
		return err_set(err, errno, "linux.seccomp.listenerPath: setsockopt");
	r = agent_address(listener_path, &address, &dir);
	if (r == 0 && connect(agent, (struct sockaddr *)&address, sizeof address) < 0)
		r = -errno;
	if (r < 0)
		return err_set(err, -r, "linux.seccomp.listenerPath: connect to %s", listener_path);
	r = send_all(agent, fd, state_json);
	if (r < 0)
		return err_set(err, -r, "linux.seccomp.listenerPath: send to %s", listener_path);
	return 0;
}
