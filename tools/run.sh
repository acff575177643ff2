#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs what needs a kernel of our own, with all set-up it needs:
#   run.sh demo|vm|examples|kunit|selftests|signals|kasan|tools|coverage|check|timeline|html|
#     pictures|tracers|matrix|bench|soak
#   run.sh check kasan|kcsan                     KUnit and selftests there
#   run.sh kunit kasan|kcsan|sid                 one of them
#   run.sh selftests kasan|kcsan|backports|sid
#   run.sh soak kasan|kcsan|stock|uml            the storms, see soak/run.sh
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh
. "$(dirname "$0")/vm/lib.sh"
cd "$WEFT_TREE"

# The demo puts 10,000 kernel threads side by side: they take a third of this.
DEMO_MEM=2048

# A debug kernel is so many times slower; kmemleak looks at all memory, so there
# is not much of it.
DEBUG_SLOW=10
DEBUG_TIMEOUT=6000
KUNIT_MEM=384

# need KERNEL: the kernel, and the modules for it.
need() {
	tools/vm/setup.sh "$1"
	tools/build.sh "$1"
}

stock() {
	need stock
	tools/build.sh tools
}

demo() {
	local plain=

	# What the VM takes for a terminal may be a file here.
	[ -t 1 ] || plain='NO_COLOR=1 TERM=dumb'
	stock
	tools/vm/run.sh --parallel --mem "$DEMO_MEM" --log build/vm/demo.log \
		--file build/stock/weft.ko:/weft.ko \
		--file build/tools/weft:/bin/weft \
		-- "insmod /weft.ko && $plain weft demo </dev/null && rmmod weft"
	tools/vm/scanlog.sh build/vm/demo.log
}

# What draws on the terminal must know it.
terminfo_file() {
	local name=${TERM:-linux} dir

	for dir in /etc/terminfo /lib/terminfo /usr/share/terminfo; do
		[ -e "$dir/${name:0:1}/$name" ] || continue
		printf '%s\n' --file "$dir/${name:0:1}/$name:/lib/terminfo/${name:0:1}/$name"
		return
	done
}

vm() {
	local -a terminfo

	stock
	mapfile -t terminfo < <(terminfo_file)
	say "a shell in the VM; 'weft --help' tells what to try, 'exit' leaves"
	tools/vm/run.sh --shell --log build/vm/shell.log \
		"${terminfo[@]}" \
		--file build/stock/weft.ko:/weft.ko \
		--file build/tools/weft:/bin/weft -- 'insmod /weft.ko'
}

# kunit_with WEFT_KO NAME [OPTION...]: KUnit on this build of the module.
kunit_with() {
	local weft=$1 name=$2

	shift 2
	tools/vm/uml.sh --time-travel --log "build/vm/$name.log" \
		--modules "$weft build/uml/weft_kunit.ko" "$@"
}

kunit() {
	[ $# -eq 0 ] || { kunit_in_qemu "$1"; return; }
	need uml
	kunit_with build/uml/weft.ko kunit --kmemleak
}

# KUnit on a kernel for QEMU, with the scan for leaks where there is one.
kunit_in_qemu() {
	local kernel=$1 log=build/vm/kunit-$1.log status=0

	need "$kernel"
	tools/vm/run.sh --kernel "$kernel" --mem "$KUNIT_MEM" --timeout "$DEBUG_TIMEOUT" \
		--log "$log" \
		--file "build/$kernel/weft.ko:/modules/weft.ko" \
		--file "build/$kernel/weft_kunit.ko:/modules/weft_kunit.ko" \
		--file tools/vm/modules.sh:/modules.sh \
		-- 'if [ -e /sys/kernel/debug/kmemleak ]; then touch /kmemleak; fi
			sh /modules.sh weft.ko weft_kunit.ko' || status=$?
	tools/vm/scanlog.sh "$log" || status=1
	tools/vm/kunit.sh "$log" || status=1
	return "$status"
}

# module_files KERNEL: what the selftests load into it, where it is a module there.
module_files() {
	local m path

	for m in loop xxhash_generic dm-mod; do
		path=$(find "$(kernel_dir "$1")/" -name "$m.ko" -print -quit)
		[ -z "$path" ] || printf '%s\n' --file "$path:/$m.ko"
	done
}

selftests() {
	local -a modules
	local kernel=${1:-stock} log=build/vm/selftests${1:+-$1}.log slow=1 timeout=1200

	case $kernel in
	kasan | kcsan) slow=$DEBUG_SLOW timeout=$DEBUG_TIMEOUT ;;
	esac
	need "$kernel"
	tools/vm/setup.sh lint
	tools/build.sh selftests
	mapfile -t modules < <(module_files "$kernel")
	tools/vm/run.sh --kernel "$kernel" --timeout "$timeout" --log "$log" \
		${modules[@]+"${modules[@]}"} \
		--file "build/$kernel/weft.ko:/weft.ko" \
		--file build/selftests:/selftests \
		-- "WEFT_SLOW=$slow sh /selftests/run.sh"
	tools/vm/scanlog.sh "$log"
}

