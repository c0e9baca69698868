/* SPDX-License-Identifier: Apache-2.0 */
#include "container/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/fd.h"

static void address_of(struct sockaddr_un *address, int fd, const char *name)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d%s%s", fd,
		 *name ? "/" : "", name);
}

int socket_listen(int dir, const char *name, struct err *err)
{
	struct sockaddr_un address;
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(err, errno, "socket");
	address_of(&address, dir, name);
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return err_set(err, errno, "bind %s", name);
	if (listen(fd, 8) < 0)
		return err_set(err, errno, "listen on %s", name);
	return fd_take(&fd);
}

int socket_connect(int dir, const char *path, int type, struct err *err)
{
	struct sockaddr_un address;
	AUTO_CLOSE int target = openat(dir, path, O_PATH | O_CLOEXEC);
	AUTO_CLOSE int fd = -1;

	if (target < 0)
		return err_set(err, errno, "open socket %s", path);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, errno, "socket");
	address_of(&address, target, "");
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return err_set(err, errno, "connect to %s", path);
	return fd_take(&fd);
}

int socket_send_fd(const char *path, const char *what, int fd, const char *text, struct err *err)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {(void *)(unsigned long)text, strlen(text)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	AUTO_CLOSE int to = socket_connect(AT_FDCWD, path, SOCK_STREAM, err);

	if (to < 0) {
		err_at(err, "%s", what);
		return to;
	}
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	while (sendmsg(to, &message, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return err_set(err, errno, "%s %s: send the descriptor", what, path);
	return 0;
}
