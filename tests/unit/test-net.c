/* SPDX-License-Identifier: Apache-2.0 */

/* Network devices: what the checks find, what the plan says, how a kernel's answer is read. */

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "net/net.h"
#include "net/netlink.h"
#include "plan/build.h"
#include "tap.h"

static struct arena arena = ARENA_INIT;

static struct request request_of(const char *devices)
{
	struct request request = {.arena = &arena, .host_root = true, .ns_new = CLONE_NEWNET};
	struct oci_report report;
	struct oci_config *config;
	const char *text =
		arena_printf(&arena, "{\"ociVersion\":\"1.3.0\",\"linux\":{\"netDevices\":{%s}}}",
			     devices);

	oci_report_init(&report, &arena);
	if (!text || oci_config_read(&arena, text, strlen(text), &report, &config) < 0) {
		ok(false, "the test's own config is valid: %s", devices);
		config = arena_alloc(&arena, sizeof *config);
	}
	request.config = config;
	request.text = text;
	request.text_size = text ? strlen(text) : 0;
	return request;
}

/* The first finding as "path: message", or "". */
static const char *finding(const struct request *request)
{
	struct oci_report report;

	oci_report_init(&report, &arena);
	net_check(request, &report);
	if (!report.n_findings)
		return "";
	return arena_printf(&arena, "%s: %s", report.findings[0].path, report.findings[0].message);
}

#define BAD(name) "\"" name "\" is no name of a network device"
#define BAD_KEY(path, name, why)                                                                   \
	"linux.netDevices[\"" path "\"]: \"" name "\" is no name of a network device" why

static void test_names(void)
{
	static const struct {
		const char *devices, *finding;
	} row[] = {
		{"", ""},
		{"\"eth0\":{}", ""},
		{"\"eth0\":{\"name\":\"\"}", ""},
		{"\"eth0\":{\"name\":\"fifteencharacte\"}", ""},
		{"\"eth0\":{\"name\":\"eth%d\"},\"eth1\":{\"name\":\"eth%d\"}", ""},
		{"\"a\":{\"name\":\"b\"},\"b\":{\"name\":\"a\"}", ""},
		{"\"sixteencharacter\":{}",
		 BAD_KEY("sixteencharacter", "sixteencharacter", ": more than 15 bytes")},
		{"\"\":{}", BAD_KEY("", "", ": it is empty")},
		{"\"..\":{}", BAD_KEY("..", "..", "")},
		{"\"a/b\":{}", BAD_KEY("a/b", "a/b", ": it has a slash, a colon or a blank")},
		{"\"a\":{\"name\":\"b:1\"}", "linux.netDevices[\"a\"].name: " BAD(
						     "b:1") ": it has a slash, a colon or a blank"},
		{"\"a\":{\"name\":\"b 1\"}", "linux.netDevices[\"a\"].name: " BAD(
						     "b 1") ": it has a slash, a colon or a blank"},
		{"\"a\":{\"name\":\"b%s\"}",
		 "linux.netDevices[\"a\"].name: " BAD(
			 "b%s") ": a % stands only once, and before a d"},
		{"\"a\":{\"name\":\"%d%d\"}",
		 "linux.netDevices[\"a\"].name: " BAD(
			 "%d%d") ": a % stands only once, and before a d"},
		{"\"lo\":{}",
		 "linux.netDevices[\"lo\"]: \"lo\" is the loopback device, which cannot be moved"},
		{"\"a\":{\"name\":\"lo\"}",
		 "linux.netDevices[\"a\"].name: \"lo\" is the container's own loopback device"},
		{"\"a\":{\"name\":\"x\"},\"b\":{\"name\":\"x\"}",
		 "linux.netDevices[\"b\"].name: \"x\" is the name of another device of this "
		 "container, too"},
		{"\"a\":{\"name\":\"b\"},\"b\":{}",
		 "linux.netDevices[\"b\"]: \"b\" is the name of another device of this container, "
		 "too"},
	};

	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct request request = request_of(row[i].devices);

		is_str(finding(&request), row[i].finding, "findings of {%s}", row[i].devices);
	}
}

static void test_place(void)
{
	struct request request = request_of("\"eth0\":{}");

	request.ns_new = 0;
	is_str(finding(&request),
	       "linux.netDevices: cannot move network devices without a private network namespace",
	       "no network namespace");
	request.ns_joined = CLONE_NEWNET;
	is_str(finding(&request), "", "a joined one will do");
	request.host_root = false;
	is_str(finding(&request),
	       "linux.netDevices: network devices are not supported for rootless containers",
	       "rootless");
}

static const char *plan_of(const struct request *request)
{
	struct plan *p = plan_new(&arena);
	AUTO_BUF struct buf buf = BUF_INIT;
	const char *text;

	net_dump(request, &buf);
	net_plan(request, p);
	plan_dump(p, &buf);
	text = arena_strdup(&arena, buf.data ? buf.data : "");
	plan_free(p);
	return text;
}

