/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

struct err;

/* Unix sockets at paths of any length: sun_path holds 107 bytes, so that the path is opened first
 * and named through /proc/self/fd. Both return a close-on-exec descriptor or -errno. */

/* A listening SOCK_SEQPACKET socket named name in directory dir. */
int socket_listen(int dir, const char *name, struct err *err);
/* Connects to a SOCK_SEQPACKET (or SOCK_STREAM) socket: path relative to dir. */
int socket_connect(int dir, const char *path, int type, struct err *err);

/* --console-socket, --pidfd-socket: connects (stream) and sends one descriptor with a text beside
 * it. what names it in errors. */
int socket_send_fd(const char *path, const char *what, int fd, const char *text, struct err *err);
