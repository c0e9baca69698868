/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/options.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/number.h"
#include "base/str.h"
#include "libocispec/arena.h"

struct parser {
	struct arena *arena;
	const struct option *table;
	char *const *next;
	void *target;
	struct err *err;
};

static bool takes_value(const struct option *option)
{
	return option->kind != OPTION_FLAG && option->kind != OPTION_NO_FLAG;
}

static const struct option *find_name(const struct option *table, const char *name, size_t size)
{
	for (; table->name; table++)
		if (strlen(table->name) == size && memcmp(table->name, name, size) == 0)
			return table;
	return NULL;
}

static const struct option *find_letter(const struct option *table, char letter)
{
	for (; table->name; table++)
		if (table->letter && table->letter == letter)
			return table;
	return NULL;
}

static bool read_flag(const char *text, bool *ret)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True", "yes"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False", "no"};

	for (size_t i = 0; i < COUNT_OF(yes); i++) {
		if (str_eq(text, yes[i]) || str_eq(text, no[i])) {
			*ret = str_eq(text, yes[i]);
			return true;
		}
	}
	return false;
}

static int list_add(struct parser *parser, const char *const **list, const char *value)
{
	size_t n = 0;
	const char **grown;

	while (*list && (*list)[n])
		n++;
	grown = arena_grow(parser->arena, *list, n, n + 2, sizeof *grown);
	if (!grown)
		return err_set(parser->err, ENOMEM, "read the command line");
	grown[n] = value;
	*list = grown;
	return 0;
}

static int bad_value(struct parser *parser, const struct option *option, const char *value)
{
	return err_text(parser->err, EINVAL, "invalid value \"%s\" for flag --%s", value,
			option->name);
}

/* value NULL: a flag without one. */
static int set(struct parser *parser, const struct option *option, const char *value)
{
	void *member = (char *)parser->target + option->offset;
	uint64_t number;
	bool flag = true;

	switch (option->kind) {
	case OPTION_FLAG:
	case OPTION_NO_FLAG:
		if (value && !read_flag(value, &flag))
			return err_text(parser->err, EINVAL,
					"invalid boolean value \"%s\" for --%s", value,
					option->name);
		if (option->kind == OPTION_FLAG)
			*(bool *)member = flag;
		return 0;
	case OPTION_STRING:
		*(const char **)member = value;
		return 0;
	case OPTION_LIST:
		return list_add(parser, member, value);
	case OPTION_COUNT:
		if (number_u64(value, INT32_MAX, &number) < 0)
			return bad_value(parser, option, value);
		*(unsigned *)member = (unsigned)number;
		return 0;
	case OPTION_NO_STRING:
		return 0;
	}
	return -EINVAL;
}

/* Takes the value from behind '=', or the next argument. */
static int set_with(struct parser *parser, const struct option *option, const char *value)
{
	if (!takes_value(option) || value)
		return set(parser, option, value);
	if (!*parser->next)
		return err_text(parser->err, EINVAL, "flag needs an argument: --%s", option->name);
	return set(parser, option, *parser->next++);
}

static int undefined(struct parser *parser, const char *name, size_t size)
{
	return err_text(parser->err, EINVAL, "flag provided but not defined: -%.*s", (int)size,
			name);
}

/* -abc: flags a, b and c; or a with the value "bc"; or a and b with the value "c". */
static int cluster(struct parser *parser, const char *letters)
{
	const char *word = letters;

	for (; *letters; letters++) {
		const struct option *option = find_letter(parser->table, *letters);
		int r;

		if (!option && *letters == 'h')
			return OPTIONS_HELP;
		if (!option)
			return undefined(parser, word, strcspn(word, "="));
		if (takes_value(option) && letters[1])
			return set(parser, option, letters + 1);
		r = set_with(parser, option, NULL);
		if (r != 0)
			return r;
	}
	return 0;
}

static int take_option(struct parser *parser, const char *arg)
{
	bool two = arg[1] == '-';
	const char *name = arg + 1 + two;
	size_t size = strcspn(name, "=");
	const char *value = name[size] ? name + size + 1 : NULL;
	const struct option *option = find_name(parser->table, name, size);

	if (!option && size == 1)
		option = find_letter(parser->table, *name);
	if (option)
		return set_with(parser, option, value);
	if (size == 4 && memcmp(name, "help", 4) == 0)
		return OPTIONS_HELP;
	return two ? undefined(parser, name, size) : cluster(parser, name);
}

int options_parse(struct arena *arena, const struct option *table, bool first_ends,
		  char *const *args, void *target, const char *const **ret, size_t *ret_n,
		  struct err *err)
{
	struct parser parser = {arena, table, args, target, err};
	const char **others;
	size_t n = 0;
	bool ended = false;

	while (args[n])
		n++;
	others = arena_array(arena, n + 1, sizeof *others);
	if (!others)
		return err_set(err, ENOMEM, "read the command line");
	n = 0;
	while (*parser.next) {
		const char *arg = *parser.next++;
		int r = 0;

		if (ended || *arg != '-' || !arg[1]) {
			others[n++] = arg;
			ended |= first_ends;
		} else if (str_eq(arg, "--")) {
			ended = true;
		} else {
			r = take_option(&parser, arg);
		}
		if (r != 0)
			return r;
	}
	*ret = others;
	*ret_n = n;
	return 0;
}
