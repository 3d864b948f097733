# Few commands: `make demo` shows it, `make serve` leaves it running, `make test` proves it. All of them set up first.
SHELL := /bin/sh
NODE := sh scripts/node.sh
SOURCES := $(shell find src clients protocol python/src/lepton_ai_worker \( -name '*.ts' -o -name '*.tsx' -o -name '*.css' -o -name '*.html' -o -name '*.py' -o -name '*.schema.json' \) -not -name '*.test.ts' -not -path '*/node_modules/*' 2>/dev/null)
# Rounds of the test that kills everything at random moments; make test ROUNDS=50 for the long form.
ROUNDS ?=
# Environment of make fuzz and make soak: MINUTES, SEED, CASE.
export MINUTES SEED CASE
# make bench QUICK=1: fewer and shorter rounds. REFERENCE=1: keep the figures in docs/benchmarks/.
QUICK ?=
REFERENCE ?=
# make test ONLY=src/core runs only the test files whose path contains this.
ONLY ?=

.PHONY: help setup wheel demo serve test test-frameworks fuzz soak check bench clean

help:
	@echo 'make setup    install packages and build; bin/lepton-ai works after it'
	@echo 'make demo     three real versions of a model side by side, end to end, then stop'
	@echo 'make serve    the same, left running until Ctrl-C'
	@echo 'make test     every test (ONLY=path-part for some, ROUNDS=50 for long kill -9 runs)'
	@echo 'make test-frameworks  tests of python/ that need torch, tensorflow or keras (fetches 7 GB once)'
	@echo 'make fuzz     random requests and bytes against everything that listens, MINUTES=5 (SEED= repeats a run)'
	@echo 'make soak     mixed load with faults, MINUTES=10; memory, files and failures at start and end'
	@echo 'make check    type check and lint'
	@echo 'make bench    measure speed, memory and isolation beside raw onnxruntime and peers; 25 minutes (QUICK=1 a look, ONLY=toy one)'
	@echo 'make wheel    dist/lepton_ai-*.whl for pip: SDK, command, Python worker and the platform, for this system'
	@echo 'make clean    remove what was built and fetched, not node_modules'

setup: dist/.built
	@:

# npm writes this file last, so it says when an installation is whole.
node_modules/.package-lock.json: package-lock.json
	@sh scripts/install.sh

dist/.built: node_modules/.package-lock.json scripts/build.ts scripts/build-dashboard.ts package.json $(SOURCES)
	@$(NODE) scripts/build.ts

demo: setup
	@$(NODE) examples/silero-vad/demo.ts

serve: setup
	@$(NODE) examples/silero-vad/demo.ts --serve

test: setup
	@ROUNDS='$(ROUNDS)' $(NODE) scripts/test.ts $(ONLY)

# In an environment of its own under .cache, fetched once.
test-frameworks: setup
	@$(NODE) scripts/test-frameworks.ts

fuzz: setup
	@$(NODE) test/fuzz/main.ts

soak: setup
	@$(NODE) test/soak/main.ts

wheel: setup
	@$(NODE) scripts/wheel.ts

check: setup
	@$(NODE) scripts/check.ts

# About 25 minutes; make bench QUICK=1 takes a look in 6, make bench ONLY=toy runs the scenarios whose name contains this.
bench: setup
	@QUICK='$(QUICK)' REFERENCE='$(REFERENCE)' $(NODE) benchmarks/run.ts $(ONLY)

clean:
	rm -rf dist .cache .venv
