/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

enum { SYSCTL_PATH_MAX = 240 };

/*
 * The file below procfs of a sysctl ("sys/net/ipv4/ip_forward"). As in sysctl(8) the first
 * separator decides: after a '.' a '/' stands for a dot in a name ("net.ipv4.conf.eth0/1.mtu"),
 * after a '/' a '.' is just a dot. -EINVAL for anything but names of printable characters with
 * single separators between them; "." and ".." are no names.
 */
int sysctl_path(const char *key, char path[SYSCTL_PATH_MAX]);

/* The namespace (CLONE_NEW*) that a sysctl of that path belongs to; 0: none, it is the whole
 * machine's (or it is not known to be safe), and a container must not touch it (CVE-2022-0811). */
uint64_t sysctl_namespace(const char *path);
