/* SPDX-License-Identifier: Apache-2.0 */
#include "container/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "tap.h"

static char directory[] = "/tmp/test-hooks-XXXXXX";

/* Runs a shell script as a hook in the directory. */
static int run(const char *script, const char **env, int timeout, struct err *err)
{
	const char *args[] = {"hook", "-c", script, NULL};
	struct oci_hook hook = {
		.path = "/bin/sh",
		.args = args,
		.n_args = 3,
		.env = env,
		.timeout = timeout,
		.has_timeout = timeout != 0,
	};

	*err = (struct err){0};
	for (hook.n_env = 0; env && env[hook.n_env];)
		hook.n_env++;
	return hooks_run(&hook, 1, "poststart", "{\"id\":\"x\"}", directory, err);
}

static const char *output(struct arena *arena)
{
	char path[64], *text;
	size_t size;

	snprintf(path, sizeof path, "%s/out", directory);
	return io_read_file(arena, AT_FDCWD, path, 65536, &text, &size) < 0 ? NULL : text;
}

static void test_surroundings(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	const char *env[] = {"A=one two", "B=", NULL}, *none[] = {NULL};
	const char *args[] = {"test-hooks", "fds", NULL};
	struct oci_hook self = {.path = "/proc/self/exe", .args = args, .n_args = 2};
	int leak = open("/dev/null", O_RDONLY); /* as a caller's --preserve-fds */
	struct err err;
	char want[96];

	setenv("LD_PRELOAD", "", 1);
	is_int(run("cat > out", NULL, 0, &err), 0, "a hook");
	is_str(output(&arena), "{\"id\":\"x\"}", "  gets the state on stdin");
	run("pwd > out", NULL, 0, &err);
	snprintf(want, sizeof want, "%s\n", directory);
	is_str(output(&arena), want, "  and works in the bundle");
	/* The shell adds PWD and the like for itself, so look at what it was given. */
	run("tr '\\0' '\\n' < /proc/$$/environ > out", env, 0, &err);
	is_str(output(&arena), "A=one two\nB=\n", "  with just its environment");
	run("tr '\\0' '\\n' < /proc/$$/environ > out", NULL, 0, &err);
	is_str(output(&arena), "", "  which is empty when none is given");
	run("tr '\\0' '\\n' < /proc/$$/environ > out", none, 0, &err);
	is_str(output(&arena), "", "  and when an empty one is given");
	is_int(hooks_run(&self, 1, "k", "{}", directory, &err), 0, "this test as a hook");
	is_str(output(&arena), "0 1 2 ", "  with three descriptors");
	run("grep -E '^(SigBlk|SigIgn)' /proc/self/status | tr -d '\\t' > out", NULL, 0, &err);
	is_str(output(&arena), "SigBlk:0000000000000000\nSigIgn:0000000000000000\n",
	       "  with no signal blocked or ignored");
	run("test $(ps -o pgid= -p $$) = $$ && echo own > out", NULL, 0, &err);
	is_str(output(&arena), "own\n", "  in a process group of its own");
	close(leak);
}

static void test_arguments(void)
{
	struct oci_hook hook = {.path = "/bin/true"};
	struct err err = {0};

	is_int(hooks_run(&hook, 1, "k", "{}", "/", &err), 0, "a hook without args");
	hook.path = "bin/true";
	is_int(hooks_run(&hook, 1, "prestart", "{}", "/", &err), -EINVAL, "a relative path");
	is_str(err.text, "hooks.prestart[0] (bin/true): the path must be absolute",
	       "  is told where");
	hook.path = "/nonexistent";
	is_int(hooks_run(&hook, 1, "prestart", "{}", "/", &err), -ENOENT, "no such file");
	is_str(err.text, "hooks.prestart[0] (/nonexistent): execute: no such file or directory",
	       "  is told where");
	hook.path = "/bin/true";
	is_int(hooks_run(&hook, 1, "k", "{}", "/nonexistent", &err), -ENOENT, "no such bundle");
	is_int(hooks_run(NULL, 0, "k", "{}", "/", &err), 0, "no hooks at all");
}

