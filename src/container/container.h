/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* An existing container with all that is known of it: what every command but create begins with. */

#include "container/status.h"
#include "container/store.h"

struct arena;
struct cgroups;
struct err;
struct hull;
struct oci_config;

struct container {
	struct store store;
	struct store_entry entry;
	struct store_record record;
	struct cgroups *cgroups; /* NULL: made without */
	enum status status;
};

#define CONTAINER_INIT                                                                             \
	{                                                                                          \
		.store = STORE_INIT, .entry = STORE_ENTRY_INIT                                     \
	}
#define CONTAINER_AUTO __attribute__((cleanup(container_close)))

/* Opens the state root of hull (store_open with hull->root or the default). */
int container_store(const struct hull *hull, bool make, struct store *ret, struct err *err);

/*
 * Finds a container. lock: see store_get; commands that change it lock, those that only look or
 * send a signal do not, so that they work while another one takes long.
 * -ENOENT "container does not exist"; -ENODATA when its creation was cut off before there was a
 * record: store and entry are open then, the rest is not set. *ret is to be closed in any case.
 */
int container_open(const struct hull *hull, const char *id, bool lock, struct container *ret,
		   struct err *err);
/* The same below an open store, which stays the caller's. */
int container_open_in(struct arena *arena, const struct store *store, const char *id, bool lock,
		      struct container *ret, struct err *err);
void container_close(struct container *container);

/* container_open with the lock, and the status checked. */
int container_open_for(const struct hull *hull, const char *id, enum status_command command,
		       struct container *ret, struct err *err);

/* The config that the container was created from: the copy in its entry. -ENOENT: there is none
 * (its creation was cut off before). */
int container_config(struct arena *arena, const struct store_entry *entry,
		     const struct oci_config **ret, struct err *err);
/* The same with its text. */
int container_config_text(struct arena *arena, const struct store_entry *entry,
			  const char **ret_text, size_t *ret_size, const struct oci_config **ret,
			  struct err *err);
