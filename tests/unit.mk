# SPDX-License-Identifier: Apache-2.0
# One program for each file; all are linked with the whole host side.

UNIT_TESTS = \
	test-launch \
	test-mount-steps \
	test-build \
	test-arena \
	test-buf \
	test-capability \
	test-cgroups-convert \
	test-cgroups-decide \
	test-cgroups-devices \
	test-cgroups-layout \
	test-cgroups-limits \
	test-cgroups-live \
	test-cgroups-paths \
	test-cgroups-scope \
	test-cgroups-systemd \
	test-err \
	test-filter-cache \
	test-filter-check \
	test-filter \
	test-foreground \
	test-hooks \
	test-idmap \
	test-io \
	test-message \
	test-mounts-idmap \
	test-mounts-options \
	test-namespaces \
	test-net \
	test-number \
	test-ocispec-position \
	test-ocispec-read \
	test-ocispec-write \
	test-options \
	test-process \
	test-quantity \
	test-rdt \
	test-resolve \
	test-signal \
	test-status \
	test-store

test_launch_SOURCES = tests/init/test-launch.c
test_launch_CPPFLAGS = $(HOST_CPPFLAGS)
test_launch_CFLAGS = $(HOST_SIDE_CFLAGS)
test_launch_LDFLAGS = $(HOST_LDFLAGS)
test_launch_LDADD = libcmd.a $(HOST_LIBS) -lm

test_mount_steps_SOURCES = tests/init/test-mount-steps.c
test_mount_steps_CPPFLAGS = $(HOST_CPPFLAGS)
test_mount_steps_CFLAGS = $(HOST_SIDE_CFLAGS)
test_mount_steps_LDFLAGS = $(HOST_LDFLAGS)
test_mount_steps_LDADD = libcmd.a $(HOST_LIBS) -lm

test_build_SOURCES = tests/plan/test-build.c
test_build_CPPFLAGS = $(HOST_CPPFLAGS)
test_build_CFLAGS = $(HOST_SIDE_CFLAGS)
test_build_LDFLAGS = $(HOST_LDFLAGS)
test_build_LDADD = libcmd.a $(HOST_LIBS) -lm

test_arena_SOURCES = tests/unit/test-arena.c
test_arena_CPPFLAGS = $(HOST_CPPFLAGS)
test_arena_CFLAGS = $(HOST_SIDE_CFLAGS)
test_arena_LDFLAGS = $(HOST_LDFLAGS)
test_arena_LDADD = libcmd.a $(HOST_LIBS) -lm

test_buf_SOURCES = tests/unit/test-buf.c
test_buf_CPPFLAGS = $(HOST_CPPFLAGS)
test_buf_CFLAGS = $(HOST_SIDE_CFLAGS)
test_buf_LDFLAGS = $(HOST_LDFLAGS)
test_buf_LDADD = libcmd.a $(HOST_LIBS) -lm

test_capability_SOURCES = tests/unit/test-capability.c
test_capability_CPPFLAGS = $(HOST_CPPFLAGS)
test_capability_CFLAGS = $(HOST_SIDE_CFLAGS)
test_capability_LDFLAGS = $(HOST_LDFLAGS)
test_capability_LDADD = libcmd.a $(HOST_LIBS) -lm

test_cgroups_convert_SOURCES = tests/unit/test-cgroups-convert.c
test_cgroups_convert_CPPFLAGS = $(HOST_CPPFLAGS)
test_cgroups_convert_CFLAGS = $(HOST_SIDE_CFLAGS)
test_cgroups_convert_LDFLAGS = $(HOST_LDFLAGS)
test_cgroups_convert_LDADD = libcmd.a $(HOST_LIBS) -lm

test_cgroups_decide_SOURCES = tests/unit/test-cgroups-decide.c
test_cgroups_decide_CPPFLAGS = $(HOST_CPPFLAGS)
test_cgroups_decide_CFLAGS = $(HOST_SIDE_CFLAGS)
test_cgroups_decide_LDFLAGS = $(HOST_LDFLAGS)
test_cgroups_decide_LDADD = libcmd.a $(HOST_LIBS) -lm

