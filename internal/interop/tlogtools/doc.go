// Package tlogtools holds the test that software of others, unmodified, accepts
// what package audit/ledger publishes, as a directory and over HTTP, and
// refuses it once somebody tampered with it: golang.org/x/mod/sumdb/tlog and
// note, and the fsck of transparency-dev/tessera v1.0.4. It is a module of its
// own, outside the workspace, because tessera would add more than a hundred
// modules to everybody's graph.
//
//	cd internal/interop/tlogtools && GOWORK=off go test ./...
//
// That fsck can wait for ever when it meets an error; so it runs with sixteen
// workers and a time limit, and running out of time counts as a refusal.
//
// Controls: none, it holds tests only.
package tlogtools
