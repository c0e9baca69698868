/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdlib.h>

#include "tap.h"

static void test_growth(void)
{
	AUTO_BUF struct buf buf = BUF_INIT;
	bool same = true;

	ok(buf.data == NULL, "nothing was added: no memory");
	buf_add(&buf, "", 0);
	is_str(buf.data, "", "an empty addition makes an empty text");
	for (int i = 0; i < 5000; i++)
		buf_printf(&buf, "%04d", i);
	ok(!buf.failed && buf.size == 20000, "5000 additions");
	for (int i = 0; i < 5000; i++) {
		char want[16];

		snprintf(want, sizeof want, "%04d", i);
		same = same && memcmp(buf.data + 4 * i, want, 4) == 0;
	}
	ok(same && buf.data[buf.size] == '\0', "  are all there, with a NUL behind");
	buf_add(&buf, "x", (size_t)-1);
	ok(buf.failed, "a size that overflows fails");
	buf_str(&buf, "more");
	ok(buf.failed && buf.size == 20000, "  and that sticks");
}

static void test_json(void)
{
	static const struct {
		const char *text, *json;
	} table[] = {
		{"", "\"\""},
		{"plain", "\"plain\""},
		{"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"line\nline\tend", "\"line\\nline\\tend\""},
		{"\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\""},
		{"\r", "\"\\u000d\""},
		{"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
		{"/", "\"/\""},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		AUTO_BUF struct buf buf = BUF_INIT;

		buf_json(&buf, table[i].text);
		is_str(buf.data, table[i].json, "JSON string %zu", i);
	}
}

/* A message may hold bytes of a file name that are not UTF-8; a log line must be JSON all the same.
 */
static void test_json_invalid(void)
{
	static const struct {
		const char *text, *json;
	} table[] = {
		{"a\xff"
		 "b",
		 "\"a\xef\xbf\xbd"
		 "b\""},
		{"\xc3", "\"\xef\xbf\xbd\""},
		{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xf0\x9f\x90\xa2", "\"\xf0\x9f\x90\xa2\""},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		AUTO_BUF struct buf buf = BUF_INIT;

		buf_json(&buf, table[i].text);
		is_str(buf.data, table[i].json, "invalid UTF-8 %zu", i);
	}
}

int main(void)
{
	test_growth();
	test_json();
	test_json_invalid();
	return done_testing();
}
