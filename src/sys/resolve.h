/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The in-root resolver: the only way hull touches a path below a container's root. Freestanding.
 *
 * root is an O_PATH directory. A path is taken as absolute there whatever it begins with; symlinks
 * are followed as a process chrooted into root would, so nothing can lead out (RESOLVE_IN_ROOT),
 * and magic links are refused. What comes back is a descriptor: a path is never resolved twice
 * (CVE-2021-30465, CVE-2024-45310, CVE-2019-18837).
 */

#include <stdint.h>

/* Opens an existing path. flags are open(2) flags, e.g. O_PATH | O_NOFOLLOW. fd or -errno. */
int resolve_open(int root, const char *path, uint64_t flags);

/* Opens a directory (O_PATH), making each missing component with mode. A dangling symlink on the
 * way is followed and its target made, in-root: images do have them (/etc/resolv.conf). */
int resolve_make_directory(int root, const char *path, unsigned mode);

/* Opens an existing file or directory (O_PATH); a missing one is made as an empty regular file
 * (mode) with its parents (0755). */
int resolve_make_file(int root, const char *path, unsigned mode);

/* The directory that holds path's last component, made when missing (0755); the name (which may be
 * an existing entry of any type, not followed) goes to name. "/", "." and ".." as the last
 * component: -EINVAL. */
int resolve_parent(int root, const char *path, char name[256]);
