/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <errno.h>

#include "tap.h"

static const char text[] =
	"{\n"
	"  \"ociVersion\": \"1.3.0\",\n"
	"  \"mounts\": [ {\"options\": [\"ro\", \"{\\\"]\"]},\n"
	"\t{}, [ ] , 7 ],\n"
	"  \"annotations\": {\"a.b\": \"x\", \"caf\\u00e9\": \"y\", \"\\ud83d\\ude00\": 1,"
	" \"\": 2, \"q\\\"\": 3},\n"
	"  \"\u00e9\": true, \"last\": [[1,2],[3,[4]]]\n"
	"}\n";

static const struct {
	const char *path, *value; /* NULL: not there */
	unsigned int line, column;
} found[] = {
	{"ociVersion", "\"1.3.0\"", 2, 17},
	{"mounts[0].options[0]", "\"ro\"", 3, 28},
	{"mounts[0].options[1]", "\"{\\\"]\"", 3, 34},
	{"mounts[0].options[2]", NULL, 0, 0},
	{"mounts[1]", "{}", 4, 2},
	{"mounts[2]", "[ ]", 4, 6},
	{"mounts[3]", "7", 4, 12},
	{"mounts[4]", NULL, 0, 0},
	{"mounts[99999]", NULL, 0, 0},
	{"mounts.x", NULL, 0, 0},
	{"mounts[1].x", NULL, 0, 0},
	{"mounts[2][0]", NULL, 0, 0},
	{"annotations[\"a.b\"]", "\"x\"", 5, 26},
	{"annotations[\"caf\u00e9\"]", "\"y\"", 5, 44},
	{"annotations[\"caf\\u00E9\"]", "\"y\"", 5, 44},
	{"annotations[\"caf\"]", NULL, 0, 0},
	{"annotations[\"caf\u00e9s\"]", NULL, 0, 0},
	{"annotations[\"\U0001f600\"]", "1", 5, 65},
	{"annotations[\"\"]", "2", 5, 72},
	{"annotations[\"q\\\"\"]", "3", 5, 82},
	{"\u00e9", "true", 6, 8},
	{"last", "[[1,2],[3,[4]]]", 6, 22},
	{"last[1][1][0]", "4", 6, 33},
	{"nothing", NULL, 0, 0},
};

static const char *const bad_paths[] = {
	"mounts[",    "mounts[]", "mounts[x]",
	"mounts[-1]", "mounts[0", "mounts[\"0\"",
	".mounts",    "mounts.",  "mounts[99999999999999999999999]",
};

static const char *const bad_texts[] = {
	"",           "{",           "{\"a\"", "{\"a\":", "{\"b\" 1}",      "{\"b\":1",
	"{\"b\":[",   "{\"b\":[}",   "{\"b",   "{\"b\\",  "{\"b\\u12\":1}", "{\"b\":}",
	"{\"b\":1,}", "{\"b\":\"x}", "{b:1}",
};

static void test_found(void)
{
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		struct oci_place place = {0};
		char value[64] = "";
		int r = oci_find(text, sizeof(text) - 1, found[i].path, &place);

		if (!found[i].value) {
			is_int(r, -ENOENT, "%s is not there", found[i].path);
			continue;
		}
		if (r == 0 && place.size < sizeof(value))
			memcpy(value, text + place.offset, place.size);
		is_str(value, found[i].value, "%s has its bytes", found[i].path);
		ok(place.line == found[i].line && place.column == found[i].column,
		   "%s is at %u:%u (%u:%u)", found[i].path, found[i].line, found[i].column,
		   place.line, place.column);
	}
}

static void test_bad(void)
{
	struct oci_place place;

	for (size_t i = 0; i < sizeof(bad_paths) / sizeof(bad_paths[0]); i++)
		is_int(oci_find(text, sizeof(text) - 1, bad_paths[i], &place), -EINVAL,
		       "the path %s is malformed", bad_paths[i]);
	for (size_t i = 0; i < sizeof(bad_texts) / sizeof(bad_texts[0]); i++)
		ok(oci_find(bad_texts[i], strlen(bad_texts[i]), "a", &place) < 0,
		   "nothing is found in %s", bad_texts[i]);
	/* every text that stops in the middle, to be sure that nothing reads past it */
	for (size_t size = 0; size < sizeof(text) - 1; size++)
		for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++)
			(void)oci_find(text, size, found[i].path, &place);
	is_int(oci_find(" [1]", 4, "", &place), 0, "the empty path is the whole text");
	ok(place.offset == 1 && place.size == 3, "without the space around it");
}

static void test_nearest(void)
{
	size_t mount = (size_t)(strstr(text, "{\"options") - text);

	is_int(oci_find_nearest(text, sizeof(text) - 1, "mounts[0].destination"), mount,
	       "what is missing is placed at the object around it");
	is_int(oci_find_nearest(text, sizeof(text) - 1, "process.user.uid"), 0,
	       "at the whole text, if there is nothing nearer");
}

int main(void)
{
	test_found();
	test_bad();
	test_nearest();
	return done_testing();
}
