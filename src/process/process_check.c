/* SPDX-License-Identifier: Apache-2.0 */

/* What is wrong with `process` beyond its shape. */

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "process/capability.h"
#include "process/check.h"
#include "process/plan.h"
#include "process/process.h"
#include "process/rlimit.h"

#define ID_NONE UINT32_MAX /* (uid_t)-1: "keep what you have" for setresuid(2) */

void check_add(const struct check *c, enum oci_severity severity, const char *member,
	       const char *fmt, ...)
{
	bool whole = c->path[0] != '\0';
	const char *path = arena_printf(c->report->arena, "%s%s%s", c->path,
					whole && *member ? "." : "", member);
	const char *message;
	va_list args;

	va_start(args, fmt);
	message = arena_vprintf(c->report->arena, fmt, args);
	va_end(args);
	oci_report_add(c->report, c->request->text, c->request->text_size, path ? path : c->path,
		       severity, "%s", message ? message : fmt);
}

/* Letters that two words share at their beginning: the nearest name in a table of prefixed
 * constants is the one that agrees longest. */
static size_t shared_prefix(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && strncasecmp(a, b, n + 1) == 0)
		n++;
	return n;
}

static void hint_nearest(const struct check *c, const char *word, const char *const *names,
			 size_t prefix)
{
	const char *best = NULL;
	size_t most = prefix;

	for (; *names; names++) {
		size_t n = shared_prefix(word, *names);

		if (n > most) {
			most = n;
			best = *names;
		}
	}
	if (best)
		oci_report_hint(c->report, "did you mean \"%s\"?", best);
}

static void check_args(const struct check *c, const struct oci_process *process)
{
	if (!process->n_args)
		check_add(c, OCI_ERROR, "args", "args must not be empty");
	if (!process->cwd[0])
		check_add(c, OCI_ERROR, "cwd", "Cwd property must not be empty");
	else if (process->cwd[0] != '/')
		check_add(c, OCI_ERROR, "cwd", "Cwd must be an absolute path");
	else if (strlen(process->cwd) >= PATH_MAX)
		check_add(c, OCI_ERROR, "cwd", "longer than a path can be");
	for (size_t i = 0; i < process->n_env; i++) {
		const char *equals = strchr(process->env[i], '=');
		char member[32];

		if (equals && equals != process->env[i])
			continue;
		snprintf(member, sizeof member, "env[%zu]", i);
		check_add(c, OCI_ERROR, member,
			  equals ? "has no name in front of the \"=\""
				 : "is not of the form NAME=VALUE");
	}
}

static void check_user(const struct check *c, const struct oci_user *user)
{
	if (!user)
		return;
	if (user->uid == ID_NONE)
		check_add(c, OCI_ERROR, "user.uid", "4294967295 is not an id but \"no change\"");
	if (user->gid == ID_NONE)
		check_add(c, OCI_ERROR, "user.gid", "4294967295 is not an id but \"no change\"");
	for (size_t i = 0; i < user->n_additional_gids; i++) {
		char member[48];

		if (user->additional_gids[i] != ID_NONE)
			continue;
		snprintf(member, sizeof member, "user.additionalGids[%zu]", i);
		check_add(c, OCI_ERROR, member, "4294967295 is not an id but \"no change\"");
	}
	if (user->umask > 0777) {
		check_add(c, OCI_ERROR, "user.umask", "%u is more than the nine permission bits",
			  user->umask);
		oci_report_hint(c->report, "the number is decimal: 022 is 18");
	}
}

/* The sizes are ignored without a terminal (config.md). */
static void check_console(const struct check *c, const struct oci_process *process)
{
	const struct oci_console_size *size = process->console_size;

	if (!size || !process->terminal)
		return;
	if (size->height > USHRT_MAX)
		check_add(c, OCI_ERROR, "consoleSize.height", "must be at most %u", USHRT_MAX);
	if (size->width > USHRT_MAX)
		check_add(c, OCI_ERROR, "consoleSize.width", "must be at most %u", USHRT_MAX);
}

static void check_rlimits(const struct check *c, const struct oci_process *process)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < process->n_rlimits; i++) {
		const struct oci_rlimit *limit = &process->rlimits[i];
		int number = rlimit_number(limit->type);
		char member[48];

		snprintf(member, sizeof member, "rlimits[%zu].type", i);
		if (number < 0) {
			check_add(c, OCI_ERROR, member, "Linux has no resource %s", limit->type);
			hint_nearest(c, limit->type, rlimit_names, strlen("RLIMIT_"));
			continue;
		}
		if (seen >> number & 1)
			check_add(c, OCI_ERROR, member, "%s is there twice", limit->type);
		seen |= UINT64_C(1) << number;
		snprintf(member, sizeof member, "rlimits[%zu].soft", i);
		if (limit->soft > limit->hard)
			check_add(c, OCI_ERROR, member, "is more than hard");
	}
}

struct capability_list {
	const char *name;
	const char *const *list;
	size_t n;
	uint64_t granted;
};

static void check_capability(const struct check *c, const struct capability_list *set, size_t i)
{
	int number = capability_number(set->list[i]);
	const char *known[CHAR_BIT * sizeof(uint64_t) + 1] = {NULL};
	char member[64];

	snprintf(member, sizeof member, "capabilities.%s[%zu]", set->name, i);
	if (number < 0) {
		/* config.md, "capabilities": what cannot be mapped MUST be logged as a warning, and
		 * the runtime SHOULD NOT fail. The container has less than it asks for, not more.
		 */
		check_add(c, OCI_WARNING, member, "unknown capability \"%s\"", set->list[i]);
		for (int n = 0; capability_name(n); n++)
			known[n] = capability_name(n);
		hint_nearest(c, set->list[i], known, strlen("CAP_"));
	} else if (!(set->granted >> number & 1)) {
		check_add(c, OCI_WARNING, member, "%s cannot be granted and is left out",
			  set->list[i]);
		oci_report_hint(c->report,
				"hull or this kernel does not have it, or it is missing in the "
				"set that it depends on: effective and ambient need permitted, "
				"inheritable needs bounding, ambient needs inheritable");
	}
}

static void check_capabilities(const struct check *c, const struct oci_process *process)
{
	const struct oci_capabilities *config = process->capabilities;
	struct capability_sets sets;

	if (!config)
		return;
	sets = capability_sets_of(config, process_capabilities_available(c->request));
#define SET(set)                                                                                   \
	{                                                                                          \
#set, config->set, config->n_##set, sets.set                                       \
	}
	const struct capability_list all[] = {SET(bounding), SET(effective), SET(permitted),
					      SET(inheritable), SET(ambient)};
#undef SET
	for (size_t s = 0; s < COUNT_OF(all); s++)
		for (size_t i = 0; i < all[s].n; i++)
			check_capability(c, &all[s], i);
}

void process_check(const struct request *request, const struct oci_process *process,
		   const char *path, struct oci_report *report)
{
	const struct check c = {request, path, report};

	/* The spec wants it only at start, but there is nothing that could wait for that. */
	if (!process) {
		check_add(&c, OCI_ERROR, "", "process property must not be empty");
		return;
	}
	check_args(&c, process);
	check_user(&c, process->user);
	check_console(&c, process);
	check_rlimits(&c, process);
	check_capabilities(&c, process);
	if (process->has_oom_score_adj &&
	    (process->oom_score_adj < -1000 || process->oom_score_adj > 1000))
		check_add(&c, OCI_ERROR, "oomScoreAdj", "must be from -1000 to 1000");
	check_scheduling(&c, process);
	if (*path)
		check_linux(&c);
}
