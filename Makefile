# SPDX-License-Identifier: GPL-2.0-only
# What people call. Everything is built into build/, but for the module itself,
# which "make" builds here for the running kernel (or KDIR=...).
KDIR ?= /lib/modules/$(shell uname -r)/build

.DEFAULT_GOAL := modules

help:
	@echo 'weft: an async task runner in the kernel'
	@echo
	@echo '  make            build weft.ko for the running kernel, or for KDIR=...'
	@echo '  make tools      build the weft command: build/tools/weft'
	@echo '  make man        manual pages of the weft command: build/man/'
	@echo '  make install-tools  weft, its pages and its completion, below PREFIX=/usr/local'
	@echo '  make clean      remove what was built'
	@echo
	@echo 'In virtual machines, with all set-up done by itself:'
	@echo '  make demo       boot, load, and show both engines at work'
	@echo '  make check      lint, KUnit, selftests, and those with KASAN'
	@echo '  make signals    selftests under a storm of signals'
	@echo '  make matrix     build and test on Linux 6.1, 6.12 and the newest'
	@echo '  make bench      count instructions: a table, and build/bench.json'
	@echo '  make soak MINUTES=n  storms on a kernel that checks: build/soak.json'
	@echo '  make coverage   what the tests reach: a table, and build/coverage/html/'
	@echo '  make pictures   draw docs/pictures/ again'
	@echo '  make check-html the pages of weft timeline, in Chromium: a large package'
	@echo '  make vm         a shell in the VM, with the module loaded'
	@echo
	@echo 'Parts of these: make setup, lint, timeline, kunit, selftests, examples, kasan, tracers'
	@echo
	@echo 'With DEBUG=kasan (memory, locks, leaks) or DEBUG=kcsan (data races), make'
	@echo 'check, kunit and selftests use a kernel with these checks: slow'

modules:
	@test -e $(KDIR)/Makefile || { \
		echo "weft: no kernel headers in $(KDIR): install the linux-headers package of your kernel, or give KDIR=..." >&2; \
		exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

clean:
	rm -rf build
	@test ! -e $(KDIR)/Makefile || $(MAKE) -s -C $(KDIR) M=$(CURDIR) clean

setup:
	@tools/vm/setup.sh all

tools:
	@tools/build.sh tools

man: tools
	@tools/man.py build/tools/weft build/man

PREFIX ?= /usr/local

install-tools: man
	install -D -m 755 build/tools/weft $(DESTDIR)$(PREFIX)/bin/weft
	install -D -m 644 tools/completion/weft.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/weft
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 build/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1

vm:
	@tools/run.sh vm

demo:
	@tools/run.sh demo

lint:
	@tools/lint.sh

kunit:
	@tools/run.sh kunit $(DEBUG)

selftests:
	@tools/run.sh selftests $(DEBUG)

examples:
	@tools/run.sh examples

signals:
	@tools/run.sh signals

kasan:
	@tools/run.sh kasan

timeline:
	@tools/run.sh timeline

check-html:
	@tools/run.sh html

pictures:
	@tools/run.sh pictures

tracers:
	@tools/run.sh tracers

coverage:
	@tools/run.sh coverage

check:
	@tools/run.sh check $(DEBUG)

matrix:
	@tools/run.sh matrix

bench:
	@tools/run.sh bench

# It reads MINUTES, SEED and STORM, which make hands on.
soak:
	@tools/run.sh soak $(DEBUG)

.PHONY: help modules clean setup tools man install-tools vm demo lint kunit selftests examples signals kasan \
	timeline check-html pictures tracers coverage check matrix bench soak
