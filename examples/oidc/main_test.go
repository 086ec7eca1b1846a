package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const story = `A verifier that is not told everything is not built:
  oidc: cannot be built: Algorithms are required

Carla's token says "user/Patient.r". She exchanges it for a session:
  reads a chart: 200 OK Ada Example
  changes it, which her role may and her token may not: 403 Forbidden access.scope
  comes with the token itself where a session is asked for: 401 Unauthorized session.unknown

Tokens that buy nothing:
  made for another service: 401 Unauthorized oidc.audience
  expired: 401 Unauthorized oidc.expired
  lasting a week: 401 Unauthorized oidc.lifetime
  an ID token: 401 Unauthorized oidc.type
  of a shared account: 401 Unauthorized oidc.subject
  signed by nobody: 401 Unauthorized oidc.algorithm

What ends a session before its time:
  before: 200 OK Ada Example
  the account is closed: 401 Unauthorized session.ended
  and its token again: 401 Unauthorized oidc.revoked
  before: 200 OK Ada Example
  the issuer's key is stolen: 401 Unauthorized oidc.key
  and its token again: 401 Unauthorized oidc.key

The chart service asks another one on Carla's behalf:
  200 OK carla, oidc loa3 by charts
  401 Unauthorized {"type":"about:blank","title":"Unauthorized","status":401,"code":"oidc.missing"}
`

// The story ends as it should: good tokens read, others are refused by name.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C), 164.502(b)(1); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(&out))
	require.Equal(t, story, out.String())
}
