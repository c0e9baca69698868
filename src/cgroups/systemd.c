/* SPDX-License-Identifier: Apache-2.0 */

/* Units by D-Bus (org.freedesktop.systemd1(5)). */

#include "cgroups/systemd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "cgroups/limits.h"
#include "libocispec/arena.h"

enum { SKIP_MAX = 16, NAME_MAX_LENGTH = 64 };

/* Properties that a systemd does not have. */
struct skipped {
	char name[SKIP_MAX][NAME_MAX_LENGTH];
	const char *list[SKIP_MAX + 1];
	size_t n;
};

static struct dbus_call manager(const char *member, const char *signature, const struct buf *body)
{
	return (struct dbus_call){
		.destination = "org.freedesktop.systemd1",
		.path = "/org/freedesktop/systemd1",
		.interface = "org.freedesktop.systemd1.Manager",
		.member = member,
		.signature = signature,
		.body = body,
	};
}

/* Signals of jobs go to those who have said that they want some. */
static int subscribe(struct systemd *systemd, struct err *err)
{
	struct dbus_call call = manager("Subscribe", NULL, NULL);
	struct dbus_message reply;

	return dbus_ask(&systemd->dbus, &call, &reply, err);
}

static const char *runtime_directory(char room[64])
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (dir && *dir == '/')
		return dir;
	snprintf(room, 64, "/run/user/%u", (unsigned)geteuid());
	return room;
}

/* systemd's own socket first, as systemctl does: it is there without a message bus, too. */
static int connect_to(struct systemd *systemd, struct err *err)
{
	const char *bus = getenv("DBUS_SESSION_BUS_ADDRESS"), *run = "/run";
	char room[64], path[256];
	struct err first;
	int r;

	if (systemd->user)
		run = runtime_directory(room);
	snprintf(path, sizeof path, "%s/systemd/private", run);
	r = dbus_connect(&systemd->dbus, path, false, &first);
	if (r == 0)
		return 0;
	bus = systemd->user && bus ? str_after(bus, "unix:path=") : NULL;
	if (bus)
		snprintf(path, sizeof path, "%.*s", (int)strcspn(bus, ",;"), bus);
	else
		snprintf(path, sizeof path, "%s/%s", run,
			 systemd->user ? "bus" : "dbus/system_bus_socket");
	r = dbus_connect(&systemd->dbus, path, true, err);
	if (r == -ENOENT)
		return err_text(err, ENOENT, "systemd is not running here (%s)", first.text);
	return r;
}

int systemd_connect(struct systemd *systemd, struct err *err)
{
	int r;

	if (systemd->dbus.fd >= 0)
		return 0;
	r = connect_to(systemd, err);
	if (r == 0)
		r = subscribe(systemd, err);
	if (r == 0)
		return 0;
	dbus_close(&systemd->dbus);
	return err_at(err, "systemd cgroup driver");
}

int systemd_root(struct arena *arena, struct systemd *systemd, const char **ret, struct err *err)
{
	struct dbus_call call = manager("Get", "ss", NULL);
	AUTO_BUF struct buf body = BUF_INIT;
	struct dbus_message reply;
	const char *text = NULL;
	int r;

	dbus_string(&body, call.interface);
	dbus_string(&body, "ControlGroup");
	call.interface = "org.freedesktop.DBus.Properties";
	call.body = &body;
	r = dbus_ask(&systemd->dbus, &call, &reply, err);
	if (r < 0)
		return err_at(err, "systemd: control group of the manager");
	/* a variant: "s" as a signature is the bytes 1, 's', 0 */
	if (reply.body.size < 3 || memcmp(reply.body.data, "\1s", 3) != 0)
		return err_text(err, EBADMSG, "systemd: control group of the manager: bad message");
	reply.body.at = 3;
	if (!dbus_read_string(&reply.body, &text))
		return err_text(err, EBADMSG, "systemd: control group of the manager: bad message");
	*ret = arena_strdup(arena, *text ? text : "/");
	return *ret ? 0 : err_set(err, ENOMEM, "systemd");
}

const char *systemd_slice_path(struct arena *arena, const char *slice)
{
	const char *path = "";
	size_t n = strlen(slice) - strlen(".slice");

	if (str_eq(slice, "-.slice"))
		return path;
	for (size_t i = 1; i <= n && path; i++)
		if (i == n || slice[i] == '-')
			path = arena_printf(arena, "%s/%.*s.slice", path, (int)i, slice);
	return path;
}

