package workforce

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

const policyJSON = `{"version":1,
 "resources":{"Patient":["read"]},
 "separation":[{"id":"S-1","kind":"static","roles":["biller","approver"],"max":1,"because":"nobody approves their own claims"}],
 "emergency":{"roles":["clinician"],"reasons":["life-threat","unconscious"],"minutes":30,"review_hours":72,"max_unreviewed":3,"step_up_minutes":5,"because":"emergency access"},
 "roles":{
  "clinician":{"allow":[{"id":"R-1","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.name"],"because":"treats"},
   {"id":"R-2","resource":"Patient","actions":["read"],"purposes":["BTG"],"emergency":true,"fields":["Patient.name"],"because":"emergency"}]},
  "biller":{"allow":[{"id":"R-3","resource":"Patient","actions":["read"],"purposes":["HPAYMT"],"fields":["Patient.id"],"because":"bills"}]},
  "approver":{"allow":[{"id":"R-4","resource":"Patient","actions":["read"],"purposes":["HPAYMT"],"fields":["Patient.id"],"because":"approves"}]},
  "chief":{"inherits":["approver"]},
  "surgeon":{"inherits":["clinician"]}
 }}`

func policy(t testing.TB) *access.Policy {
	t.Helper()
	p, err := access.ParsePolicy([]byte(policyJSON))
	require.NoError(t, err)
	return p
}

// ruled are Options with the policy and a key.
func ruled(t testing.TB) *Options {
	p := policy(t)
	return &Options{
		Lease:     MaxLease, // tests that sleep for days renew less often
		Policy:    func() *access.Policy { return p },
		Emergency: EmergencyRules{PatientKey: []byte("0123456789abcdef0123456789abcdef")},
	}
}

// by is an act of somebody.
func by(p safeguard.Principal) Act { return Act{By: p, Reason: "as asked for", Ticket: "T-1"} }

// service is a program of the tenant.
func service(id, onBehalfOf string) safeguard.Principal {
	return safeguard.Principal{ID: id, Kind: safeguard.Service, Tenant: "mercy", Method: "test", OnBehalfOf: onBehalfOf}
}

// ask requests a grant by boss.
func ask(t testing.TB, r *Registry, account, role string) string {
	t.Helper()
	id, err := r.Request(t.Context(), GrantRequest{Tenant: "mercy", Account: account, Role: role, Act: by(person("boss"))})
	require.NoError(t, err)
	return id
}

// grantRole requests by boss and approves by owner.
func grantRole(t testing.TB, r *Registry, account, role string) string {
	t.Helper()
	id := ask(t, r, account, role)
	require.NoError(t, r.Approve(t.Context(), "mercy", account, id, by(person("owner"))))
	return id
}

func roles(t testing.TB, r *Registry, p safeguard.Principal) []string {
	t.Helper()
	list, err := r.Roles(t.Context(), p)
	require.NoError(t, err)
	return list
}

// refused reports an error of the rules that says so in the given words.
func refused(t testing.TB, err error, words string) {
	t.Helper()
	require.ErrorIs(t, err, ErrRefused)
	require.ErrorContains(t, err, words)
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
