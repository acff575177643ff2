#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What can be said of the sources without running them. Each check passes if it
# prints nothing and its status is 0.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh
. "$(dirname "$0")/vm/lib.sh"
cd "$WEFT_TREE"
tools/vm/setup.sh stock
tools/vm/setup.sh lint
scripts=$(source_dir)/scripts

passed=0
failed=0

# Files that git tracks, or would: of the given patterns.
files() { git ls-files --cached --others --exclude-standard -- "$@"; }

check() {
	local name=$1 out

	shift
	if out=$("$@" 2>&1) && [ -z "$out" ]; then
		passed=$((passed + 1))
		echo "ok $name"
	else
		failed=$((failed + 1))
		echo "not ok $name"
		printf '  %s\n' "${out//$'\n'/$'\n'  }"
	fi
}

# Beside what is said below: a fragment is no patch, locks are described in the
# kernel-doc of their struct, and trace headers have a look of their own.
CHECKPATCH_IGNORE=FILE_PATH_CHANGES,LINUX_VERSION_CODE,CONSTANT_COMPARISON,UNCOMMENTED_DEFINITION
TRACE_IGNORE=OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT,COMPLEX_MACRO,MACRO_ARG_REUSE
# Userspace has no ARRAY_SIZE(), BIT() or __printf(), needs volatile in signal
# handlers, has PRIu64, and prints texts for people.
USER_IGNORE=ARRAY_SIZE,BIT_MACRO,PREFER_DEFINED_ATTRIBUTE_MACRO,VOLATILE,CAMELCASE,SPLIT_STRING,LONG_LINE_STRING,PREFER_KERNEL_TYPES
# The macros of kselftest_harness.h are no functions, and look like none.
HARNESS_IGNORE=SPACING,BRACES,MACRO_ARG_REUSE,MULTISTATEMENT_MACRO_USE_DO_WHILE,STATIC_CONST_CHAR_ARRAY

# checkpatch IGNORE FILE...
checkpatch() {
	local ignore=$1

	shift
	"$scripts/checkpatch.pl" --no-tree --strict --terse --no-summary --quiet \
		--show-types --ignore "$CHECKPATCH_IGNORE,$ignore" --file "$@"
}

checkpatch_all() {
	local -a kernel user selftests

	mapfile -t kernel < <(files 'module/*.[ch]' 'include/*.h' 'kunit/*.[ch]' \
		bench/weft_bench.c soak/weft_soak.c ':!module/core/trace.h')
	mapfile -t user < <(files 'tools/*.[ch]' 'examples/*.c' bench/job_bench.c 'soak/*.[ch]' \
		':!soak/weft_soak.c')
	mapfile -t selftests < <(files 'selftests/*.[ch]')
	checkpatch NONE "${kernel[@]}"
	checkpatch "$TRACE_IGNORE" module/core/trace.h
	checkpatch "$USER_IGNORE" "${user[@]}"
	checkpatch "$USER_IGNORE,$HARNESS_IGNORE" "${selftests[@]}"
}

kernel_doc() {
	files 'module/*.[ch]' 'include/*.h' 'tools/lib/*.[ch]' |
		xargs "$scripts/kernel-doc" -none -Werror
}

spdx() {
	local f

	files '*.c' '*.h' '*.sh' '*.py' Makefile Kbuild '*/Makefile' | while read -r f; do
		head -n 2 "$f" | grep -q 'SPDX-License-Identifier:' ||
			echo "$f: no SPDX line at its top"
	done
}

mkdir -p build
check 'build without warnings (W=1)' warnings_of stock build/lint-w1.log W=1
check 'sparse (C=2)' warnings_of stock build/lint-sparse.log C=2
check 'checkpatch --strict' checkpatch_all
check 'kernel-doc' kernel_doc
check 'layers' tools/layers.sh
mapfile -t scripts_of_ours < <(files '*.sh' '*.bash' .ci/run)
check 'shellcheck' shellcheck -x "${scripts_of_ours[@]}"
mapfile -t texts < <(files '*.[ch]' '*.sh' '*.py' '*.md' Makefile Kbuild)
check 'codespell' codespell -q 3 "${texts[@]}"
check 'SPDX lines' spdx

echo "lint: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
