SHELL := /bin/bash
.DEFAULT_GOAL := help
.SHELLFLAGS := -eu -o pipefail -c

# One build serves every test: optimised, with imports checked against Package.swift.
SWIFT_BUILD := swift build -c release --explicit-target-dependency-import-check error
SWIFT_SOURCES := Package.swift Shared Services Tests
# Tests start processes: a few at once fill two cores, all at once would starve each other.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 4
FOR ?= 60s

.PHONY: help setup build test test-fast check fmt docs bench attack fuzz torture outage churn demo up clean

help: ## all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST) | { [ -t 1 ] && cat || sed 's/\x1b\[[0-9]*m//g'; }

setup: ## install the Debian packages and the Python environment that are missing
	@.ci/setup test

build: ## optimised build of every binary, into .build/release
	@.ci/setup build
	$(SWIFT_BUILD)

test: ## every test, all depths, on one build: what CI runs
	@.ci/setup test
	$(SWIFT_BUILD) --build-tests
	swift test -c release --skip-build

test-fast: ## tests of pure code only, on a debug build: about a minute
	@.ci/setup test
	swift test --filter '^(Bytes|Faults|Time|Config|Observe|JSON|Avro|HTTP|GRPC|Wire|API)Tests\.'

check: ## gates: format, floors, documentation, links, tables, warnings
	@.ci/setup test
	swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)
	Tests/Checks/floors --self-test
	Tests/Checks/floors
	Tests/Checks/documented
	Tests/Checks/links --self-test
	Tests/Checks/links
	$(SWIFT_BUILD) --build-tests
	Tests/Checks/tables --check

fmt: ## format all Swift code
	swift format --in-place --recursive --parallel $(SWIFT_SOURCES)

docs: build ## write the tables of settings and metrics into the READMEs of the services
	Tests/Checks/tables --write

bench: ## compare with nghttpd and with the thresholds; writes into .build/bench
	@.ci/setup test
	$(SWIFT_BUILD)
	Tests/Benchmarks/ingest
	Tests/Benchmarks/control-plane

attack: ## attacks a real gateway, 20 s each, with a good client beside; writes .build/attack/attack.json
	@.ci/setup test
	$(SWIFT_BUILD)
	Tests/Attacks/attack $(if $(ONLY),--only $(ONLY))

fuzz: ## hostile inputs under libFuzzer and ASan: make fuzz FOR=60s [TARGET=json]; see Tests/Fuzz/README.md
	@.ci/setup build
	@POLDER_FUZZ=1 swift build -c release --scratch-path .build/fuzz --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address --product fuzz
	@Tests/Fuzz/fuzz --for $(FOR) $(if $(TARGET),--target $(TARGET))

torture: ## kills a plane's processes under load, FOR=10m, and proves that nothing promised was lost
	@.ci/setup test
	$(SWIFT_BUILD)
	Tests/Torture/torture --for $(FOR)

outage: ## takes a plane's control plane away, FOR=10m, restarts all else, and proves that nobody noticed
	@.ci/setup test
	$(SWIFT_BUILD)
	Tests/Torture/outage --for $(FOR)

churn: ## kills control plane and agents while streams are made and deleted, and proves that the plane is as asked for
	@.ci/setup test
	$(SWIFT_BUILD)
	Tests/Torture/churn

demo: ## from a fresh clone to one person's event, encrypted, derived and masked, in this terminal
	@.ci/setup build
	@$(SWIFT_BUILD)
	@.build/release/polder demo --seconds $(or $(DEMO_SECONDS),0)

up: build ## a whole plane on this machine, in the foreground
	.build/release/polder up

clean: ## remove everything that was built
	rm -rf .build
