/* SPDX-License-Identifier: Apache-2.0 */
#include "test-cgroups-tree.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/fd.h"
#include "cgroups/dbus.h"
#include "cgroups/limits.h"
#include "cgroups/systemd.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"
#include "tap.h"

static struct arena arena = ARENA_INIT;

static void test_slices(void)
{
	static const struct {
		const char *slice, *path;
	} table[] = {
		{"system.slice", "/system.slice"},
		{"-.slice", ""},
		{"a-b.slice", "/a.slice/a-b.slice"},
		{"a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice"},
		{"kubepods-besteffort-pod1_2.slice",
		 "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1_2.slice"},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		is_str(systemd_slice_path(&arena, table[i].slice), table[i].path, "%s",
		       table[i].slice);
}

/* The elements of an a(sv) as text: "Name=value ..." */
static const char *decode(const struct buf *buf)
{
	struct dbus_reader r = {.data = buf->data, .size = buf->size};
	char *text = arena_strdup(&arena, "");

	while (r.at < r.size) {
		const char *name;
		uint32_t n;
		uint64_t value = 0;

		r.at += -r.at & 7;
		if (!dbus_read_string(&r, &name))
			return "malformed";
		if (memcmp(r.data + r.at, "\1t", 3) == 0) {
			r.at += 3;
			r.at += -r.at & 7;
			memcpy(&value, r.data + r.at, 8);
			r.at += 8;
		} else if (memcmp(r.data + r.at, "\2ay", 4) == 0) {
			r.at += 4;
			if (!dbus_read_u32(&r, &n) || n > r.size - r.at)
				return "malformed";
			for (uint32_t i = 0; i < n && i < 8; i++)
				value |= (uint64_t)(unsigned char)r.data[r.at + i] << 8 * i;
			r.at += n;
		} else {
			return "malformed";
		}
		text = arena_printf(&arena, "%s%s%s=%lld", text, *text ? " " : "", name,
				    (long long)value);
	}
	return text;
}

static const struct {
	struct limit limit[3];
	const char *want;
} properties[] = {
	{{{.file = "memory.max", .value = "1048576"}, {.file = "memory.swap.max", .value = "max"}},
	 "MemoryMax=1048576 MemorySwapMax=-1"},
	{{{.file = "memory.limit_in_bytes", .value = "-1"}}, "MemoryLimit=-1"},
	{{{.file = "pids.max", .value = "max"}}, "TasksMax=-1"},
	{{{.file = "cpu.max", .value = "50000 100000"}},
	 "CPUQuotaPeriodUSec=100000 CPUQuotaPerSecUSec=500000"},
	{{{.file = "cpu.max", .value = "50000"}}, "CPUQuotaPerSecUSec=500000"},
	{{{.file = "cpu.max", .value = "max 50000"}},
	 "CPUQuotaPeriodUSec=50000 CPUQuotaPerSecUSec=-1"},
	{{{.file = "cpu.max", .value = "50000", .flags = LIMIT_KEEP_QUOTA}},
	 "CPUQuotaPeriodUSec=50000"},
	/* 12345 us in 100 ms is 12.345 %: never less than asked, in whole percents */
	{{{.file = "cpu.cfs_period_us", .value = "100000"},
	  {.file = "cpu.cfs_quota_us", .value = "12345"}},
	 "CPUQuotaPeriodUSec=100000 CPUQuotaPerSecUSec=130000"},
	{{{.file = "cpu.weight", .value = "100"}, {.file = "cpu.idle", .value = "0"}},
	 "CPUWeight=100"},
	{{{.file = "cpu.idle", .value = "1"}}, "CPUWeight=0"},
	{{{.file = "cpuset.cpus", .value = "0-1,3"}, {.file = "cpuset.mems", .value = "9"}},
	 "AllowedCPUs=11 AllowedMemoryNodes=512"},
	{{{.file = "cpuset.cpus", .value = "3-1"}}, ""},
	{{{.file = "cpuset.cpus", .value = "99999999"}}, ""},
	{{{.file = "io.bfq.weight",
	   .value = "500",
	   .or_file = "io.weight",
	   .or_value = "default 4950"}},
	 "IOWeight=4950"},
	{{{.file = "io.bfq.weight",
	   .value = "8:0 5",
	   .or_file = "io.weight",
	   .or_value = "8:0 49"}},
	 ""},
	{{{.file = "hugetlb.2MB.max", .value = "5"}}, ""},
};

static void test_properties(void)
{
	static const char *const skip[] = {"CPUWeight", NULL};
	struct limits l = {.n = 1};
	AUTO_BUF struct buf skipped = BUF_INIT;

	for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
		AUTO_BUF struct buf buf = BUF_INIT;
		struct limit list[3];

		memcpy(list, properties[i].limit, sizeof list);
		l = (struct limits){.item = list};
		while (l.n < 3 && list[l.n].file)
			l.n++;
		systemd_properties(&l, NULL, &buf);
		is_str(decode(&buf), properties[i].want, "%s", list[0].file);
	}
	l = (struct limits){.item = (struct limit[]){{.file = "cpu.weight", .value = "1"}}, .n = 1};
	systemd_properties(&l, skip, &skipped);
	is_int(skipped.size, 0, "what a systemd does not have is left out");
}

