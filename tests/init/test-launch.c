/* SPDX-License-Identifier: Apache-2.0 */

/* Hand-made plans through the real hull-init: no privileges needed. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "container/launch.h"
#include "init/run.h"
#include "libocispec/arena.h"
#include "plan/build.h"
#include "tests/unit/tap.h"

static const char *const no_env[] = {"GREETING=hello", NULL};

static int note(void *user, const struct plan_note *n, const int *fds, unsigned n_fds, int *reply,
		unsigned *n_reply, struct err *err)
{
	unsigned *seen = user;

	(void)fds;
	(void)n_fds;
	(void)reply;
	(void)n_reply;
	(void)err;
	*seen |= 1u << n->message;
	return 0;
}

/* Runs a plan to its end. Returns the exit code, -1 on failure with err filled. */
static int run(struct plan *plan, unsigned *seen, struct err *err)
{
	struct launch launch = {.plan = plan, .cgroup = -1, .note = note, .user = seen};
	int status, r = launch_start(&launch, err);

	if (r == 0)
		r = launch_serve(&launch, err);
	if (r < 0) {
		launch_abort(&launch);
		return -1;
	}
	close(launch.control);
	close(launch.pidfd);
	if (waitpid(launch.pid, &status, 0) != launch.pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void add_exec(struct plan *p, const char *script)
{
	const char *const args[] = {"sh", "-c", script, NULL};

	plan_origin(p, "exec: \"sh\"");
	plan_find_program(p, "sh", "/usr/bin:/bin");
	plan_barrier(p, MESSAGE_READY, PLAN_NO_SLOT, 0);
	plan_tidy(p, 0, PLAN_NO_SLOT);
	plan_exec(p, args, no_env);
}

static void test_exit_code(struct arena *arena)
{
	struct plan *p = plan_new(arena);
	struct err err = {0};
	unsigned seen = 0;

	plan_new_session(p);
	add_exec(p, "test \"$GREETING\" = hello && exit 7");
	ok(run(p, &seen, &err) == 7, "a plan ends in the program, whose exit code comes back (%s)",
	   err.text);
	ok(seen == 1u << MESSAGE_READY, "the READY barrier was answered once");
	plan_free(p);
}

static void test_descriptors(struct arena *arena)
{
	struct plan *p = plan_new(arena);
	struct err err = {0};
	unsigned seen = 0;

	plan_new_session(p);
	add_exec(p, "for fd in /proc/self/fd/*; do echo ${fd##*/}; done | tr '\\n' ' ' | "
		    "grep -qE '^0 1 2 [0-9]+ $'");
	ok(run(p, &seen, &err) == 0, "the program has 0, 1, 2 and nothing else (%s)", err.text);
	plan_free(p);
}

static void test_failure(struct arena *arena)
{
	struct plan *p = plan_new(arena);
	struct err err = {0};
	unsigned seen = 0;
	const char *const args[] = {"nonexist", NULL};

	plan_origin(p, "exec: \"nonexist\"");
	plan_find_program(p, "nonexist", "/bin:/usr/bin");
	plan_tidy(p, 0, PLAN_NO_SLOT);
	plan_exec(p, args, no_env);
	ok(run(p, &seen, &err) == -1, "a failing step ends the launch");
	ok(strcmp(err.text, "exec: \"nonexist\": executable file not found in $PATH") == 0,
	   "its error has origin and reason: %s", err.text);
	plan_free(p);
}

static void test_verifier(struct arena *arena)
{
	struct plan *p = plan_new(arena);
	struct err err = {0};
	const void *image;
	size_t size;

	plan_pivot(p, plan_slot(p, "root"));
	ok(plan_finish(p, 3, &image, &size, &err) < 0 && strstr(err.text, "before it is filled"),
	   "a slot that nothing fills is found: %s", err.text);
	plan_free(p);
}

/* Every single-byte change of an image is either refused or harmless to check. */
static void test_damage(struct arena *arena)
{
	struct plan *p = plan_new(arena);
	struct err err = {0};
	const void *image;
	size_t size, refused = 0;
	static struct init in;
	_Alignas(8) static char copy[4096];

	add_exec(p, "true");
	ok(plan_finish(p, 3, &image, &size, &err) == 0 && size < sizeof copy, "image: %zu bytes",
	   size);
	for (size_t i = 0; i < size; i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(copy, image, size);
			copy[i] = (char)(copy[i] ^ 1 << bit);
			refused += init_check(&in, copy, size) < 0;
		}
	}
	ok(refused > size, "%zu of %zu damaged images are refused, none is read out of bounds",
	   refused, size * 8);
	for (size_t n = 0; n < size; n++) {
		memcpy(copy, image, size);
		if (init_check(&in, copy, n) == 0)
			break;
		if (n + 1 == size)
			ok(true, "every shortened image is refused");
	}
	plan_free(p);
}

int main(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;

	test_exit_code(&arena);
	test_descriptors(&arena);
	test_failure(&arena);
	test_verifier(&arena);
	test_damage(&arena);
	return done_testing();
}
