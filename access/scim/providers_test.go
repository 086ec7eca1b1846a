package scim_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/scim"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

// An exchange is one request of a provider, and what it needs to read in the
// answer to go on.
type exchange struct {
	method, path, body string
	status             int
	answer             string
}

// find is the query of a search by user name.
func find(name string) string {
	return "/Users?filter=" + url.QueryEscape(`userName eq "`+name+`"`)
}

// What identity providers send, in their order and spelling, from the test of
// the connection to the end of an account. After it nobody acts for the account,
// and nothing else has changed.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func TestProvidersFromFirstToLast(t *testing.T) {
	off := op(`{"op":"replace","value":{"active":false}}`)
	for name, story := range map[string][]exchange{
		"Okta": {
			{"GET", "/ServiceProviderConfig", "", 200, `"patch":{"supported":true}`},
			{"GET", "/Users?startIndex=1&count=2", "", 200, `"totalResults":3`},
			{"GET", find("Ada") + "&startIndex=1&count=100", "", 200, `"totalResults":1`},
			{"GET", "/Users/Ada", "", 200, `"active":true`},
			{"PUT", "/Users/Ada", `{` + userSchema + `"id":"Ada","userName":"Ada","name":{"givenName":"A","familyName":"L"},"emails":[{"primary":true,"value":"a@b.example","type":"work"}],"active":true,"groups":[],"meta":{"resourceType":"User"}}`, 200, `"active":true`},
			{"PATCH", "/Users/Ada", off, 200, `"active":false`},
			{"GET", "/Users/Ada", "", 200, `"active":false`},
			{"PATCH", "/Users/Ada", op(`{"op":"replace","value":{"active":true}}`), 403, `"status":"403"`},
		},
		"Entra ID": {
			{"GET", find("5d1a0b3c-7f4e-4c57-9d0a-2c8a3f1f7b11"), "", 200, `"totalResults":0`},
			{"GET", find("ada"), "", 200, `"totalResults":1`},
			{"PATCH", "/Users/Ada", op(`{"op":"Replace","path":"displayName","value":"A"},{"op":"Add","path":"emails[type eq \"work\"].value","value":"a@b.example"},{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"7"}`), 200, `"active":true`},
			{"PATCH", "/Users/Ada", op(`{"op":"Replace","path":"active","value":"False"}`), 200, `"active":false`},
			{"DELETE", "/Users/Ada", "", 204, ``},
			{"GET", "/Users/Ada", "", 200, `"active":false`},
			{"DELETE", "/Users/5d1a0b3c", "", 404, `"status":"404"`},
		},
		"OneLogin": {
			{"GET", find("Ada"), "", 200, `"totalResults":1`},
			{"PUT", "/Users/Ada", `{` + userSchema + `"userName":"Ada","active":false}`, 200, `"active":false`},
			{"DELETE", "/Users/Ada", "", 204, ``},
		},
		"JumpCloud, which deletes at once": {
			{"GET", "/Users?count=100&startIndex=1", "", 200, `"totalResults":3`},
			{"DELETE", "/Users/Ada", "", 204, ``},
			{"DELETE", "/Users/Ada", "", 204, ``},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, stop := newRegistry(t, memstate.New())
				defer stop()
				hire(t, r, workforce.PersonAccount, "Ada", "bo", "cy")
				hire(t, r, workforce.ServiceAccount, "robot")
				h := newHandler(t, scim.Workforce(r, "mercy"), nil)
				for _, x := range story {
					status, body := send(h, request(x.method, x.path, x.body))
					require.Equal(t, x.status, status, "%s %s %s", x.method, x.path, body)
					require.Contains(t, body, x.answer)
				}
				require.False(t, active(r, "Ada", safeguard.Person))
				require.True(t, active(r, "bo", safeguard.Person))
				require.True(t, active(r, "robot", safeguard.Service))
			})
		})
	}
}

// All pages together have every account of a person once, and none is larger
// than the endpoint says.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01.
func TestPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, stop := newRegistry(t, memstate.New())
		var want []string
		for i := range 230 {
			want = append(want, fmt.Sprintf("user-%03d", i))
		}
		hire(t, r, workforce.PersonAccount, want...)
		require.NoError(t, r.Open(t.Context(), workforce.Opening{Tenant: "elsewhere", Account: "eve"}, workforce.Act{By: provider, Reason: "hired"}))
		h := newHandler(t, scim.Workforce(r, "mercy"), nil)
		for _, count := range []string{"", "1000", "7"} {
			var got []string
			for len(got) < len(want) {
				status, body := send(h, request("GET", fmt.Sprintf("/Users?startIndex=%d&count=%s", len(got)+1, count), ""))
				require.Equal(t, 200, status)
				var page struct {
					Total     int `json:"totalResults"`
					Resources []struct {
						ID string `json:"id"`
					}
				}
				require.NoError(t, json.Unmarshal([]byte(body), &page))
				require.Equal(t, len(want), page.Total)
				require.LessOrEqual(t, len(page.Resources), 100)
				require.NotEmpty(t, page.Resources)
				for _, u := range page.Resources {
					got = append(got, u.ID)
				}
			}
			require.Equal(t, want, got)
		}
		for _, query := range []string{"?startIndex=231", "?startIndex=9223372036854775807", "?count=0", "?count=-1"} {
			status, body := send(h, request("GET", "/Users"+query, ""))
			require.Equal(t, 200, status, query)
			require.Contains(t, body, `"totalResults":230`)
			require.Contains(t, body, `"Resources":[]`)
		}
		stop()
		status, _ := send(h, request("GET", "/Users", ""))
		require.Equal(t, 503, status, "who does not know the present lists nobody")
	})
}