test_cgroups_devices_SOURCES = tests/unit/test-cgroups-devices.c
test_cgroups_devices_CPPFLAGS = $(HOST_CPPFLAGS)
test_cgroups_devices_CFLAGS = $(HOST_SIDE_CFLAGS)
test_cgroups_devices_LDFLAGS = $(HOST_LDFLAGS)
test_cgroups_devices_LDADD = libcmd.a $(HOST_LIBS) -lm

test_cgroups_layout_SOURCES = tests/unit/test-cgroups-layout.c
test_cgroups_layout_CPPFLAGS = $(HOST_CPPFLAGS)
test_cgroups_layout_CFLAGS = $(HOST_SIDE_CFLAGS)
test_cgroups_layout_LDFLAGS = $(HOST_LDFLAGS)
test_cgroups_layout_LDADD = libcmd.a $(HOST_LIBS) -lm

test_cgroups_limits_SOURCES = tests/unit/test-cgroups-limits.c
test_cgroups_limits_CPPFLAGS = $(HOST_CPPFLAGS)
test_cgroups_limits_CFLAGS = $(HOST_SIDE_CFLAGS)
test_cgroups_limits_LDFLAGS = $(HOST_LDFLAGS)
test_cgroups_limits_LDADD = libcmd.a $(HOST_LIBS) -lm

test_cgroups_live_SOURCES = tests/unit/test-cgroups-live.c
test_cgroups_live_CPPFLAGS = $(HOST_CPPFLAGS)
test_cgroups_live_CFLAGS = $(HOST_SIDE_CFLAGS)
test_cgroups_live_LDFLAGS = $(HOST_LDFLAGS)
test_cgroups_live_LDADD = libcmd.a $(HOST_LIBS) -lm

test_cgroups_paths_SOURCES = tests/unit/test-cgroups-paths.c
test_cgroups_paths_CPPFLAGS = $(HOST_CPPFLAGS)
test_cgroups_paths_CFLAGS = $(HOST_SIDE_CFLAGS)
test_cgroups_paths_LDFLAGS = $(HOST_LDFLAGS)
test_cgroups_paths_LDADD = libcmd.a $(HOST_LIBS) -lm

test_cgroups_scope_SOURCES = tests/unit/test-cgroups-scope.c
test_cgroups_scope_CPPFLAGS = $(HOST_CPPFLAGS)
test_cgroups_scope_CFLAGS = $(HOST_SIDE_CFLAGS)
test_cgroups_scope_LDFLAGS = $(HOST_LDFLAGS)
test_cgroups_scope_LDADD = libcmd.a $(HOST_LIBS) -lm

test_cgroups_systemd_SOURCES = tests/unit/test-cgroups-systemd.c
test_cgroups_systemd_CPPFLAGS = $(HOST_CPPFLAGS)
test_cgroups_systemd_CFLAGS = $(HOST_SIDE_CFLAGS)
test_cgroups_systemd_LDFLAGS = $(HOST_LDFLAGS)
test_cgroups_systemd_LDADD = libcmd.a $(HOST_LIBS) -lm

test_err_SOURCES = tests/unit/test-err.c
test_err_CPPFLAGS = $(HOST_CPPFLAGS)
test_err_CFLAGS = $(HOST_SIDE_CFLAGS)
test_err_LDFLAGS = $(HOST_LDFLAGS)
test_err_LDADD = libcmd.a $(HOST_LIBS) -lm

test_filter_cache_SOURCES = tests/unit/test-filter-cache.c
test_filter_cache_CPPFLAGS = $(HOST_CPPFLAGS)
test_filter_cache_CFLAGS = $(HOST_SIDE_CFLAGS)
test_filter_cache_LDFLAGS = $(HOST_LDFLAGS)
test_filter_cache_LDADD = libcmd.a $(HOST_LIBS) -lm

test_filter_check_SOURCES = tests/unit/test-filter-check.c
test_filter_check_CPPFLAGS = $(HOST_CPPFLAGS)
test_filter_check_CFLAGS = $(HOST_SIDE_CFLAGS)
test_filter_check_LDFLAGS = $(HOST_LDFLAGS)
test_filter_check_LDADD = libcmd.a $(HOST_LIBS) -lm

