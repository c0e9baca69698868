/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a message from systemd: what is accepted has its texts inside, each with its end,
 * and its body can be read to any depth. The first byte says how the body is read. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/dbus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void inside(const char *text, const char *data, size_t size)
{
	require(text != NULL);
	if (*text)
		require(text > data && text + strlen(text) < data + size);
}

static void read_body(struct dbus_reader *r, unsigned choice)
{
	for (;;) {
		size_t before = r->at;
		const char *text;
		uint32_t number;

		if (choice & 1) {
			if (!dbus_read_string(r, &text))
				return;
			inside(text, r->data, r->size);
		} else if (!dbus_read_u32(r, &number)) {
			return;
		}
		require(r->at > before && r->at <= r->size);
		choice = choice >> 1 | (choice & 1) << 7;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dbus_message message;
	int64_t whole;
	char *copy;
	int r;

	if (size < 1)
		return 0;
	copy = malloc(size);
	require(copy != NULL);
	memcpy(copy, data + 1, size - 1);
	r = dbus_parse(copy, size - 1, &message);
	require(r == 0 || r == -EBADMSG);
	if (size - 1 >= DBUS_FIXED) {
		whole = dbus_size(copy);
		require(whole == -EBADMSG || whole >= DBUS_FIXED);
		require(r < 0 || whole == (int64_t)(size - 1));
	}
	if (r == 0) {
		inside(message.member, copy, size - 1);
		inside(message.error, copy, size - 1);
		inside(message.signature, copy, size - 1);
		require(message.body.data >= copy &&
			message.body.data + message.body.size == copy + size - 1);
		read_body(&message.body, data[0]);
	}
	free(copy);
	return 0;
}
