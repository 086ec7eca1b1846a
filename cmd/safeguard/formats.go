package main

import "github.com/safeguard-sdk/safeguard/crosswalk/coverage"

// documentFormats are the ways to write a coverage document.
func documentFormats(d *coverage.Document) []format {
	return []format{{"md", d.WriteMarkdown}, {"html", d.WriteHTML}, {"csv", d.WriteCSV}, {"json", d.WriteJSON}}
}