test_filter_SOURCES = tests/unit/test-filter.c
test_filter_CPPFLAGS = $(HOST_CPPFLAGS)
test_filter_CFLAGS = $(HOST_SIDE_CFLAGS)
test_filter_LDFLAGS = $(HOST_LDFLAGS)
test_filter_LDADD = libcmd.a $(HOST_LIBS) -lm

test_foreground_SOURCES = tests/unit/test-foreground.c
test_foreground_CPPFLAGS = $(HOST_CPPFLAGS)
test_foreground_CFLAGS = $(HOST_SIDE_CFLAGS)
test_foreground_LDFLAGS = $(HOST_LDFLAGS)
test_foreground_LDADD = libcmd.a $(HOST_LIBS) -lm

test_hooks_SOURCES = tests/unit/test-hooks.c
test_hooks_CPPFLAGS = $(HOST_CPPFLAGS)
test_hooks_CFLAGS = $(HOST_SIDE_CFLAGS)
test_hooks_LDFLAGS = $(HOST_LDFLAGS)
test_hooks_LDADD = libcmd.a $(HOST_LIBS) -lm

test_idmap_SOURCES = tests/unit/test-idmap.c
test_idmap_CPPFLAGS = $(HOST_CPPFLAGS)
test_idmap_CFLAGS = $(HOST_SIDE_CFLAGS)
test_idmap_LDFLAGS = $(HOST_LDFLAGS)
test_idmap_LDADD = libcmd.a $(HOST_LIBS) -lm

test_io_SOURCES = tests/unit/test-io.c
test_io_CPPFLAGS = $(HOST_CPPFLAGS)
test_io_CFLAGS = $(HOST_SIDE_CFLAGS)
test_io_LDFLAGS = $(HOST_LDFLAGS)
test_io_LDADD = libcmd.a $(HOST_LIBS) -lm

test_message_SOURCES = tests/unit/test-message.c
test_message_CPPFLAGS = $(HOST_CPPFLAGS)
test_message_CFLAGS = $(HOST_SIDE_CFLAGS)
test_message_LDFLAGS = $(HOST_LDFLAGS)
test_message_LDADD = libcmd.a $(HOST_LIBS) -lm

test_mounts_idmap_SOURCES = tests/unit/test-mounts-idmap.c
test_mounts_idmap_CPPFLAGS = $(HOST_CPPFLAGS)
test_mounts_idmap_CFLAGS = $(HOST_SIDE_CFLAGS)
test_mounts_idmap_LDFLAGS = $(HOST_LDFLAGS)
test_mounts_idmap_LDADD = libcmd.a $(HOST_LIBS) -lm

test_mounts_options_SOURCES = tests/unit/test-mounts-options.c
test_mounts_options_CPPFLAGS = $(HOST_CPPFLAGS)
test_mounts_options_CFLAGS = $(HOST_SIDE_CFLAGS)
test_mounts_options_LDFLAGS = $(HOST_LDFLAGS)
test_mounts_options_LDADD = libcmd.a $(HOST_LIBS) -lm

test_namespaces_SOURCES = tests/unit/test-namespaces.c
test_namespaces_CPPFLAGS = $(HOST_CPPFLAGS)
test_namespaces_CFLAGS = $(HOST_SIDE_CFLAGS)
test_namespaces_LDFLAGS = $(HOST_LDFLAGS)
test_namespaces_LDADD = libcmd.a $(HOST_LIBS) -lm

test_net_SOURCES = tests/unit/test-net.c
test_net_CPPFLAGS = $(HOST_CPPFLAGS)
test_net_CFLAGS = $(HOST_SIDE_CFLAGS)
test_net_LDFLAGS = $(HOST_LDFLAGS)
test_net_LDADD = libcmd.a $(HOST_LIBS) -lm

test_number_SOURCES = tests/unit/test-number.c
test_number_CPPFLAGS = $(HOST_CPPFLAGS)
test_number_CFLAGS = $(HOST_SIDE_CFLAGS)
test_number_LDFLAGS = $(HOST_LDFLAGS)
test_number_LDADD = libcmd.a $(HOST_LIBS) -lm

