/* SPDX-License-Identifier: Apache-2.0 */

/* Global options, the table of commands, help, and the one place where an error becomes output. */

#include <errno.h>
#include <regex.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "base/trace.h"
#include "cmd/cmd.h"
#include "libocispec/arena.h"
#include "seccomp/filter.h"
#include "version.h"

enum { EXIT_FAILED = 1, EXIT_NO_COMMAND = 3 };

static const struct command *const commands[] = {
	&cmd_create,     &cmd_start,   &cmd_run,    &cmd_exec,  &cmd_state,    &cmd_list,
	&cmd_ps,         &cmd_kill,    &cmd_delete, &cmd_pause, &cmd_resume,   &cmd_update,
	&cmd_events,     &cmd_spec,    &cmd_check,  &cmd_plan,  &cmd_features, &cmd_doctor,
	&cmd_checkpoint, &cmd_restore, &cmd_mounts,
};

struct global {
	const char *root, *log, *log_format, *log_level, *cgroup_manager, *rootless, *trace;
	bool debug, systemd_cgroup, version;
};

static const struct option global_options[] = {
	{"root", 0, OPTION_STRING, offsetof(struct global, root), "DIR",
	 "where containers are kept (default: /run/hull, or $XDG_RUNTIME_DIR/hull)"},
	{"log", 0, OPTION_STRING, offsetof(struct global, log), "FILE",
	 "where messages go (default: stderr)"},
	{"log-format", 0, OPTION_STRING, offsetof(struct global, log_format), "FORMAT",
	 "text (default) or json"},
	{"log-level", 0, OPTION_STRING, offsetof(struct global, log_level), "LEVEL",
	 "error, warning (default), info or debug"},
	{"debug", 0, OPTION_FLAG, offsetof(struct global, debug), NULL,
	 "same as --log-level debug"},
	{"systemd-cgroup", 0, OPTION_FLAG, offsetof(struct global, systemd_cgroup), NULL,
	 "same as --cgroup-manager systemd"},
	{"cgroup-manager", 0, OPTION_STRING, offsetof(struct global, cgroup_manager), "NAME",
	 "cgroupfs (default), systemd or disabled"},
	{"rootless", 0, OPTION_STRING, offsetof(struct global, rootless), "WHEN",
	 "true, false or auto (default): whether missing rights to cgroups are forgiven"},
	{"trace", 0, OPTION_STRING, offsetof(struct global, trace), "FILE",
	 "write what took how long, for a viewer of the Trace Event Format"},
	{"criu", 0, OPTION_NO_STRING, 0, "PATH", NULL},
	{"version", 'v', OPTION_FLAG, offsetof(struct global, version), NULL, "print the version"},
	{"V", 'V', OPTION_FLAG, offsetof(struct global, version), NULL, NULL},
	{0},
};

int cmd_print(const struct buf *buf, struct err *err)
{
	int r;

	if (buf->failed)
		return err_set(err, ENOMEM, "write the output");
	r = io_write_all(STDOUT_FILENO, buf->data, buf->size);
	return r < 0 ? err_set(err, -r, "write the output") : 0;
}

int cmd_each_match(const struct call *call, const char *regex,
		   int (*act)(const struct call *call, const char *id, struct err *err),
		   struct err *err)
{
	struct hull_state *states;
	regex_t pattern;
	size_t n;
	int r = regcomp(&pattern, regex, REG_EXTENDED | REG_NOSUB);

