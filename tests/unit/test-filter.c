/* SPDX-License-Identifier: Apache-2.0 */

/* What compiled filters answer, found out by running them in the test. */

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/io.h"
#include "libocispec/ocispec.h"
#include "seccomp/filter.h"
#include "tap.h"

#include "bpf.h"

#define X32 0x40000000u
#define I386_MOUNT 21u
#define I386_READ 3u

/* The numbers of x86_64: the filters under test are for it on every machine. */
enum {
	NR_READ = 0,
	NR_WRITE = 1,
	NR_CLOSE = 3,
	NR_MMAP = 9,
	NR_BRK = 12,
	NR_IOCTL = 16,
	NR_GETPID = 39,
	NR_SOCKET = 41,
	NR_CLONE = 56,
	NR_EXECVE = 59,
	NR_EXIT = 60,
	NR_UNAME = 63,
	NR_FCNTL = 72,
	NR_MKDIR = 83,
	NR_PERSONALITY = 135,
	NR_MOUNT = 165,
	NR_EXIT_GROUP = 231,
	NR_OPENAT = 257,
	NR_STATX = 332,
	NR_CLONE3 = 435,
};

/* Begins a profile. */
#define X86_64 "{\"architectures\":[\"SCMP_ARCH_X86_64\"],"

#define ALLOW SECCOMP_RET_ALLOW
#define DENY(e) (SECCOMP_RET_ERRNO | (uint32_t)(e))

static struct arena arena = ARENA_INIT;
static struct filter filter;
static struct err err;

/* Compiles the text of a linux.seccomp. */
static int compile(const char *text)
{
	struct oci_report report;
	struct oci_seccomp *seccomp;

	oci_report_init(&report, &arena);
	if (oci_seccomp_read(&arena, text, strlen(text), &report, &seccomp) < 0)
		return -EBADMSG;
	return filter_compile(&arena, seccomp, text, strlen(text), -1, &filter, &err);
}

static uint32_t run_args(uint32_t audit_arch, uint32_t nr, uint64_t arg0, uint64_t arg1)
{
	struct seccomp_data data = {.nr = (int)nr, .arch = audit_arch, .args = {arg0, arg1}};

	return bpf_run(filter.data, filter.size / sizeof(struct sock_filter), &data, NULL);
}

static uint32_t run(uint32_t nr)
{
	return run_args(AUDIT_ARCH_X86_64, nr, 0, 0);
}

/* linux.seccomp of a config.json of the test data, as a text. */
static const char *profile(const char *engine)
{
	const char *top = getenv("top_srcdir");
	struct oci_place place;
	char path[512], *text;
	size_t size;

	snprintf(path, sizeof path, "%s/tests/data/engines/%s/config.json", top ? top : ".",
		 engine);
	if (io_read_file(&arena, AT_FDCWD, path, 1 << 20, &text, &size) < 0 ||
	    oci_find(text, size, "linux.seccomp", &place) < 0)
		return NULL;
	return arena_strndup(&arena, text + place.offset, place.size);
}