test_ocispec_position_SOURCES = tests/unit/test-ocispec-position.c
test_ocispec_position_CPPFLAGS = $(HOST_CPPFLAGS)
test_ocispec_position_CFLAGS = $(HOST_SIDE_CFLAGS)
test_ocispec_position_LDFLAGS = $(HOST_LDFLAGS)
test_ocispec_position_LDADD = libcmd.a $(HOST_LIBS) -lm

test_ocispec_read_SOURCES = tests/unit/test-ocispec-read.c
test_ocispec_read_CPPFLAGS = $(HOST_CPPFLAGS)
test_ocispec_read_CFLAGS = $(HOST_SIDE_CFLAGS)
test_ocispec_read_LDFLAGS = $(HOST_LDFLAGS)
test_ocispec_read_LDADD = libcmd.a $(HOST_LIBS) -lm

test_ocispec_write_SOURCES = tests/unit/test-ocispec-write.c
test_ocispec_write_CPPFLAGS = $(HOST_CPPFLAGS)
test_ocispec_write_CFLAGS = $(HOST_SIDE_CFLAGS)
test_ocispec_write_LDFLAGS = $(HOST_LDFLAGS)
test_ocispec_write_LDADD = libcmd.a $(HOST_LIBS) -lm

test_options_SOURCES = tests/unit/test-options.c
test_options_CPPFLAGS = $(HOST_CPPFLAGS)
test_options_CFLAGS = $(HOST_SIDE_CFLAGS)
test_options_LDFLAGS = $(HOST_LDFLAGS)
test_options_LDADD = libcmd.a $(HOST_LIBS) -lm

test_process_SOURCES = tests/unit/test-process.c
test_process_CPPFLAGS = $(HOST_CPPFLAGS)
test_process_CFLAGS = $(HOST_SIDE_CFLAGS)
test_process_LDFLAGS = $(HOST_LDFLAGS)
test_process_LDADD = libcmd.a $(HOST_LIBS) -lm

test_quantity_SOURCES = tests/unit/test-quantity.c
test_quantity_CPPFLAGS = $(HOST_CPPFLAGS)
test_quantity_CFLAGS = $(HOST_SIDE_CFLAGS)
test_quantity_LDFLAGS = $(HOST_LDFLAGS)
test_quantity_LDADD = libcmd.a $(HOST_LIBS) -lm

test_rdt_SOURCES = tests/unit/test-rdt.c
test_rdt_CPPFLAGS = $(HOST_CPPFLAGS)
test_rdt_CFLAGS = $(HOST_SIDE_CFLAGS)
test_rdt_LDFLAGS = $(HOST_LDFLAGS)
test_rdt_LDADD = libcmd.a $(HOST_LIBS) -lm

test_resolve_SOURCES = tests/unit/test-resolve.c
test_resolve_CPPFLAGS = $(HOST_CPPFLAGS)
test_resolve_CFLAGS = $(HOST_SIDE_CFLAGS)
test_resolve_LDFLAGS = $(HOST_LDFLAGS)
test_resolve_LDADD = libcmd.a $(HOST_LIBS) -lm

test_signal_SOURCES = tests/unit/test-signal.c
test_signal_CPPFLAGS = $(HOST_CPPFLAGS)
test_signal_CFLAGS = $(HOST_SIDE_CFLAGS)
test_signal_LDFLAGS = $(HOST_LDFLAGS)
test_signal_LDADD = libcmd.a $(HOST_LIBS) -lm

test_status_SOURCES = tests/unit/test-status.c
test_status_CPPFLAGS = $(HOST_CPPFLAGS)
test_status_CFLAGS = $(HOST_SIDE_CFLAGS)
test_status_LDFLAGS = $(HOST_LDFLAGS)
test_status_LDADD = libcmd.a $(HOST_LIBS) -lm

test_store_SOURCES = tests/unit/test-store.c
test_store_CPPFLAGS = $(HOST_CPPFLAGS)
test_store_CFLAGS = $(HOST_SIDE_CFLAGS)
test_store_LDFLAGS = $(HOST_LDFLAGS)
test_store_LDADD = libcmd.a $(HOST_LIBS) -lm
