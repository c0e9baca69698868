/* SPDX-License-Identifier: Apache-2.0 */

/* D-Bus messages to and from bytes. Numbers are in the machine's own order, which the first byte
 * tells; a local peer has the same. */

#include <errno.h>
#include <string.h>

#include "cgroups/dbus.h"

enum { MESSAGE_MAX = 1 << 20, VERSION = 1, LITTLE = 'l', BIG = 'B' };

/* Header fields (D-Bus Specification, "Header Fields"). */
enum {
	FIELD_PATH = 1,
	FIELD_INTERFACE = 2,
	FIELD_MEMBER = 3,
	FIELD_ERROR = 4,
	FIELD_REPLY = 5,
	FIELD_DESTINATION = 6,
	FIELD_SIGNATURE = 8,
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE LITTLE
#else
#define NATIVE BIG
#endif

void dbus_align(struct buf *buf, size_t alignment)
{
	static const char zeros[8];

	buf_add(buf, zeros, -buf->size & (alignment - 1));
}

void dbus_byte(struct buf *buf, uint8_t value)
{
	buf_add(buf, &value, sizeof value);
}

void dbus_u32(struct buf *buf, uint32_t value)
{
	dbus_align(buf, sizeof value);
	buf_add(buf, &value, sizeof value);
}

void dbus_u64(struct buf *buf, uint64_t value)
{
	dbus_align(buf, sizeof value);
	buf_add(buf, &value, sizeof value);
}

void dbus_bool(struct buf *buf, bool value)
{
	dbus_u32(buf, value);
}

void dbus_string(struct buf *buf, const char *text)
{
	size_t n = strlen(text);

	dbus_u32(buf, (uint32_t)n);
	buf_add(buf, text, n + 1);
}

void dbus_signature(struct buf *buf, const char *text)
{
	size_t n = strlen(text);

	dbus_byte(buf, (uint8_t)n);
	buf_add(buf, text, n + 1);
}

size_t dbus_array(struct buf *buf, size_t alignment)
{
	size_t at;

	dbus_u32(buf, 0);
	at = buf->size - sizeof(uint32_t);
	dbus_align(buf, alignment);
	return at;
}

void dbus_array_end(struct buf *buf, size_t array, size_t alignment)
{
	size_t start = array + sizeof(uint32_t);
	uint32_t size;

	if (buf->failed)
		return;
	/* The length counts neither itself nor the filling before the first element. */
	start += -start & (alignment - 1);
	size = (uint32_t)(buf->size - start);
	memcpy(buf->data + array, &size, sizeof size);
}

static void field(struct buf *buf, uint8_t code, const char *type, const char *value)
{
	if (!value || !*value)
		return;
	dbus_align(buf, 8);
	dbus_byte(buf, code);
	dbus_signature(buf, type);
	if (*type == 'g')
		dbus_signature(buf, value);
	else
		dbus_string(buf, value);
}

void dbus_marshal(struct buf *buf, const struct dbus_call *call, uint32_t serial)
{
	size_t fields;

	dbus_byte(buf, NATIVE);
	dbus_byte(buf, DBUS_CALL);
	dbus_byte(buf, 0);
	dbus_byte(buf, VERSION);
	dbus_u32(buf, call->body ? (uint32_t)call->body->size : 0);
	dbus_u32(buf, serial);
	fields = dbus_array(buf, 8);
	field(buf, FIELD_PATH, "o", call->path);
	field(buf, FIELD_INTERFACE, "s", call->interface);
	field(buf, FIELD_MEMBER, "s", call->member);
	field(buf, FIELD_DESTINATION, "s", call->destination);
	field(buf, FIELD_SIGNATURE, "g", call->signature);
	dbus_array_end(buf, fields, 8);
	dbus_align(buf, 8);
	if (call->body && call->body->failed)
		buf->failed = true;
	else if (call->body)
		buf_add(buf, call->body->data, call->body->size);
}

static bool align(struct dbus_reader *r, size_t alignment)
{
	size_t at = r->at + (-r->at & (alignment - 1));

	if (at > r->size)
		return false;
	r->at = at;
	return true;
}

bool dbus_read_u32(struct dbus_reader *r, uint32_t *ret)
{
	if (!align(r, 4) || r->size - r->at < 4)
		return false;
	memcpy(ret, r->data + r->at, 4);
	r->at += 4;
	return true;
}

/* n bytes and a NUL, none of them NUL. */
static bool read_text(struct dbus_reader *r, size_t n, const char **ret)
{
	if (r->size - r->at <= n || r->data[r->at + n] || memchr(r->data + r->at, 0, n))
		return false;
	*ret = r->data + r->at;
	r->at += n + 1;
	return true;
}

bool dbus_read_string(struct dbus_reader *r, const char **ret)
{
	uint32_t n;

	return dbus_read_u32(r, &n) && read_text(r, n, ret);
}

static bool read_signature(struct dbus_reader *r, const char **ret)
{
	uint8_t n;

	if (r->at == r->size)
		return false;
	n = (uint8_t)r->data[r->at++];
	return read_text(r, n, ret);
}

static bool read_field(struct dbus_reader *r, struct dbus_message *m)
{
	const char *type, *text = "";
	uint32_t number = 0;
	uint8_t code;

	if (!align(r, 8) || r->at == r->size)
		return false;
	code = (uint8_t)r->data[r->at++];
	if (!read_signature(r, &type) || !*type || type[1])
		return false;
	/* All that are defined have one of these types. */
	if (*type == 's' || *type == 'o') {
		if (!dbus_read_string(r, &text))
			return false;
	} else if (*type == 'g') {
		if (!read_signature(r, &text))
			return false;
	} else if (*type != 'u' || !dbus_read_u32(r, &number)) {
		return false;
	}
	if (code == FIELD_MEMBER)
		m->member = text;
	else if (code == FIELD_ERROR)
		m->error = text;
	else if (code == FIELD_SIGNATURE)
		m->signature = text;
	else if (code == FIELD_REPLY)
		m->reply_to = number;
	return true;
}

int64_t dbus_size(const char fixed[DBUS_FIXED])
{
	uint32_t body, fields;
	int64_t header;

	if (fixed[0] != NATIVE || fixed[3] != VERSION)
		return -EBADMSG;
	memcpy(&body, fixed + 4, sizeof body);
	memcpy(&fields, fixed + 12, sizeof fields);
	if (body > MESSAGE_MAX || fields > MESSAGE_MAX)
		return -EBADMSG;
	header = DBUS_FIXED + (int64_t)fields;
	return ((header + 7) & ~(int64_t)7) + body;
}

int dbus_parse(const char *data, size_t size, struct dbus_message *ret)
{
	struct dbus_message m = {.member = "", .error = "", .signature = ""};
	struct dbus_reader r = {.data = data, .at = DBUS_FIXED};
	uint32_t fields;

	if (size < DBUS_FIXED || dbus_size(data) != (int64_t)size)
		return -EBADMSG;
	memcpy(&fields, data + 12, sizeof fields);
	r.size = DBUS_FIXED + fields;
	m.type = (uint8_t)data[1];
	while (r.at < r.size)
		if (!read_field(&r, &m))
			return -EBADMSG;
	r.size = size;
	if (!align(&r, 8))
		return -EBADMSG;
	m.body = (struct dbus_reader){.data = data + r.at, .size = size - r.at};
	*ret = m;
	return 0;
}
