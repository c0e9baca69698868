/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "seccomp/filter.h"
#include "seccomp/filter_build.h"
#include "seccomp/filter_flags.h"

#define SECCOMP "linux.seccomp"

enum {
	ARGS_OF_CALL = 6,
	ERRNO_LAST = 4095, /* the kernel cuts greater numbers to this one: MAX_ERRNO */
	DATA_LAST = 0xffff /* SECCOMP_RET_DATA */
};

static void add(const struct request *request, struct oci_report *report, const char *path,
		const char *message)
{
	oci_report_add(report, request->text, request->text_size, path, OCI_ERROR, "%s", message);
}

static bool lets_through(enum oci_seccomp_action action)
{
	switch (action) {
	case OCI_SCMP_ACT_ALLOW:
	case OCI_SCMP_ACT_LOG:
		return true;
	case OCI_SCMP_ACT_KILL:
	case OCI_SCMP_ACT_KILL_PROCESS:
	case OCI_SCMP_ACT_KILL_THREAD:
	case OCI_SCMP_ACT_TRAP:
	case OCI_SCMP_ACT_ERRNO:
	case OCI_SCMP_ACT_TRACE:
	case OCI_SCMP_ACT_NOTIFY:
		return false;
	}
	return false;
}

/* config-linux.md: "When the action doesn't support an errno, the runtime MUST print and error and
 * fail." */
static void check_errno(enum oci_seccomp_action action, bool has, uint32_t value, const char *path,
			const struct request *request, struct oci_report *report)
{
	uint32_t last = action == OCI_SCMP_ACT_ERRNO ? ERRNO_LAST : DATA_LAST;

	if (!has)
		return;
	if (action != OCI_SCMP_ACT_ERRNO && action != OCI_SCMP_ACT_TRACE) {
		oci_report_add(report, request->text, request->text_size, path, OCI_ERROR,
			       "%s returns no errno",
			       oci_enum_word(&oci_enum_seccomp_action, action));
		oci_report_hint(report, "only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take a number");
	} else if (value > last) {
		oci_report_add(report, request->text, request->text_size, path, OCI_ERROR,
			       "%u is more than %u", value, last);
	}
}

static const struct oci_seccomp_rule *find_rule(const struct oci_seccomp *seccomp, const char *name)
{
	for (size_t i = 0; i < seccomp->n_syscalls; i++)
		for (size_t j = 0; j < seccomp->syscalls[i].n_names; j++)
			if (str_eq(seccomp->syscalls[i].names[j], name))
				return &seccomp->syscalls[i];
	return NULL;
}

/* hull-init hands the listener over with sendmsg(2), from under the filter and before any agent
 * can answer: a notification for that call would never be heard. */
static void check_notify_name(const struct oci_seccomp_rule *rule, size_t index,
			      const struct request *request, struct oci_report *report)
{
	for (size_t i = 0; i < rule->n_names; i++) {
		char path[96];

		if (!str_eq(rule->names[i], "sendmsg"))
			continue;
		snprintf(path, sizeof path, SECCOMP ".syscalls[%zu].names[%zu]", index, i);
		add(request, report, path,
		    "SCMP_ACT_NOTIFY cannot be used for the sendmsg syscall");
		oci_report_hint(report, "the listener itself travels by sendmsg");
	}
}

static void check_args(const struct oci_seccomp_rule *rule, size_t index,
		       const struct request *request, struct oci_report *report)
{
	for (size_t i = 0; i < rule->n_args; i++) {
		const struct oci_seccomp_arg *arg = &rule->args[i];
		char path[96];

		if (arg->index >= ARGS_OF_CALL) {
			snprintf(path, sizeof path, SECCOMP ".syscalls[%zu].args[%zu].index", index,
				 i);
			oci_report_add(report, request->text, request->text_size, path, OCI_ERROR,
				       "%u: a system call has arguments 0 to %d", arg->index,
				       ARGS_OF_CALL - 1);
		}
		if (arg->op != OCI_SCMP_CMP_MASKED_EQ && arg->value_two != 0) {
			snprintf(path, sizeof path, SECCOMP ".syscalls[%zu].args[%zu].valueTwo",
				 index, i);
			oci_report_add(report, request->text, request->text_size, path, OCI_WARNING,
				       "is used by SCMP_CMP_MASKED_EQ only");
		}
	}
}

