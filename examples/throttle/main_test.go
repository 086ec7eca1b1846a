package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// The story ends well: limits hold, the flood frees nobody.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	synctest.Test(t, func(t *testing.T) { require.NoError(t, run(&out)) }) // in no time at all
	require.Equal(t, `A clerk may take out the data of 60 patients an hour.
  Nosy opens chart after chart, and is stopped after 60: access.throttle
  An export of 200 patients: access.allowed, and the next one: access.throttle
  for it has taken more than it had, and waits 2h21m0s
  Sam goes on working: access.allowed
  An administrator lets the export go on: access.allowed

A flood of 50,000 invented principals fills a table for 1,000.
  nosy     ready: false
  sam      ready: true
  newcomer ready: false
  Nobody is freed; newcomers share one bucket with the flood.

Of 5,000 guesses at a password, so many are looked at:
  at one account, from everywhere:     10
  at every account, from one address:  100
  the same, with all addresses of one IPv6 network: 100

What the throttle reports of itself:
  patients: 60 per 1h0m0s, burst 60
  principals: 1536
  patients charged: 50262
`, out.String())
}
