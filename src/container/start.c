/* SPDX-License-Identifier: Apache-2.0 */

/* start: connects to the init that `create` left waiting, and serves it to the end. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/io.h"
#include "container/container.h"
#include "container/hooks.h"
#include "container/session.h"
#include "container/socket.h"
#include "container/status.h"
#include "libocispec/ocispec.h"
#include "sys/message.h"

static int start_init(struct session *session, struct err *err)
{
	const struct oci_hooks *hooks = session->config->hooks;
	struct plan_note note = {.message = MESSAGE_START};
	AUTO_CLOSE int state = -1;
	int r;

	session->launch.control =
		socket_connect(session->entry->dir, "start.sock", SOCK_SEQPACKET, err);
	if (session->launch.control < 0)
		return err_at(err, "cannot start container %s", session->id);
	if (hooks && hooks->n_start_container) {
		state = session_state_file(session, STATUS_CREATED, session_inner_pid(session),
					   err);
		if (state < 0)
			return state;
	}
	r = message_send(session->launch.control, &note, &state, state >= 0);
	if (r < 0)
		return err_set(err, -r, "start container %s", session->id);
	r = launch_serve_started(&session->launch, err);
	if (r < 0)
		return r;
	/* Not needed for the status, which looks at the process; it spares `start` a second try. */
	(void)unlinkat(session->entry->dir, "start.sock", 0);
	return 0;
}

int hull_start(const struct hull *hull, const char *id, struct err *err)
{
	CONTAINER_AUTO struct container container = CONTAINER_INIT;
	struct session session = SESSION_INIT;
	const struct oci_config *config;
	int r;

	r = container_open_for(hull, id, COMMAND_START, &container, err);
	if (r == 0)
		r = container_config(hull->arena, &container.entry, &config, err);
	if (r < 0)
		return r;
	session.hull = hull;
	session.config = config;
	session.entry = &container.entry;
	session.record = &container.record;
	session.id = id;
	session.launch.note = session_note;
	session.launch.user = &session;
	session.launch.pid = (pid_t)container.record.pid;
	session.launch.pidfd = status_pidfd(&container.record);
	r = start_init(&session, err);
	if (r == 0) {
		container.record.started = true;
		r = store_save(&container.entry, &container.record, err);
	}
	if (r == 0 && config->hooks) {
		r = session_hooks(&session, config->hooks->poststart, config->hooks->n_poststart,
				  "poststart", STATUS_RUNNING, err);
		/* config.md, "Poststart": an error stops the container */
		if (r < 0 && session.launch.pidfd >= 0)
			(void)syscall(SYS_pidfd_send_signal, session.launch.pidfd, SIGKILL, NULL,
				      0);
	}
	fd_close(&session.launch.control);
	fd_close(&session.launch.pidfd);
	return r;
}