bool systemd_is_slice(const char *unit)
{
	size_t n = strlen(unit), m = strlen(".slice");

	return n > m && str_eq(unit + n - m, ".slice");
}

static void string_property(struct buf *buf, const char *name, const char *value)
{
	dbus_align(buf, 8);
	dbus_string(buf, name);
	dbus_signature(buf, "s");
	dbus_string(buf, value);
}

static void bool_property(struct buf *buf, const char *name, bool value)
{
	dbus_align(buf, 8);
	dbus_string(buf, name);
	dbus_signature(buf, "b");
	dbus_bool(buf, value);
}

static void scope_properties(const struct systemd *systemd, pid_t pid, const char *const *skip,
			     struct buf *buf)
{
	size_t array;

	string_property(buf, "Slice", systemd->slice);
	/* since systemd 236; without it a scope whose processes were killed stays listed */
	if (!systemd_is_skipped(skip, "CollectMode"))
		string_property(buf, "CollectMode", "inactive-or-failed");
	/* systemd must not touch what is in the cgroup, and gives it all controllers */
	bool_property(buf, "Delegate", true);
	dbus_align(buf, 8);
	dbus_string(buf, "PIDs");
	dbus_signature(buf, "au");
	array = dbus_array(buf, 4);
	dbus_u32(buf, (uint32_t)pid);
	dbus_array_end(buf, array, 4);
}

static void start_body(const struct systemd *systemd, pid_t pid, const struct limits *limits,
		       const char *const *skip, struct buf *body)
{
	char description[320];
	size_t array;

	snprintf(description, sizeof description, "hull container %.256s", systemd->unit);
	dbus_string(body, systemd->unit);
	dbus_string(body, "fail");
	array = dbus_array(body, 8);
	string_property(body, "Description", description);
	if (systemd_is_slice(systemd->unit))
		string_property(body, "Slice", systemd->slice);
	else
		scope_properties(systemd, pid, skip, body);
	/* Containers end before their engine does at shutdown only if the engine says so. */
	bool_property(body, "DefaultDependencies", false);
	bool_property(body, "CPUAccounting", true);
	bool_property(body, "MemoryAccounting", true);
	bool_property(body, "IOAccounting", true);
	bool_property(body, "TasksAccounting", true);
	systemd_properties(limits, skip, body);
	dbus_align(body, 8);
	if (systemd->extra.size)
		buf_add(body, systemd->extra.data, systemd->extra.size);
	dbus_array_end(body, array, 8);
	/* no auxiliary units */
	array = dbus_array(body, 8);
	dbus_array_end(body, array, 8);
}

/* An old systemd refuses all for one property that it does not know. Those are repetitions of what
 * is written to the files: go on without. True when there is one less. */
static bool skip_unknown(struct skipped *skipped, const struct dbus_message *reply,
			 const char *text)
{
	const char *name = strstr(text, "Cannot set property ");
	size_t n;

	if (!str_eq(reply->error, "org.freedesktop.DBus.Error.PropertyReadOnly") || !name ||
	    skipped->n == SKIP_MAX)
		return false;
	name += strlen("Cannot set property ");
	n = strcspn(name, ", ");
	if (!n || n >= NAME_MAX_LENGTH)
		return false;
	memcpy(skipped->name[skipped->n], name, n);
	skipped->name[skipped->n][n] = '\0';
	skipped->list[skipped->n] = skipped->name[skipped->n];
	skipped->n++;
	return true;
}

/* Waits for the end of a job: JobRemoved (u id, o job, s unit, s result). */
static int wait_job(struct systemd *systemd, const char *job, const char *what, struct err *err)
{
	for (;;) {
		const char *path, *unit, *result;
		struct dbus_message m;
		uint32_t id;
		int r = dbus_receive(&systemd->dbus, &m, err);

		if (r < 0)
			return err_at(err, "systemd: %s %s", what, systemd->unit);
		if (m.type != DBUS_SIGNAL || !str_eq(m.member, "JobRemoved") ||
		    !dbus_read_u32(&m.body, &id) || !dbus_read_string(&m.body, &path) ||
		    !dbus_read_string(&m.body, &unit) || !dbus_read_string(&m.body, &result) ||
		    !str_eq(path, job))
			continue;
		if (str_eq(result, "done"))
			return 0;
		return err_text(err, EIO, "systemd: %s %s: the job's result is \"%s\"", what,
				systemd->unit, result);
	}
}

