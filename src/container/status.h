/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "container/store.h"

/* Computed from evidence, never from a file alone. */
enum status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };
#define STATUS_COUNT (STATUS_STOPPED + 1)

struct cgroups;

/* pid + start time (or a zombie) decide stopped; the program that runs (still hull-init: created);
 * the freezer (paused). cgroups may be NULL. */
enum status status_of(const struct store_record *record, const struct cgroups *cgroups);
const char *status_name(enum status status);

/* Start time of a process; 0 when it is gone or a zombie. */
uint64_t status_start_time(int64_t pid);

/* The id of this boot for record->boot_id; "" when the kernel does not tell. */
#define STATUS_BOOT_ID_SIZE 40
void status_boot_id(char ret[STATUS_BOOT_ID_SIZE]);

/* Whether the record's init lives: the same process in the same boot, and not a zombie. */
bool status_alive(const struct store_record *record);

/* A pidfd of the record's init, checked against its start time; -ESRCH when it is not there. */
int status_pidfd(const struct store_record *record);

/* command x state -> allowed, or the error text that the callers match. */
enum status_command {
	COMMAND_START,
	COMMAND_KILL,
	COMMAND_DELETE,
	COMMAND_EXEC,
	COMMAND_PAUSE,
	COMMAND_RESUME,
	COMMAND_UPDATE,
	COMMAND_EVENTS,
	COMMAND_PS,
	COMMAND_CHECKPOINT,
	COMMAND_COUNT
};
int status_allow(enum status_command command, enum status status, const char *id, struct err *err);
