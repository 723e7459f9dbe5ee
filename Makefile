# opsledger: `make help` lists the targets.
SHELL := /bin/sh
GO ?= go
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo unknown)
DATE ?= $(shell git log -1 --format=%cI 2>/dev/null)
LDFLAGS := -X main.version=$(VERSION) -X main.date=$(DATE)
# Arguments of `make run` and `make bench`, e.g. make run ARGS='--http 127.0.0.1:9080'
ARGS ?=
# The case that `make bench` runs; without one it runs a short set.
CASE ?=

# What tests and the programs that they build have beside the race detector. These packages are
# without it: they compute a key from a passphrase, from nothing but their arguments, and each
# call takes seconds with it. They start no goroutine that outlives a call and use no atomics, and
# their callers, which are with it, own what they hand over: no race can be missed or made up.
# Tables for debuggers, which the linker would leave out, are a fifth of the compiler's time.
# docs/decisions/0161 and 0171 tell what else the suite's time goes into, and what was done about it.
TEST_GOFLAGS := '$(shell $(GO) env GOFLAGS) -gcflags=all=-dwarf=false -gcflags=golang.org/x/crypto/argon2=-race=false -gcflags=golang.org/x/crypto/scrypt=-race=false'

# The longest packages begin first, so that none of them is alone at the end, and one more at a time
# than there are processors: a test that waits leaves its processor to another.
TEST_AT_ONCE = $$(($$(nproc) + 1))
TEST_PACKAGES := ./workers/agents/nameserver ./test/system ./api/rest ./workers/agents/bind ./...

# The linter has its own module, so that its dependencies stay out of go.mod. It
# is built once for each version, which costs minutes, and then starts at once.
GOLANGCI_VERSION := v2.15.0
GOLANGCI := bin/golangci-lint-$(GOLANGCI_VERSION)

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## build and start everything on this machine under ./data (ARGS='…' are passed on)
	@scripts/deps.sh run
	@$(MAKE) --no-print-directory build
	@exec bin/opsledger dev $(ARGS)

.PHONY: build
build: ## build bin/opsledger
	@scripts/progress.sh "building bin/opsledger" $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/opsledger ./cmd/opsledger

.PHONY: test
test: ## install what the tests need and run them all with the race detector
	@scripts/deps.sh test
	@CGO_ENABLED=1 GOFLAGS=$(TEST_GOFLAGS) scripts/progress.sh "building for the tests" $(GO) build -race ./...
	GORACE=atexit_sleep_ms=0 CGO_ENABLED=1 GOFLAGS=$(TEST_GOFLAGS) $(GO) test -race -vet=off -ldflags='-s -w' -timeout 40m -p $(TEST_AT_ONCE) -parallel 4 $(TEST_PACKAGES)

.PHONY: unit
unit: ## run the tests that start no server: seconds, not minutes
	@scripts/deps.sh unit
	@scripts/progress.sh "building for the tests" $(GO) build ./...
	@packages=$$(scripts/unit-packages.sh "$(GO)") && $(GO) test -vet=off $$packages

.PHONY: check
check: fmt-check vet lint unit ## what to run before each commit: format, vet, lint, unit

.PHONY: fmt
fmt: ## format the code
	gofmt -w $$(git ls-files '*.go')

.PHONY: fmt-check
fmt-check: ## name the files that fmt would change
	@files=$$(gofmt -l $$(git ls-files '*.go')) && [ -z "$$files" ] || { echo "make fmt would change:"; echo "$$files"; exit 1; }

.PHONY: vet
vet: ## run go vet
	@scripts/progress.sh "vetting" $(GO) vet -tags interop ./...

.PHONY: lint
lint: $(GOLANGCI) ## run the linters of .golangci.yml, which install themselves the first time
	$(GOLANGCI) run ./...

$(GOLANGCI):
	@GOBIN=$(CURDIR)/bin scripts/progress.sh "building $@" \
	  $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv bin/golangci-lint $@