static void test_engine_profile(void)
{
	const char *text = profile("docker");

	if (!ok(text != NULL, "the captured docker config has a profile"))
		return;
	if (!ok(compile(text) == 0, "it compiles: %s", err.text))
		return;
	ok(filter.size > 0 && filter.size % sizeof(struct sock_filter) == 0 && !filter.notify,
	   "to %zu instructions", filter.size / sizeof(struct sock_filter));
	is_int(run(NR_READ), ALLOW, "read is allowed");
	is_int(run(NR_MOUNT), DENY(EPERM), "mount is denied without CAP_SYS_ADMIN");
	is_int(run(NR_CLONE3), DENY(ENOSYS), "clone3 has its own errnoRet");
	is_int(run_args(AUDIT_ARCH_X86_64, NR_CLONE, 0, 0), ALLOW, "clone without namespaces");
	is_int(run_args(AUDIT_ARCH_X86_64, NR_CLONE, 0x10000000, 0), DENY(EPERM),
	       "clone with a user namespace");
	is_int(run_args(AUDIT_ARCH_X86_64, NR_PERSONALITY, 8, 0), ALLOW, "personality 8");
	is_int(run_args(AUDIT_ARCH_X86_64, NR_PERSONALITY, 0xffffffff, 0), ALLOW,
	       "personality query");
	is_int(run_args(AUDIT_ARCH_X86_64, NR_PERSONALITY, 0x0400000, 0), DENY(EPERM),
	       "personality READ_IMPLIES_EXEC");
	is_int(run_args(AUDIT_ARCH_I386, I386_READ, 0, 0), ALLOW, "i386 read");
	is_int(run_args(AUDIT_ARCH_I386, I386_MOUNT, 0, 0), DENY(EPERM), "i386 mount");
	is_int(run(X32 | 0), ALLOW, "x32 read");
	is_int(run(X32 | NR_MOUNT), DENY(EPERM), "x32 mount");
	is_int(run_args(AUDIT_ARCH_S390X, 3, 0, 0), SECCOMP_RET_KILL_THREAD,
	       "an architecture that is not listed is killed");
	is_int(run(2000), DENY(ENOSYS), "a call newer than the profile does not exist");
	is_int(run(X32 | 2000), DENY(ENOSYS), "nor on x32");
	is_int(run_args(AUDIT_ARCH_I386, 2000, 0, 0), DENY(ENOSYS), "nor on i386");
	is_int(run(0xffffffffu) & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO,
	       "call number -1 is not allowed");
}

/* The binary tree must say what libseccomp's chain would say; here: each number of a profile with
 * plain rules is allowed, each other denied. */
static void test_every_number(void)
{
	const char *text =
		X86_64 "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		       "\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":["
		       "\"read\",\"write\",\"close\",\"mmap\",\"brk\",\"getpid\",\"execve\","
		       "\"exit\",\"uname\",\"fcntl\",\"openat\",\"statx\",\"exit_group\"]}]}";
	static const unsigned allowed[] = {NR_READ,   NR_WRITE,  NR_CLOSE,     NR_MMAP,  NR_BRK,
					   NR_GETPID, NR_EXECVE, NR_EXIT,      NR_UNAME, NR_FCNTL,
					   NR_OPENAT, NR_STATX,  NR_EXIT_GROUP};
	unsigned wrong = 0;

	if (!ok(compile(text) == 0, "a small profile compiles: %s", err.text))
		return;
	for (unsigned nr = 0; nr < 1000; nr++) {
		uint32_t want = DENY(ENOSYS);

		for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
			if (allowed[i] == nr)
				want = ALLOW;
		wrong += run(nr) != want;
	}
	is_int(wrong, 0, "every number below 1000 has its answer");
	is_int(run_args(AUDIT_ARCH_I386, I386_READ, 0, 0), SECCOMP_RET_KILL_THREAD,
	       "i386 is closed when no architecture is listed");
	is_int(run(X32 | NR_READ), SECCOMP_RET_KILL_THREAD, "and so is x32");
	is_int(run(X32 | 2000), SECCOMP_RET_KILL_THREAD, "also for a newer call");
}

