/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

struct err;

/*
 * Foreground run and exec: hull stays, passes signals on, carries the terminal, and ends as the
 * container's process does.
 */

/* From now on signals for hull are kept (blocked) until foreground_wait passes them on: one that
 * comes while the container is being made must not be lost, nor end hull and leave a container. */
void foreground_hold(void);

/*
 * Until the process pid, a child of ours with this pidfd, has ended; reaps it, and any other child
 * (hull may be a subreaper). pty_master: the terminal of the process, carried to and from our stdin
 * and stdout, or -1; stays the caller's. Our own terminal is raw meanwhile. Blocked signals stay
 * blocked afterwards. *ret_status is the exit code, 128 + n for signal n.
 */
int foreground_wait(pid_t pid, int pidfd, int pty_master, int *ret_status, struct err *err);
