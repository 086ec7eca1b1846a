// Package bench measures Safeguard beside its peers, in one run on one
// machine. It is a module of its own, outside the workspace, so that no peer
// enters a user's module graph.
//
//	cd internal/bench && GOWORK=off go test -bench Crypto -count 10 | benchstat -col /impl -
//
// The metric cpu-ns/op is processor time of the process, garbage collection
// included, which a busy machine disturbs less than wall time.
//
// Controls: none, it holds benchmarks only.
package bench