/* Sends a call that makes a job, and waits for that. */
static int run_job(struct systemd *systemd, const struct dbus_call *call, const char *what,
		   struct dbus_message *reply, struct err *err)
{
	const char *path;
	char job[256];
	int r = dbus_ask(&systemd->dbus, call, reply, err);

	if (r < 0)
		return err_at(err, "systemd: %s %s", what, systemd->unit);
	if (!dbus_read_string(&reply->body, &path) || strlen(path) >= sizeof job)
		return err_text(err, EBADMSG, "systemd: %s %s: bad message", what, systemd->unit);
	memcpy(job, path, strlen(path) + 1);
	return wait_job(systemd, job, what, err);
}

static int start(struct systemd *systemd, pid_t pid, const struct limits *limits,
		 struct dbus_message *reply, struct err *err)
{
	struct skipped skipped = {.n = 0};
	int r;

	do {
		AUTO_BUF struct buf body = BUF_INIT;
		struct dbus_call call = manager("StartTransientUnit", "ssa(sv)a(sa(sv))", &body);

		*reply = (struct dbus_message){.error = ""};
		start_body(systemd, pid, limits, skipped.list, &body);
		r = run_job(systemd, &call, "start", reply, err);
	} while (r == -EREMOTEIO && skip_unknown(&skipped, reply, err->text));
	return r;
}

static int reset_failed(struct systemd *systemd, struct err *err)
{
	AUTO_BUF struct buf body = BUF_INIT;
	struct dbus_call call = manager("ResetFailedUnit", "s", &body);
	struct dbus_message reply;

	dbus_string(&body, systemd->unit);
	return dbus_ask(&systemd->dbus, &call, &reply, err);
}

int systemd_start(struct systemd *systemd, pid_t pid, const struct limits *limits, struct err *err)
{
	struct dbus_message reply;
	struct err ignored;
	int r = systemd_connect(systemd, err);

	if (r == 0)
		r = start(systemd, pid, limits, &reply, err);
	/* Perhaps the remains of a container of that name. A unit that runs stays untouched: it may
	 * be anybody's. */
	if (r == -EREMOTEIO && str_eq(reply.error, "org.freedesktop.systemd1.UnitExists") &&
	    reset_failed(systemd, &ignored) == 0)
		r = start(systemd, pid, limits, &reply, err);
	return r;
}

int systemd_set(struct systemd *systemd, const struct limits *limits, struct err *err)
{
	struct skipped skipped = {.n = 0};
	struct dbus_message reply;
	int r = systemd_connect(systemd, err);

	if (r < 0)
		return r;
	do {
		AUTO_BUF struct buf body = BUF_INIT;
		struct dbus_call call = manager("SetUnitProperties", "sba(sv)", &body);
		size_t array;

		reply.error = "";
		dbus_string(&body, systemd->unit);
		dbus_bool(&body, true); /* until it ends, not in a file */
		array = dbus_array(&body, 8);
		systemd_properties(limits, skipped.list, &body);
		dbus_array_end(&body, array, 8);
		r = dbus_ask(&systemd->dbus, &call, &reply, err);
	} while (r == -EREMOTEIO && skip_unknown(&skipped, &reply, err->text));
	return r < 0 ? err_at(err, "systemd: set properties of %s", systemd->unit) : 0;
}

int systemd_stop(struct systemd *systemd, struct err *err)
{
	AUTO_BUF struct buf body = BUF_INIT;
	struct dbus_call call = manager("StopUnit", "ss", &body);
	struct dbus_message reply = {.error = ""};
	struct err ignored;
	int r = systemd_connect(systemd, err);

	if (r < 0)
		return r;
	dbus_string(&body, systemd->unit);
	dbus_string(&body, "replace");
	r = run_job(systemd, &call, "stop", &reply, err);
	if (r == -EREMOTEIO && str_eq(reply.error, "org.freedesktop.systemd1.NoSuchUnit"))
		return 0;
	/* one without CollectMode that failed; an error says that it did not */
	if (r == 0)
		(void)reset_failed(systemd, &ignored);
	return r;
}

void systemd_close(struct systemd *systemd)
{
	dbus_close(&systemd->dbus);
	buf_free(&systemd->extra);
}
