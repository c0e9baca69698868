/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The options that create, run (and restore) have in common: rows for a table that fills a struct
 * with a member of type struct hull_create. */

#include "cmd/options.h"
#include "hull.h"

#define CREATE_OPTIONS(type, member)                                                               \
	{"bundle",      'b',                                                                       \
	 OPTION_STRING, offsetof(type, member.bundle),                                             \
	 "DIR",         "the bundle (default: the working directory)"},                            \
		{"config",      'f',                                                               \
		 OPTION_STRING, offsetof(type, member.config),                                     \
		 "FILE",        "its configuration (default: config.json in the bundle)"},         \
		{"console-socket", 0,                                                              \
		 OPTION_STRING,    offsetof(type, member.console_socket),                          \
		 "PATH",           "socket that gets the terminal"},                               \
		{"pidfd-socket", 0,                                                                \
		 OPTION_STRING,  offsetof(type, member.pidfd_socket),                              \
		 "PATH",         "socket that gets a pidfd of the process"},                       \
		{"pid-file",    0,                                                                 \
		 OPTION_STRING, offsetof(type, member.pid_file),                                   \
		 "FILE",        "file that gets the process id"},                                  \
		{"no-pivot",                                                                       \
		 0,                                                                                \
		 OPTION_FLAG,                                                                      \
		 offsetof(type, member.no_pivot),                                                  \
		 NULL,                                                                             \
		 "move the root file system instead of pivot_root, for a root on a ramdisk"},      \
		{"no-new-keyring",                                                                 \
		 0,                                                                                \
		 OPTION_FLAG,                                                                      \
		 offsetof(type, member.no_new_keyring),                                            \
		 NULL,                                                                             \
		 "keep the session keyring"},                                                      \
	{                                                                                          \
		"preserve-fds", 0, OPTION_COUNT, offsetof(type, member.preserve_fds), "N",         \
			"keep N descriptors from 3 on open in the process"                         \
	}
