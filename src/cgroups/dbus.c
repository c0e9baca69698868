/* SPDX-License-Identifier: Apache-2.0 */

/* The connection to systemd or to a message bus. Every wait is bounded. */

#include "cgroups/dbus.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/object.h"

enum { ANSWER_MS = 30000, GREETING_MAX = 512 };

static int wait_for(struct dbus *dbus, short events)
{
	struct pollfd p = {.fd = dbus->fd, .events = events};
	int64_t left = dbus->deadline - now_ms();
	int r;

	if (left <= 0)
		return -ETIMEDOUT;
	r = poll(&p, 1, (int)left);
	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

static int send_all(struct dbus *dbus, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = send(dbus->fd, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			int r = wait_for(dbus, POLLOUT);

			if (r < 0)
				return r;
			continue;
		}
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

static int receive_all(struct dbus *dbus, char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = recv(dbus->fd, data, size, 0);

		if (n == 0)
			return -ECONNRESET;
		if (n < 0 && errno == EAGAIN) {
			int r = wait_for(dbus, POLLIN);

			if (r < 0)
				return r;
			continue;
		}
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* One line of the handshake, without its end. */
static int read_line(struct dbus *dbus, char line[GREETING_MAX])
{
	size_t n = 0;

	while (n < GREETING_MAX - 1) {
		int r = receive_all(dbus, line + n, 1);

		if (r < 0)
			return r;
		if (line[n] == '\n') {
			line[n > 0 && line[n - 1] == '\r' ? n - 1 : n] = '\0';
			return 0;
		}
		n++;
	}
	return -EBADMSG;
}

/* Who we are the peer knows from the kernel; an empty DATA says to take that. In a user namespace
 * the number that we would say is not the one that the peer sees. */
static int authenticate(struct dbus *dbus)
{
	static const char hello[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
	char line[GREETING_MAX];
	int r = send_all(dbus, hello, sizeof hello - 1);

	if (r == 0)
		r = read_line(dbus, line);
	if (r == 0 && str_eq(line, "DATA"))
		r = read_line(dbus, line);
	if (r < 0)
		return r;
	return str_after(line, "OK") ? 0 : -EACCES;
}

static int greet(struct dbus *dbus, struct err *err)
{
	static const char *const match =
		"type='signal',sender='org.freedesktop.systemd1',"
		"interface='org.freedesktop.systemd1.Manager',member='JobRemoved'";
	struct dbus_call call = {
		.destination = "org.freedesktop.DBus",
		.path = "/org/freedesktop/DBus",
		.interface = "org.freedesktop.DBus",
		.member = "Hello",
	};
	AUTO_BUF struct buf body = BUF_INIT;
	struct dbus_message reply;
	int r = dbus_ask(dbus, &call, &reply, err);

	if (r < 0)
		return r;
	dbus_string(&body, match);
	call.member = "AddMatch";
	call.signature = "s";
	call.body = &body;
	return dbus_ask(dbus, &call, &reply, err);
}

int dbus_connect(struct dbus *dbus, const char *path, bool bus, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int r;

	if (strlen(path) >= sizeof address.sun_path)
		return err_set(err, ENAMETOOLONG, "connect to %s", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	dbus->deadline = now_ms() + ANSWER_MS;
	dbus->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (dbus->fd < 0)
		return err_set(err, errno, "socket");
	if (connect(dbus->fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		r = err_set(err, errno, "connect to %s", path);
	} else {
		r = authenticate(dbus);
		if (r < 0)
			(void)err_set(err, -r, "authenticate to %s", path);
		else if (bus)
			r = greet(dbus, err);
	}
	if (r < 0)
		dbus_close(dbus);
	return r;
}

void dbus_close(struct dbus *dbus)
{
	fd_close(&dbus->fd);
	buf_free(&dbus->in);
}

static int receive(struct dbus *dbus, struct dbus_message *ret)
{
	char fixed[DBUS_FIXED];
	int r = receive_all(dbus, fixed, sizeof fixed);
	int64_t size = r < 0 ? r : dbus_size(fixed);
	AUTO_FREE char *rest = NULL;

	if (size < 0)
		return (int)size;
	rest = malloc((size_t)size);
	if (!rest)
		return -ENOMEM;
	r = receive_all(dbus, rest, (size_t)size - sizeof fixed);
	if (r < 0)
		return r;
	dbus->in.size = 0;
	buf_add(&dbus->in, fixed, sizeof fixed);
	buf_add(&dbus->in, rest, (size_t)size - sizeof fixed);
	return dbus->in.failed ? -ENOMEM : dbus_parse(dbus->in.data, dbus->in.size, ret);
}

int dbus_receive(struct dbus *dbus, struct dbus_message *ret, struct err *err)
{
	int r = receive(dbus, ret);

	return r < 0 ? err_set(err, -r, "answer of systemd") : 0;
}

int dbus_ask(struct dbus *dbus, const struct dbus_call *call, struct dbus_message *ret,
	     struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;
	const char *text = "";
	int r;

	dbus_marshal(&out, call, ++dbus->serial);
	if (out.failed)
		return err_set(err, ENOMEM, "%s", call->member);
	dbus->deadline = now_ms() + ANSWER_MS;
	r = send_all(dbus, out.data, out.size);
	do
		r = r < 0 ? r : receive(dbus, ret);
	while (r == 0 && (ret->reply_to != dbus->serial ||
			  (ret->type != DBUS_RETURN && ret->type != DBUS_ERROR)));
	if (r < 0)
		return err_set(err, -r, "%s", call->member);
	if (ret->type == DBUS_RETURN)
		return 0;
	if (*ret->signature == 's')
		(void)dbus_read_string(&ret->body, &text); /* "" then */
	return err_text(err, EREMOTEIO, "%s: %s", call->member, *text ? text : ret->error);
}
