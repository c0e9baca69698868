/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Plans of this machine, run by a hull-init that was built for another one:
 *
 *	foreign-init qemu-aarch64-static path/to/hull-init
 *
 * The emulator has no clone3, so launch.c cannot start it; a fork can. It may lack openat2 and
 * mount calls as well: the steps here do without. The image of a plan is the same on all
 * little-endian machines with 64 bits.
 */

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "libocispec/arena.h"
#include "plan/build.h"
#include "sys/message.h"
#include "tests/unit/tap.h"

enum { CONTROL = 200, PLAN = 201, ARGS_MAX = 8 };

static char **emulator;

static void child(const void *image, size_t size, size_t keep, int control)
{
	char *argv[ARGS_MAX + 2] = {NULL};
	char number[] = "201";
	int plan = memfd_create("plan", 0);
	size_t n = 0;

	if (plan < 0 || write(plan, image, size) != (ssize_t)size ||
	    ftruncate(plan, (off_t)keep) < 0 || dup2(plan, PLAN) < 0 || dup2(control, CONTROL) < 0)
		_exit(126);
	while (n < ARGS_MAX && emulator[n]) {
		argv[n] = emulator[n];
		n++;
	}
	argv[n] = number;
	execv(argv[0], argv);
	_exit(126);
}

/* Serves the conversation. last is the last note that was not a barrier's. Returns the wait status.
 */
static int run(struct plan *p, size_t cut, unsigned *ready, struct plan_note *last)
{
	struct err err = {0};
	const void *image;
	size_t size;
	int pair[2], status;
	pid_t pid;

	*ready = 0;
	if (plan_finish(p, CONTROL, &image, &size, &err) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		child(image, size, size - cut, pair[1]);
	close(pair[1]);
	for (;;) {
		struct plan_note note;
		int fds[1];
		unsigned n;

		if (message_receive(pair[0], &note, fds, 1, &n) != 1)
			break;
		*last = note;
		if (note.message == MESSAGE_READY) {
			++*ready;
			message_send(pair[0], &note, NULL, 0);
		}
	}
	close(pair[0]);
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static void add_exec(struct plan *p, const char *program, const char *script)
{
	const char *const args[] = {program, "-c", script, NULL};
	static const char *const env[] = {"GREETING=hello", NULL};

	plan_origin(p, "exec: \"%s\"", program);
	plan_find_program(p, program, "/nonexistent:/bin:/usr/bin");
	plan_barrier(p, MESSAGE_READY, PLAN_NO_SLOT, 0);
	plan_tidy(p, 0, PLAN_NO_SLOT);
	plan_exec(p, args, env);
}

static void test_runs(struct arena *arena)
{
	struct plan *p = plan_new(arena);
	struct plan_note last = {0};
	unsigned ready;
	int status;

	plan_new_session(p);
	plan_umask(p, 027);
	plan_no_new_privs(p);
	add_exec(p, "sh",
		 "test $GREETING = hello && test $(umask) = 0027 && "
		 "grep -q 'NoNewPrivs:.1' /proc/self/status && exit 7");
	status = run(p, 0, &ready, &last);
	ok(ready == 1, "the READY barrier is reached once");
	ok(status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 7,
	   "steps have their effect, and the program runs (wait status %x, %s)", (unsigned)status,
	   last.text);
	plan_free(p);
}

static void test_failure(struct arena *arena)
{
	struct plan *p = plan_new(arena);
	struct plan_note last = {0};
	unsigned ready;
	int status;

	plan_umask(p, 022);
	add_exec(p, "nonexist", "");
	status = run(p, 0, &ready, &last);
	ok(status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127 && ready == 0,
	   "a failing step ends it");
	ok(last.message == MESSAGE_FAILED && last.value == 1 && last.code == 2,
	   "the host learns which step (%d) and why (%d)", last.value, last.code);
	is_str(last.origin, "exec: \"nonexist\"", "and where in the config it came from");
	plan_free(p);
}

static void test_cut(struct arena *arena)
{
	struct plan *p = plan_new(arena);
	struct plan_note last = {0};
	unsigned ready;
	int status;

	add_exec(p, "true", "");
	status = run(p, 8, &ready, &last);
	ok(status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127 && !ready &&
		   !last.message,
	   "a plan that was cut short is refused before its first step");
	plan_free(p);
}

int main(int argc, char **argv)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;

	if (argc < 2 || argc > ARGS_MAX) {
		fprintf(stderr, "usage: foreign-init EMULATOR... HULL-INIT\n");
		return 2;
	}
	emulator = argv + 1;
	test_runs(&arena);
	test_failure(&arena);
	test_cut(&arena);
	return done_testing();
}
