/* SPDX-License-Identifier: Apache-2.0 */
#include "process/number_list.h"

#include <errno.h>

#include "base/str.h"

static const char *skip_blanks(const char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

/* One number with blanks around it. */
static int parse_number(const char **text, unsigned *ret)
{
	const char *p = skip_blanks(*text);
	unsigned value = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		value = value * 10 + (unsigned)(*p - '0');
		if (value >= NUMBER_LIST_MAX)
			return -ERANGE;
	}
	*text = skip_blanks(p);
	*ret = value;
	return 0;
}

static int parse_range(const char **text, struct number_list *list)
{
	unsigned first, last;
	int r = parse_number(text, &first);

	last = first;
	if (r == 0 && **text == '-') {
		++*text;
		r = parse_number(text, &last);
	}
	if (r < 0)
		return r;
	if (last < first)
		return -EINVAL;
	for (unsigned i = first; i <= last; i++) {
		uint64_t bit = UINT64_C(1) << i % 64;

		list->n += !(list->bits[i / 64] & bit);
		list->bits[i / 64] |= bit;
	}
	return 0;
}

int number_list_parse(const char *text, struct number_list *ret)
{
	struct number_list list = {0};

	text = skip_blanks(text);
	while (*text) {
		int r = parse_range(&text, &list);

		if (r < 0)
			return r;
		if (*text == ',' && !*skip_blanks(text + 1))
			return -EINVAL;
		if (*text && *text != ',')
			return -EINVAL;
		text += *text == ',';
	}
	*ret = list;
	return 0;
}

size_t number_list_size(const struct number_list *list)
{
	size_t n = COUNT_OF(list->bits);

	while (n > 1 && !list->bits[n - 1])
		n--;
	return n * sizeof list->bits[0];
}
