/* SPDX-License-Identifier: Apache-2.0 */

/* Findings about the meaning of linux.seccomp, and handing a listener to its agent. */

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "libocispec/ocispec.h"
#include "seccomp/filter.h"
#include "tap.h"

static struct arena arena = ARENA_INIT;

/* The findings of a linux.seccomp as "E path: message" lines. */
static const char *findings(const char *text)
{
	static char out[2048];
	struct oci_report report;
	struct oci_linux l = {0};
	struct oci_config config = {.linux_ = &l};
	struct request request = {.arena = &arena, .config = &config};
	size_t used = 0;

	oci_report_init(&report, &arena);
	if (oci_seccomp_read(&arena, text, strlen(text), &report, &l.seccomp) < 0)
		return "cannot be read";
	filter_check(&request, &report);
	out[0] = '\0';
	for (size_t i = 0; i < report.n_findings && used < sizeof out; i++)
		used += (size_t)snprintf(out + used, sizeof out - used, "%s%c %s: %s",
					 i > 0 ? "\n" : "",
					 report.findings[i].severity == OCI_ERROR ? 'E' : 'W',
					 report.findings[i].path, report.findings[i].message);
	return out;
}

#define RULE(body) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{" body "}]}"

static void test_errno(void)
{
	is_str(findings(RULE("\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1")),
	       "", "a plain rule is fine");
	is_str(findings(RULE("\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":1")),
	       "E linux.seccomp.syscalls[0].errnoRet: SCMP_ACT_KILL returns no errno",
	       "errnoRet with an action that has none");
	is_str(findings(RULE(
		       "\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4096")),
	       "E linux.seccomp.syscalls[0].errnoRet: 4096 is more than 4095",
	       "an errno that the kernel would cut");
	is_str(findings("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}"),
	       "E linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW returns no errno",
	       "defaultErrnoRet likewise");
}

static void test_args(void)
{
	is_str(findings(RULE("\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":["
			     "{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]")),
	       "E linux.seccomp.syscalls[0].args[0].index: 6: a system call has arguments 0 to 5",
	       "argument 6");
	is_str(findings(RULE("\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":["
			     "{\"index\":5,\"value\":0,\"valueTwo\":3,\"op\":\"SCMP_CMP_EQ\"}]")),
	       "W linux.seccomp.syscalls[0].args[0].valueTwo: is used by SCMP_CMP_MASKED_EQ only",
	       "valueTwo without an operator for it");
}

static void test_notify(void)
{
	is_str(findings("{\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"syscalls\":[{\"names\":"
			"[\"execve\"],\"action\":\"SCMP_ACT_ALLOW\"}]}"),
	       "E linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action",
	       "NOTIFY as default");
	is_str(findings(RULE("\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"")),
	       "E linux.seccomp.listenerPath: missing, a rule with SCMP_ACT_NOTIFY needs it",
	       "NOTIFY without an agent");
	is_str(findings("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\","
			"\"syscalls\":[{\"names\":[\"mkdir\",\"sendmsg\"],"
			"\"action\":\"SCMP_ACT_NOTIFY\"}]}"),
	       "E linux.seccomp.syscalls[0].names[1]: SCMP_ACT_NOTIFY cannot be used for the "
	       "sendmsg syscall",
	       "NOTIFY for the call that carries the listener");
	is_str(findings("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"listenerPath\":\"/x\","
			"\"syscalls\":[{\"names\":[\"execve\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"),
	       "E linux.seccomp.syscalls: SCMP_ACT_NOTIFY needs the sendmsg syscall allowed",
	       "a listener that could not be sent");
	is_str(findings("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerMetadata\":\"x\"}"),
	       "E linux.seccomp.listenerMetadata: must not be set without listenerPath",
	       "metadata for nobody");
	is_str(findings("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":"
			"[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}"),
	       "W linux.seccomp.syscalls: no rule names execve, so that the process cannot be "
	       "started",
	       "a profile that lets nothing start");
}

/* Takes one connection; the text until its end and the descriptor beside it. */
static int receive(int listener, char *text, size_t room, int *ret_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {text, room - 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	int fd = accept(listener, NULL, NULL);
	ssize_t n = recvmsg(fd, &message, MSG_WAITALL);

	close(fd);
	if (n < 0 || message.msg_controllen < sizeof control.header)
		return -1;
	text[n] = '\0';
	memcpy(ret_fd, CMSG_DATA(&control.header), sizeof *ret_fd);
	return 0;
}

static void test_send(const char *dir, const char *what)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "agent"};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), pipes[2], got = -1;
	char path[512], text[256] = "", byte = 0;
	struct err err;

	snprintf(path, sizeof path, "%s/agent", dir);
	if (!ok(pipe(pipes) == 0 && chdir(dir) == 0 &&
			bind(listener, (struct sockaddr *)&address, sizeof address) == 0,
		"%s: a socket", what))
		return;
	ok(filter_send_listener(path, pipes[1], "{}", &err) < 0 &&
		   strstr(err.text, "connection refused"),
	   "%s: nobody listens: %s", what, err.text);
	listen(listener, 1);
	ok(filter_send_listener(path, pipes[1], "{\"pid\":1}", &err) == 0, "%s: sends", what);
	ok(receive(listener, text, sizeof text, &got) == 0, "%s: the agent receives", what);
	is_str(text, "{\"pid\":1}", "%s: the state", what);
	ok(write(got, "x", 1) == 1 && read(pipes[0], &byte, 1) == 1 && byte == 'x',
	   "%s: and the descriptor", what);
	unlink("agent");
	close(listener);
	close(got);
	close(pipes[0]);
	close(pipes[1]);
}

static void test_listener(void)
{
	char dir[512] = "/tmp/hull-test-XXXXXX";
	size_t n;

	if (!mkdtemp(dir))
		return;
	test_send(dir, "short path");
	n = strlen(dir);
	dir[n] = '/';
	memset(dir + n + 1, 'd', 150);
	dir[n + 151] = '\0';
	if (mkdir(dir, 0700) == 0)
		test_send(dir, "long path");
	rmdir(dir);
	dir[n] = '\0';
	rmdir(dir);
}

static void test_features(void)
{
	struct oci_features_seccomp f;

	ok(filter_features(&arena, &f) == 0 && f.enabled, "features are told");
	is_int(f.n_actions, 9, "nine actions");
	is_int(f.n_operators, 7, "seven operators");
	is_int(f.n_archs, 23, "23 architectures");
	is_int(f.n_known_flags, 4, "four flags");
	ok(f.n_supported_flags <= 4, "not more of them are supported");
	ok(filter_library_version() != NULL, "libseccomp %s", filter_library_version());
}

int main(void)
{
	if (!filter_library_version()) {
		skip_test("seccomp filters", "no libseccomp");
		return done_testing();
	}
	test_errno();
	test_args();
	test_notify();
	test_listener();
	test_features();
	arena_free(&arena);
	return done_testing();
}
