package fhir

import (
	"strings"

	"github.com/safeguard-sdk/safeguard/audit"
)

// blank reports whether a text has nothing that FHIR counts as a value.
func blank(text string) bool { return strings.TrimSpace(text) == "" }

// clean empties texts that are blank, because FHIR allows none. It returns
// false for an actor without an id: who it was is not guessed.
func clean(a *audit.Access) bool {
	for _, text := range []*string{&a.Entry, &a.Source, &a.Route, &a.Resource} {
		empty(text)
	}
	if d := a.Disclosure; d != nil {
		for _, text := range []*string{&d.Recipient, &d.Basis, &d.Purpose, &d.What, &d.Request} {
			empty(text)
		}
	}
	if a.Principal == nil {
		return true
	}
	empty(&a.Principal.Tenant)
	empty(&a.Principal.OnBehalfOf)
	return !blank(a.Principal.ID)
}

func empty(text *string) {
	if blank(*text) {
		*text = ""
	}
}
