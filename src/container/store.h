/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The state directory: <root>/<id>/ holds "record" (below; its text: record.h), "config.json" (the
 * text that the container was created from) and "start.sock" (while init waits).
 *
 * The record is a write-ahead list of what must be undone: it is saved before the first cgroup or
 * process exists, so that a hull killed at any instruction leaves something that delete --force
 * (and a later create of the same id) cleans completely.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

struct store {
	int root; /* <root>, a directory descriptor; -1 when closed */
	const char *path; /* absolute */
};

#define STORE_INIT                                                                                 \
	{                                                                                          \
		.root = -1                                                                         \
	}
#define STORE_AUTO __attribute__((cleanup(store_end)))

/*
 * One container's directory, open and (unless opened for reading) locked exclusively. The lock is a
 * flock(2) of the directory itself: nothing to make or to leave behind, and the kernel drops it
 * when we die. It belongs to the open file, so a child that keeps a copy of dir keeps the lock: dir
 * is close-on-exec.
 */
struct store_entry {
	int dir; /* -1 when closed */
	bool locked;
	const char *id;
};

#define STORE_ENTRY_INIT                                                                           \
	{                                                                                          \
		.dir = -1                                                                          \
	}
#define STORE_ENTRY_AUTO __attribute__((cleanup(store_close)))

struct store_pair {
	const char *key, *value;
};

struct store_record {
	const char *bundle;
	const char *rootfs;
	const char *created; /* RFC 3339, nanoseconds, UTC */
	const char *boot_id; /* a record of an earlier boot describes nothing that lives */
	int64_t pid; /* init, 0: not yet */
	uint64_t start_time; /* field 22 of /proc/PID/stat: identity against pid reuse */
	int cgroup_driver; /* enum cgroups_driver */
	const char *const *cgroups; /* cgroups_record, NULL-terminated, or NULL */
	const char *const *rdt; /* rdt_record, NULL-terminated, or NULL */
	bool created_done; /* create was successful (else: creating, or died in it) */
	bool started; /* start let it go */
	uint32_t owner; /* uid of the creator */
	uint64_t ns_new; /* CLONE_NEW* made for it: a private PID namespace dies with init */
	const struct store_pair *annotation; /* config.annotations */
	size_t n_annotations;
};

/* Default state root: /run/hull; $XDG_RUNTIME_DIR/hull when not root (or in a user namespace
 * with USER not root). Arena string; NULL when there is none or no memory. */
const char *store_default_root(struct arena *arena);

/* Opens the root. make: creates it and what is missing above it, 0700; it gets the sticky bit,
 * which tells cleaners of XDG_RUNTIME_DIR to leave it alone (XDG Base Directory Specification). "/"
 * is refused. -ENOENT: not there, and make is false. */
int store_open(struct arena *arena, const char *path, bool make, struct store *ret,
	       struct err *err);
void store_end(struct store *store);

/* An id: [A-Za-z0-9_+-][A-Za-z0-9_+.-]{0,254}; checked before any path is built from it. */
int store_check_id(const char *id, struct err *err);

/*
 * Makes <root>/<id> (0700) and locks it. -EEXIST "container with given ID already exists", unless
 * what is there is the rest of a create that died (it holds no lock any more, and its record says
 * that it never finished, or is none): then *ret_stale is set, and the caller undoes what the
 * record tells (destroy_remains) before it goes on in the same directory. The caller keeps the lock
 * until the record says created_done.
 */
int store_create(struct arena *arena, const struct store *store, const char *id,
		 struct store_entry *ret, bool *ret_stale, struct err *err);

/* Opens an existing one. -ENOENT "container does not exist". lock: waits for the exclusive lock,
 * bounded (30 s, then -EBUSY). */
int store_get(const struct store *store, const char *id, bool lock, struct store_entry *ret,
	      struct err *err);

/* Gives the lock back, or takes it again (-ENOENT when the container was deleted meanwhile): for a
 * foreground run, which must not hold it while the container lives. */
void store_unlock(struct store_entry *entry);
bool store_try_lock(struct store_entry *entry);
int store_lock(const struct store *store, struct store_entry *entry, struct err *err);

int store_save(const struct store_entry *entry, const struct store_record *record, struct err *err);
/* -ENODATA when there is no (whole) record: a create that died early. */
int store_load(struct arena *arena, const struct store_entry *entry, struct store_record *ret,
	       struct err *err);

/* Removes the files of an entry but not its directory, so that a create can go on in it. */
int store_clear(const struct store_entry *entry, struct err *err);

/* Removes the directory with all that hull puts there; only those names, no recursion into
 * anything else. What is gone is fine. The record goes last, so that a killed removal can be
 * repeated. Closes the entry, unless it fails. */
int store_remove(const struct store *store, struct store_entry *entry, struct err *err);

void store_close(struct store_entry *entry);

/* All ids, sorted, in the arena, with a NULL after the last. */
int store_list(struct arena *arena, const struct store *store, const char ***ret, size_t *ret_n,
	       struct err *err);
