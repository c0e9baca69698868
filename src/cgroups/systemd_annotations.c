/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Annotations "org.systemd.property.NAME" as properties of the unit. Values are in the text form of
 * GVariant, as far as properties have such types: 'text', true, 5, uint64 5, ['a', 'b'].
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/number.h"
#include "base/str.h"
#include "cgroups/systemd.h"
#include "libocispec/ocispec.h"

#define PREFIX "org.systemd.property."

enum { TEXT_MAX = 1024 };

static const struct {
	const char *word, *type;
	int64_t min;
	uint64_t max;
} numbers[] = {
	{"uint64 ", "t", 0, UINT64_MAX},       {"uint32 ", "u", 0, UINT32_MAX},
	{"int64 ", "x", INT64_MIN, INT64_MAX}, {"int32 ", "i", INT32_MIN, INT32_MAX},
	{"", "i", INT32_MIN, INT32_MAX}, /* without a word */
};

static bool put_number(struct buf *out, const char *text)
{
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		const char *digits = str_after(text, numbers[i].word);
		bool wide = strchr("tx", *numbers[i].type) != NULL;
		uint64_t value = 0;
		int64_t negative;

		if (!digits)
			continue;
		if (*digits != '-') {
			if (number_u64(digits, numbers[i].max, &value) < 0)
				return false;
		} else {
			if (number_i64(digits, numbers[i].min, 0, &negative) < 0)
				return false;
			value = (uint64_t)negative;
		}
		dbus_signature(out, numbers[i].type);
		if (wide)
			dbus_u64(out, value);
		else
			dbus_u32(out, (uint32_t)value);
		return true;
	}
	return false;
}

/* A quoted text at *at, which then points behind it. Escapes: backslash and the character. */
static bool read_quoted(const char **at, char text[TEXT_MAX])
{
	char quote = **at;
	const char *p = *at + 1;
	size_t n = 0;

	if (quote != '\'' && quote != '"')
		return false;
	for (; *p != quote; p++) {
		if (*p == '\\')
			p++;
		if (!*p || n == TEXT_MAX - 1)
			return false;
		text[n++] = *p;
	}
	text[n] = '\0';
	*at = p + 1;
	return true;
}

static bool put_list(struct buf *out, const char *at)
{
	char text[TEXT_MAX];
	size_t array;

	dbus_signature(out, "as");
	array = dbus_array(out, 4);
	for (at++; *at != ']';) {
		at += strspn(at, " ");
		if (!read_quoted(&at, text))
			return false;
		dbus_string(out, text);
		at += strspn(at, " ");
		if (*at == ',')
			at++;
		else if (*at != ']')
			return false;
	}
	dbus_array_end(out, array, 4);
	return !at[1];
}

static bool put_value(struct buf *out, const char *value)
{
	char text[TEXT_MAX];

	if (*value == '[')
		return put_list(out, value);
	if (str_eq(value, "true") || str_eq(value, "false")) {
		dbus_signature(out, "b");
		dbus_bool(out, *value == 't');
		return true;
	}
	if (*value == '\'' || *value == '"') {
		if (!read_quoted(&value, text) || *value)
			return false;
		dbus_signature(out, "s");
		dbus_string(out, text);
		return true;
	}
	return put_number(out, value);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && str_eq(text + n - m, end);
}

/* systemd has TimeoutStopUSec on the bus and TimeoutStopSec in files: seconds, any number's type.
 */
static bool put_seconds(struct buf *out, const char *name, const char *value)
{
	char longer[128];
	const char *digits = strrchr(value, ' ');
	uint64_t seconds;
	size_t n = strlen(name) - strlen("Sec");

	if (number_u64(digits ? digits + 1 : value, UINT32_MAX, &seconds) < 0 ||
	    n + sizeof "USec" > sizeof longer)
		return false;
	memcpy(longer, name, n);
	memcpy(longer + n, "USec", sizeof "USec");
	dbus_string(out, longer);
	dbus_signature(out, "t");
	dbus_u64(out, seconds * 1000000);
	return true;
}

static bool put_property(struct buf *out, const char *name, const char *value)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (!*name || strlen(name) > 100 || name[strspn(name, letters)])
		return false;
	dbus_align(out, 8);
	if (ends_with(name, "Sec") && !ends_with(name, "USec"))
		return put_seconds(out, name, value);
	dbus_string(out, name);
	return put_value(out, value);
}

int systemd_annotations(const struct oci_pair *list, size_t n, struct buf *out, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = str_after(list[i].key, PREFIX);

		if (name && !put_property(out, name, list[i].value))
			return err_text(err, EINVAL,
					"annotations[\"%.128s\"]: \"%.128s\" is no value of a "
					"property, like 'text', true, uint64 5 or ['a', 'b']",
					list[i].key, list[i].value);
	}
	return out->failed ? err_set(err, ENOMEM, "annotations") : 0;
}
