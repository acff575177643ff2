#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds into build/, for the kernels of the test bed:
#   build.sh stock       weft.ko, weft_bench.ko and weft_soak.ko for the stock kernel
#   build.sh uml         weft.ko, weft_kunit.ko and weft_soak.ko for UML
#   build.sh sid         weft.ko and weft_kunit.ko for that kernel
#   build.sh kasan       what UML gets for the KASAN kernel; kcsan likewise
#   build.sh backports   weft.ko for Debian's newer kernel
#   build.sh coverage    weft.ko for UML, which counts what of it runs
#   build.sh tools       the weft command
#   build.sh selftests   the selftests, 64 and 32 bit
#   build.sh soak        the hammer
# KFLAGS is handed to the kernel's make (W=1, C=2 ...).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh
. "$(dirname "$0")/vm/lib.sh"
cd "$WEFT_TREE"

# build_module KERNEL OUT MAKE_ARGS...: into build/OUT.
# Kbuild builds beside the sources: each kernel gets a copy of them. Its files are
# as old as the copy, so that make sees what has changed, also to an older one.
build_module() {
	local out=build/$2 tree

	tree=$(kernel_tree "$1")
	shift 2
	mkdir -p "$out"
	rsync -rlpc --include '*.[chS]' --include Kbuild --include '*/' \
		--exclude '*' \
		Kbuild include module kunit bench soak "$out/"
	# shellcheck disable=SC2086 # KFLAGS is a list
	make -s -C "$tree" M="$PWD/$out" ${KFLAGS:-} "$@" modules \
		2> >(grep -v 'Skipping BTF generation' >&2)
}

case ${1:-} in
stock)
	build_module stock stock WEFT_BENCH=m WEFT_SOAK=m
	;;
uml)
	build_module uml uml ARCH=um WEFT_KUNIT=m WEFT_SOAK=m
	;;
backports)
	build_module backports backports
	;;
kasan | kcsan)
	build_module "$1" "$1" WEFT_KUNIT=m WEFT_SOAK=m
	;;
sid)
	build_module sid sid WEFT_KUNIT=m
	;;
coverage)
	# The tests of build.sh uml fit this module, too, and are not counted.
	build_module uml uml-gcov ARCH=um GCOV_PROFILE=y
	;;
tools)
	make -s -C tools/weft OUT="$PWD/build/tools"
	;;
selftests)
	make -s -C selftests OUT="$PWD/build/selftests" \
		KSELFTEST_DIR="$(source_dir)/tools/testing/selftests"
	;;
soak)
	make -s -C soak OUT="$PWD/build/soak"
	;;
*)
	die "usage: ${0##*/} stock|backports|sid|uml|coverage|kasan|kcsan|tools|selftests|soak"
	;;
esac
