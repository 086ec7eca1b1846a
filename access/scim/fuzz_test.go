package scim_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access/scim"
)

// Whatever a body says, an answer is a success or an error, an account that is
// ended is answered as ended, and nobody else is touched or opened.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func FuzzChange(f *testing.F) {
	for _, seed := range []string{
		op(`{"op":"replace","value":{"active":false}}`), op(`{"op":"Replace","path":"active","value":"False"}`), op(`{"op":"replace","value":{"active":true}}`),
		op(`{"op":"Replace","path":"active","value":[{"value":"False"}]}`), op(`{"op":"remove","path":"roles"}`), `{` + userSchema + `"active":false}`,
		`{` + userSchema + `"userName":"ada@clinic.example","active":true,"emails":[{"value":"x"}]}`, `{"schemas":{"a":[]},"Operations":[null]}`, `null`,
	} {
		f.Add("PATCH", seed)
		f.Add("PUT", seed)
		f.Add("POST", seed)
	}
	f.Fuzz(func(t *testing.T, method, body string) {
		path := "/Users/ada"
		switch method {
		case "PUT", "PATCH":
		case "POST":
			path = "/Users"
		default:
			return
		}
		d := newDirectory("ada", "bo", "gone")
		d.accounts["gone"].Active = false
		status, answer := send(newHandler(t, d, nil), request(method, path, body))
		switch {
		case !d.accounts["bo"].Active || d.accounts["gone"].Active || len(d.accounts) != 3:
			t.Fatal("another account was changed")
		case method == "POST" && status < 400:
			t.Fatal("an account was created")
		case status >= 500:
			t.Fatal("a body must not be a fault of the server", status)
		case d.accounts["ada"].Active == strings.Contains(answer, `"active":false`):
			t.Fatal("the answer does not say what happened", status, answer)
		}
	})
}

// A filter finds what its text names or is refused.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(a)(1); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`userName eq "ada@clinic.example"`, `id eq "ada"`, `externalId eq "\u0061"`, `userName eq "a" or id eq "b"`, `a b c`, `id eq "`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		h := newHandler(t, newDirectory("ada"), &scim.Options{})
		status, body := send(h, request("GET", "/Users?filter="+url.QueryEscape(filter), ""))
		if status != 200 && status != 400 {
			t.Fatal(status)
		}
		if status == 200 && strings.Contains(body, `"totalResults":1`) && !strings.Contains(filter, `"`) {
			t.Fatal("found without a name")
		}
	})
}
