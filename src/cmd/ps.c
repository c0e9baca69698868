/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/number.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "libocispec/arena.h"

struct ps {
	const char *format;
};

static const struct option options[] = {
	{"format", 'f', OPTION_STRING, offsetof(struct ps, format), "FORMAT",
	 "table (default) or json"},
	{0},
};

static void json(const pid_t *pids, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%d", i ? "," : "[", (int)pids[i]);
	buf_str(out, n ? "]\n" : "null\n"); /* what Go callers know as an empty list */
}

/* The arguments of ps(1). Engines give all in one ("-o pid,args"): cut at blanks. */
static int ps_argv(struct arena *arena, const char *const *args, char ***ret)
{
	size_t n = 0, room = 3;
	char **argv;

	for (const char *const *arg = args; *arg; arg++)
		room += strlen(*arg) / 2 + 1;
	argv = arena_array(arena, room, sizeof *argv);
	if (!argv || !(argv[n++] = arena_strdup(arena, "ps")))
		return -ENOMEM;
	for (; *args; args++) {
		char *copy = arena_strdup(arena, *args), *rest = NULL;

		if (!copy)
			return -ENOMEM;
		for (char *word = strtok_r(copy, " \t", &rest); word;
		     word = strtok_r(NULL, " \t", &rest))
			argv[n++] = word;
	}
	if (n == 1 && !(argv[n++] = arena_strdup(arena, "-ef")))
		return -ENOMEM;
	*ret = argv;
	return 0;
}

static _Noreturn void ps_exec(char **argv, int output)
{
	signal(SIGPIPE, SIG_DFL);
	if (dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0)
		execvp("ps", argv);
	dprintf(STDERR_FILENO, "%s", err_name(errno));
	_exit(127);
}

static int ps_run(char **argv, struct buf *out, struct err *err)
{
	AUTO_CLOSE int input = -1, output = -1;
	int pair[2], status;
	char data[4096];
	ssize_t n;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_set(err, errno, "pipe");
	input = pair[0];
	output = pair[1];
	pid = fork();
	if (pid < 0)
		return err_set(err, errno, "fork");
	if (pid == 0)
		ps_exec(argv, output);
	fd_close(&output);
	while ((n = read(input, data, sizeof data)) != 0)
		if (n > 0)
			buf_add(out, data, (size_t)n);
		else if (errno != EINTR)
			break;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(err, errno, "wait for ps");
	if (out->failed)
		return err_set(err, ENOMEM, "read the output of ps");
	if (status != 0)
		return err_text(err, EIO, "run ps: %.*s",
				out->data ? (int)strcspn(out->data, "\n") : 0,
				out->data ? out->data : "");
	return 0;
}

/* Word number n of a line, from 0; *size is 0 when there are fewer. */
static const char *word(const char *line, size_t n, size_t *size)
{
	for (;; n--) {
		line += strspn(line, " \t");
		*size = strcspn(line, " \t\n");
		if (n == 0 || *size == 0)
			return line;
		line += *size;
	}
}

static bool is_ours(const char *text, size_t size, const pid_t *pids, size_t n)
{
	char digits[24];
	uint64_t pid;

	if (size == 0 || size >= sizeof digits)
		return false;
	memcpy(digits, text, size);
	digits[size] = '\0';
	if (number_u64(digits, INT32_MAX, &pid) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (pids[i] == (pid_t)pid)
			return true;
	return false;
}

/* The header, and the rows whose column PID tells one of ours. */
static int filter(const char *text, const pid_t *pids, size_t n, struct buf *out, struct err *err)
{
	const char *line = text ? text : "", *found;
	size_t column = 0, size;

	for (;; column++) {
		found = word(line, column, &size);
		if (size == 3 && memcmp(found, "PID", 3) == 0)
			break;
		if (size == 0)
			return err_text(err, EINVAL, "couldn't find PID field in ps output");
	}
	for (bool header = true; *line; header = false) {
		size_t length = strcspn(line, "\n");

		length += line[length] == '\n';
		found = word(line, column, &size);
		if (header || is_ours(found, size, pids, n))
			buf_add(out, line, length);
		line += length;
	}
	return 0;
}

static int run(const struct call *call, struct err *err)
{
	const struct ps *given = call->options;
	bool is_json = given->format && str_eq(given->format, "json");
	AUTO_BUF struct buf all = BUF_INIT, out = BUF_INIT;
	pid_t *pids;
	char **argv;
	size_t n;
	int r;

	if (given->format && !is_json && !str_eq(given->format, "table"))
		return err_text(err, EINVAL, "invalid format option");
	r = hull_pids(call->hull, call->args[0], &pids, &n, err);
	if (r < 0)
		return r;
	if (is_json) {
		json(pids, n, &out);
		return cmd_print(&out, err);
	}
	r = ps_argv(call->hull->arena, call->args + 1, &argv);
	if (r < 0)
		return err_set(err, -r, "read the command line");
	r = ps_run(argv, &all, err);
	if (r == 0)
		r = filter(all.data, pids, n, &out, err);
	return r < 0 ? r : cmd_print(&out, err);
}

const struct command cmd_ps = {
	.name = "ps",
	.args = "ID [PS OPTIONS]",
	.help = "list the processes of a container",
	.options = options,
	.size = sizeof(struct ps),
	.min_args = 1,
	.max_args = CMD_ANY,
	.first_ends = true,
	.run = run,
};
