#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Boots a kernel in QEMU and runs a shell command there.
# shellcheck disable=SC2317 # with_lock, logged and trap call functions by name
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

usage() {
	cat >&2 <<'EOF'
usage: run.sh [options] [-- COMMAND...]
  --kernel KIND        stock, backports, sid, kasan or kcsan (stock)
  --mem MIB            memory of the VM (1024)
  --cpus N             processors of the VM (2)
  --parallel           the processors run at once, as on kasan and kcsan always
  --icount             count instructions: one CPU, repeatable to the bit
  --timeout SECONDS    end the VM after so long (300; none with --shell)
  --file HOST:GUEST    copy a file or directory into the VM; repeatable
  --out DIR            receive the VM's /out in DIR
  --log FILE           kernel log (build/vm/console.log)
  --shell              an interactive shell after COMMAND
  --append ARGS        more kernel arguments
Exit status: COMMAND's own; 124 after the timeout; 125 when the VM died.
EOF
	exit 2
}

kernel=stock mem=1024 cpus=2 parallel='' icount='' timeout='' out='' shell='' append=''
log=$WEFT_TREE/build/vm/console.log
files=() command=

need_value() { [ $# -ge 2 ] || { say "$1 wants a value"; usage; }; }

parse() {
	while [ $# -gt 0 ]; do
		case $1 in
		--parallel | --icount | --shell) declare -g "${1#--}=1" ;;
		--kernel | --mem | --cpus | --timeout | --out | --log | --append)
			need_value "$@"
			declare -g "${1#--}=$2"
			shift
			;;
		--file)
			need_value "$@"
			files+=("$2")
			shift
			;;
		--)
			shift
			command="$*"
			return
			;;
		*)
			say "unknown option '$1'"
			usage
			;;
		esac
		shift
	done
}

check_arguments() {
	local f

	[ "$kernel" != uml ] || die "UML needs no QEMU: use tools/vm/uml.sh"
	need_number --mem "$mem"
	need_number --cpus "$cpus"
	[ -n "$timeout" ] || timeout=$([ -n "$shell" ] && echo 0 || echo 300)
	need_number --timeout "$timeout"
	for f in ${files[@]+"${files[@]}"}; do
		[[ $f == ?*:/?* ]] || die "--file wants HOST:/GUEST, not '$f'"
	done
	[ -n "$command$shell" ] || die "nothing to run: add -- COMMAND or --shell"
}

make_base() {
	local base=$1 root

	[ ! -e "$base" ] || return 0
	root=$(mktemp -d "$WEFT_CACHE/root.XXXXXX")
	busybox_root "$root"
	gcc -static -O2 -o "$root/init" "$WEFT_VM_DIR/init.c" ||
		die "tools/vm/init.c does not build: mend it or run tools/vm/setup.sh stock"
	pack_root "$root" >"$base.tmp"
	rm -rf "$root"
	mv "$base.tmp" "$base"
}

base_image() {
	local key

	key=$({ cat "$WEFT_VM_DIR/init.c" "$WEFT_VM_DIR/lib.sh" && pkg_version busybox-static; } | hash_of)
	printf '%s/base-%s.cpio\n' "$WEFT_CACHE" "$key"
}

terminal_size() {
	local size

	size=$(stty size 2>/dev/null </dev/tty) || size="24 80"
	printf '%s %s\n' "$size" "${TERM:-linux}"
}

make_initramfs() {
	local root=$work/root base f

	base=$(base_image)
	[ -e "$base" ] || with_lock base make_base "$base"
	mkdir -p "$root"
	printf 'set -e\n%s\n' "$command" >"$root/payload"
	[ -z "$out" ] || mkdir "$root/out"
	[ -z "$shell" ] || terminal_size >"$root/shell"
	for f in ${files[@]+"${files[@]}"}; do
		add_file "$root" "${f%%:/*}" "/${f#*:/}"
	done
	{ cat "$base" && pack_root "$root"; } >"$work/initrd"
}

# Each emulated CPU has a thread of the host on the kernels that look for races. When
# the host is busy such a CPU may go on with code that another one has patched, for
# ever; so elsewhere they take turns in one thread, which costs nothing to speak of.
tcg_threads() {
	case $kernel$parallel in
	kasan* | kcsan* | *1) echo multi ;;
	*) echo single ;;
	esac
}

# Not every QEMU emulates cmpxchg16b right, and five-level page tables confuse KASAN.
machine_args() {
	if [ -n "$icount" ]; then
		printf '%s\n' -accel tcg -icount shift=0,sleep=off -smp 1 \
			-cpu qemu64,-cx16 -seed 1 -rtc base=2026-01-01,clock=vm
	elif kvm_works; then
		printf '%s\n' -accel kvm -cpu host -smp "$cpus"
	else
		printf '%s\n' -accel "tcg,thread=$(tcg_threads)" -cpu max,-cx16,-la57 -smp "$cpus"
	fi
}

