# SPDX-License-Identifier: Apache-2.0
# One program for each file; all are linked with the whole host side.

UNIT_TESTS = \
	test-launch \
	test-arena \
	test-buf \
	test-err \
	test-filter-cache \
	test-filter-check \
	test-filter \
	test-hooks \
	test-io \
	test-mounts-options \
	test-number \
	test-ocispec-position \
	test-ocispec-read \
	test-ocispec-write \
	test-options \
	test-quantity \
	test-resolve \
	test-signal \
	test-status \
	test-store

test_launch_SOURCES = tests/init/test-launch.c
test_launch_CPPFLAGS = $(HOST_CPPFLAGS)
test_launch_CFLAGS = $(HOST_SIDE_CFLAGS)
test_launch_LDFLAGS = $(HOST_LDFLAGS)
test_launch_LDADD = $(HOST_LIBS)

test_arena_SOURCES = tests/unit/test-arena.c
test_arena_CPPFLAGS = $(HOST_CPPFLAGS)
test_arena_CFLAGS = $(HOST_SIDE_CFLAGS)
test_arena_LDFLAGS = $(HOST_LDFLAGS)
test_arena_LDADD = $(HOST_LIBS)

test_buf_SOURCES = tests/unit/test-buf.c
test_buf_CPPFLAGS = $(HOST_CPPFLAGS)
test_buf_CFLAGS = $(HOST_SIDE_CFLAGS)
test_buf_LDFLAGS = $(HOST_LDFLAGS)
test_buf_LDADD = $(HOST_LIBS)

test_err_SOURCES = tests/unit/test-err.c
test_err_CPPFLAGS = $(HOST_CPPFLAGS)
test_err_CFLAGS = $(HOST_SIDE_CFLAGS)
test_err_LDFLAGS = $(HOST_LDFLAGS)
test_err_LDADD = $(HOST_LIBS)

test_filter_cache_SOURCES = tests/unit/test-filter-cache.c
test_filter_cache_CPPFLAGS = $(HOST_CPPFLAGS)
test_filter_cache_CFLAGS = $(HOST_SIDE_CFLAGS)
test_filter_cache_LDFLAGS = $(HOST_LDFLAGS)
test_filter_cache_LDADD = $(HOST_LIBS)

test_filter_check_SOURCES = tests/unit/test-filter-check.c
test_filter_check_CPPFLAGS = $(HOST_CPPFLAGS)
test_filter_check_CFLAGS = $(HOST_SIDE_CFLAGS)
test_filter_check_LDFLAGS = $(HOST_LDFLAGS)
test_filter_check_LDADD = $(HOST_LIBS)

test_filter_SOURCES = tests/unit/test-filter.c
test_filter_CPPFLAGS = $(HOST_CPPFLAGS)
test_filter_CFLAGS = $(HOST_SIDE_CFLAGS)
test_filter_LDFLAGS = $(HOST_LDFLAGS)
test_filter_LDADD = $(HOST_LIBS)

test_hooks_SOURCES = tests/unit/test-hooks.c
test_hooks_CPPFLAGS = $(HOST_CPPFLAGS)
test_hooks_CFLAGS = $(HOST_SIDE_CFLAGS)
test_hooks_LDFLAGS = $(HOST_LDFLAGS)
test_hooks_LDADD = $(HOST_LIBS)

test_io_SOURCES = tests/unit/test-io.c
test_io_CPPFLAGS = $(HOST_CPPFLAGS)
test_io_CFLAGS = $(HOST_SIDE_CFLAGS)
test_io_LDFLAGS = $(HOST_LDFLAGS)
test_io_LDADD = $(HOST_LIBS)

test_mounts_options_SOURCES = tests/unit/test-mounts-options.c
test_mounts_options_CPPFLAGS = $(HOST_CPPFLAGS)
test_mounts_options_CFLAGS = $(HOST_SIDE_CFLAGS)
test_mounts_options_LDFLAGS = $(HOST_LDFLAGS)
test_mounts_options_LDADD = $(HOST_LIBS)

test_number_SOURCES = tests/unit/test-number.c
test_number_CPPFLAGS = $(HOST_CPPFLAGS)
test_number_CFLAGS = $(HOST_SIDE_CFLAGS)
test_number_LDFLAGS = $(HOST_LDFLAGS)
test_number_LDADD = $(HOST_LIBS)

test_ocispec_position_SOURCES = tests/unit/test-ocispec-position.c
test_ocispec_position_CPPFLAGS = $(HOST_CPPFLAGS)
test_ocispec_position_CFLAGS = $(HOST_SIDE_CFLAGS)
test_ocispec_position_LDFLAGS = $(HOST_LDFLAGS)
test_ocispec_position_LDADD = $(HOST_LIBS)

test_ocispec_read_SOURCES = tests/unit/test-ocispec-read.c
test_ocispec_read_CPPFLAGS = $(HOST_CPPFLAGS)
test_ocispec_read_CFLAGS = $(HOST_SIDE_CFLAGS)
test_ocispec_read_LDFLAGS = $(HOST_LDFLAGS)
test_ocispec_read_LDADD = $(HOST_LIBS)

test_ocispec_write_SOURCES = tests/unit/test-ocispec-write.c
test_ocispec_write_CPPFLAGS = $(HOST_CPPFLAGS)
test_ocispec_write_CFLAGS = $(HOST_SIDE_CFLAGS)
test_ocispec_write_LDFLAGS = $(HOST_LDFLAGS)
test_ocispec_write_LDADD = $(HOST_LIBS)

test_options_SOURCES = tests/unit/test-options.c
test_options_CPPFLAGS = $(HOST_CPPFLAGS)
test_options_CFLAGS = $(HOST_SIDE_CFLAGS)
test_options_LDFLAGS = $(HOST_LDFLAGS)
test_options_LDADD = $(HOST_LIBS)

test_quantity_SOURCES = tests/unit/test-quantity.c
test_quantity_CPPFLAGS = $(HOST_CPPFLAGS)
test_quantity_CFLAGS = $(HOST_SIDE_CFLAGS)
test_quantity_LDFLAGS = $(HOST_LDFLAGS)
test_quantity_LDADD = $(HOST_LIBS)

test_resolve_SOURCES = tests/unit/test-resolve.c
test_resolve_CPPFLAGS = $(HOST_CPPFLAGS)
test_resolve_CFLAGS = $(HOST_SIDE_CFLAGS)
test_resolve_LDFLAGS = $(HOST_LDFLAGS)
test_resolve_LDADD = $(HOST_LIBS)

test_signal_SOURCES = tests/unit/test-signal.c
test_signal_CPPFLAGS = $(HOST_CPPFLAGS)
test_signal_CFLAGS = $(HOST_SIDE_CFLAGS)
test_signal_LDFLAGS = $(HOST_LDFLAGS)
test_signal_LDADD = $(HOST_LIBS)

test_status_SOURCES = tests/unit/test-status.c
test_status_CPPFLAGS = $(HOST_CPPFLAGS)
test_status_CFLAGS = $(HOST_SIDE_CFLAGS)
test_status_LDFLAGS = $(HOST_LDFLAGS)
test_status_LDADD = $(HOST_LIBS)

test_store_SOURCES = tests/unit/test-store.c
test_store_CPPFLAGS = $(HOST_CPPFLAGS)
test_store_CFLAGS = $(HOST_SIDE_CFLAGS)
test_store_LDFLAGS = $(HOST_LDFLAGS)
test_store_LDADD = $(HOST_LIBS)
