/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The commands: each is a thin caller of hull.h, one file each, with one struct command. */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cmd/options.h"
#include "hull.h"

struct buf;

struct call {
	const struct hull *hull;
	const void *options; /* as the command's option table fills it */
	const char *const *args; /* the other arguments, NULL-ended */
	size_t n_args;
	int *exit_code; /* when the command succeeds; 0 unless it writes */
};

#define CMD_ANY ((size_t)-1)

struct command {
	const char *name;
	const char *args; /* how help calls the other arguments: "ID" */
	const char *help; /* one line; NULL: not listed */
	const struct option *options;
	size_t size; /* of the struct that options fills; its defaults are zero */
	size_t min_args, max_args; /* CMD_ANY: no maximum */
	bool first_ends; /* see options_parse */
	int failure; /* exit code of a failure, 0 for the usual 1 */
	int (*run)(const struct call *call, struct err *err);
};

/* The whole program; returns the exit code. Its only output about an error is one log_fatal. */
int cmd_main(char **argv);

/* Writes to stdout. */
int cmd_print(const struct buf *buf, struct err *err);

/* --regex: calls act for each container whose id matches; stops at the first failure. */
int cmd_each_match(const struct call *call, const char *regex,
		   int (*act)(const struct call *call, const char *id, struct err *err),
		   struct err *err);

extern const struct command cmd_checkpoint, cmd_check, cmd_create, cmd_delete, cmd_doctor,
	cmd_events, cmd_exec, cmd_features, cmd_kill, cmd_list, cmd_mounts, cmd_pause, cmd_plan,
	cmd_ps, cmd_restore, cmd_resume, cmd_run, cmd_spec, cmd_start, cmd_state, cmd_update;