#define BYTES(text) text, sizeof text - 1

static const struct {
	const char *key, *value;
	int want;
	size_t size;
	const char *end; /* of the element */
	size_t n;
} annotations[] = {
	{"org.example", "garbage", 0, 0, BYTES("")},
	{"org.systemd.property.TimeoutStopUSec", "uint64 7", 0, 32,
	 BYTES("StopUSec\0\1t\0\0\7\0\0\0\0\0\0\0")},
	{"org.systemd.property.TimeoutStopSec", "3", 0, 32,
	 BYTES("StopUSec\0\1t\0\0\300\306\055\0\0\0\0\0")},
	{"org.systemd.property.Ab", "true", 0, 16, BYTES("Ab\0\1b\0\0\0\1\0\0\0")},
	{"org.systemd.property.Ab", "-1", 0, 16, BYTES("\1i\0\0\0\377\377\377\377")},
	{"org.systemd.property.Ab", "uint32 4294967295", 0, 16, BYTES("\1u\0\0\0\377\377\377\377")},
	{"org.systemd.property.Ab", "'x\\'y'", 0, 20, BYTES("\1s\0\0\0\3\0\0\0x'y\0")},
	{"org.systemd.property.Ab", "['p', \"q\"]", 0, 30,
	 BYTES("\2as\0\0\016\0\0\0\1\0\0\0p\0\0\0\1\0\0\0q\0")},
	{"org.systemd.property.Ab", "[]", 0, 16, BYTES("\2as\0\0\0\0\0\0")},
	{"org.systemd.property.Ab", "['p'", -EINVAL, 0, BYTES("")},
	{"org.systemd.property.Ab", "['p' 'q']", -EINVAL, 0, BYTES("")},
	{"org.systemd.property.Ab", "['p'] ", -EINVAL, 0, BYTES("")},
	{"org.systemd.property.Ab", "'p", -EINVAL, 0, BYTES("")},
	{"org.systemd.property.Ab", "'p\\", -EINVAL, 0, BYTES("")},
	{"org.systemd.property.Ab", "text", -EINVAL, 0, BYTES("")},
	{"org.systemd.property.Ab", "", -EINVAL, 0, BYTES("")},
	{"org.systemd.property.Ab", "uint32 -1", -EINVAL, 0, BYTES("")},
	{"org.systemd.property.Ab", "2147483648", -EINVAL, 0, BYTES("")},
	{"org.systemd.property.", "true", -EINVAL, 0, BYTES("")},
	{"org.systemd.property.A-b", "true", -EINVAL, 0, BYTES("")},
	{"org.systemd.property.TimeoutStopSec", "soon", -EINVAL, 0, BYTES("")},
};

static void test_annotations(void)
{
	for (size_t i = 0; i < sizeof annotations / sizeof annotations[0]; i++) {
		struct oci_pair pair = {annotations[i].key, annotations[i].value};
		size_t n = annotations[i].n;
		AUTO_BUF struct buf buf = BUF_INIT;
		struct err err;

		is_int(systemd_annotations(&pair, 1, &buf, &err), annotations[i].want, "%s=%s",
		       pair.key, pair.value);
		if (annotations[i].want < 0)
			continue;
		ok(buf.size == annotations[i].size &&
			   (!n || !memcmp(buf.data + buf.size - n, annotations[i].end, n)),
		   "its bytes (%zu)", buf.size);
	}
}

