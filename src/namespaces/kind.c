/* SPDX-License-Identifier: Apache-2.0 */
#include "namespaces/kind.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/str.h"
#include "namespaces/namespaces.h"

static const struct {
	enum oci_namespace_type type;
	uint64_t flag;
	const char *name, *file;
} kinds[NAMESPACE_KINDS] = {
#define NAMESPACE(type, flag, name, file) {type, flag, name, file},
#include "namespaces/namespaces.def"
#undef NAMESPACE
};

const uint64_t namespace_flags[NAMESPACE_KINDS] = {
#define NAMESPACE(type, flag, name, file) flag,
#include "namespaces/namespaces.def"
#undef NAMESPACE
};

uint64_t namespace_flag(enum oci_namespace_type type)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].type == type)
			return kinds[i].flag;
	return 0;
}

const char *namespaces_file(uint64_t flag)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].flag == flag)
			return kinds[i].file;
	return NULL;
}

const char *namespaces_name(uint64_t flag)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].flag == flag)
			return kinds[i].name;
	return NULL;
}

const struct oci_namespace *namespace_entry(const struct oci_linux *config, uint64_t flag)
{
	for (size_t i = 0; config && i < config->n_namespaces; i++)
		if (namespace_flag(config->namespaces[i].type) == flag)
			return &config->namespaces[i];
	return NULL;
}

bool namespace_is_own(const char *path, uint64_t flag)
{
	char own[32];
	struct stat mine, other;

	snprintf(own, sizeof own, "/proc/self/ns/%s", namespaces_file(flag));
	return stat(own, &mine) == 0 && stat(path, &other) == 0 && mine.st_dev == other.st_dev &&
	       mine.st_ino == other.st_ino;
}

void namespaces_read(struct request *request)
{
	const struct oci_linux *config = request->config->linux_;

	request->ns_new = request->ns_joined = 0;
	for (size_t i = 0; config && i < config->n_namespaces; i++) {
		const struct oci_namespace *entry = &config->namespaces[i];
		uint64_t flag = namespace_flag(entry->type);

		if (!namespace_has_path(entry))
			request->ns_new |= flag;
		/* setns(2) refuses the user namespace that we are in; there is nothing to do. */
		else if (flag != CLONE_NEWUSER || !namespace_is_own(entry->path, flag))
			request->ns_joined |= flag;
	}
}

uint64_t namespaces_at_birth(const struct request *request)
{
	uint64_t new = request->ns_new &(CLONE_NEWUSER | CLONE_NEWPID);

	/* The PID namespace must belong to the container's user namespace, or it cannot mount its
	 * own /proc: it is made after that one, or with it. */
	if ((request->ns_joined & CLONE_NEWUSER) ||
	    ((request->ns_new & CLONE_NEWUSER) && request->ns_joined))
		return 0;
	return new;
}
