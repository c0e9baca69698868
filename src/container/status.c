/* SPDX-License-Identifier: Apache-2.0 */
#include "container/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/number.h"
#include "base/str.h"
#include "cgroups/cgroups.h"
#include "sys/call.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* one number on every architecture */
#endif

/* The name that container/launch.c gives the memory file of hull-init. */
#define INIT_PROGRAM "/memfd:hull-init"

static const char *const names[STATUS_COUNT] = {
	[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running",
	[STATUS_PAUSED] = "paused",     [STATUS_STOPPED] = "stopped",
};

const char *status_name(enum status status)
{
	return names[status];
}

static bool read_small(const char *path, char *text, size_t room)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : io_read_full(fd, text, room - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	return true;
}

void status_boot_id(char ret[STATUS_BOOT_ID_SIZE])
{
	if (!read_small("/proc/sys/kernel/random/boot_id", ret, STATUS_BOOT_ID_SIZE))
		*ret = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

uint64_t status_start_time(int64_t pid)
{
	char path[48], text[1024], state;
	unsigned long long start;
	const char *rest;
	long threads;

	if (pid <= 0)
		return 0;
	snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
	if (!read_small(path, text, sizeof text))
		return 0;
	/* The name in parentheses is the process's to choose and can hold ") Z": the last ends it
	 * (proc_pid_stat(5)). Fields from there: 3 state, 20 num_threads, 22 starttime. */
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1,
			    " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d"
			    " %ld %*d %llu",
			    &state, &threads, &start) != 3)
		return 0;
	/* A first thread that ended before the others is a zombie in a process that lives. */
	if (state == 'X' || state == 'x' || (state == 'Z' && threads <= 1))
		return 0;
	/* Only swapper started in the first tick; 0 must keep its meaning. */
	return start ? start : 1;
}

static bool other_boot(const struct store_record *record)
{
	char boot_id[STATUS_BOOT_ID_SIZE];

	if (!record->boot_id || !*record->boot_id)
		return false;
	status_boot_id(boot_id);
	return *boot_id && !str_eq(boot_id, record->boot_id);
}

bool status_alive(const struct store_record *record)
{
	return record->pid > 0 && !other_boot(record) &&
	       status_start_time(record->pid) == record->start_time;
}

static bool same_file(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* Whether the container's own program runs. What /proc/PID/exe says is the truth. Where it may not
 * be read (a rootless container's init that is not dumpable), and where hull-init was not exec'd
 * (HULL_INIT=fork: it is hull's own file), what start has noted must do. */
static bool program_runs(const struct store_record *record)
{
	char path[48], exe[128];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%lld/exe", (long long)record->pid);
	n = readlink(path, exe, sizeof exe - 1);
	if (n < 0)
		return record->started;
	exe[n] = '\0';
	if (str_after(exe, INIT_PROGRAM))
		return false;
	return record->started || !same_file(path, "/proc/self/exe");
}

enum status status_of(const struct store_record *record, const struct cgroups *cgroups)
{
	if (!status_alive(record))
		return record->created_done || record->pid > 0 ? STATUS_STOPPED : STATUS_CREATING;
	if (!record->created_done)
		return STATUS_CREATING;
	if (!program_runs(record))
		return STATUS_CREATED;
	if (cgroups && cgroups_frozen(cgroups) == 1)
		return STATUS_PAUSED;
	return STATUS_RUNNING;
}

int status_pidfd(const struct store_record *record)
{
	AUTO_CLOSE int pidfd = -1;

	if (record->pid <= 0)
		return -ESRCH;
	pidfd = (int)sys_call(SYS_pidfd_open, record->pid, 0);
	if (pidfd < 0)
		return pidfd == -EINVAL ? -ESRCH : pidfd;
	/* The pid may belong to somebody else by now: the descriptor holds on to one process, and
	 * this tells whether it is ours. */
	if (!status_alive(record))
		return -ESRCH;
	return fd_take(&pidfd);
}

/* Error texts; %s is the container's id, NULL: allowed. Engines match them (containerd: "container
 * not running"). runtime.md: start only what is created, kill what is created or running (a paused
 * container is a running one), delete what is stopped; and, as callers of other runtimes know it,
 * what is only created. */
static const char *const table[COMMAND_COUNT][STATUS_COUNT] = {
	[COMMAND_START] =
		{
			[STATUS_CREATING] = "cannot start container %s: it is not created yet",
			[STATUS_RUNNING] = "cannot start an already running container",
			[STATUS_PAUSED] = "cannot start a paused container",
			[STATUS_STOPPED] = "cannot start a container that has stopped",
		},
	[COMMAND_KILL] =
		{
			[STATUS_CREATING] = "container not running: it is not created yet",
			[STATUS_STOPPED] = "container not running",
		},
	[COMMAND_DELETE] =
		{
			[STATUS_CREATING] =
				"cannot delete container %s that is not stopped: creating",
			[STATUS_RUNNING] =
				"cannot delete container %s that is not stopped: running",
			[STATUS_PAUSED] = "cannot delete container %s that is not stopped: paused",
		},
	[COMMAND_EXEC] =
		{
			[STATUS_CREATING] = "cannot exec in container %s: it is not created yet",
			[STATUS_PAUSED] = "cannot exec in a paused container (use --ignore-paused "
					  "to override)",
			[STATUS_STOPPED] = "cannot exec in a stopped container",
		},
	[COMMAND_PAUSE] =
		{
			[STATUS_CREATING] = "container not running",
			[STATUS_PAUSED] = "container not running: it is paused",
			[STATUS_STOPPED] = "container not running",
		},
	[COMMAND_RESUME] =
		{
			[STATUS_CREATING] = "container not paused",
			[STATUS_CREATED] = "container not paused",
			[STATUS_RUNNING] = "container not paused",
			[STATUS_STOPPED] = "container not paused",
		},
	[COMMAND_UPDATE] =
		{
			[STATUS_CREATING] = "container not running",
			[STATUS_STOPPED] = "container not running",
		},
	[COMMAND_EVENTS] =
		{
			[STATUS_STOPPED] = "container with id %s is not running",
		},
	[COMMAND_CHECKPOINT] =
		{
			[STATUS_CREATING] = "container %s cannot be checkpointed in creating state",
			[STATUS_CREATED] = "container %s cannot be checkpointed in created state",
			[STATUS_STOPPED] = "container %s cannot be checkpointed in stopped state",
		},
};

int status_allow(enum status_command command, enum status status, const char *id, struct err *err)
{
	const char *text = table[command][status], *mark;

	if (!text)
		return 0;
	mark = strstr(text, "%s");
	if (!mark)
		return err_text(err, EINVAL, "%s", text);
	return err_text(err, EINVAL, "%.*s%s%s", (int)(mark - text), text, id, mark + 2);
}