# qemu SECONDS DIR KERNEL_ARGS ARGS...: boots DIR/initrd; DIR receives the outputs.
qemu() {
	local seconds=$1 dir=$2 kargs=$3

	shift 3
	exec setpriv --pdeathsig TERM timeout --foreground -k 5 "$seconds" \
		"$qemu/usr/bin/qemu-system-x86_64" -L "$qemu/usr/share/qemu" \
		-L "$qemu/usr/share/seabios" -nodefaults -display none -no-reboot -m "$mem" \
		-kernel "$image" -initrd "$dir/initrd" \
		-append "console=ttyS0 ignore_loglevel printk.devkmsg=on panic=-1 $kargs" \
		-chardev "file,id=log,path=$dir/log" -serial chardev:log \
		-chardev stdio,id=tty,signal=off -serial chardev:tty \
		-chardev "file,id=out,path=$dir/out" -serial chardev:out \
		-device isa-debug-exit,iobase=0xf4,iosize=4 "$@" 2>"$dir/qemu.err"
}

# /dev/kvm may be there and still hang: only a boot that came through counts.
probe_kvm() {
	local verdict=$1 dir=$work/probe

	[ ! -e "$verdict" ] || return 0
	find "$WEFT_CACHE" -maxdepth 1 -name 'kvm-*' ! -name "kvm-$boot_id-*" -delete
	mkdir -p "$dir/root"
	echo true >"$dir/root/payload"
	{ cat "$(base_image)" && pack_root "$dir/root"; } >"$dir/initrd"
	say "trying KVM once (at most 10 seconds)"
	(qemu 10 "$dir" "" -accel kvm -cpu host -smp "$cpus" </dev/null >/dev/null) || true
	if grep -aq '^weft-end   0' "$dir/out" 2>/dev/null; then
		echo yes >"$verdict"
	else
		echo no >"$verdict"
	fi
	say "KVM works: $(cat "$verdict")"
}

kvm_works() {
	local verdict boot_id

	[ -z "${WEFT_NO_KVM:-}" ] && [ -w /dev/kvm ] || return 1
	boot_id=$(cat /proc/sys/kernel/random/boot_id)
	verdict=$WEFT_CACHE/kvm-$boot_id-$(basename "$(kernel_dir "$kernel")")
	[ -e "$verdict" ] || with_lock kvm probe_kvm "$verdict"
	grep -qx yes "$verdict"
}

# Input sent before the shell has its terminal would be lost.
feed_shell() {
	until grep -q 'weft-test: shell' "$log" 2>/dev/null; do
		sleep 0.2
	done
	cat
	echo exit
}

boot() {
	local -a machine

	mapfile -t machine < <(machine_args)
	# On a loaded machine an emulated timer may come too late for the test that
	# the kernel makes of it while it boots, and the kernel panics.
	if [ -n "$icount" ]; then
		append="nokaslr cryptomgr.notests=1 $append"
	else
		append="no_timer_check $append"
	fi
	# The counters of emulated CPUs are one, which the kernel does not believe. To
	# read another clock of QEMU's all CPUs take turns, and that is done for each poll.
	[ -n "$icount" ] || kvm_works || append="tsc=reliable clocksource=tsc $append"
	: >"$log"
	ln -s "$(realpath "$log")" "$work/log"
	exec {input}</dev/null
	if [ -n "$shell" ] && [ -t 0 ]; then
		exec {input}<&0
	elif [ -n "$shell" ]; then
		exec {input}< <(feed_shell)
		feeder=$!
	fi
	qemu "$timeout" "$work" "$(kernel_args "$kernel")$append" "${machine[@]}" <&"$input" &
	child=$!
	exec {input}<&-
	qemu_status=0
	wait "$child" || qemu_status=$?
	child=
}

cleanup() {
	[ -z "$feeder" ] || kill "$feeder" 2>/dev/null || true
	if [ -n "$child" ]; then
		kill "$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
	fi
	rm -rf "$work"
}

show_log() {
	sed 's/^/  /' "$work/qemu.err" >&2
	say "end of the kernel log ($log):"
	tail -n 30 "$log" | sed 's/^/  /' >&2
}

receive_out() {
	local hash=$1 size tar=$work/out.tar

	size=$(stat -c %s "$work/out")
	head -c $((size - trailer_size)) "$work/out" >"$tar"
	[ "$(sha256sum <"$tar" | cut -d' ' -f1)" = "$hash" ] ||
		die "/out arrived damaged from the VM: run again with more --mem, see $log"
	mkdir -p "$out"
	tar -xf "$tar" -C "$out" --no-same-owner
}

finish() {
	local trailer

	strip_cr "$log"
	trailer=$(tail -c $trailer_size "$work/out" 2>/dev/null | LC_ALL=C tr -cd '[:print:]')
	if [[ $trailer =~ ^weft-end\ +([0-9]+)\ +([0-9a-f]{64}|-)$ ]]; then
		[ -z "$out" ] || receive_out "${BASH_REMATCH[2]}"
		exit "${BASH_REMATCH[1]}"
	fi
	show_log
	case $qemu_status in
	124 | 137)
		say "the VM did not finish within $timeout seconds:" \
			"look for a hang above, or give a larger --timeout"
		exit 124
		;;
	esac
	die "the VM died (QEMU status $qemu_status): look for a panic above"
}

trailer_size=78
parse "$@"
check_arguments
image=$(need_kernel "$kernel")
qemu=$(newest qemu)
[ -e "$qemu" ] || die "no QEMU in $WEFT_CACHE: run tools/vm/setup.sh $kernel"
mkdir -p "${log%/*}"
child='' feeder=''
work=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
make_initramfs
boot
finish
