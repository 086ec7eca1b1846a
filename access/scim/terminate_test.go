package scim_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/scim"
)

const userSchema = `"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],`

// Whatever a provider sends to end an account, in the forms that providers
// send, ends it, and the answer comes after.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestEveryFormOfLeavingTerminates(t *testing.T) {
	for name, r := range map[string]*http.Request{
		"Okta":                     request("PATCH", "/Users/ada", op(`{"op":"replace","value":{"active":false}}`)),
		"Entra":                    request("PATCH", "/Users/ada", op(`{"op":"Replace","path":"active","value":"False"}`)),
		"Entra, older":             request("PATCH", "/Users/ada", op(`{"op":"Replace","path":"active","value":[{"$ref":null,"value":"False"}]}`)),
		"Entra, new":               request("PATCH", "/Users/ada", op(`{"op":"Replace","path":"active","value":false}`)),
		"with the schema":          request("PATCH", "/Users/ada", op(`{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:active","value":false}`)),
		"add":                      request("PATCH", "/Users/ada", op(`{"op":"add","path":"ACTIVE","value":false}`)),
		"no schema":                request("PATCH", "/Users/ada", `{"Operations":[{"op":"replace","value":{"Active":"false"}}]}`),
		"among other things":       request("PATCH", "/Users/ada", op(`{"op":"replace","path":"displayName","value":"X"},{"op":"replace","path":"active","value":false}`)),
		"beside a role":            request("PATCH", "/Users/ada", op(`{"op":"add","path":"roles","value":[{"value":"admin"}]},{"op":"replace","path":"active","value":false}`)),
		"beside a bad name":        request("PATCH", "/Users/ada", op(`{"op":"replace","value":{"userName":7,"active":false}}`)),
		"after active":             request("PATCH", "/Users/ada", op(`{"op":"replace","path":"active","value":true},{"op":"replace","path":"active","value":false}`)),
		"before active":            request("PATCH", "/Users/ada", op(`{"op":"replace","path":"active","value":false},{"op":"replace","path":"active","value":true}`)),
		"PUT":                      request("PUT", "/Users/ada", `{`+userSchema+`"userName":"ada@clinic.example","active":false,"name":{"familyName":"L"}}`),
		"PUT with another name":    request("PUT", "/Users/ada", `{`+userSchema+`"userName":"other","active":false,"roles":[{"value":"x"}]}`),
		"under the schema":         request("PATCH", "/Users/ada", op(`{"op":"replace","value":{"urn:ietf:params:scim:schemas:core:2.0:User":{"active":false}}}`)),
		"at the schema":            request("PATCH", "/Users/ada", op(`{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User","value":{"active":false}}`)),
		"PUT under the schema":     request("PUT", "/Users/ada", `{`+userSchema+`"urn:ietf:params:scim:schemas:core:2.0:User":{"active":false}}`),
		"DELETE":                   request("DELETE", "/Users/ada", ""),
		"DELETE, escaped identity": request("DELETE", "/Users/%61da", ""),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDirectory("ada", "bo")
			h := newHandler(t, d, nil)
			status, body := send(h, r)
			if r.Method == "DELETE" {
				require.Equal(t, 204, status)
				require.Empty(t, body)
			} else {
				require.Equal(t, 200, status, body)
				require.Contains(t, body, `"active":false`)
			}
			require.Equal(t, []string{"ada"}, d.ended)
			require.Equal(t, []string{"idp"}, d.by)
			require.True(t, d.accounts["bo"].Active)
		})
	}
}

// Ending an account again is a success.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestTerminatingTwiceIsASuccess(t *testing.T) {
	h := newHandler(t, newDirectory("ada"), nil)
	for range 2 {
		status, _ := send(h, request("DELETE", "/Users/ada", ""))
		require.Equal(t, 204, status)
		status, body := send(h, request("PATCH", "/Users/ada", op(`{"op":"replace","value":{"active":false}}`)))
		require.Equal(t, 200, status, body)
	}
}

