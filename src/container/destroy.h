/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

struct arena;
struct container;
struct err;
struct store_entry;

/*
 * Undoes a container from its record alone, whatever state its creation or life ended in: kills and
 * waits for its processes, removes its cgroups, runs the poststop hooks (a failure is a warning:
 * runtime.md, life cycle). Every step may be repeated. The entry stays, and its record with it, so
 * that what failed can be tried again.
 */
int destroy_container(struct arena *arena, const struct container *container, struct err *err);

/* What a create that died left in its directory (store_create's ret_stale): all of the above, then
 * the files; the directory and the lock stay the caller's. */
int destroy_remains(struct arena *arena, const struct store_entry *entry, struct err *err);
