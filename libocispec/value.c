/* SPDX-License-Identifier: Apache-2.0 */
/* Single values for the reader: exact numbers, and how types and paths are told to people. */
#include "table.h"

#include <stdio.h>
#include <string.h>

static bool is_plain(const char *key, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = key[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '-'))
			return false;
	}
	return size > 0;
}

void oci_path_add(char *path, size_t room, const char *key, size_t size)
{
	size_t used = strlen(path);
	char quoted[128];

	oci_quote(quoted, sizeof(quoted), key, size);
	if (is_plain(key, size))
		(void)snprintf(path + used, room - used, "%s%s", used ? "." : "", quoted);
	else
		(void)snprintf(path + used, room - used, "[\"%s\"]", quoted);
}

void oci_describe_number(char *buf, size_t room, const struct oci_field *field, bool whole)
{
	int64_t min = field->shape == OCI_ONE ? field->min : 0;
	uint64_t max = field->shape == OCI_ONE ? field->max : UINT32_MAX;

	(void)snprintf(buf, room, "a %snumber from %lld to %llu", whole ? "whole " : "",
		       (long long)min, (unsigned long long)max);
}

void oci_describe(char *buf, size_t room, const struct oci_field *field, enum oci_shape shape)
{
	static const char *const singles[] = {
		[OCI_STRING] = "a string",   [OCI_BOOL] = "true or false",
		[OCI_ENUM] = "a string",     [OCI_OBJECT] = "an object",
		[OCI_FOREIGN] = "an object", [OCI_NUMBER] = "a number"};
	static const char *const plurals[] = {
		[OCI_STRING] = "strings", [OCI_BOOL] = "booleans",   [OCI_ENUM] = "strings",
		[OCI_OBJECT] = "objects", [OCI_FOREIGN] = "objects", [OCI_NUMBER] = "numbers"};

	if (shape != OCI_ONE)
		(void)snprintf(buf, room, "%s of %s", shape == OCI_LIST ? "a list" : "an object",
			       plurals[field->kind]);
	else if (field->kind == OCI_NUMBER)
		oci_describe_number(buf, room, field, false);
	else
		(void)snprintf(buf, room, "%s", singles[field->kind]);
}

enum oci_digits oci_parse_number(const struct oci_field *field, const char *text, size_t size,
				 uint64_t *ret)
{
	bool list = field->shape != OCI_ONE; /* lists of numbers are all uint32 */
	bool negative = size > 0 && text[0] == '-';
	uint64_t value = 0, max = list ? UINT32_MAX : field->max;

	for (size_t i = negative; i < size; i++)
		if (text[i] < '0' || text[i] > '9')
			return OCI_DIGITS_NOT_WHOLE;
	if (negative && field->number >= OCI_NUMBER_U16)
		return OCI_DIGITS_OUT_OF_RANGE;
	for (size_t i = negative; i < size; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return OCI_DIGITS_OUT_OF_RANGE;
	if (negative) {
		/* the magnitude of the smallest value: unsigned, so that INT64_MIN has one */
		uint64_t below = field->min < 0 ? 0 - (uint64_t)field->min : 0;

		if (value > below)
			return OCI_DIGITS_OUT_OF_RANGE;
		*ret = 0 - value;
		return OCI_DIGITS_FINE;
	}
	if (value > max || (field->min > 0 && !list && value < (uint64_t)field->min))
		return OCI_DIGITS_OUT_OF_RANGE;
	*ret = value;
	return OCI_DIGITS_FINE;
}

/* VALUE is in range: the casts below only drop copies of the sign. */
void oci_store_number(char *at, enum oci_number_kind kind, uint64_t value)
{
	switch (kind) {
	case OCI_NUMBER_INT:
	case OCI_NUMBER_I32:
	case OCI_NUMBER_U32:
		*(uint32_t *)(void *)at = (uint32_t)value;
		break;
	case OCI_NUMBER_U16:
		*(uint16_t *)(void *)at = (uint16_t)value;
		break;
	case OCI_NUMBER_I64:
	case OCI_NUMBER_U64:
		*(uint64_t *)(void *)at = value;
		break;
	}
}