static bool check_rules(const struct oci_seccomp *seccomp, const struct request *request,
			struct oci_report *report)
{
	bool notify = false;

	for (size_t i = 0; i < seccomp->n_syscalls; i++) {
		const struct oci_seccomp_rule *rule = &seccomp->syscalls[i];
		char path[96];

		snprintf(path, sizeof path, SECCOMP ".syscalls[%zu].errnoRet", i);
		check_errno(rule->action, rule->has_errno_ret, rule->errno_ret, path, request,
			    report);
		check_args(rule, i, request, report);
		if (rule->action == OCI_SCMP_ACT_NOTIFY) {
			notify = true;
			check_notify_name(rule, i, request, report);
		}
	}
	return notify;
}

static void check_listener(const struct oci_seccomp *seccomp, bool notify,
			   const struct request *request, struct oci_report *report)
{
	const struct oci_seccomp_rule *rule = find_rule(seccomp, "sendmsg");

	if (seccomp->listener_metadata && !seccomp->listener_path)
		add(request, report, SECCOMP ".listenerMetadata",
		    "must not be set without listenerPath");
	if (!notify)
		return;
	if (!seccomp->listener_path) {
		add(request, report, SECCOMP ".listenerPath",
		    "missing, a rule with SCMP_ACT_NOTIFY needs it");
		oci_report_hint(report, "name the socket of the agent that answers");
	}
	if (!rule && !lets_through(seccomp->default_action)) {
		add(request, report, SECCOMP ".syscalls",
		    "SCMP_ACT_NOTIFY needs the sendmsg syscall allowed");
		oci_report_hint(report, "the listener itself travels by sendmsg");
	}
}

static void check_flags(const struct oci_seccomp *seccomp, const struct request *request,
			struct oci_report *report)
{
	for (size_t i = 0; i < seccomp->n_flags; i++) {
		char path[64];

		if (filter_flag_supported(seccomp->flags[i]))
			continue;
		snprintf(path, sizeof path, SECCOMP ".flags[%zu]", i);
		oci_report_add(report, request->text, request->text_size, path, OCI_ERROR,
			       "%s is not supported by this kernel",
			       oci_enum_word(&oci_enum_seccomp_flag, seccomp->flags[i]));
	}
}

void filter_check(const struct request *request, struct oci_report *report)
{
	const struct oci_linux *l = request->config->linux_;
	const struct oci_seccomp *seccomp = l ? l->seccomp : NULL;
	bool notify;

	if (!seccomp)
		return;
	if (!filter_built_in()) {
		add(request, report, SECCOMP, "this hull is built without libseccomp");
		return;
	}
	if (seccomp->default_action == OCI_SCMP_ACT_NOTIFY)
		add(request, report, SECCOMP ".defaultAction",
		    "SCMP_ACT_NOTIFY cannot be used as default action");
	check_errno(seccomp->default_action, seccomp->has_default_errno_ret,
		    seccomp->default_errno_ret, SECCOMP ".defaultErrnoRet", request, report);
	notify = check_rules(seccomp, request, report);
	check_listener(seccomp, notify, request, report);
	check_flags(seccomp, request, report);
	/* The filter is in force when hull-init executes the container's program. */
	if (!lets_through(seccomp->default_action) && !find_rule(seccomp, "execve")) {
		oci_report_add(report, request->text, request->text_size, SECCOMP ".syscalls",
			       OCI_WARNING,
			       "no rule names execve, so that the process cannot be started");
		oci_report_hint(report, "allow execve");
	}
}
