/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the field tables as text for compare-schema, one line for each member of each root:
 *
 *	config process.user.uid number required=0 min=0 max=4294967295
 *
 * A list is `list:string`, a map `map:object`; the entries of a list of objects have [] in their
 * path, those of a map {}. Every member of every object appears under every path it has.
 */
#include "table.h"

#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {
	[OCI_STRING] = "string", [OCI_BOOL] = "boolean",  [OCI_NUMBER] = "number",
	[OCI_ENUM] = "string",   [OCI_OBJECT] = "object", [OCI_FOREIGN] = "foreign",
};

/* A pattern in JSON's escapes, as the schema has it. */
static void print_pattern(const char *pattern)
{
	fputs(" pattern=", stdout);
	for (; *pattern; pattern++)
		if (*pattern == '\n')
			fputs("\\n", stdout);
		else
			putchar(*pattern);
}

static void print_words(const struct oci_enum *words)
{
	fputs(" enum=", stdout);
	for (size_t i = 1; i < words->n_words; i++)
		printf("%s%s", i > 1 ? "," : "", words->words[i]);
}

static void print_field(const char *root, const char *path, const struct oci_field *field)
{
	static const char *const shapes[] = {
		[OCI_ONE] = "", [OCI_LIST] = "list:", [OCI_MAP] = "map:"};

	printf("%s %s %s%s required=%d", root, path, shapes[field->shape], kinds[field->kind],
	       field->required);
	if (field->kind == OCI_NUMBER && field->shape == OCI_ONE)
		printf(" min=%lld max=%llu", (long long)field->min, (unsigned long long)field->max);
	if (field->kind == OCI_NUMBER && field->shape == OCI_LIST)
		printf(" min=0 max=%u", UINT32_MAX);
	if (field->shape == OCI_LIST && field->min > 0)
		printf(" entries=%lld", (long long)field->min);
	if (field->kind == OCI_ENUM)
		print_words(field->words);
	if (field->kind == OCI_STRING && field->form)
		print_pattern(field->form->pattern);
	putchar('\n');
}

static void print_type(const char *root, const char *prefix, const struct oci_type *type)
{
	static const char *const entries[] = {[OCI_ONE] = "", [OCI_LIST] = "[]", [OCI_MAP] = "{}"};
	char path[256];

	for (size_t i = 0; i < type->n_fields; i++) {
		const struct oci_field *field = &type->fields[i];

		(void)snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "",
			       field->key);
		print_field(root, path, field);
		if (field->kind != OCI_OBJECT)
			continue;
		(void)snprintf(path, sizeof(path), "%s%s%s%s", prefix, *prefix ? "." : "",
			       field->key, entries[field->shape]);
		print_type(root, path, field->type);
	}
}

int main(void)
{
	print_type("config", "", &oci_type_config);
	print_type("state", "", &oci_type_state);
	print_type("seccomp_state", "", &oci_type_seccomp_state);
	print_type("features", "", &oci_type_features);
	return 0;
}
