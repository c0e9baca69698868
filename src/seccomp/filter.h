/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan/request.h"

struct err;
struct oci_report;
struct oci_seccomp;
struct oci_features_seccomp;

/* A compiled filter: struct sock_filter[] as bytes, in the arena. size 0: no filter needed. */
struct filter {
	const void *data;
	size_t size;
	uint64_t flags; /* SECCOMP_FILTER_FLAG_* for seccomp(2), NEW_LISTENER excluded */
	bool notify; /* some rule has SCMP_ACT_NOTIFY: a listener is wanted */
};

/* Meaning of linux.seccomp: unknown names are checked by shape; here: NOTIFY as default, errnoRet
 * with an action that has none, listenerPath missing, argument index > 5 ... */
void filter_check(const struct request *request, struct oci_report *report);

/*
 * Compiles linux.seccomp with libseccomp (loaded only when it is needed), or takes the bytes from
 * the cache: cache_dir is a directory descriptor (0700, below the state root) or -1. A cache entry
 * holds its whole key (source text of linux.seccomp, versions of hull, libseccomp and kernel,
 * architecture) and is used only when that is equal byte for byte, so no hash is trusted.
 * key is the source text of linux.seccomp.
 */
int filter_compile(struct arena *arena, const struct oci_seccomp *seccomp, const char *key,
		   size_t key_size, int cache_dir, struct filter *ret, struct err *err);

/* Hands the notify descriptor to the agent at listenerPath: one message with the descriptor and
 * the container process state JSON (config-linux.md, "Container Process State"). */
int filter_send_listener(const char *listener_path, int fd, const char *state_json,
			 struct err *err);

/* What is built in and what the running kernel does, for `hull features`. The lists are in the
 * arena. 0 or -ENOMEM. */
int filter_features(struct arena *arena, struct oci_features_seccomp *ret);

/* "2.5.4"; NULL when built without or when the library is not there. Static storage. Loads it. */
const char *filter_library_version(void);
