/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * As much of D-Bus as it takes to talk to systemd: method calls, their replies, and one signal
 * (D-Bus Specification, "Message Protocol"). Loading a library for it costs more time than the
 * rest of a container's start.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct err;

/* Marshalling. Values are aligned from the start of buf. */
void dbus_byte(struct buf *buf, uint8_t value);
void dbus_u32(struct buf *buf, uint32_t value);
void dbus_u64(struct buf *buf, uint64_t value);
void dbus_bool(struct buf *buf, bool value);
void dbus_string(struct buf *buf, const char *text); /* object paths too */
void dbus_signature(struct buf *buf, const char *text);
void dbus_align(struct buf *buf, size_t alignment);
/* An array of elements with that alignment: what is written between the two. */
size_t dbus_array(struct buf *buf, size_t alignment);
void dbus_array_end(struct buf *buf, size_t array, size_t alignment);

/* Unmarshalling: false, and nothing read, beyond the end or for malformed text. */
struct dbus_reader {
	const char *data;
	size_t size, at;
};

bool dbus_read_u32(struct dbus_reader *r, uint32_t *ret);
bool dbus_read_string(struct dbus_reader *r, const char **ret); /* points into the data */

enum dbus_type { DBUS_CALL = 1, DBUS_RETURN = 2, DBUS_ERROR = 3, DBUS_SIGNAL = 4 };

/* A message that was received. Valid until the next one is. */
struct dbus_message {
	uint8_t type; /* enum dbus_type */
	uint32_t reply_to;
	const char *member, *error, *signature; /* "" when there is none */
	struct dbus_reader body;
};

/* Reads what was received whole. -EBADMSG for anything that is no message. */
int dbus_parse(const char *data, size_t size, struct dbus_message *ret);

/* Bytes of a whole message that begins with these 16. -EBADMSG, also for more than the limit. */
enum { DBUS_FIXED = 16 };
int64_t dbus_size(const char fixed[DBUS_FIXED]);

/* A call with a body of this signature ("" and an empty body: no arguments). */
struct dbus_call {
	const char *destination, *path, *interface, *member, *signature;
	const struct buf *body;
};

/* The message in bytes. */
void dbus_marshal(struct buf *buf, const struct dbus_call *call, uint32_t serial);

struct dbus {
	int fd;
	uint32_t serial;
	struct buf in; /* the message received last */
	int64_t deadline; /* now_ms; every wait ends then */
};

#define DBUS_INIT                                                                                  \
	{                                                                                          \
		.fd = -1                                                                           \
	}
#define DBUS_AUTO __attribute__((cleanup(dbus_close)))

/* Connects to a unix socket and authenticates. bus: there is a message bus behind it (which wants
 * to be greeted), not systemd itself. */
int dbus_connect(struct dbus *dbus, const char *path, bool bus, struct err *err);
void dbus_close(struct dbus *dbus);

/* Sends a call and waits for its reply, leaving out what else arrives. An error reply is -EREMOTEIO
 * with the peer's text; ret->error is its name. */
int dbus_ask(struct dbus *dbus, const struct dbus_call *call, struct dbus_message *ret,
	     struct err *err);

/* Waits for the next message. */
int dbus_receive(struct dbus *dbus, struct dbus_message *ret, struct err *err);
