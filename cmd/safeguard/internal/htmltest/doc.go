// Package htmltest opens the HTML documents of the library in a real, headless
// Chromium: search and filters, keyboard, names for screen readers, narrow
// screens, print, no script, no error, and no request to anywhere.
//
// It is a module of its own outside the workspace, so that nobody else has to
// download a browser's driver:
//
//	GOWORK=off go test -C cmd/safeguard/internal/htmltest ./...
//
// Without a browser its tests are skipped and say so, unless
// SAFEGUARD_REQUIRE_SERVICES=1 is set.
//
// Controls: none, it tests documents.
package htmltest
