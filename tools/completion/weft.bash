# SPDX-License-Identifier: GPL-2.0-only
# bash completion for weft. What there is, the command says itself: so this is right
# for the weft that is installed, whatever it has learned since.
# shellcheck shell=bash

# The commands, and the ops of weft run.
_weft_commands() { weft --help 2>/dev/null | sed -n 's/^  weft \([a-z]*\).*/\1/p' | sort -u; }
_weft_ops() { weft run --help 2>/dev/null | sed -n 's/^OP is \(.*\)\..*/\1/p' | sed 's/,\| or / /g'; }

# The options of a command, and the words that come after one of them.
_weft_options() {
	weft "$@" --help 2>/dev/null | sed -n 's/^ \+\(-., \)\?\(--[a-z-]*\).*/\2/p' | sort -u
}

_weft_values() {
	case $1 in
	-e | --engine) echo async threads ;;
	-a | --algorithm) echo crc32c xxh64 sha256 ;;
	-f | --format) echo text svg html json ;;
	*) return 1 ;;
	esac
}

_weft() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=''
	local -a command=()

	# --engine=async is three words.
	[ "$cur" != = ] || cur=''
	[ "$prev" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}
	[ "$COMP_CWORD" -eq 1 ] || command=("${COMP_WORDS[1]}")

	if [[ $cur == -* ]]; then
		words=$(_weft_options "${command[@]}")
	elif words=$(_weft_values "$prev"); then
		:
	elif [ "$COMP_CWORD" -eq 1 ]; then
		words=$(_weft_commands)
	elif [ "$COMP_CWORD" -eq 2 ] && [ "${command[0]}" = run ]; then
		words=$(_weft_ops)
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

# Where nothing is known, names of files.
complete -o default -F _weft weft