/* A call as the specification wants it, byte by byte. */
static void test_marshal(void)
{
	static const char want[] = "l\1\0\1\010\0\0\0\7\0\0\0\075\0\0\0"
				   "\1\1o\0\2\0\0\0/a\0\0\0\0\0\0"
				   "\2\1s\0\3\0\0\0i.f\0\0\0\0\0"
				   "\3\1s\0\1\0\0\0M\0\0\0\0\0\0\0"
				   "\6\1s\0\1\0\0\0d\0\0\0\0\0\0\0"
				   "\010\1g\0\1s\0\0"
				   "\3\0\0\0xyz\0";
	AUTO_BUF struct buf body = BUF_INIT, buf = BUF_INIT;
	struct dbus_call call = {"d", "/a", "i.f", "M", "s", &body};
	struct dbus_message m;
	const char *text;

	dbus_string(&body, "xyz");
	dbus_marshal(&buf, &call, 7);
	if (buf.data[0] == 'l') {
		ok(buf.size == sizeof want - 1 && !memcmp(buf.data + 16, want + 16, buf.size - 16),
		   "bytes of a call (%zu)", buf.size);
		is_int((unsigned char)buf.data[12], 71, "length of the fields");
	}
	is_int(dbus_size(buf.data), (long long)buf.size, "its size from the beginning");
	is_int(dbus_parse(buf.data, buf.size, &m), 0, "it is read again");
	ok(m.type == DBUS_CALL && !strcmp(m.member, "M") && !strcmp(m.signature, "s"), "fields");
	ok(dbus_read_string(&m.body, &text) && !strcmp(text, "xyz"), "body");
	ok(!dbus_read_string(&m.body, &text), "which ends there");
}

/* No bytes can make the reader leave the message. Run it with a sanitizer. */
static void test_malformed(void)
{
	AUTO_BUF struct buf body = BUF_INIT, buf = BUF_INIT;
	struct dbus_call call = {"dest", "/a/b", "i.f", "Member", "s", &body};
	unsigned accepted = 0, seed = 1;

	dbus_string(&body, "xyz");
	dbus_marshal(&buf, &call, 7);
	for (int i = 0; i < 200000; i++) {
		char *copy = malloc(buf.size);
		struct dbus_message m;
		const char *text;

		memcpy(copy, buf.data, buf.size);
		for (int k = 0; k < 1 + i % 3; k++) {
			seed = seed * 1103515245 + 12345;
			copy[seed / 65536 % buf.size] = (char)(seed >> 8);
		}
		if (dbus_size(copy) == (int64_t)buf.size && dbus_parse(copy, buf.size, &m) == 0) {
			accepted++;
			(void)dbus_read_string(&m.body, &text);
		}
		free(copy);
	}
	ok(accepted > 0 && accepted < 200000, "damaged messages: %u of 200000 still are some",
	   accepted);
}

/* What stands in for systemd. Each answer is an element. */
struct peer {
	int fd;
	const char *job; /* of the reply to what makes a job */
	const char *result; /* of that job */
	const char *error; /* the first answer is this error */
	const char *text;
	unsigned calls;
	char members[16][32];
};

