/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "plan/plan.h"

enum { MESSAGE_FDS_MAX = 64 };

/* Sends one note with n descriptors beside it. MSG_NOSIGNAL: a dead peer is -EPIPE. 0 or -errno. */
int message_send(int fd, const struct plan_note *note, const int *fds, unsigned n);

/* Receives one note; descriptors arrive close-on-exec in fds (at most room; more than that or a
 * cut message: -EPROTO, all closed). 1, 0 at the end of the conversation, or -errno. */
int message_receive(int fd, struct plan_note *note, int *fds, unsigned room, unsigned *ret_n);
