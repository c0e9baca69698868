/* SPDX-License-Identifier: Apache-2.0 */
#include "process/passwd.h"

#include <stdbool.h>

struct field {
	const char *text;
	size_t size;
};

enum { PASSWD_UID = 2, PASSWD_HOME = 5, PASSWD_FIELDS = 7 };

/* Splits a line at its colons. True when it has the seven fields of passwd(5). */
static bool split(const char *line, size_t size, struct field field[PASSWD_FIELDS])
{
	size_t n = 0, start = 0;

	for (size_t i = 0; i <= size; i++) {
		if (i < size && line[i] != ':')
			continue;
		if (n == PASSWD_FIELDS)
			return false;
		field[n].text = line + start;
		field[n].size = i - start;
		n++;
		start = i + 1;
	}
	return n == PASSWD_FIELDS;
}

/* Exactly the decimal number: an id that is cut, rounded or signed would be another user's
 * (CVE-2016-3697, CVE-2026-30892). */
static bool is_number(const struct field *field, uint32_t number)
{
	uint64_t value = 0;

	if (field->size == 0 || field->size > 10)
		return false;
	for (size_t i = 0; i < field->size; i++) {
		if (field->text[i] < '0' || field->text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(field->text[i] - '0');
	}
	return value == number;
}

static bool is_home(const struct field *field)
{
	if (field->size == 0 || field->size > PASSWD_HOME_MAX || field->text[0] != '/')
		return false;
	for (size_t i = 0; i < field->size; i++)
		if ((unsigned char)field->text[i] < ' ' || field->text[i] == 0x7f)
			return false;
	return true;
}

size_t passwd_home(const char *text, size_t size, uint32_t uid, const char **ret)
{
	size_t start = 0;

	if (size > PASSWD_SIZE_MAX)
		size = PASSWD_SIZE_MAX;
	while (start < size) {
		struct field field[PASSWD_FIELDS];
		size_t end = start;

		while (end < size && text[end] != '\n')
			end++;
		if (end - start <= PASSWD_LINE_MAX && split(text + start, end - start, field) &&
		    is_number(&field[PASSWD_UID], uid)) {
			*ret = field[PASSWD_HOME].text;
			return is_home(&field[PASSWD_HOME]) ? field[PASSWD_HOME].size : 0;
		}
		start = end + 1;
	}
	return 0;
}