// What is not confirmed is 503, so that the provider tries again; what will not
// be done is not.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestAnUnconfirmedTerminationIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"unknown":   {errors.New("Ada Lovelace is in the way"), 503},
		"timeout":   {context.DeadlineExceeded, 503},
		"cancelled": {context.Canceled, 503},
		"both":      {errors.Join(context.DeadlineExceeded, scim.ErrNoAccount), 503},
		"refused":   {scim.ErrRefused, 403},
		"ambiguous": {scim.ErrAmbiguous, 409},
		"none":      {scim.ErrNoAccount, 404},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDirectory("ada")
			d.fail = c.err
			h := newHandler(t, d, nil)
			for _, r := range []*http.Request{
				request("DELETE", "/Users/ada", ""),
				request("PATCH", "/Users/ada", op(`{"op":"replace","value":{"active":false}}`)),
				request("PUT", "/Users/ada", `{`+userSchema+`"active":false}`),
			} {
				status, body := send(h, r)
				require.Equal(t, c.status, status)
				require.NotContains(t, body, "Lovelace")
			}
		})
	}
}

// The answer waits for the termination, at most for the timeout, and neither a
// client that hangs up nor one that hung up before keeps the account open.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestTheAnswerWaitsForTheTermination(t *testing.T) {
	t.Run("timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := newDirectory("ada")
			d.hold, d.entered = make(chan struct{}), make(chan struct{})
			h := newHandler(t, d, nil)
			began := time.Now()
			status, _ := send(h, request("DELETE", "/Users/ada", ""))
			require.Equal(t, 503, status)
			require.Equal(t, 20*time.Second, time.Since(began))
		})
	})
	t.Run("hangs up", func(t *testing.T) {
		d := newDirectory("ada")
		d.hold, d.entered = make(chan struct{}), make(chan struct{})
		h := newHandler(t, d, nil)
		ctx, hangUp := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		var status int
		wait.Go(func() { status, _ = send(h, request("DELETE", "/Users/ada", "").WithContext(ctx)) })
		<-d.entered
		hangUp()
		close(d.hold)
		wait.Wait()
		require.Equal(t, 204, status)
		require.False(t, d.accounts["ada"].Active)
	})
}

// Nothing that a provider sends opens, reopens or widens an account, and what
// is refused ends none.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(3)(ii)(A); NIST CSF 2.0 PR.AA-05.
func TestNothingWidens(t *testing.T) {
	for name, c := range map[string]struct {
		r      *http.Request
		status int
	}{
		"create":          {request("POST", "/Users", `{`+userSchema+`"userName":"eve","active":true}`), 403},
		"reactivate":      {request("PATCH", "/Users/gone", op(`{"op":"replace","value":{"active":true}}`)), 403},
		"reactivate, PUT": {request("PUT", "/Users/gone", `{`+userSchema+`"active":"True"}`), 403},
		"role":            {request("PATCH", "/Users/ada", op(`{"op":"add","path":"roles","value":[{"value":"admin"}]}`)), 403},
		"role, filtered":  {request("PATCH", "/Users/ada", op(`{"op":"add","path":"roles[primary eq true].value","value":"admin"}`)), 403},
		"entitlement":     {request("PUT", "/Users/ada", `{`+userSchema+`"entitlements":["x"]}`), 403},
		"role, schema":    {request("PATCH", "/Users/ada", op(`{"op":"add","value":{"urn:ietf:params:scim:schemas:core:2.0:User":{"roles":["admin"]}}}`)), 403},
		"rename":          {request("PATCH", "/Users/ada", op(`{"op":"replace","path":"userName","value":"eve"}`)), 400},
		"password":        {request("PATCH", "/Users/ada", op(`{"op":"replace","path":"password","value":"x"}`)), 400},
		"group":           {request("POST", "/Groups", `{"displayName":"admins"}`), 501},
		"group member":    {request("PATCH", "/Groups/1", op(`{"op":"add","path":"members","value":[{"value":"ada"}]}`)), 501},
		"bulk":            {request("POST", "/Bulk", `{}`), 501},
		"me":              {request("DELETE", "/Me", ""), 501},
		"post to one":     {request("POST", "/Users/ada", `{}`), 405},
		"put to all":      {request("PUT", "/Users", `{}`), 405},
		"elsewhere":       {request("GET", "/admin", ""), 404},
		"nobody there":    {request("PATCH", "/Users/eve", op(`{"op":"replace","value":{"active":true}}`)), 404},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDirectory("ada", "gone")
			d.accounts["gone"].Active = false
			status, body := send(newHandler(t, d, nil), c.r)
			require.Equal(t, c.status, status, body)
			require.Contains(t, body, "urn:ietf:params:scim:api:messages:2.0:Error")
			require.Empty(t, d.ended)
			require.False(t, d.accounts["gone"].Active)
			require.Len(t, d.accounts, 2)
		})
	}
}

