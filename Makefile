# One habit, one command. CONTRIBUTING.md says when to use which.

FUZZTIME ?= 20s
COUNT    ?= 10

.PHONY: all test outside lint bench docs weight soak fuzz ci

all: test lint weight

# All modules of the workspace, then the root module under the race detector.
test:
	go test work
	go vet work
	go test -race ./...

# The modules that go.work leaves out: third parties, peers, drivers.
outside:
	@set -e; for dir in $$(.ci/outside); do \
		echo "-- $$dir"; \
		GOWORK=off go vet -C $$dir ./...; \
		GOWORK=off go test -C $$dir ./...; \
	done

lint:
	@files=$$(gofmt -l .); test -z "$$files" || { echo "not gofmt-ed:"; echo "$$files"; exit 1; }
	go vet work
	GOWORK=off go tool -modfile=internal/tools/go.mod staticcheck ./...
	go run ./internal/cmd/controls -check

# Ours, and the peers beside us. Compare two runs with
#   GOWORK=off go tool -modfile=internal/tools/go.mod benchstat old.txt new.txt
bench:
	go test -run='^$$' -bench=. -benchmem -count=$(COUNT) work
	GOWORK=off go test -C internal/bench -run='^$$' -bench=. -benchmem -count=$(COUNT) ./...

# Every generated document and table. CI fails if this changes a file.
docs:
	go generate ./...

# What a program pays for each package, against internal/weight/weight.tsv.
weight:
	go run ./internal/weight

# The full count of every law that `go test work` samples. Commit the result.
soak:
	@mkdir -p docs/soak
	@log=$$(mktemp); out=docs/soak/$$(date -u +%F).txt; \
	SAFEGUARD_SOAK=1 go test -count=1 -timeout=12h -v work >$$log 2>&1; status=$$?; \
	SAFEGUARD_SOAK=1 GOWORK=off go test -C internal/interop/cedar -count=1 -timeout=2h -v ./... >>$$log 2>&1 || status=1; \
	{ git log -1 --format='commit %H'; go version; grep -aE '^(ok|FAIL|panic:|--- FAIL)|soak: ' $$log; } >$$out; \
	if [ $$status -ne 0 ]; then tail -n 50 $$log; fi; \
	rm -f $$log; cat $$out; exit $$status

# Every fuzz target of the workspace for a short time.
fuzz:
	@set -e; for dir in $$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' work); do \
		for target in $$(cat $$dir/*_test.go | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p'); do \
			echo "$$dir $$target"; \
			go test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) $$dir; \
		done; \
	done

ci:
	.ci/run
