/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cmd/cmd.h"

#define AT(member) offsetof(struct hull_exec, member)

static const struct option options[] = {
	{"process", 'p', OPTION_STRING, AT(process), "FILE",
	 "file with a process object; all but sockets, --pid-file and --detach is ignored then"},
	{"detach", 'd', OPTION_FLAG, AT(detach), NULL, "return as soon as the process runs"},
	{"tty", 't', OPTION_FLAG, AT(tty), NULL, "give it a terminal"},
	{"console-socket", 0, OPTION_STRING, AT(console_socket), "PATH",
	 "socket that gets the terminal"},
	{"pidfd-socket", 0, OPTION_STRING, AT(pidfd_socket), "PATH",
	 "socket that gets a pidfd of the process"},
	{"pid-file", 0, OPTION_STRING, AT(pid_file), "FILE", "file that gets the process id"},
	{"cwd", 0, OPTION_STRING, AT(cwd), "DIR", "its working directory"},
	{"env", 'e', OPTION_LIST, AT(env), "NAME=VALUE", "environment variable to add"},
	{"user", 'u', OPTION_STRING, AT(user), "UID[:GID]", "its user and group, by number"},
	{"additional-gids", 'g', OPTION_LIST, AT(additional_gids), "GID", "one more group"},
	{"cap", 'c', OPTION_LIST, AT(caps), "NAME", "capability to add"},
	{"no-new-privs", 0, OPTION_FLAG, AT(no_new_privs), NULL, "exec never gives it more rights"},
	{"process-label", 0, OPTION_STRING, AT(process_label), "LABEL", "SELinux label"},
	{"apparmor", 0, OPTION_STRING, AT(apparmor), "NAME", "AppArmor profile"},
	{"preserve-fds", 0, OPTION_COUNT, AT(preserve_fds), "N",
	 "keep N descriptors from 3 on open in the process"},
	{"cgroup", 0, OPTION_STRING, AT(cgroup), "PATH", "cgroup below the container's"},
	{"ignore-paused", 0, OPTION_FLAG, AT(ignore_paused), NULL,
	 "do not refuse a paused container"},
	{"no-subreaper", 0, OPTION_NO_FLAG, 0, NULL, NULL},
	{0},
};

static int run(const struct call *call, struct err *err)
{
	const struct hull_exec *given = call->options;
	struct hull_exec exec = *given;

	exec.id = call->args[0];
	exec.args = call->args + 1;
	if (!exec.process && call->n_args < 2)
		return err_text(err, EINVAL, "process args cannot be empty");
	return hull_exec(call->hull, &exec, call->exit_code, err);
}

const struct command cmd_exec = {
	.name = "exec",
	.args = "ID COMMAND [ARGUMENT...]",
	.help = "run one more process in a container",
	.options = options,
	.size = sizeof(struct hull_exec),
	.min_args = 1,
	.max_args = CMD_ANY,
	.first_ends = true,
	.failure = 255,
	.run = run,
};
