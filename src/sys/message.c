/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/message.h"

#include <errno.h>
#include <sys/socket.h>

#include "sys/file.h"

/* The control buffer for MESSAGE_FDS_MAX descriptors, aligned as cmsg(3) wants. */
union message_control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int) * MESSAGE_FDS_MAX)];
};

int message_send(int fd, const struct plan_note *note, const int *fds, unsigned n)
{
	union message_control control;
	struct iovec part = {(void *)(uintptr_t)note, sizeof *note};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	long r;

	if (n > MESSAGE_FDS_MAX)
		return -E2BIG;
	if (n) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		__builtin_memset(&control, 0, sizeof control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * n);
		__builtin_memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n);
	}
	do
		r = sys_call(SYS_sendmsg, fd, &message, MSG_NOSIGNAL);
	while (r == -EINTR);
	return r < 0 ? (int)r : 0;
}

int message_receive(int fd, struct plan_note *note, int *fds, unsigned room, unsigned *ret_n)
{
	union message_control control;
	struct iovec part = {note, sizeof *note};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	unsigned n = 0, i;
	int got[MESSAGE_FDS_MAX];
	bool reset = false;
	long r;

	for (;;) {
		r = sys_call(SYS_recvmsg, fd, &message, MSG_CMSG_CLOEXEC);
		/* A peer that ended without reading all of ours: the kernel tells that first, once
		 * (unix_release_sock), and its last words, why it ended, are still to be had. */
		if (r == -ECONNRESET && !reset)
			reset = true;
		else if (r != -EINTR)
			break;
	}
	if (r < 0)
		return (int)r;
	if (r == 0)
		return 0;
	if (message.msg_controllen >= CMSG_LEN(0) && control.header.cmsg_level == SOL_SOCKET &&
	    control.header.cmsg_type == SCM_RIGHTS) {
		n = (unsigned)((control.header.cmsg_len - CMSG_LEN(0)) / sizeof(int));
		if (n > MESSAGE_FDS_MAX)
			n = MESSAGE_FDS_MAX;
		__builtin_memcpy(got, CMSG_DATA(&control.header), sizeof(int) * n);
	}
	if ((size_t)r != sizeof *note || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
	    n > room) {
		for (i = 0; i < n; i++)
			sys_close(got[i]);
		return -EPROTO;
	}
	for (i = 0; i < n; i++)
		fds[i] = got[i];
	note->text[sizeof note->text - 1] = note->origin[sizeof note->origin - 1] = '\0';
	*ret_n = n;
	return 1;
}
