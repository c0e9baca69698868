/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One mount's options, read once on the host. Private to src/mounts. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define MOUNT_FLAG_BIND 1u
#define MOUNT_FLAG_RECURSIVE 2u /* rbind */
#define MOUNT_FLAG_REMOUNT 4u
#define MOUNT_FLAG_COPY_UP 8u
#define MOUNT_FLAG_IDMAP 16u
#define MOUNT_FLAG_IDMAP_RECURSIVE 32u
#define MOUNT_FLAG_COPY_SYMLINK 64u
#define MOUNT_FLAG_SRC_NOFOLLOW 128u
#define MOUNT_FLAG_DEST_NOFOLLOW 256u

/* MOUNT_ATTR_* bits to set and to clear; a later option undoes an earlier one. */
struct mount_bits {
	uint64_t set, clear;
};

enum { PROPAGATIONS_MAX = 8 };

struct mount_options {
	unsigned flags; /* MOUNT_FLAG_* */
	struct mount_bits attr; /* of the mount */
	struct mount_bits tree; /* of the mount and those below it, after attr */
	uint64_t propagation[PROPAGATIONS_MAX]; /* MS_*, applied in this order */
	size_t n_propagation;
	const char **superblock; /* words for fsconfig: "sync"; NULL-terminated */
	size_t n_superblock;
	const char *
		*data; /* the file system's own: "size=64k"; NULL-terminated, room for two more */
	size_t n_data;
	const char *idmap; /* what follows "idmap=" or "ridmap=", or NULL */
};

/* Reads n option strings. 0, or -ENOMEM, or -E2BIG: more than PROPAGATIONS_MAX propagations. */
int mount_options_read(struct arena *arena, const char *const *option, size_t n,
		       struct mount_options *ret);

/* Whether word is in the table, that is, no file system data. */
bool mount_option_known(const char *word);
