/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"

/*
 * A caller may start us with closed descriptors 0 to 2, and what we open next would get these
 * numbers and be taken for stdio by the container or a hook. Returns whether all are open.
 */
static int fill_stdio(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return 0;
	return 1;
}

int main(int argc, char **argv)
{
	(void)argc;
	if (!fill_stdio()) {
		dprintf(STDERR_FILENO, "hull: a closed descriptor 0 to 2 needs /dev/null\n");
		return 1;
	}
	/* A reader that goes away (a log pipe, the socket of a container that died) is an error
	 * like others, and so is the caller's RLIMIT_FSIZE. Children get the default back. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* Ignored by the caller, it would make our children vanish unwaited (waitpid(2)). */
	signal(SIGCHLD, SIG_DFL);
	return cmd_main(argv);
}
