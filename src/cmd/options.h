/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Command line options from a table. What other runtimes' callers write is understood:
 *
 *	--name value   --name=value   -name value (containerd: -no-subreaper)   -n value   -nvalue
 *	--flag   --flag=false   -f   -fg (two flags)   --   -
 *
 * before and behind the other arguments. Of a repeated option the last one counts.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

enum option_kind {
	OPTION_FLAG, /* bool */
	OPTION_STRING, /* const char * */
	OPTION_LIST, /* const char *const *, NULL-ended; every occurrence adds one */
	OPTION_COUNT, /* unsigned */
	OPTION_NO_FLAG, /* accepted for the sake of old callers, without effect */
	OPTION_NO_STRING, /* the same with a value */
};

struct option {
	const char *name; /* NULL ends a table */
	char letter; /* or 0 */
	enum option_kind kind;
	size_t offset; /* of the member that gets it */
	const char *value; /* what help calls the value; NULL for flags */
	const char *help; /* NULL: not shown */
};

/* The answer when --help or -h is found. */
#define OPTIONS_HELP 1

/*
 * Sorts the arguments args (NULL-ended, without the program's name) into target, and *ret, the
 * others, NULL-ended and counted, in the arena. first_ends: the first other argument ends the
 * options (exec and ps: the rest belongs to somebody else).
 * 0, OPTIONS_HELP, or -EINVAL with a text in the words that engines look for ("flag provided but
 * not defined: -x", "flag needs an argument: --x").
 */
int options_parse(struct arena *arena, const struct option *table, bool first_ends,
		  char *const *args, void *target, const char *const **ret, size_t *ret_n,
		  struct err *err);
