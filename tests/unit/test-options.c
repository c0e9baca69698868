/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/options.h"

#include <errno.h>

#include "base/err.h"
#include "libocispec/arena.h"
#include "tap.h"

struct given {
	bool flag, tty, other;
	const char *text, *bundle;
	const char *const *env;
	unsigned n;
};

static const struct option table[] = {
	{"flag", 'f', OPTION_FLAG, offsetof(struct given, flag), NULL, ""},
	{"tty", 't', OPTION_FLAG, offsetof(struct given, tty), NULL, ""},
	{"no-other", 0, OPTION_FLAG, offsetof(struct given, other), NULL, ""},
	{"text", 0, OPTION_STRING, offsetof(struct given, text), "TEXT", ""},
	{"bundle", 'b', OPTION_STRING, offsetof(struct given, bundle), "DIR", ""},
	{"env", 'e', OPTION_LIST, offsetof(struct given, env), "ENV", ""},
	{"count", 'n', OPTION_COUNT, offsetof(struct given, n), "N", ""},
	{"old", 0, OPTION_NO_FLAG, 0, NULL, NULL},
	{"criu", 0, OPTION_NO_STRING, 0, "PATH", NULL},
	{0},
};

/* The command line cut at blanks ("~" is an empty word), and what came of it in one line. */
static const char *parse(struct arena *arena, bool first_ends, const char *line)
{
	struct given given = {.flag = false};
	char *args[32] = {NULL}, *rest = NULL, *copy = arena_strdup(arena, line), *out;
	const char *const *others;
	struct err err = {0};
	size_t n = 0, n_others;
	int r;

	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		args[n++] = strcmp(word, "~") == 0 ? word + 1 : word;
	r = options_parse(arena, table, first_ends, args, &given, &others, &n_others, &err);
	if (r == OPTIONS_HELP)
		return "help";
	if (r < 0)
		return arena_printf(arena, "%s", err.text);
	out = arena_printf(arena, "%s%s%s", given.flag ? "flag " : "", given.tty ? "tty " : "",
			   given.other ? "other " : "");
	if (given.text)
		out = arena_printf(arena, "%stext=%s ", out, given.text);
	if (given.bundle)
		out = arena_printf(arena, "%sbundle=%s ", out, given.bundle);
	if (given.n)
		out = arena_printf(arena, "%sn=%u ", out, given.n);
	for (const char *const *env = given.env; env && *env; env++)
		out = arena_printf(arena, "%senv=%s ", out, *env);
	out = arena_printf(arena, "%s|", out);
	for (size_t i = 0; i < n_others; i++)
		out = arena_printf(arena, "%s %s", out, others[i]);
	return others[n_others] ? "no NULL at the end" : out;
}

static const struct row {
	const char *line, *want;
} anywhere[] = {
	{"", "|"},
	{"id", "| id"},
	{"--flag id", "flag | id"},
	{"id --flag", "flag | id"},
	{"-flag id", "flag | id"},
	{"-f id", "flag | id"},
	{"-ft id", "flag tty | id"},
	{"--flag=true id", "flag | id"},
	{"--flag=1 id", "flag | id"},
	{"--flag --flag=false id", "| id"},
	{"-f=false -t=no --no-other=F id", "| id"},
	{"--flag=maybe id", "invalid boolean value \"maybe\" for --flag"},
	{"--flag= id", "invalid boolean value \"\" for --flag"},
	{"--text a id", "text=a | id"},
	{"--text=a id", "text=a | id"},
	{"-text a id", "text=a | id"},
	{"-text=a=b id", "text=a=b | id"},
	{"--text= id", "text= | id"},
	{"--text ~ id", "text= | id"},
	{"--text -- id", "text=-- | id"},
	{"--text --flag id", "text=--flag | id"},
	{"--text a --text b id", "text=b | id"},
	{"-b /x id", "bundle=/x | id"},
	{"-b=/x id", "bundle=/x | id"},
	{"-b/x id", "bundle=/x | id"},
	{"-fb /x id", "flag bundle=/x | id"},
	{"-fb/x id", "flag bundle=/x | id"},
	{"-e A=1 --env B=2 -e=C=3 id", "env=A=1 env=B=2 env=C=3 | id"},
	{"--count 3 id", "n=3 | id"},
	{"--count=2147483647 id", "n=2147483647 | id"},
	{"--count 3x id", "invalid value \"3x\" for flag --count"},
	{"--count -1 id", "invalid value \"-1\" for flag --count"},
	{"--count 4294967296 id", "invalid value \"4294967296\" for flag --count"},
	{"--old --old=false --criu /x --criu=/y id", "| id"},
	{"-- --flag id", "| --flag id"},
	{"id -- --flag", "| id --flag"},
	{"- id", "| - id"},
	{"--bogus id", "flag provided but not defined: -bogus"},
	{"-bogus=1 id", "bundle=ogus=1 | id"},
	{"-x id", "flag provided but not defined: -x"},
	{"-fx id", "flag provided but not defined: -fx"},
	{"--fla id", "flag provided but not defined: -fla"},
	{"--flagg id", "flag provided but not defined: -flagg"},
	{"---flag id", "flag provided but not defined: --flag"},
	{"--=x id", "flag provided but not defined: -"},
	{"--text", "flag needs an argument: --text"},
	{"id -b", "flag needs an argument: --bundle"},
	{"-fb", "flag needs an argument: --bundle"},
	{"--criu", "flag needs an argument: --criu"},
	{"--help", "help"},
	{"-help", "help"},
	{"-h", "help"},
	{"id --flag -h --bogus", "help"},
	{"--text --help", "text=--help |"},
};

static const struct row leading[] = {
	{"--flag id cmd -t --bogus --help", "flag | id cmd -t --bogus --help"},
	{"id -- cmd", "| id -- cmd"},
	{"-- id -f", "| id -f"},
	{"-e A=1 id", "env=A=1 | id"},
};

int main(void)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;

	for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++)
		is_str(parse(&arena, false, anywhere[i].line), anywhere[i].want, "\"%s\"",
		       anywhere[i].line);
	for (size_t i = 0; i < sizeof leading / sizeof *leading; i++)
		is_str(parse(&arena, true, leading[i].line), leading[i].want,
		       "\"%s\" where the first argument ends the options", leading[i].line);
	return done_testing();
}