static void header(struct buf *out, uint8_t type, uint32_t reply_to, const char *member,
		   const char *error, const char *signature, const struct buf *body)
{
	size_t fields;

	dbus_byte(out, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B');
	dbus_byte(out, type);
	dbus_byte(out, 0);
	dbus_byte(out, 1);
	dbus_u32(out, (uint32_t)body->size);
	dbus_u32(out, 1);
	fields = dbus_array(out, 8);
	if (type != DBUS_SIGNAL) {
		dbus_byte(out, 5);
		dbus_signature(out, "u");
		dbus_u32(out, reply_to);
	} else {
		dbus_byte(out, 3);
		dbus_signature(out, "s");
		dbus_string(out, member);
	}
	if (type == DBUS_ERROR) {
		dbus_align(out, 8);
		dbus_byte(out, 4);
		dbus_signature(out, "s");
		dbus_string(out, error);
	}
	dbus_align(out, 8);
	dbus_byte(out, 8);
	dbus_signature(out, "g");
	dbus_signature(out, signature);
	dbus_array_end(out, fields, 8);
	dbus_align(out, 8);
	buf_add(out, body->data ? body->data : "", body->size);
}

static void send_message(const struct peer *peer, uint8_t type, uint32_t reply_to,
			 const char *signature, const struct buf *body)
{
	AUTO_BUF struct buf out = BUF_INIT;

	header(&out, type, reply_to, "JobRemoved", peer->error, signature, body);
	if (io_write_all(peer->fd, out.data, out.size) < 0)
		printf("# the peer cannot write\n");
}

static void job_removed(const struct peer *peer, const char *job, const char *result)
{
	AUTO_BUF struct buf body = BUF_INIT;

	dbus_u32(&body, 1);
	dbus_string(&body, job);
	dbus_string(&body, "x.scope");
	dbus_string(&body, result);
	send_message(peer, DBUS_SIGNAL, 0, "uoss", &body);
}

static void answer(struct peer *peer, uint32_t serial, const char *member)
{
	AUTO_BUF struct buf body = BUF_INIT;
	bool job = strstr("StartTransientUnit StopUnit", member) != NULL;
	bool fails = peer->error && (job || !strcmp(member, "SetUnitProperties"));

	/* something that nobody asked for comes first */
	job_removed(peer, "/job/other", "failed");
	if (fails) {
		dbus_string(&body, peer->text);
		send_message(peer, DBUS_ERROR, serial, "s", &body);
		peer->error = NULL;
		return;
	}
	dbus_string(&body, peer->job);
	send_message(peer, DBUS_RETURN, serial, "o", &body);
	if (job)
		job_removed(peer, peer->job, peer->result);
}

static bool read_all(int fd, char *data, size_t size)
{
	while (size) {
		ssize_t n = read(fd, data, size);

		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

static void *serve(void *user)
{
	struct peer *peer = user;
	char room[8192];

	while (read_all(peer->fd, room, DBUS_FIXED)) {
		int64_t size = dbus_size(room);
		struct dbus_message m;
		uint32_t serial;

		if (size < 0 || size > (int64_t)sizeof room ||
		    !read_all(peer->fd, room + DBUS_FIXED, (size_t)size - DBUS_FIXED) ||
		    dbus_parse(room, (size_t)size, &m) < 0)
			break;
		memcpy(&serial, room + 8, sizeof serial);
		if (peer->calls < 16)
			snprintf(peer->members[peer->calls++], 32, "%s", m.member);
		answer(peer, serial, m.member);
	}
	close(peer->fd);
	return NULL;
}

/* One conversation about x.scope; the names of the calls are the result. */
static const char *talk(struct peer *peer, int (*what)(struct systemd *, struct err *), int want,
			struct err *err)
{
	struct systemd systemd = {.dbus = DBUS_INIT, .unit = "x.scope", .slice = "a.slice"};
	char *text = arena_strdup(&arena, "");
	pthread_t thread;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		fake_die("socketpair");
	systemd.dbus.fd = pair[0];
	peer->fd = pair[1];
	if (pthread_create(&thread, NULL, serve, peer) != 0)
		fake_die("pthread_create");
	is_int(what(&systemd, err), want, "result of the conversation: %s",
	       want ? err->text : "ok");
	dbus_close(&systemd.dbus);
	pthread_join(thread, NULL);
	for (unsigned i = 0; i < peer->calls; i++)
		text = arena_printf(&arena, "%s%s%s", text, *text ? " " : "", peer->members[i]);
	return text;
}

static struct limit weight = {.file = "cpu.weight", .value = "7"};
static const struct limits some = {.item = &weight, .n = 1};

static int start(struct systemd *systemd, struct err *err)
{
	return systemd_start(systemd, 42, &some, err);
}

static int set(struct systemd *systemd, struct err *err)
{
	return systemd_set(systemd, &some, err);
}

static void test_conversations(void)
{
	struct err err = {0};
	struct peer peer = {.job = "/job/1", .result = "done"};

	is_str(talk(&peer, start, 0, &err), "StartTransientUnit", "start");
	peer = (struct peer){.job = "/job/1", .result = "failed"};
	(void)talk(&peer, start, -EIO, &err);
	peer = (struct peer){.job = "/job/1",
			     .result = "done",
			     .error = "org.freedesktop.systemd1.UnitExists",
			     .text = "exists"};
	is_str(talk(&peer, start, 0, &err), "StartTransientUnit ResetFailedUnit StartTransientUnit",
	       "a unit that failed is forgotten");
	peer = (struct peer){.job = "/job/1",
			     .result = "done",
			     .error = "org.freedesktop.DBus.Error.PropertyReadOnly",
			     .text = "Cannot set property CPUWeight, or unknown property."};
	is_str(talk(&peer, set, 0, &err), "SetUnitProperties SetUnitProperties",
	       "an unknown property is left out");
	peer = (struct peer){.job = "/job/1",
			     .result = "done",
			     .error = "org.freedesktop.DBus.Error.AccessDenied",
			     .text = "Access denied"};
	(void)talk(&peer, set, -EREMOTEIO, &err);
	is_str(err.text, "systemd: set properties of x.scope: SetUnitProperties: Access denied",
	       "systemd's own words");
	peer = (struct peer){.job = "/job/1", .result = "done"};
	is_str(talk(&peer, systemd_stop, 0, &err), "StopUnit ResetFailedUnit", "stop");
	peer = (struct peer){.job = "/job/1",
			     .error = "org.freedesktop.systemd1.NoSuchUnit",
			     .text = "not loaded"};
	is_str(talk(&peer, systemd_stop, 0, &err), "StopUnit", "stop of what is gone");
}

int main(void)
{
	test_slices();
	test_properties();
	test_annotations();
	test_marshal();
	test_malformed();
	test_conversations();
	arena_free(&arena);
	return done_testing();
}
