/* SPDX-License-Identifier: Apache-2.0 */
#include "container/status.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "tap.h"

/* How many descriptors we have open: what is asked for a status must not leave one. */
static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* A child that lives until it is killed; how says what becomes of it first. */
static pid_t child(void (*how)(void))
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (how) {
			dup2(ready[1], 3);
			how();
		}
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	(void)!read(ready[0], &byte, 1); /* a byte, or the end by exec or exit */
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct store_record record_of(pid_t pid)
{
	static char boot_id[STATUS_BOOT_ID_SIZE];

	status_boot_id(boot_id);
	return (struct store_record){
		.pid = pid,
		.start_time = status_start_time(pid),
		.boot_id = boot_id,
		.created_done = true,
		.started = true,
	};
}

static const char *judged(const struct store_record *record)
{
	return status_name(status_of(record, NULL));
}

static void test_life(void)
{
	pid_t pid = child(NULL);
	struct store_record record = record_of(pid), other = record;
	int pidfd = status_pidfd(&record);

	ok(record.start_time > 0, "a process has a start time");
	is_str(judged(&record), "running", "it lives");
	ok(pidfd >= 0, "it has a pidfd");
	close(pidfd);
	other.start_time++;
	is_str(judged(&other), "stopped", "its pid belongs to another process");
	is_int(status_pidfd(&other), -ESRCH, "  which gets no pidfd");
	other = record;
	other.boot_id = "0f2f0e3c-0000-4000-8000-000000000000";
	is_str(judged(&other), "stopped", "a record of another boot");
	is_int(status_pidfd(&other), -ESRCH, "  gets no pidfd");
	other = record;
	other.created_done = false;
	is_str(judged(&other), "creating", "creation is not done");
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
	is_int(status_start_time(pid), 0, "a zombie has no start time");
	is_str(judged(&record), "stopped", "a zombie is stopped");
	is_str(judged(&other), "stopped", "died in creation");
	waitpid(pid, NULL, 0);
	is_str(judged(&record), "stopped", "nothing is left");
	is_int(status_pidfd(&record), -ESRCH, "  so there is no pidfd");
	other.pid = 0;
	is_str(judged(&other), "creating", "creation has no process yet");
}

/* A program whose name has the form of what follows it in /proc/PID/stat. */
static void hostile_name(void)
{
	int fd = open("/proc/self/comm", O_WRONLY);

	(void)!write(fd, "x) Z 1 2 3 (y", 13);
	close(fd);
}

static void *stay(void *unused)
{
	usleep(100000); /* until the first thread is a zombie */
	(void)!write(3, "", 1);
	while (pause() < 0)
		continue;
	return unused;
}

/* Its first thread ends, another one lives on: the process is a zombie only by its looks. */
static void thread_outlives(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, stay, NULL);
	pthread_exit(NULL);
}

static void test_looks(void)
{
	pid_t pid = child(hostile_name);
	struct store_record record = record_of(pid);

	is_str(judged(&record), "running", "a name that looks like a zombie");
	end(pid);
	pid = child(thread_outlives);
	record = record_of(pid);
	is_str(judged(&record), "running", "a process whose first thread has ended");
	end(pid);
	is_str(judged(&record), "stopped", "  and when the others have");
}

/* Becomes a program from a memory file with the name of hull-init; cat waits for its input. */
static void become_init(void)
{
	char *argv[] = {(char[]){"cat"}, NULL}, *env[] = {NULL};
	int from = open("/bin/cat", O_RDONLY | O_CLOEXEC);
	int memory = memfd_create("hull-init", MFD_CLOEXEC), pair[2];
	char block[4096];
	ssize_t n;

	while ((n = read(from, block, sizeof block)) > 0)
		(void)!write(memory, block, (size_t)n);
	if (pipe2(pair, 0) == 0)
		dup2(pair[0], 0);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	fexecve(memory, argv, env);
	_exit(1);
}

static void test_created(void)
{
	pid_t pid = child(become_init);
	struct store_record record = record_of(pid);

	is_str(judged(&record), "created", "hull-init runs, whatever the record says");
	record.started = false;
	is_str(judged(&record), "created", "hull-init runs and was not started");
	end(pid);
	pid = child(NULL);
	record = record_of(pid);
	record.started = false;
	is_str(judged(&record), "created", "a fork of our own program waits (HULL_INIT=fork)");
	end(pid);
}

static void test_table(void)
{
	static const struct {
		enum status_command command;
		const char *allowed; /* first letters: g creating, c, r, p, s */
	} table[] = {
		{COMMAND_START, "c"},       {COMMAND_KILL, "crp"},    {COMMAND_DELETE, "cs"},
		{COMMAND_EXEC, "cr"},       {COMMAND_PAUSE, "cr"},    {COMMAND_RESUME, "p"},
		{COMMAND_UPDATE, "crp"},    {COMMAND_EVENTS, "gcrp"}, {COMMAND_PS, "gcrps"},
		{COMMAND_CHECKPOINT, "rp"},
	};
	struct err err = {0};

	is_int(sizeof table / sizeof *table, COMMAND_COUNT, "every command is in the table");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		for (int status = 0; status < STATUS_COUNT; status++) {
			bool want = strchr(table[i].allowed, "gcrps"[status]) != NULL;
			int r = status_allow(table[i].command, (enum status)status, "x", &err);

			ok(want == (r == 0), "command %d in state %s", (int)table[i].command,
			   status_name((enum status)status));
		}
	}
	status_allow(COMMAND_DELETE, STATUS_RUNNING, "box", &err);
	is_str(err.text, "cannot delete container box that is not stopped: running",
	       "the text for delete");
	status_allow(COMMAND_KILL, STATUS_STOPPED, "box", &err);
	is_str(err.text, "container not running", "the text for kill");
	status_allow(COMMAND_START, STATUS_STOPPED, "box", &err);
	is_str(err.text, "cannot start a container that has stopped", "the text for start");
	status_allow(COMMAND_EVENTS, STATUS_STOPPED, "box", &err);
	is_str(err.text, "container with id box is not running", "the text for events");
}

int main(void)
{
	int before = count_fds();

	test_life();
	test_looks();
	test_created();
	test_table();
	is_int(status_start_time(0), 0, "no pid 0");
	is_int(status_start_time(-1), 0, "no pid -1");
	is_int(status_start_time(INT64_MAX), 0, "no such pid");
	is_int(count_fds(), before, "no descriptor is left open");
	return done_testing();
}
