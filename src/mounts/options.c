/* SPDX-License-Identifier: Apache-2.0 */
#include "mounts/options.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "libocispec/arena.h"
#include "mounts/mounts.h"
#include "sys/mount.h"

enum option_kind {
	OPTION_ATTR,
	OPTION_TREE,
	OPTION_PROPAGATION,
	OPTION_SUPERBLOCK,
	OPTION_NOTHING,
	OPTION_FLAG,
};

struct option {
	const char *word;
	enum option_kind kind;
	uint64_t set, clear;
};

#define OPTION(word, kind, set, clear) {word, OPTION_##kind, set, clear},
static const struct option options[] = {
#include "mounts/options.def"
};
#undef OPTION

#define OPTION(word, kind, set, clear) word,
static const char *const option_names[] = {
#include "mounts/options.def"
	NULL,
};
#undef OPTION

const char *const *mounts_option_names(void)
{
	return option_names;
}

static const struct option *option_find(const char *word)
{
	size_t low = 0, high = COUNT_OF(options);

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(word, options[middle].word);

		if (order == 0)
			return &options[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

bool mount_option_known(const char *word)
{
	return option_find(word) != NULL;
}

static void bits_apply(struct mount_bits *bits, const struct option *option)
{
	bits->set = (bits->set & ~option->clear) | option->set;
	/* mount_setattr(2) demands the whole field in clear when an access time is in set. */
	bits->clear = (bits->clear & ~(option->set & ~(uint64_t)MOUNT_ATTR__ATIME)) | option->clear;
}

/* Labels may hold commas ("s0:c1,c2") and come quoted, which was for mount(2)'s parser only. */
static const char *security_value(struct arena *arena, const char *word)
{
	static const char *const keys[] = {"context=", "fscontext=", "defcontext=", "rootcontext="};

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const char *value = str_after(word, keys[i]);
		size_t n = value ? strlen(value) : 0;

		if (n >= 2 && value[0] == '"' && value[n - 1] == '"')
			return arena_printf(arena, "%s%.*s", keys[i], (int)(n - 2), value + 1);
		if (value)
			return word;
	}
	return NULL;
}

static bool data_add(struct mount_options *o, size_t room, const char *word)
{
	if (!word || o->n_data >= room)
		return false;
	o->data[o->n_data++] = word;
	return true;
}

/* mount(2) takes all data as one string, so a list in one option ("size=1k,mode=700") is as good as
 * several; fsconfig(2) wants each alone. A comma behind a backslash belongs to the value. */
static bool data_split(struct arena *arena, struct mount_options *o, size_t room, const char *word)
{
	const char *start = word, *label = security_value(arena, word);

	if (label)
		return data_add(o, room, label);
	for (const char *c = word;; c++) {
		if (*c == '\\' && c[1]) {
			c++;
			continue;
		}
		if (*c && *c != ',')
			continue;
		if (c > start &&
		    !data_add(o, room, arena_strndup(arena, start, (size_t)(c - start))))
			return false;
		if (!*c)
			return true;
		start = c + 1;
	}
}

static size_t words_in(const char *const *option, size_t n)
{
	size_t words = 0;

	for (size_t i = 0; i < n; i++) {
		words++;
		for (const char *c = option[i]; *c; c++)
			words += *c == ',';
	}
	return words;
}

/*
 * An id mapping in crun's form, for engines that know no better: "idmap=uids=...;gids=...". Other
 * words after "idmap=" are data of a file system that has such an option (fuse.sshfs).
 */
static bool idmap_option(struct mount_options *o, const char *word)
{
	bool recursive = *word == 'r';
	const char *maps = str_after(word + recursive, "idmap=");

	if (!maps || (!str_after(maps, "uids=") && !str_after(maps, "gids=")))
		return false;
	o->flags |= MOUNT_FLAG_IDMAP | (recursive ? MOUNT_FLAG_IDMAP_RECURSIVE : 0);
	o->idmap = maps;
	return true;
}

int mount_options_read(struct arena *arena, const char *const *option, size_t n,
		       struct mount_options *ret)
{
	size_t room = words_in(option, n);
	struct mount_options o = {.data = arena_array(arena, room + 3, sizeof *o.data),
				  .superblock = arena_array(arena, n + 2, sizeof *o.superblock)};

	if (!o.data || !o.superblock)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct option *known = option_find(option[i]);

		if (!known) {
			if (!idmap_option(&o, option[i]) && !data_split(arena, &o, room, option[i]))
				return -ENOMEM;
			continue;
		}
		switch (known->kind) {
		case OPTION_ATTR:
			bits_apply(&o.attr, known);
			break;
		case OPTION_TREE:
			bits_apply(&o.tree, known);
			break;
		case OPTION_PROPAGATION:
			if (o.n_propagation == PROPAGATIONS_MAX)
				return -E2BIG;
			o.propagation[o.n_propagation++] = known->set;
			break;
		case OPTION_SUPERBLOCK:
			o.superblock[o.n_superblock++] = known->word;
			break;
		case OPTION_NOTHING:
			break;
		case OPTION_FLAG:
			o.flags |= (unsigned)known->set;
			break;
		}
	}
	*ret = o;
	return 0;
}
