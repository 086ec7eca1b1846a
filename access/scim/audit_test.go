package scim_test

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
)

// lines is an audit log in memory.
type lines struct {
	mu   sync.Mutex
	list []string
	fail error
}

func (l *lines) Append(_ context.Context, records ...[]byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		l.list = append(l.list, string(r))
	}
	return l.fail
}

func (l *lines) of(kind string) (found []audit.Access) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.list {
		if e, err := audit.ParseEvent([]byte(r)); err == nil && e.Type == kind {
			a, _ := e.Access()
			found = append(found, a)
		}
	}
	return found
}

// Who asked for what, and what was refused, stands in the log; an account ends
// also when the log is down, and the provider is not told so.
//
// Controls: HIPAA 164.312(b), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func TestRequestsAreRecorded(t *testing.T) {
	log := &lines{}
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: bytes.Repeat([]byte{7}, 32)})
	require.NoError(t, err)
	recorder, err := audit.New(log, keys, nil)
	require.NoError(t, err)
	d := newDirectory("ada", "bo")
	h := recorder.Handler(newHandler(t, d, nil))

	status, _ := send(h, request("PATCH", "/Users/ada", op(`{"op":"replace","value":{"active":false}}`)))
	require.Equal(t, 200, status)
	status, _ = send(h, request("POST", "/Users", `{`+userSchema+`"userName":"eve"}`))
	require.Equal(t, 403, status)
	r := request("DELETE", "/Users/bo", "")
	r.Header.Set("Authorization", "Bearer x")
	status, _ = send(h, r)
	require.Equal(t, 401, status)

	allowed, denied := log.of(audit.TypeAllowed), log.of(audit.TypeDenied)
	require.Len(t, allowed, 1)
	require.Equal(t, "idp", allowed[0].Principal.ID)
	require.Equal(t, "PATCH /Users/{id}", allowed[0].Route)
	require.Equal(t, []string{"User", "patch"}, []string{allowed[0].Resource, allowed[0].Action})
	require.Len(t, denied, 2)
	require.Equal(t, []string{"scim.widening"}, denied[0].Denied)
	require.Equal(t, []string{"scim.unauthenticated"}, denied[1].Denied)
	require.NotContains(t, strings.Join(log.list, ""), "eve")

	log.fail = context.DeadlineExceeded
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request("DELETE", "/Users/bo", ""))
	require.Equal(t, 503, w.Code)
	require.False(t, d.accounts["bo"].Active)
}
