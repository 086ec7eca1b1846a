// Package htmltest opens the HTML documents of package crosswalk/coverage in a
// real browser, as an auditor does: from a file, without a network. It is a
// module of its own, outside the workspace, for the driver of the browser.
//
//	cd internal/htmltest && GOWORK=off go test ./...
//
// Without Chromium the tests are skipped with a message, or fail where
// SAFEGUARD_REQUIRE_SERVICES is set.
//
// Controls: none, it holds tests only.
package htmltest
