/* SPDX-License-Identifier: Apache-2.0 */

/* The conversation with the host. docs/plan.md draws it. */

#include <errno.h>
#include <sys/socket.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/message.h"

void init_drop(struct init *in, int slot)
{
	if (slot >= 0 && in->slot[slot] >= 0)
		sys_close(in->slot[slot]);
	if (slot >= 0)
		in->slot[slot] = -1;
}

int step_close(struct init *in, const struct step_close *s)
{
	init_drop(in, s->slot);
	return 0;
}

/* Waits for one message of the given kind and puts its descriptors into slots. */
static int wait_for(struct init *in, int fd, int message, int first, int64_t count)
{
	struct plan_note note;
	int fds[MESSAGE_FDS_MAX];
	unsigned n;
	int r = message_receive(fd, &note, fds, (unsigned)count, &n);

	if (r < 0)
		return init_doing(in, "receive from hull", r);
	/* The host is gone: killed, or it gave up. Nothing may go on without it. */
	if (r == 0)
		return init_doing(in, "=hull is gone", -ECONNRESET);
	if (note.message != (uint32_t)message || n != (unsigned)count) {
		for (unsigned i = 0; i < n; i++)
			sys_close(fds[i]);
		return init_doing(in, "receive from hull", -EPROTO);
	}
	for (unsigned i = 0; i < n; i++)
		init_put(in, first + (int)i, fds[i]);
	return 0;
}

int step_await(struct init *in, const struct step_await *s)
{
	return wait_for(in, in->control, s->message, s->first, s->count);
}

int step_barrier(struct init *in, const struct step_barrier *s)
{
	struct plan_note note = {.message = (uint32_t)s->message};
	int r = message_send(in->control, &note, NULL, 0);

	if (r < 0)
		return init_doing(in, "send to hull", r);
	return wait_for(in, in->control, s->message, s->first, s->count);
}

int step_send(struct init *in, const struct step_send *s)
{
	struct plan_note note = {.message = (uint32_t)s->message};
	int fd = init_fd(in, s->fd);
	int r = message_send(in->control, &note, &fd, 1);

	init_drop(in, s->fd);
	return init_doing(in, "send to hull", r);
}

int step_wait_start(struct init *in, const struct step_wait_start *s)
{
	int listener = init_fd(in, s->listener);

	/* `create` has let go; its end of the socket is closed. */
	sys_close(in->control);
	in->control = -1;
	for (;;) {
		int r, fd = (int)sys_call(SYS_accept4, listener, 0, 0, SOCK_CLOEXEC);

		if (fd == -EINTR)
			continue;
		if (fd < 0)
			return init_doing(in, "accept the starter", fd);
		r = wait_for(in, fd, MESSAGE_START, s->state, s->state != PLAN_NO_SLOT);
		if (r == 0) {
			in->control = fd;
			init_drop(in, s->listener);
			return 0;
		}
		/* A starter that was killed before it said go: wait for the next one. */
		sys_close(fd);
	}
}
