/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "container/status.h"

struct arena;
struct err;

/* The state of runtime.md as one line of JSON, for hooks and seccomp agents: pid is what the reader
 * shall see (the record's, or the one in the container's PID namespace; 0: left out). */
int state_text(struct arena *arena, const struct store_record *record, const char *id,
	       enum status status, int64_t pid, const char **ret, struct err *err);

/* The container process state (config-linux.md) that a seccomp agent gets beside the descriptor:
 * pid is the process that has the filter, metadata is listenerMetadata or NULL. */
int state_of_process(struct arena *arena, const struct store_record *record, const char *id,
		     enum status status, int64_t pid, const char *metadata, const char **ret,
		     struct err *err);