	if (r != 0) {
		char why[128];

		regerror(r, &pattern, why, sizeof why);
		return err_text(err, EINVAL, "regular expression \"%s\": %s", regex, why);
	}
	r = hull_list(call->hull, &states, &n, NULL, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (regexec(&pattern, states[i].id, 0, NULL, 0) == 0)
			r = act(call, states[i].id, err);
	regfree(&pattern);
	return r;
}

static void help_options(const struct option *option, struct buf *out)
{
	buf_str(out, "\nOptions:\n");
	for (; option->name; option++) {
		AUTO_BUF struct buf left = BUF_INIT;

		if (!option->help)
			continue;
		if (option->letter)
			buf_printf(&left, "-%c, ", option->letter);
		buf_printf(&left, "--%s%s%s", option->name, option->value ? " " : "",
			   option->value ? option->value : "");
		buf_printf(out, "  %-28s %s\n", left.data, option->help);
	}
	buf_printf(out, "  %-28s %s\n", "-h, --help", "print this");
}

static int help_command(const struct command *command, struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;

	buf_printf(&out, "Usage: hull [GLOBAL OPTIONS] %s%s%s%s\n\n%s\n", command->name,
		   command->options->name ? " [OPTIONS]" : "", *command->args ? " " : "",
		   command->args, command->help);
	help_options(command->options, &out);
	return cmd_print(&out, err);
}

static int help(struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;

	buf_str(&out, "Usage: hull [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
		      "hull runs containers as the OCI runtime specification describes them.\n\n"
		      "Commands:\n");
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		buf_printf(&out, "  %-28s %s\n", commands[i]->name, commands[i]->help);
	buf_printf(&out, "  %-28s %s\n", "version", "print the version");
	buf_printf(&out, "  %-28s %s\n", "help [COMMAND]", "print this, or how a command is used");
	help_options(global_options, &out);
	return cmd_print(&out, err);
}

static int version(struct err *err)
{
	AUTO_BUF struct buf out = BUF_INIT;
	const char *seccomp = filter_library_version();

	buf_printf(&out, "hull version %s\ncommit: %s\nspec: %s\n", HULL_VERSION, HULL_COMMIT,
		   HULL_SPEC_VERSION);
	if (seccomp)
		buf_printf(&out, "libseccomp: %s\n", seccomp);
	return cmd_print(&out, err);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (str_eq(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int no_command(const char *name, int *exit_code, struct err *err)
{
	*exit_code = EXIT_NO_COMMAND;
	return err_text(err, EINVAL, "No help topic for '%s'", name);
}

static int check_count(const struct command *command, size_t n, struct err *err)
{
	const char *how = "exactly";
	size_t want = command->min_args;

	if (n >= command->min_args && (command->max_args == CMD_ANY || n <= command->max_args))
		return 0;
	if (command->min_args != command->max_args) {
		how = n < command->min_args ? "a minimum of" : "a maximum of";
		want = n < command->min_args ? command->min_args : command->max_args;
	}
	return err_text(err, EINVAL, "\"%s\" requires %s %zu argument(s): hull %s%s%s%s",
			command->name, how, want, command->name,
			command->options->name ? " [OPTIONS]" : "", *command->args ? " " : "",
			command->args);
}

static int run_command(const struct command *command, const struct hull *hull, char **args,
		       int *exit_code, struct err *err)
{
	void *options = arena_alloc(hull->arena, command->size);
	struct call call = {.hull = hull, .options = options, .exit_code = exit_code};
	int r;

	if (command->failure)
		*exit_code = command->failure;
	if (!options)
		return err_set(err, ENOMEM, "read the command line");
	r = options_parse(hull->arena, command->options, command->first_ends, args, options,
			  &call.args, &call.n_args, err);
	if (r == OPTIONS_HELP) {
		*exit_code = 0;
		return help_command(command, err);
	}
	if (r == 0)
		r = check_count(command, call.n_args, err);
	if (r < 0)
		return r;
	*exit_code = 0;
	r = command->run(&call, err);
	if (r < 0)
		*exit_code = command->failure;
	return r;
}

static int run_help(const char *name, int *exit_code, struct err *err)
{
	const struct command *command = name ? find_command(name) : NULL;

	if (!name)
		return help(err);
	return command ? help_command(command, err) : no_command(name, exit_code, err);
}

static int set_log(const struct global *global, struct err *err)
{
	static const struct level {
		const char *name;
		enum log_level level;
	} levels[] = {{"warning", LOG_WARNING}, {"error", LOG_ERROR}, {"warn", LOG_WARNING},
		      {"info", LOG_INFO},       {"debug", LOG_DEBUG}, {"trace", LOG_DEBUG}};
	enum log_format format = LOG_TEXT;
	size_t i = 0;

	if (global->log_format && str_eq(global->log_format, "json"))
		format = LOG_JSON;
	else if (global->log_format && !str_eq(global->log_format, "text"))
		return err_text(err, EINVAL, "invalid log-format: %s", global->log_format);
	if (global->log_level) {
		while (i < COUNT_OF(levels) && !str_eq(levels[i].name, global->log_level))
			i++;
		if (i == COUNT_OF(levels))
			return err_text(err, EINVAL, "invalid log-level: %s", global->log_level);
	}
	return log_open(global->log, format, global->debug ? LOG_DEBUG : levels[i].level, err);
}

static int set_cgroup_driver(const struct global *global, struct hull *hull, struct err *err)
{
	static const char *const names[] = {[HULL_CGROUPFS] = "cgroupfs",
					    [HULL_SYSTEMD] = "systemd",
					    [HULL_CGROUPS_DISABLED] = "disabled"};

	hull->cgroup_driver = global->systemd_cgroup ? HULL_SYSTEMD : HULL_CGROUPFS;
	if (!global->cgroup_manager)
		return 0;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (str_eq(names[i], global->cgroup_manager)) {
			hull->cgroup_driver = (enum hull_cgroup_driver)i;
			return 0;
		}
	}
	return err_text(err, EINVAL, "invalid cgroup-manager: %s", global->cgroup_manager);
}

static int set_hull(const struct global *global, struct hull *hull, struct err *err)
{
	hull->root = global->root;
	hull->root_given = global->root != NULL;
	hull->rootless = -1;
	if (global->rootless && str_eq(global->rootless, "true"))
		hull->rootless = 1;
	else if (global->rootless && str_eq(global->rootless, "false"))
		hull->rootless = 0;
	else if (global->rootless && !str_eq(global->rootless, "auto"))
		return err_text(err, EINVAL, "invalid value \"%s\" for flag --rootless",
				global->rootless);
	return set_cgroup_driver(global, hull, err);
}

static int dispatch(struct arena *arena, char **argv, int *exit_code, struct err *err)
{
	struct global global = {.root = NULL};
	struct hull hull = {.arena = arena};
	const struct command *command;
	const char *const *args;
	size_t n;
	int r = options_parse(arena, global_options, true, argv + (argv[0] != NULL), &global, &args,
			      &n, err);

	if (r == OPTIONS_HELP)
		return help(err);
	if (r == 0)
		r = set_log(&global, err);
	if (r == 0)
		r = set_hull(&global, &hull, err);
	if (r < 0)
		return r;
	if (global.version || (n && str_eq(args[0], "version")))
		return version(err);
	if (!n || str_eq(args[0], "help") || str_eq(args[0], "h"))
		return run_help(n ? args[1] : NULL, exit_code, err);
	command = find_command(args[0]);
	if (!command)
		return no_command(args[0], exit_code, err);
	/* The command's own arguments are the end of argv. */
	while (*argv)
		argv++;
	if (global.trace) {
		hull.trace = arena_alloc(arena, sizeof *hull.trace);
		if (!hull.trace)
			return err_set(err, ENOMEM, "--trace");
	}
	r = run_command(command, &hull, argv - (n - 1), exit_code, err);
	if (hull.trace && trace_write(hull.trace, global.trace, r < 0 ? NULL : err) < 0 && r >= 0)
		r = -EIO;
	return r;
}

int cmd_main(char **argv)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct err err = {0};
	int exit_code = 0;

	if (dispatch(&arena, argv, &exit_code, &err) >= 0)
		return exit_code;
	log_fatal(err.text);
	return exit_code ? exit_code : EXIT_FAILED;
}
