/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/quantity.h"
#include "libocispec/arena.h"
#include "sys/call.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* one number on every architecture */
#endif

struct events {
	const char *interval;
	bool stats;
};

static const struct option options[] = {
	{"interval", 0, OPTION_STRING, offsetof(struct events, interval), "TIME",
	 "time between two of them: 500ms, 1m30s (default: 5s)"},
	{"stats", 0, OPTION_FLAG, offsetof(struct events, stats), NULL, "print one and end"},
	{0},
};

static int print_stats(const struct hull *hull, const char *id, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;
	int r;

	buf_str(&out, "{\"type\":\"stats\",\"id\":");
	buf_json(&out, id);
	buf_str(&out, ",\"data\":");
	r = hull_stats(hull, id, &out, err);
	buf_str(&out, "}\n");
	return r < 0 ? r : cmd_print(&out, err);
}

/* 1 when the container has ended before the time is over. */
static int wait_interval(int pidfd, int64_t ms)
{
	struct pollfd end = {pidfd, POLLIN, 0};

	while (poll(&end, 1, ms > 3600000 ? 3600000 : (int)ms) < 0)
		if (errno != EINTR)
			return -errno;
	return end.revents != 0;
}

static bool has_ended(const struct hull *hull, const char *id)
{
	struct hull_state state;
	int r = hull_state(hull, id, &state, NULL);

	return r == -ENOENT || r == -ENODATA || (r == 0 && state.pid == 0);
}

/* A stream may last for days: each record gets an arena of its own. */
static int print_once(const struct hull *hull, const char *id, struct err *err)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct hull one = *hull;
	int r;

	one.arena = &arena;
	r = print_stats(&one, id, err);
	return r < 0 && has_ended(&one, id) ? 1 : r;
}

static int stream(const struct hull *hull, const char *id, int64_t ms, struct err *err)
{
	AUTO_CLOSE int pidfd = -1;
	struct hull_state state;
	int r = hull_state(hull, id, &state, err);

	if (r < 0)
		return r;
	if (state.pid == 0)
		return err_text(err, ESRCH, "container with id %s is not running", id);
	pidfd = (int)sys_call(SYS_pidfd_open, state.pid, 0);
	if (pidfd < 0)
		return pidfd == -ESRCH ? 0 : err_set(err, -pidfd, "pidfd_open");
	while (r == 0) {
		r = wait_interval(pidfd, ms);
		if (r < 0)
			return err_set(err, -r, "wait");
		if (r == 0)
			r = print_once(hull, id, err);
	}
	return r < 0 ? r : 0;
}

static int run(const struct call *call, struct err *err)
{
	const struct events *given = call->options;
	int64_t ms = 5000;

	if (given->interval && quantity_ms(given->interval, &ms) < 0)
		return err_text(err, EINVAL, "invalid value \"%s\" for flag --interval",
				given->interval);
	if (ms <= 0)
		return err_text(err, EINVAL, "duration interval must be greater than 0");
	if (given->stats)
		return print_stats(call->hull, call->args[0], err);
	return stream(call->hull, call->args[0], ms, err);
}

const struct command cmd_events = {
	.name = "events",
	.args = "ID",
	.help = "print what a container uses, again and again, as JSON",
	.options = options,
	.size = sizeof(struct events),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