examples() {
	local -a files=(--file examples/run.sh:/examples/run.sh)
	local f

	stock
	for f in examples/*.json; do
		files+=(--file "$f:/$f")
	done
	tools/vm/run.sh --log build/vm/examples.log \
		--file build/stock/weft.ko:/weft.ko \
		--file build/tools/weft:/bin/weft "${files[@]}" \
		--file build/tools/examples/synced:/bin/synced \
		-- 'insmod /weft.ko && sh /examples/run.sh && rmmod weft'
	tools/vm/scanlog.sh build/vm/examples.log
}

# The 64-bit ones with a signal every few ms, which no job may be lost by.
signals() {
	need stock
	tools/vm/setup.sh lint
	tools/build.sh selftests
	tools/vm/run.sh --timeout 1200 --log build/vm/signals.log \
		--file build/stock/weft.ko:/weft.ko \
		--file build/selftests:/selftests \
		-- 'RUN_SH_BITS=64 WEFT_ALARM_MS=10 sh /selftests/run.sh'
	tools/vm/scanlog.sh build/vm/signals.log
}

# The same on UML, with KASAN, lockdep and kmemleak watching; it runs no 32-bit
# programs. uml_selftests_with WEFT_KO NAME [OPTION...]
uml_selftests_with() {
	local weft=$1 name=$2

	shift 2
	tools/vm/uml.sh --no-kunit --mem 512 --log "build/vm/$name.log" \
		--file "$weft:/weft.ko" \
		--file build/selftests/64:/selftests/64 \
		--file build/selftests/run.sh:/selftests/run.sh \
		--file build/selftests/ours.awk:/selftests/ours.awk \
		"$@"
}

kasan() {
	need uml
	tools/build.sh selftests
	uml_selftests_with build/uml/weft.ko kasan --timeout 1200 \
		--cmd 'RUN_SH_BITS=64 sh /selftests/run.sh'
}

# The weft command: what it makes of tables, a screen that keys are sent to, and what
# it does with the module.
tools() {
	local -a modules
	local log=build/vm/tools.log status=0

	tools/vm/setup.sh tools
	stock
	tools/test/run.py card_test help_test screen_test top_test || status=1
	mapfile -t modules < <(module_files stock)
	tools/vm/run.sh --timeout 300 --log "$log" \
		${modules[@]+"${modules[@]}"} \
		--file build/stock/weft.ko:/weft.ko \
		--file build/tools/weft:/bin/weft \
		--file tools/test/guest.sh:/guest.sh \
		--file tools/test/files_guest.sh:/files_guest.sh \
		-- 'sh /guest.sh || touch /failed; sh /files_guest.sh && [ ! -e /failed ]' || status=1
	tools/vm/scanlog.sh "$log" || status=1
	return "$status"
}

# In the guest: what gcov counted goes to /out. Its files have no size to copy by.
save_counts() {
	cat <<EOF
cd '/sys/kernel/debug/gcov$PWD/build/uml-gcov'
find . -name '*.gcda' | while read -r f; do
	mkdir -p "/out/\${f%/*}"
	cat "\$f" >"/out/\$f"
done
EOF
}

# gcov wants its two kinds of files side by side: counts_of NAME
counts_of() {
	[ -d "build/coverage/$1/module" ] ||
		die "the run of $1 left no counts: look into build/vm/coverage-$1.log"
	find build/uml-gcov -name '*.gcda' -delete
	cp -r "build/coverage/$1/module" build/uml-gcov/
	(cd build/uml-gcov && gcovr -r . --filter module/ --json "../coverage/$1.json")
}

coverage_report() {
	local out=$PWD/build/coverage

	counts_of kunit
	counts_of selftests
	mkdir "$out/html"
	(
		cd build/uml-gcov
		gcovr -r . -a "$out/kunit.json" -a "$out/selftests.json" \
			--json "$out/all.json" \
			--html-details "$out/html/index.html" --html-title weft
	)
	say "line by line: build/coverage/html/index.html"
	tools/coverage.py build/coverage/all.json build/uml-gcov build/coverage
}

# A test that failed does not hide what was reached.
coverage() {
	local status=0

	tools/vm/setup.sh coverage
	need uml
	tools/build.sh coverage
	tools/build.sh selftests
	rm -rf build/coverage
	kunit_with build/uml-gcov/weft.ko coverage-kunit \
		--out build/coverage/kunit --after "$(save_counts)" || status=1
	uml_selftests_with build/uml-gcov/weft.ko coverage-selftests --timeout 1200 \
		--cmd 'RUN_SH_BITS=64 RUN_SH_LIMIT=300 sh /selftests/run.sh' \
		--out build/coverage/selftests --after "$(save_counts)" || status=1
	coverage_report
	return "$status"
}

# What weft timeline makes of recordings that are made for it, and of the kernel's.
timeline() {
	local status=0

	stock
	tools/test/timeline_test.py build/tools/weft || status=1
	rm -rf build/timeline
	tools/vm/run.sh --log build/vm/timeline.log --out build/timeline \
		--file build/stock/weft.ko:/weft.ko \
		--file build/tools/weft:/bin/weft \
		--file tools/test/timeline_guest.sh:/guest.sh -- 'sh /guest.sh' || status=1
	tools/vm/scanlog.sh build/vm/timeline.log || status=1
	tools/test/timeline_totals.py build/timeline || status=1
	return "$status"
}

# What the article shows, from the stock kernel: one worker, and one CPU for all, so
# that threads have to take turns as tasks do.
pictures() {
	stock
	rm -rf build/pictures
	tools/vm/run.sh --cpus 1 --log build/vm/pictures.log --out build/pictures \
		--file build/stock/weft.ko:/weft.ko \
		--file build/tools/weft:/bin/weft \
		-- 'insmod /weft.ko workers=1 recorder=65536 &&
			weft demo --pictures /out && rmmod weft'
	tools/vm/scanlog.sh build/vm/pictures.log
	mkdir -p docs/pictures
	cp build/pictures/*.svg docs/pictures/
}

# The pages that it writes, in a browser.
html() {
	tools/vm/setup.sh stock
	tools/vm/setup.sh html
	tools/build.sh tools
	tools/test/html_test.py build/tools/weft "$(command -v chromium)"
}

# The trace events as perf, trace-cmd and bpftrace see them. The last one brings a
# compiler: its libraries take most of the memory.
tracers() {
	local -a files
	local name path

	tools/vm/setup.sh tracers
	stock
	for name in perf trace-cmd bpftrace; do
		path=$(command -v "$name") || die "no $name: run tools/vm/setup.sh tracers"
		files+=(--file "$path:/bin/$name")
	done
	tools/vm/run.sh --mem 1536 --timeout 600 --log build/vm/tracers.log "${files[@]}" \
		--file build/stock/weft.ko:/weft.ko \
		--file build/tools/weft:/bin/weft \
		--file tools/test/tracers_guest.sh:/guest.sh -- 'sh /guest.sh'
	tools/vm/scanlog.sh build/vm/tracers.log
}

bench() {
	tools/vm/setup.sh bench
	stock
	bench/run.sh
}

soak() {
	need "$1"
	tools/build.sh soak
	soak/run.sh "$1"
}

# Runs a part, remembers what it counted, and goes on also if it failed.
part() {
	local name=$1 log=build/check/$1.log status=0

	shift
	say "$name ..."
	mkdir -p build/check
	"$@" 2>&1 | tee "$log" || status=$?
	[ "$status" -eq 0 ] || failed_parts+=("$name")
}

# A part beside those that follow; its output comes when it is waited for.
part_beside() {
	beside=$1

	shift
	say "$beside, beside what follows ..."
	mkdir -p build/check
	"$@" >"build/check/$beside.log" 2>&1 &
	beside_pid=$!
	trap 'kill "$beside_pid" 2>/dev/null || true' EXIT
}

part_beside_wait() {
	local status=0

	say "$beside:"
	wait "$beside_pid" || status=$?
	trap - EXIT
	cat "build/check/$beside.log"
	[ "$status" -eq 0 ] || failed_parts+=("$beside")
}

# Sums up the lines "NAME: N passed, N failed, N skipped".
totals() {
	sed -n 's/^[a-z0-9]*: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$@" |
		awk '{ p += $1; f += $2; s += $3 }
			END { printf "%d %d %d\n", p, f, s }'
}

# Ends as the parts did.
sum_up() {
	local passed failed skipped

	read -r passed failed skipped < <(totals build/check/*.log)
	# A part that failed without a test to blame counts as one.
	[ "$failed" -ge "${#failed_parts[@]}" ] || failed=${#failed_parts[@]}
	[ "${#failed_parts[@]}" -eq 0 ] ||
		say "failed: ${failed_parts[*]}: see build/check/ and build/vm/"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "${#failed_parts[@]}" -eq 0 ]
}

builds_selftests() {
	tools/vm/setup.sh lint
	tools/build.sh selftests
}

check() {
	failed_parts=()
	rm -rf build/check
	if [ $# -gt 0 ]; then
		part "kunit-$1" "$0" kunit "$1"
		part "selftests-$1" "$0" selftests "$1"
	else
		part lint tools/lint.sh
		# Two of the parts need them, and lint builds where one of these does.
		part build builds_selftests
		part_beside selftests "$0" selftests
		part kunit "$0" kunit
		part kasan "$0" kasan
		part tools "$0" tools
		part_beside_wait
		part timeline "$0" timeline
		part examples "$0" examples
		part tracers "$0" tracers
	fi
	sum_up
}

# A build without warnings counts as a test.
builds_quietly() {
	local warnings

	tools/vm/setup.sh "$1"
	mkdir -p build
	warnings=$(warnings_of "$1" "build/w1-$1.log" W=1)
	if [ -z "$warnings" ]; then
		echo "build: 1 passed, 0 failed, 0 skipped"
	else
		echo "$warnings"
		echo "build: 0 passed, 1 failed, 0 skipped"
		return 1
	fi
}

matrix() {
	local kernel

	failed_parts=()
	rm -rf build/check
	for kernel in stock backports sid; do
		part "build-$kernel" builds_quietly "$kernel"
		part "selftests-$kernel" "$0" selftests "$kernel"
	done
	# Debian's kernels have no KUnit; the one that we build has.
	part kunit-sid "$0" kunit sid
	sum_up
}

case ${1:-}:${2:-} in
demo: | vm: | examples: | kunit: | selftests: | signals: | kasan: | tools: | coverage: | check: | matrix: | bench: | \
	timeline: | html: | pictures: | tracers:)
	"$1"
	;;
check:kasan | check:kcsan) check "$2" ;;
kunit:kasan | kunit:kcsan | kunit:sid) kunit "$2" ;;
selftests:kasan | selftests:kcsan | selftests:stock | selftests:backports | selftests:sid)
	selftests "$2"
	;;
soak:) soak kasan ;;
soak:kasan | soak:kcsan | soak:stock | soak:uml) soak "$2" ;;
*) die "usage: ${0##*/} demo|vm|examples|kunit|selftests|signals|kasan|tools|coverage|check|timeline|html|pictures|tracers|matrix|bench|soak [KERNEL]" ;;
esac