// An Opener lets a provider create and reactivate, and nothing more.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func TestAnOpenerOpens(t *testing.T) {
	d := newDirectory("gone")
	d.accounts["gone"].Active = false
	h := newHandler(t, d, &scim.Options{Opener: opener{d}, BaseURL: "https://ehr.example/scim/v2/"})
	status, body := send(h, request("POST", "/Users", `{`+userSchema+`"userName":"eve","externalId":"x-1","active":true}`))
	require.Equal(t, 201, status, body)
	require.Contains(t, body, `"location":"https://ehr.example/scim/v2/Users/new"`)
	status, _ = send(h, request("PATCH", "/Users/gone", op(`{"op":"replace","value":{"active":true}}`)))
	require.Equal(t, 200, status)
	require.True(t, d.accounts["gone"].Active)
	for _, body := range []string{
		`{` + userSchema + `"userName":"eve","roles":["admin"]}`, `{` + userSchema + `"userName":"eve","active":false}`,
		`{` + userSchema + `"active":true}`, `{"userName":"eve"}`,
	} {
		status, _ := send(h, request("POST", "/Users", body))
		require.GreaterOrEqual(t, status, 400, body)
	}
	require.Len(t, d.accounts, 2)
}

// A request that is not understood changes nothing, and its answer repeats
// nothing of it.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(c)(1); NIST CSF 2.0 PR.AA-05, PR.DS-01.
func TestWhatIsNotUnderstoodDoesNothing(t *testing.T) {
	off := `{"op":"replace","path":"active","value":false}`
	for name, body := range map[string]string{
		"not JSON":          `zebra`,
		"empty":             ` `,
		"a list":            `[]`,
		"trailing":          op(off) + `{}`,
		"repeated key":      op(`{"op":"replace","value":{"active":false,"active":true}}`),
		"repeated, case":    op(`{"op":"replace","value":{"active":false,"Active":true}}`),
		"repeated list":     `{"Operations":[` + off + `],"operations":[]}`,
		"no operations":     `{}`,
		"none":              op(``),
		"operation, text":   op(`"zebra"`),
		"no op":             op(`{"path":"active","value":false}`),
		"another op":        op(`{"op":"zebra","path":"active","value":false}`),
		"number for active": op(`{"op":"replace","path":"active","value":0}`),
		"null for active":   op(`{"op":"replace","path":"active","value":null}`),
		"zebra for active":  op(`{"op":"replace","path":"active","value":"zebra"}`),
		"two for active":    op(`{"op":"replace","path":"active","value":[{"value":false},{"value":true}]}`),
		"remove active":     op(`{"op":"remove","path":"active"}`),
		"remove all":        op(`{"op":"remove"}`),
		"schema in itself":  op(`{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User","value":{"urn:ietf:params:scim:schemas:core:2.0:User":{"active":false}}}`),
		"schema, removed":   op(`{"op":"remove","path":"urn:ietf:params:scim:schemas:core:2.0:User"}`),
		"path, number":      op(`{"op":"replace","path":7,"value":{"active":false}}`),
		"no value":          op(`{"op":"replace"}`),
		"another schema":    `{"schemas":["zebra"],"Operations":[` + off + `]}`,
		"schema, number":    `{"schemas":[7],"Operations":[` + off + `]}`,
		"too deep":          op(`{"op":"replace","path":"x","value":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `},` + off),
		"too many":          op(strings.Repeat(off+",", 100) + off),
		"too large":         op(`{"op":"replace","path":"x","value":"` + strings.Repeat("z", 65<<10) + `"},` + off),
		"not UTF-8":         op("{\"op\":\"replace\",\"path\":\"x\",\"value\":\"\xff\"}," + off),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDirectory("ada")
			status, answer := send(newHandler(t, d, nil), request("PATCH", "/Users/ada", body))
			require.GreaterOrEqual(t, status, 400)
			require.Less(t, status, 500)
			require.Contains(t, answer, "urn:ietf:params:scim:api:messages:2.0:Error")
			require.NotContains(t, answer, "zebra")
			require.Empty(t, d.ended)
		})
	}
	for name, kind := range map[string]string{"none": "", "form": "application/x-www-form-urlencoded", "broken": "application/json; x"} {
		t.Run("type "+name, func(t *testing.T) {
			d := newDirectory("ada")
			r := request("PATCH", "/Users/ada", op(off))
			r.Header.Set("Content-Type", kind)
			status, _ := send(newHandler(t, d, nil), r)
			require.Equal(t, 415, status)
			require.Empty(t, d.ended)
		})
	}
}