static void test_plan(void)
{
	struct request request = request_of("\"a\":{\"name\":\"eth%d\"},\"b\":{}");

	is_str(plan_of(&request),
	       "netdevice a name=eth%d\nnetdevice b name=b\n"
	       "# linux.netDevices\nbarrier message=network first=none count=0\n",
	       "a plan with devices");
	request = request_of("");
	is_str(plan_of(&request), "", "and one without");
}

/* Two attributes and a header of a third one that is cut off. */
struct answer {
	struct nlmsghdr header;
	struct ifaddrmsg body;
	struct nlattr first;
	uint32_t first_value;
	struct nlattr second;
	char second_value[8];
	struct nlattr third;
};

static struct answer an_answer(void)
{
	return (struct answer){
		.header = {.nlmsg_len = sizeof(struct answer), .nlmsg_type = RTM_NEWADDR},
		.first = {sizeof(struct nlattr) + 4, IFA_FLAGS},
		.first_value = 0x80,
		.second = {sizeof(struct nlattr) + 5, IFA_LABEL},
		.second_value = "eth0",
		.third = {200, IFA_LOCAL},
	};
}

static void test_attributes(void)
{
	struct answer a = an_answer();
	const void *found = netlink_find(&a.header, sizeof a.body, IFA_FLAGS, 4);
	uint32_t flags = 0;
	size_t offset = 0;
	int n = 0;

	if (found)
		memcpy(&flags, found, sizeof flags);
	is_int(flags, 0x80, "the value of an attribute");
	is_str(netlink_find(&a.header, sizeof a.body, IFA_LABEL, 1), "eth0", "of another one");
	ok(!netlink_find(&a.header, sizeof a.body, IFA_LABEL, 6), "one that is too short");
	ok(!netlink_find(&a.header, sizeof a.body, IFA_CACHEINFO, 0), "one that is not there");
	ok(!netlink_find(&a.header, sizeof a.body, IFA_LOCAL, 0),
	   "one that is longer than the message");
	while (netlink_next(&a.header, sizeof a.body, &offset))
		n++;
	is_int(n, 2, "the attributes of a message");
	a.second.nla_len = 3;
	ok(!netlink_find(&a.header, sizeof a.body, IFA_LABEL, 0), "one shorter than its header");
	a.header.nlmsg_len = NLMSG_HDRLEN;
	ok(!netlink_find(&a.header, sizeof a.body, IFA_FLAGS, 0), "a message without a body");
}

static void test_request(void)
{
	static const char big[NETLINK_REQUEST_SIZE];
	const struct ifaddrmsg body = {.ifa_family = 2};
	struct netlink_request request;
	char reason[NETLINK_REASON_SIZE];

	netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, &body, sizeof body);
	is_int(request.size, NLMSG_HDRLEN + sizeof body, "the size of a request");
	netlink_add_text(&request, IFA_LABEL, "eth0");
	is_int(request.size, NLMSG_HDRLEN + sizeof body + 12, "an attribute is padded");
	netlink_add(&request, IFA_LABEL, big, sizeof big);
	ok(request.failed, "a request that becomes too large");
	is_int(netlink_ask(-1, &request, NULL, NULL, reason), -E2BIG, "is not sent");
	netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, &body, sizeof body);
	netlink_add(&request, IFA_LABEL, big, 70000);
	ok(request.failed, "an attribute that has more than 16 bits of length");
}

/* The loopback device is in every namespace, and asking for it is everybody's right. */
static int count_link(void *user, const struct nlmsghdr *message)
{
	int *n = user;

	*n += message->nlmsg_type == RTM_NEWLINK;
	return 0;
}

static void test_kernel(void)
{
	const struct ifinfomsg body = {.ifi_family = 0};
	struct netlink_request request;
	char reason[NETLINK_REASON_SIZE];
	int n = 0, fd = netlink_open();

	if (fd < 0) {
		skip_test("the kernel answers", "no netlink sockets here");
		return;
	}
	for (int i = 0; i < 2; i++) {
		netlink_begin(&request, RTM_GETLINK, 0, &body, sizeof body);
		netlink_add_text(&request, IFLA_IFNAME, "lo");
		is_int(netlink_ask(fd, &request, count_link, &n, reason), 0, "ask for lo");
		is_int(n, i + 1, "one answer");
		netlink_begin(&request, RTM_GETLINK, 0, &body, sizeof body);
		netlink_add_text(&request, IFLA_IFNAME, "no such device");
		ok(netlink_ask(fd, &request, count_link, &n, reason) < 0, "ask for nothing");
		is_int(n, i + 1, "no answer");
	}
	close(fd);
}

int main(void)
{
	test_names();
	test_place();
	test_plan();
	test_attributes();
	test_request();
	test_kernel();
	arena_free(&arena);
	return done_testing();
}
