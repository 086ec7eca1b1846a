// Package bench measures Safeguard beside its peers, in one run on one
// machine. It is a module of its own, outside the workspace, so that no peer
// enters a user's module graph.
//
//	cd internal/bench && GOWORK=off go test -run '^$' -bench .
//
// Every benchmark runs the limit (what a Go program can do with the standard
// library alone) and the implementation by turns, and prints the median of the
// ratios: x-raw. A busy machine disturbs both alike. raw-ns and impl-ns are
// medians of processor time an operation, garbage collection included. The
// limit authenticates 32 bytes, as a short Ref of NoSubject has; x-raw-same
// compares with a limit that authenticates as many bytes as the implementation
// does.
//
// Peers are those that the module proxy serves: tink-go v2, go-kms-wrapping
// v2, gocloud.dev/secrets, minio/sio and go-sqlcrypter. It did not serve
// ciphersweet-go, asherah and gorm-encryption.
//
// Controls: none, it holds benchmarks only.
package bench
