#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure from configure.ac and Makefile.am. Needs autoconf and automake.
set -eu
cd "$(dirname "$0")"
mkdir -p build-aux m4
autoreconf --install --force
