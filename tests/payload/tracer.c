/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows a command and all that it starts, counts system calls, and harms one of them.
 *
 *	tracer REPORT WHO NUMBER HARM COMMAND [ARG...]
 *
 * WHO: "host", the command itself, from fcntl (0, F_GETFD) on, with which hull begins (before that
 *is the dynamic loader), or "init", what it starts, until that has executed its second program (the
 * first is hull-init; the second is the container's, which is let go). NUMBER: at which of its
 *system calls, from 1 on; 0 harms nothing. HARM: "kill", SIGKILL just before the call, or the
 * number of an errno that the call then fails with, unexecuted.
 *
 * To the file REPORT: calls of host, calls of init, number of the harmed call or -1. The exit code
 *is the command's, or 128 + its signal. What the command leaves runs on.
 */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum { PROCESSES = 4096, SYSCALL_STOP = SIGTRAP | 0x80 };

struct process {
	pid_t pid;
	unsigned programs; /* executed since the command forked it off */
	bool harmed; /* the call that it is in must fail */
};

struct tracing {
	struct process process[PROCESSES];
	size_t n;
	pid_t host;
	bool began;
	bool on_host; /* harm the command, else what it starts */
	unsigned long at;
	int code; /* 0: kill */
	unsigned long host_calls, init_calls;
	long harmed_call;
};

static struct process *find(struct tracing *t, pid_t pid)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->process[i].pid == pid)
			return &t->process[i];
	if (t->n == PROCESSES)
		exit(125);
	t->process[t->n] = (struct process){.pid = pid};
	return &t->process[t->n++];
}

/* Takes the number of the call away, or puts a result in. */
static void set_call(pid_t pid, bool entry, int code)
{
	struct user_regs_struct regs;
	struct iovec io = {&regs, sizeof regs};

	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io);
#if defined(__x86_64__)
	if (entry)
		regs.orig_rax = (unsigned long long)-1;
	else
		regs.rax = (unsigned long long)-code;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
#elif defined(__aarch64__)
	if (entry) {
		int none = -1;
		struct iovec number = {&none, sizeof none};

		ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &number);
	} else {
		regs.regs[0] = (unsigned long long)-code;
		ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
	}
#else
	(void)entry, (void)code;
	exit(125); /* how a system call is skipped here is not known */
#endif
}

static void on_call(struct tracing *t, struct process *p)
{
	struct ptrace_syscall_info info;
	bool host = p->pid == t->host;
	unsigned long *count = host ? &t->host_calls : &t->init_calls;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		if (p->harmed)
			set_call(p->pid, false, t->code);
		p->harmed = false;
		return;
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY || (!host && p->programs > 1))
		return;
	if (host && info.entry.nr == SYS_fcntl && info.entry.args[0] == 0 &&
	    info.entry.args[1] == F_GETFD)
		t->began = true;
	if (!t->began)
		return;
	++*count;
	if (host != t->on_host || *count != t->at)
		return;
	t->harmed_call = (long)info.entry.nr;
	if (!t->code) {
		kill(p->pid, SIGKILL);
	} else {
		p->harmed = true;
		/* A close that fails has closed all the same (close(2)). */
		if (info.entry.nr != SYS_close)
			set_call(p->pid, true, t->code);
	}
}

static void on_event(struct tracing *t, struct process *p, int event)
{
	unsigned long child = 0;

	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		ptrace(PTRACE_GETEVENTMSG, p->pid, NULL, &child);
		find(t, (pid_t)child)->programs = p->pid == t->host ? 0 : p->programs;
		break;
	case PTRACE_EVENT_EXEC:
		p->programs++;
		break;
	default:
		break;
	}
}

/* Goes on with what stopped: the signal to hand on, or -1 when it waits in a group-stop. */
static int on_stop(struct tracing *t, struct process *p, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == SYSCALL_STOP) {
		on_call(t, p);
		return 0;
	}
	if (event == PTRACE_EVENT_STOP)
		return signal == SIGTRAP ? 0 : -1;
	if (event) {
		on_event(t, p, event);
		return 0;
	}
	return signal;
}

/* Until the command has ended; its status. */
static int follow(struct tracing *t)
{
	for (;;) {
		int status, signal;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0)
			exit(125);
		if (!WIFSTOPPED(status)) {
			if (pid == t->host)
				return status;
			find(t, pid)->programs = 2;
			continue;
		}
		signal = on_stop(t, find(t, pid), status);
		if (signal < 0)
			ptrace(PTRACE_LISTEN, pid, NULL, NULL);
		else
			ptrace(PTRACE_SYSCALL, pid, NULL, (long)signal);
	}
}

static pid_t begin(char **argv)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		       PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
	int go[2], status;
	char byte;
	pid_t pid;

	if (pipe(go) < 0)
		exit(125);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		if (read(go[0], &byte, 1) < 0)
			_exit(127);
		close(go[0]);
		raise(SIGSTOP);
		execv(argv[0], argv);
		_exit(127);
	}
	close(go[0]);
	if (ptrace(PTRACE_SEIZE, pid, NULL, options) < 0)
		exit(125);
	close(go[1]);
	/* Its own calls before the program are not counted: it is followed from its stop on. */
	if (waitpid(pid, &status, __WALL) != pid)
		exit(125);
	kill(pid, SIGCONT);
	ptrace(PTRACE_SYSCALL, pid, NULL, 0L);
	return pid;
}

int main(int argc, char **argv)
{
	static struct tracing t;
	FILE *report;
	int status;

	if (argc < 6)
		return 125;
	t.on_host = strcmp(argv[2], "host") == 0;
	t.at = strtoul(argv[3], NULL, 10);
	t.code = strcmp(argv[4], "kill") == 0 ? 0 : atoi(argv[4]);
	t.harmed_call = -1;
	t.host = begin(argv + 5);
	status = follow(&t);
	report = fopen(argv[1], "we");
	if (!report)
		return 125;
	fprintf(report, "%lu %lu %ld\n", t.host_calls, t.init_calls, t.harmed_call);
	fclose(report);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
