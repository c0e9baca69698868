/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

struct err;
struct oci_hook;

/* Runs hooks in the runtime's namespaces (prestart, createRuntime, poststart, poststop), in order,
 * stops at the first failure. Each gets state (JSON) on stdin, exactly hook->env, cwd bundle, no
 * other descriptor, default signals; output is captured and told when it fails; past its timeout
 * the process group is killed. kind names them in errors: "createRuntime". */
int hooks_run(const struct oci_hook *hook, size_t n, const char *kind, const char *state,
	      const char *bundle, struct err *err);

/* Runs all of them whatever happens; a failure is only logged as a warning: poststop (runtime.md,
 * life cycle step 12). */
void hooks_run_all(const struct oci_hook *hook, size_t n, const char *kind, const char *state,
		   const char *bundle);
