# opsledger: `make help` lists the targets.
SHELL := /bin/sh
GO ?= go
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -X main.version=$(VERSION)
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
# Arguments of `opsledger dev`, e.g. make run ARGS='--http 127.0.0.1:9080'
ARGS ?=

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## build and start everything on this machine under ./data (ARGS='…' are passed on)
	@scripts/deps.sh run
	@echo "building (a minute or two the first time)"
	@$(MAKE) --no-print-directory build
	@exec bin/opsledger dev $(ARGS)

.PHONY: test
test: ## install what the tests need and run them all with the race detector
	@scripts/deps.sh test
	GORACE=atexit_sleep_ms=0 CGO_ENABLED=1 $(GO) test -race -vet=off -ldflags='-s -w' -timeout 20m -parallel 4 ./...

.PHONY: build
build: ## build bin/opsledger
	@$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/opsledger ./cmd/opsledger

.PHONY: deps
deps: ## install PostgreSQL, BIND and what the tests need (Debian, as root or by sudo)
	@scripts/deps.sh test

.PHONY: lint
lint: ## run go vet and the linters of .golangci.yml
	$(GO) run $(GOLANGCI) run ./...

.PHONY: fmt
fmt: ## format the code
	gofmt -w $$(git ls-files '*.go')

.PHONY: fuzz
fuzz: ## fuzz every target for a while (FUZZTIME=30s)
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $${FUZZTIME:-30s} -fuzzminimizetime 100x $$pkg || exit 1; \
	  done; \
	done

.PHONY: soak
soak: ## 32 clients do anything for SOAK=10m, and something goes wrong every 20 s (a short form is in test)
	@scripts/deps.sh test
	CGO_ENABLED=1 OPSLEDGER_SOAK=$${SOAK:-10m} OPSLEDGER_SOAK_EVERY=20s \
	  $(GO) test -race -count=1 -run '^TestSoak$$' -v -timeout 60m ./cmd/opsledger

.PHONY: clean
clean: ## remove what was built; ./data stays
	rm -rf bin