static void test_failures(void)
{
	struct err err;

	ok(run("echo before; echo why >&2; exit 3", NULL, 0, &err) < 0, "exit code 3");
	is_str(err.text, "hooks.poststart[0] (/bin/sh): exit status 3: before why",
	       "  and what the hook said");
	ok(run("exit 1", NULL, 0, &err) < 0, "exit code 1");
	is_str(err.text, "hooks.poststart[0] (/bin/sh): exit status 1", "  in silence");
	ok(run("kill -9 $$", NULL, 0, &err) < 0, "death by a signal");
	is_str(err.text, "hooks.poststart[0] (/bin/sh): killed by signal 9", "  is told");
	is_int(run("i=0; while test $i -lt 20000; do echo 0123456789; i=$((i+1)); done; "
		   "echo the end; exit 1",
		   NULL, 0, &err),
	       -EIO, "much output");
	ok(strstr(err.text, "exit status 1: ...") && strstr(err.text, "6789 the end"),
	   "  of which the end is told");
	ok(run("printf 'a\\033[31m\\001b'; exit 1", NULL, 0, &err) < 0 &&
		   strstr(err.text, "a [31m b"),
	   "control characters do not reach a terminal");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Dead ones may still wait for their new parent to reap them. */
static bool group_is_dead(int group)
{
	char command[128];

	snprintf(command, sizeof command,
		 "ps -eo pgid=,stat= | awk '$1 == %d && $2 !~ /Z/ { n++ } END { exit n > 0 }'",
		 group);
	for (int i = 0; i < 50; i++) {
		if (kill(-group, 0) < 0 || system(command) == 0)
			return true;
		usleep(20000);
	}
	return false;
}

/* Attack S55. */
static void test_time(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	double begin = seconds();
	struct err err;
	int pid = 0;

	is_int(run("echo $$ > out; sleep 60 & sleep 60", NULL, 1, &err), -ETIMEDOUT,
	       "a hook that never ends");
	is_str(err.text, "hooks.poststart[0] (/bin/sh): hook ran past specified timeout of 1.0s",
	       "  is told in the words that are known");
	ok(seconds() - begin < 10, "  and stopped in time");
	(void)sscanf(output(&arena), "%d", &pid);
	ok(pid > 0 && group_is_dead(pid), "  with all of its process group");
	begin = seconds();
	is_int(run("sleep 8 & echo $! > out", NULL, 0, &err), 0, "a daemon that keeps the pipe");
	ok(seconds() - begin < 5, "  is not waited for");
	(void)sscanf(output(&arena), "%d", &pid);
	ok(kill(pid, SIGKILL) == 0, "  and lives on");
	begin = seconds();
	is_int(run("while :; do echo flood; done & echo $! > out", NULL, 0, &err), 0,
	       "a daemon that never stops talking");
	ok(seconds() - begin < 5, "  is not listened to");
	(void)sscanf(output(&arena), "%d", &pid);
	kill(pid, SIGKILL);
	is_int(run("trap '' TERM INT HUP; exit 0", NULL, 30, &err), 0, "an end before the timeout");
}

static void test_order(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	const char *args[4][4] = {{"h", "-c", "echo 1 > out", NULL},
				  {"h", "-c", "echo 2 >> out", NULL},
				  {"h", "-c", "echo 3 >> out; exit 1", NULL},
				  {"h", "-c", "echo 4 >> out", NULL}};
	struct oci_hook hooks[4];
	struct err err = {0};

	for (int i = 0; i < 4; i++)
		hooks[i] = (struct oci_hook){.path = "/bin/sh", .args = args[i], .n_args = 3};
	ok(hooks_run(hooks, 4, "prestart", "{}", directory, &err) < 0, "one of four fails");
	is_str(err.text, "hooks.prestart[2] (/bin/sh): exit status 1", "  it is told which");
	is_str(output(&arena), "1\n2\n3\n", "  and the next one does not run");
	hooks_run_all(hooks, 4, "poststop", "{}", directory);
	is_str(output(&arena), "1\n2\n3\n4\n", "poststop hooks run whatever happens");
}

/* As a hook: writes which descriptors are open. */
static int list_fds(void)
{
	bool is_open[256];
	FILE *out;

	for (int fd = 0; fd < 256; fd++)
		is_open[fd] = fcntl(fd, F_GETFD) >= 0;
	out = fopen("out", "w");
	for (int fd = 0; out && fd < 256; fd++)
		if (is_open[fd])
			fprintf(out, "%d ", fd);
	return out && fclose(out) == 0 ? 0 : 1;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

int main(int argc, char **argv)
{
	char command[64];
	int before;

	if (argc > 1 && strcmp(argv[1], "fds") == 0)
		return list_fds();
	if (!mkdtemp(directory))
		return 1;
	before = count_fds();
	signal(SIGPIPE, SIG_IGN); /* as hull does */
	test_surroundings();
	test_arguments();
	test_failures();
	test_time();
	test_order();
	is_int(count_fds(), before, "no descriptor is left open");
	ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "no child is left");
	snprintf(command, sizeof command, "rm -r %s", directory);
	return system(command) != 0 || done_testing();
}