static void test_prologue(void)
{
	ok(compile(X86_64 "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\","
			  "\"statx\"],\"action\":\"SCMP_ACT_ALLOW\"}]}") == 0,
	   "a profile up to statx (332): %s", err.text);
	is_int(run(NR_STATX), ALLOW, "statx itself");
	is_int(run(NR_STATX + 1), DENY(ENOSYS), "the next number");
	is_int(run(NR_MOUNT), DENY(EPERM), "an older call that is not named");
	is_int(run(X32 | 1), SECCOMP_RET_KILL_THREAD, "x32 stays closed");
	ok(compile(X86_64 "\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"syscalls\":[{\"names\":"
			  "[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}") == 0,
	   "a profile that kills: %s", err.text);
	is_int(run(2000), SECCOMP_RET_KILL_PROCESS, "kills for newer calls, too");
	ok(compile(X86_64
		   "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":13,\"syscalls\":[{"
		   "\"names\":[\"read\",\"statx\"],\"action\":\"SCMP_ACT_ALLOW\"}]}") == 0,
	   "a profile with EACCES: %s", err.text);
	is_int(run(NR_WRITE), DENY(EACCES), "EACCES for what it does not name");
	is_int(run(2000), DENY(ENOSYS), "ENOSYS for newer calls");
	ok(compile(X86_64
		   "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		   "\"action\":\"SCMP_ACT_ERRNO\"}]}") == 0,
	   "a profile that allows: %s", err.text);
	is_int(run(2000), ALLOW, "allows newer calls, too");
	is_int(run(NR_READ), DENY(EPERM), "errnoRet is EPERM by default");
}

#define ONE(call, index, value, two, op)                                                           \
	X86_64 "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"" call            \
	       "\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5,\"args\":[{\"index\":" #index     \
	       ",\"value\":" #value ",\"valueTwo\":" #two ",\"op\":\"SCMP_CMP_" #op "\"}]}]}"

static void test_operator(const char *text, const char *op, uint64_t hit, uint64_t miss)
{
	if (!ok(compile(text) == 0, "%s compiles: %s", op, err.text))
		return;
	is_int(run_args(AUDIT_ARCH_X86_64, NR_IOCTL, 7, hit), DENY(EIO), "%s: 0x%llx", op,
	       (unsigned long long)hit);
	is_int(run_args(AUDIT_ARCH_X86_64, NR_IOCTL, 7, miss), ALLOW, "%s: not 0x%llx", op,
	       (unsigned long long)miss);
	is_int(run_args(AUDIT_ARCH_X86_64, NR_READ, 7, hit), ALLOW, "%s: another call", op);
}

static void test_operators(void)
{
	/* 4294967301 is 2^32 + 5: both halves of the argument count */
	test_operator(ONE("ioctl", 1, 4294967301, 0, EQ), "EQ", 0x100000005, 5);
	test_operator(ONE("ioctl", 1, 4294967301, 0, NE), "NE", 5, 0x100000005);
	test_operator(ONE("ioctl", 1, 4294967301, 0, LT), "LT", 0x100000004, 0x100000005);
	test_operator(ONE("ioctl", 1, 4294967301, 0, LE), "LE", 0x100000005, 0x100000006);
	test_operator(ONE("ioctl", 1, 4294967301, 0, GE), "GE", 0x100000005, 0x100000004);
	test_operator(ONE("ioctl", 1, 4294967301, 0, GT), "GT", 0x100000006, 0x100000005);
	test_operator(ONE("ioctl", 1, 240, 80, MASKED_EQ), "MASKED_EQ", 0xf5a, 0xf6a);
}

static void test_args(void)
{
	ok(compile(X86_64
		   "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"syscalls\":[{"
		   "\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		   "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
		   "{\"index\":1,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}") == 0,
	   "conditions on two arguments: %s", err.text);
	is_int(run_args(AUDIT_ARCH_X86_64, NR_SOCKET, 1, 2), ALLOW, "both must hold");
	is_int(run_args(AUDIT_ARCH_X86_64, NR_SOCKET, 1, 3), DENY(ENOSYS), "one is not enough");
	ok(compile(X86_64
		   "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"syscalls\":[{"
		   "\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		   "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
		   "{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}") == 0,
	   "two conditions on one argument: %s", err.text);
	is_int(run_args(AUDIT_ARCH_X86_64, NR_SOCKET, 1, 0), ALLOW, "either is enough (1)");
	is_int(run_args(AUDIT_ARCH_X86_64, NR_SOCKET, 2, 0), ALLOW, "either is enough (2)");
	is_int(run_args(AUDIT_ARCH_X86_64, NR_SOCKET, 3, 0), DENY(ENOSYS), "neither");
}