.PHONY: bench
bench: build ## measure this machine: a short set of cases, or CASE=append ARGS='--writers 64'
	@scripts/deps.sh run
	@scripts/progress.sh "building bin/opsledger-bench" $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/opsledger-bench ./cmd/opsledger-bench
	@if [ -n "$(CASE)" ]; then exec bin/opsledger-bench $(CASE) $(ARGS); fi; \
	  bin/opsledger-bench append --writers 1,64 --duration 1s --rounds 2 && \
	  bin/opsledger-bench http --duration 2s --rounds 2 && \
	  bin/opsledger-bench live --zones 100 --changes 200 --new-zones 20

.PHONY: deps
deps: ## install PostgreSQL, BIND and what the tests need (Debian, as root or by sudo)
	@scripts/deps.sh test

.PHONY: clients
clients: ## generate a Go and a TypeScript client from api/openapi.yaml and compile them (needs npm)
	@GO=$(GO) scripts/clients.sh

.PHONY: interop
interop: ## try real programs (certbot, lego, external-dns, dnscontrol, kea, secondaries) and print what each did
	@scripts/deps.sh interop || echo "going on with the programs that are there"
	@scripts/interop.sh build bin/interop
	@status=0; INTEROP_PROGRAMS=$(CURDIR)/bin/interop INTEROP_TABLE=$(CURDIR)/bin/interop/table \
	  $(GO) test -tags interop -vet=off -count=1 -timeout 60m -parallel 4 ./test/interop $(ARGS) || status=1; \
	  OPSLEDGER_TEST_RACES=300 $(GO) test -vet=off -count=1 -run '^TestRacersWithPrerequisites$$' ./ddns || status=1; \
	  scripts/interop.sh table bin/interop; exit $$status

.PHONY: console-pictures
console-pictures: ## write a picture of each page of the console into docs/console, in both themes and on a phone
	@scripts/deps.sh test
	@mkdir -p docs/console
	OPSLEDGER_CONSOLE_PICTURES=$(CURDIR)/docs/console $(GO) test -count=1 -run '^TestPictures$$' ./test/console

.PHONY: rules
rules: ## check the rules for Prometheus, and run their tests (needs promtool)
	@command -v promtool >/dev/null || { echo "promtool is missing: on Debian, apt-get install prometheus" >&2; exit 1; }
	promtool check rules monitoring/rules.yml
	promtool test rules monitoring/rules_test.yml

.PHONY: fuzz
fuzz: ## fuzz every target for a while (FUZZTIME=30s), and compare CONF_INPUTS=200000 configurations with named
	OPSLEDGER_CONF_INPUTS=$${CONF_INPUTS:-200000} $(GO) test -count=1 -run '^TestNamedSees' -v ./domain/dns
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $${FUZZTIME:-30s} -fuzzminimizetime 100x $$pkg || exit 1; \
	  done; \
	done

.PHONY: soak
soak: ## 32 clients do anything for SOAK=10m, and something goes wrong every 20 s; races in 300 rounds (short forms are in test)
	@scripts/deps.sh test
	CGO_ENABLED=1 OPSLEDGER_TEST_RACES=300 $(GO) test -race -count=1 -run '^TestRacersBreakNoInvariant$$' ./test/system
	CGO_ENABLED=1 OPSLEDGER_SOAK=$${SOAK:-10m} OPSLEDGER_SOAK_EVERY=20s \
	  $(GO) test -race -count=1 -run '^TestSoak$$' -v -timeout 60m ./test/system

.PHONY: fleet-soak
fleet-soak: ## two serve, three NATS nodes and name servers that are compared every 20 ms, with faults for SOAK=10m (a short form is in test)
	@scripts/deps.sh test
	CGO_ENABLED=1 OPSLEDGER_FLEET_SOAK=$${SOAK:-10m} OPSLEDGER_FLEET_SOAK_EVERY=10s \
	  $(GO) test -race -count=1 -run '^TestFleetSoak$$' -v -timeout 60m ./test/system

.PHONY: clean
clean: ## remove what was built; ./data stays
	rm -rf bin
