/* SPDX-License-Identifier: Apache-2.0 */
#include "namespaces/idmap_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/str.h"
#include "libocispec/ocispec.h"

/* What user_namespaces(7) allows in a map. */
enum { IDMAP_LINES_MAX = 340, IDMAP_ARGS_MAX = 2 + 3 * IDMAP_LINES_MAX };

enum { NUMBER_ROOM = 12, SAID_MAX = 400 };

static bool find_helper(const char *name, char path[64])
{
	static const char *const folder[] = {"/usr/bin", "/usr/sbin", "/bin", "/sbin",
					     "/usr/local/bin"};

	for (size_t i = 0; i < COUNT_OF(folder); i++) {
		snprintf(path, 64, "%s/%s", folder[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

struct helper_args {
	char *list[IDMAP_ARGS_MAX + 1];
	char text[IDMAP_ARGS_MAX][NUMBER_ROOM];
	size_t n;
};

static void add_number(struct helper_args *args, unsigned number)
{
	char *text = args->text[args->n];

	snprintf(text, NUMBER_ROOM, "%u", number);
	args->list[args->n++] = text;
}

/* Starts it with its messages going into a pipe. Returns the reading end. */
static int start(const char *path, char *const *args, pid_t *ret_pid, struct err *err)
{
	static char *const no_environment[] = {NULL};
	AUTO_CLOSE int said = -1, saying = -1;
	posix_spawn_file_actions_t actions;
	int r, ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, errno, "pipe");
	said = ends[0];
	saying = ends[1];
	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return err_set(err, r, "start %s", path);
	r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, saying, 1);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, saying, 2);
	if (!r)
		r = posix_spawn(ret_pid, path, &actions, NULL, args, no_environment);
	posix_spawn_file_actions_destroy(&actions);
	return r ? err_set(err, r, "start %s", path) : fd_take(&said);
}

/* One line for people out of what a program has said. */
static void tidy_text(char *text, ssize_t n)
{
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	text[n > 0 ? n : 0] = '\0';
	for (; *text; text++)
		if ((unsigned char)*text < ' ')
			*text = ' ';
}

static int wait_for(pid_t pid, const char *path, const char *text, struct err *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(err, errno, "wait for %s", path);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_text(err, EPERM, "%s failed%s%s", path, *text ? ": " : "", text);
}

int idmap_helper(const char *name, int pid, const struct oci_id_mapping *mapping, size_t n,
		 struct err *err)
{
	struct helper_args args = {.n = 0};
	char path[64], text[SAID_MAX + 1];
	AUTO_CLOSE int said = -1;
	pid_t helper;

	if (n > IDMAP_LINES_MAX)
		return err_text(err, EINVAL, "more than %d lines", IDMAP_LINES_MAX);
	if (!find_helper(name, path))
		return err_text(err, ENOENT,
				"%s not found in /usr/bin: it is needed to map other ids than "
				"one's own without privileges (package uidmap or shadow-utils)",
				name);
	args.list[args.n++] = path;
	add_number(&args, (unsigned)pid);
	for (size_t i = 0; i < n; i++) {
		add_number(&args, mapping[i].container_id);
		add_number(&args, mapping[i].host_id);
		add_number(&args, mapping[i].size);
	}
	said = start(path, args.list, &helper, err);
	if (said < 0)
		return said;
	tidy_text(text, io_read_full(said, text, SAID_MAX));
	return wait_for(helper, path, text, err);
}
