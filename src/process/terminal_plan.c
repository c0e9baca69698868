/* SPDX-License-Identifier: Apache-2.0 */
#include "libocispec/ocispec.h"
#include "plan/build.h"
#include "process/plan.h"
#include "process/process.h"

int process_plan_terminal(struct request *request, const struct oci_process *process,
			  const struct request_slots *slots, bool exec, struct plan *plan,
			  struct err *err)
{
	const struct oci_console_size *size = process->console_size;
	int master;

	(void)request;
	(void)err;
	if (!process->terminal)
		return 0;
	plan_origin(plan, "process.terminal");
	master = plan_slot(plan, "pty master");
	plan_pty_open(plan, slots->root, size ? (int64_t)size->height : 0,
		      size ? (int64_t)size->width : 0, process_uid(process), master, slots->pty);
	plan_send(plan, MESSAGE_CONSOLE, master);
	/* /dev/console belongs to the terminal of the container, not to those of its guests. */
	if (!exec)
		plan_console_bind(plan, slots->root, slots->pty);
	return 0;
}

void process_plan_terminal_own(const struct oci_process *process, const struct request_slots *slots,
			       struct plan *plan)
{
	if (!process->terminal)
		return;
	plan_origin(plan, "process.terminal");
	plan_pty_stdio(plan, slots->pty);
}