static void test_actions(void)
{
	static const struct {
		const char *action;
		uint32_t answer;
	} row[] = {
		{"KILL", SECCOMP_RET_KILL_THREAD},
		{"KILL_THREAD", SECCOMP_RET_KILL_THREAD},
		{"KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
		{"TRAP", SECCOMP_RET_TRAP},
		{"ERRNO", DENY(EPERM)},
		{"TRACE", SECCOMP_RET_TRACE | EPERM},
		{"LOG", SECCOMP_RET_LOG},
		{"NOTIFY", SECCOMP_RET_USER_NOTIF},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char text[256];

		snprintf(text, sizeof text,
			 X86_64
			 "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\","
			 "\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_%s\"}]}",
			 row[i].action);
		if (ok(compile(text) == 0, "%s compiles: %s", row[i].action, err.text))
			is_int(run(NR_MKDIR), row[i].answer, "%s", row[i].action);
		ok(filter.notify == (row[i].answer == SECCOMP_RET_USER_NOTIF),
		   "%s: whether a listener is wanted", row[i].action);
	}
}

static void test_odd_profiles(void)
{
	ok(compile(X86_64 "\"defaultAction\":\"SCMP_ACT_ALLOW\"}") == 0 && filter.size == 0,
	   "a profile that says nothing needs no filter");
	ok(compile(X86_64 "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":["
			  "\"no_such_call\",\"mkdir\"],\"action\":\"SCMP_ACT_ERRNO\"}]}") == 0 &&
		   run(NR_MKDIR) == DENY(EPERM),
	   "a call that nobody knows is passed over: %s", err.text);
	ok(compile(X86_64
		   "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"mkdir\"],"
		   "\"action\":\"SCMP_ACT_ERRNO\"},{\"names\":[\"read\",\"read\"],"
		   "\"action\":\"SCMP_ACT_ALLOW\"}]}") == 0 &&
		   run(NR_MKDIR) == DENY(EPERM) && run(NR_READ) == ALLOW,
	   "rules that say nothing new are passed over: %s", err.text);
	ok(compile("{\"architectures\":[\"SCMP_ARCH_PPC64\"],\"defaultAction\":\"SCMP_ACT_ALLOW\","
		   "\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_ERRNO\"}]}") < 0 &&
		   strstr(err.text, "linux.seccomp.architectures[0]"),
	   "an architecture of the other byte order is an error with its place: %s", err.text);
}

static void test_flags(void)
{
#define FLAGS(list)                                                                                \
	X86_64 "\"defaultAction\":\"SCMP_ACT_ALLOW\"," list                                        \
	       "\"syscalls\":[{\"names\":[\"mkdir\"],"                                             \
	       "\"action\":\"SCMP_ACT_ERRNO\"}]}"
	ok(compile(FLAGS("")) == 0, "no flags: %s", err.text);
	is_int(filter.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW, "means SPEC_ALLOW");
	ok(compile(FLAGS("\"flags\":[],")) == 0, "an empty list: %s", err.text);
	is_int(filter.flags, 0, "means none");
	ok(compile(FLAGS("\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\","
			 "\"SECCOMP_FILTER_FLAG_LOG\"],")) == 0,
	   "TSYNC and LOG: %s", err.text);
	is_int(filter.flags, SECCOMP_FILTER_FLAG_LOG, "TSYNC has nothing to do in hull-init");
}

int main(void)
{
	if (!filter_library_version()) {
		skip_test("seccomp filters", "no libseccomp");
		return done_testing();
	}
	test_engine_profile();
	test_every_number();
	test_prologue();
	test_operators();
	test_args();
	test_actions();
	test_odd_profiles();
	test_flags();
	arena_free(&arena);
	return done_testing();
}
