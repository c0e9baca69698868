/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a command line, cut at newlines: every value that comes back is one of the words or
 * the end of one, and none is lost. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "libocispec/arena.h"

#include "cmd/options.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 64 };

struct given {
	bool flag, tty;
	const char *text, *bundle;
	const char *const *env;
	unsigned n;
};

static const struct option table[] = {
	{"flag", 'f', OPTION_FLAG, offsetof(struct given, flag), NULL, ""},
	{"tty", 't', OPTION_FLAG, offsetof(struct given, tty), NULL, ""},
	{"text", 0, OPTION_STRING, offsetof(struct given, text), "TEXT", ""},
	{"bundle", 'b', OPTION_STRING, offsetof(struct given, bundle), "DIR", ""},
	{"env", 'e', OPTION_LIST, offsetof(struct given, env), "ENV", ""},
	{"count", 'n', OPTION_COUNT, offsetof(struct given, n), "N", ""},
	{"old", 'o', OPTION_NO_FLAG, 0, NULL, NULL},
	{"criu", 0, OPTION_NO_STRING, 0, "PATH", NULL},
	{0},
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static void come_from(const char *value, char *const *args)
{
	if (!value)
		return;
	for (; *args; args++)
		if (value >= *args && value <= *args + strlen(*args))
			return;
	abort();
}

static void try_words(char *const *args, size_t n_args, bool first_ends)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct given given = {0};
	struct err err = {0};
	const char *const *others = NULL;
	size_t n = 0;
	int r = options_parse(&arena, table, first_ends, args, &given, &others, &n, &err);

	require(r == 0 || r == OPTIONS_HELP || (r == -EINVAL && err.text[0]));
	come_from(given.text, args);
	come_from(given.bundle, args);
	for (const char *const *env = given.env; env && *env; env++)
		come_from(*env, args);
	require(given.n <= INT32_MAX);
	if (r != 0)
		return;
	require(n <= n_args && !others[n]);
	for (size_t i = 0; i < n; i++)
		come_from(others[i], args);
	/* from the first other word on, all of them are the other's */
	if (first_ends && n > 1)
		for (size_t i = 1; i < n; i++)
			require(others[n - i] == args[n_args - i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *args[WORDS_MAX + 1], *text = malloc(size + 1), *save = NULL;
	size_t n = 0;

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *word = strtok_r(text, "\n", &save); word && n < WORDS_MAX;
	     word = strtok_r(NULL, "\n", &save))
		args[n++] = word;
	args[n] = NULL;
	try_words(args, n, false);
	try_words(args, n, true);
	free(text);
	return 0;
}
