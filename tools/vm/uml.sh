#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Boots the UML kernel, loads modules and judges the KUnit results and the log.
# shellcheck disable=SC2317 # with_lock and trap call functions by name
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

usage() {
	cat >&2 <<'EOF'
usage: uml.sh [options]
  --modules "A.ko B.ko"  insmod in this order, rmmod in reverse
  --cmd COMMAND          run between the insmods and the rmmods
  --after COMMAND        run after the rmmods (coverage data)
  --file HOST:GUEST      copy a file or directory into the VM; repeatable
  --out DIR              the VM's /out is this directory
  --kmemleak             scan for leaks after the rmmods (six seconds)
  --time-travel          virtual time: sleeps cost nothing
  --no-kunit             a run without any KUnit test is fine
  --mem MIB              memory of the VM (256)
  --timeout SECONDS      end the VM after so long (120)
  --log FILE             kernel log (build/vm/uml.log)
  --append ARGS          more kernel arguments
Exit status: 0 when all passed and the log is clean; 1 when not; 124 after
the timeout; 125 when the VM died. The last line counts the KUnit cases.
EOF
	exit 2
}

modules='' cmd='' after='' out='' kmemleak='' time_travel='' no_kunit=''
mem=256 timeout=120 append='' files=()
log=$WEFT_TREE/build/vm/uml.log

parse() {
	local name

	while [ $# -gt 0 ]; do
		name=${1#--}
		case $1 in
		--kmemleak | --time-travel | --no-kunit) declare -g "${name//-/_}=1" ;;
		--modules | --cmd | --after | --out | --mem | --timeout | --log | --append | --file)
			[ $# -ge 2 ] || { say "$1 wants a value"; usage; }
			if [ "$1" = --file ]; then
				[[ $2 == ?*:/?* ]] || die "--file wants HOST:/GUEST, not '$2'"
				files+=("$2")
			else
				declare -g "$name=$2"
			fi
			shift
			;;
		*)
			say "unknown option '$1'"
			usage
			;;
		esac
		shift
	done
	need_number --timeout "$timeout"
	need_number --mem "$mem"
}

# PID 1.
write_init() {
	cat <<'EOF'
#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
mount -t tmpfs tmpfs /tmp
mkdir -p /dev/shm /host /out
mount -t tmpfs tmpfs /dev/shm
mount -t hostfs -o "$(cat /host.path)" none /host
mount -t hostfs -o "$(cat /out.path)" none /out
stty -F /dev/tty1 raw
exec </dev/null >/dev/tty1 2>&1
sh /modules.sh $(cat /order) || touch /host/failed
touch /host/finished
poweroff -f
EOF
}

write_command() { [ -z "$1" ] || printf 'set -e\n%s\n' "$1"; }

make_base() {
	local base=$1 root

	[ ! -e "$base" ] || return 0
	root=$(mktemp -d "$WEFT_CACHE/root.XXXXXX")
	busybox_root "$root"
	pack_root "$root" >"$base.tmp"
	rm -rf "$root"
	mv "$base.tmp" "$base"
}

make_initramfs() {
	local root=$work/root base m f

	base=$WEFT_CACHE/uml-base-$({ cat "$WEFT_VM_DIR/lib.sh" && pkg_version busybox-static; } | hash_of).cpio
	[ -e "$base" ] || with_lock base make_base "$base"
	mkdir -p "$root/modules" "$share" "${out:=$work/out}"
	printf '%s' "$share" >"$root/host.path"
	realpath "$out" >"$root/out.path"
	write_init >"$root/init"
	chmod +x "$root/init"
	write_command "$cmd" >"$root/cmd"
	write_command "$after" >"$root/after"
	[ -z "$kmemleak" ] || touch "$root/kmemleak"
	cp "$WEFT_VM_DIR/modules.sh" "$root/modules.sh"
	touch "$root/order"
	for m in $modules; do
		[ -e "$m" ] || die "no module '$m': build it against $(kernel_tree uml)"
		cp "$m" "$root/modules/"
		printf '%s ' "${m##*/}" >>"$root/order"
	done
	for f in ${files[@]+"${files[@]}"}; do
		add_file "$root" "${f%%:/*}" "/${f#*:/}"
	done
	{ cat "$base" && pack_root "$root"; } >"$work/initrd"
}

# tty0 is the kernel log, tty1 the output of the commands.
boot() {
	local -a extra

	read -ra extra <<<"${time_travel:+time-travel} $append"
	: >"$log"
	exec {output}> >(exec cat)
	setpriv --pdeathsig TERM timeout --foreground -k 5 "$timeout" \
		"$image" "mem=${mem}M" "initrd=$work/initrd" \
		con0=null,fd:3 con1=null,fd:4 con=null ssl=null console=tty0 \
		kunit.enable=1 panic=-1 ignore_loglevel printk.devkmsg=on \
		"${extra[@]}" </dev/null >"$work/host.log" 2>&1 3>>"$log" 4>&"$output" &
	child=$!
	exec {output}>&-
	uml_status=0
	wait "$child" || uml_status=$?
	child=
	strip_cr "$log"
}

cleanup() {
	if [ -n "$child" ]; then
		kill "$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
	fi
	rm -rf "$work"
}

check_end() {
	[ ! -e "$share/finished" ] || return 0
	sed 's/^/  /' "$work/host.log" >&2
	say "end of the kernel log ($log):"
	tail -n 40 "$log" | sed 's/^/  /' >&2
	case $uml_status in
	124 | 137)
		say "the VM did not finish within $timeout seconds:" \
			"look for a hang above, or give a larger --timeout"
		exit 124
		;;
	esac
	die "the VM died (status $uml_status): look for a panic above"
}

parse "$@"
image=$(need_kernel uml)
mkdir -p "${log%/*}"
child='' verdict=0
work=$(mktemp -d)
share=$work/share
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
make_initramfs
boot
check_end
[ ! -e "$share/failed" ] || verdict=1
"$WEFT_VM_DIR/scanlog.sh" "$log" || verdict=1
[ -n "$no_kunit" ] || "$WEFT_VM_DIR/kunit.sh" "$log" || verdict=1
exit "$verdict"
