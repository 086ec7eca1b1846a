// Command projection tells what leaves of a document and what comes back: a
// front desk searches, reads, changes a telephone number and exports, and
// neither sees, nor infers, nor erases the diagnosis. It needs no flag and no
// service, and ends by itself.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
)

const policyJSON = `{
  "version": 1,
  "labels": ["PSY"],
  "resources": {"Patient": ["read", "search", "update"], "Condition": ["search"], "Chart": ["read"]},
  "categories": {"demographics": ["Chart.name"]},
  "roles": {"desk": {"allow": [
    {"id": "D-1", "resource": "Patient", "actions": ["read", "search", "update"], "purposes": ["HOPERAT"],
     "fields": ["Patient.id", "Patient.name", "Patient.telecom"], "because": "answers the telephone"},
    {"id": "D-2", "resource": "Chart", "actions": ["read"], "purposes": ["HOPERAT"],
     "fields": ["demographics"], "because": "answers the telephone"}
  ]}}
}`

// Chart is a struct whose tags say to which group of PHI a field belongs.
type Chart struct {
	Name  string `json:"name" phi:"name,group=demographics"`
	A1c   string `json:"a1c" phi:"clinical,group=labs"`
	Notes string `json:"notes"`
}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	policy, err := access.ParsePolicy([]byte(policyJSON))
	if err != nil {
		return err
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"dora": {"desk"}}})
	if err != nil {
		return err
	}
	registry := &registry{stored: []byte(`{"resourceType":"Patient","id":"p-1","name":[{"family":"Example"}],` +
		`"telecom":[{"value":"555-0100"}],"gender":"female","diagnosis":"asthma"}`)}
	client, stop, err := serve(guard, registry)
	if err != nil {
		return err
	}
	defer stop()
	if err := overHTTP(out, client, registry); err != nil {
		return err
	}
	return byItself(out, guard)
}

// overHTTP searches, reads and writes through routes.
func overHTTP(out io.Writer, client *client, registry *registry) error {
	fmt.Fprintln(out, "Dora of the front desk searches:")
	for _, query := range []string{"?family=Example", "?gender=female", "?_has:Condition:patient:code=F32", "?phone=555-0100&_sort=birthdate"} {
		fmt.Fprintf(out, "  %-35s %s\n", query, client.do("GET", "/patients"+query, ""))
	}
	shown := client.do("GET", "/patients/p-1", "")
	fmt.Fprintf(out, "\nShe reads, with marks where something is hidden:\n  %s\n", shown)

	_, sent, _ := strings.Cut(shown, " ")
	fmt.Fprintln(out, "\nShe changes a number and sends the copy back:")
	fmt.Fprintf(out, "  %s\n", client.do("PUT", "/patients/p-1", strings.Replace(sent, "555-0100", "555-0199", 1)))
	fmt.Fprintf(out, "  stored: %s\n", registry.stored)
	fmt.Fprintln(out, "What she may not see she may not write:")
	fmt.Fprintf(out, "  %s\n", client.do("PUT", "/patients/p-1", `{"resourceType":"Patient","diagnosis":"none"}`))

	registry.stored = bytes.Replace(registry.stored, []byte(`{`), []byte(`{"meta":{"security":[{`+
		`"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"}]},`), 1)
	fmt.Fprintf(out, "The chart is labelled PSY, which no rule of hers takes in:\n  %s\n", client.do("GET", "/patients/p-1", ""))
	return nil
}

// byItself projects without a route: a struct, and an export.
func byItself(out io.Writer, guard *access.Guard) error {
	dora := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "dora", Kind: safeguard.Person})
	decision := guard.Decide(dora, access.Request{Resource: "Chart", Action: "read", Purpose: safeguard.Operations})
	doc, err := decision.ProjectStruct(Chart{Name: "Ada Example", A1c: "7.1", Notes: "worried"})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nA struct by its tags:\n  %s\n", doc)

	decision = guard.Decide(dora, access.Request{Resource: "Patient", Action: "search", Purpose: safeguard.Operations})
	const export = `{"resourceType":"Patient","id":"p-1","diagnosis":"asthma"}
{"resourceType":"Condition","id":"c-1","code":{"text":"asthma"}}
{"resourceType":"Patient","id":"p-2"}
`
	fmt.Fprintln(out, "\nAn export, line by line:")
	counts, err := decision.ProjectNDJSON(out, strings.NewReader(export))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d written, %d withheld\n", counts.Written, counts.Withheld)
	return nil
}

// registry is a database of one patient.
type registry struct{ stored []byte }

func (p *registry) search(w http.ResponseWriter, r *http.Request) {
	// The Mux has checked the query, or this would not run.
	_ = access.WriteJSON(w, r, http.StatusOK, append(append([]byte(`[`), p.stored...), ']'))
}

func (p *registry) read(w http.ResponseWriter, r *http.Request) {
	_ = access.WriteJSON(w, r, http.StatusOK, p.stored)
}

func (p *registry) update(w http.ResponseWriter, r *http.Request) {
	merged, err := access.MergeJSON(w, r, p.stored)
	if err != nil {
		return // it has answered
	}
	p.stored = merged
	w.WriteHeader(http.StatusNoContent)
}

// nowhere stands in for a durable audit log, which a service must have.
type nowhere struct{}

func (nowhere) Append(context.Context, ...[]byte) error { return nil }

// client is a browser at the front desk.
type client struct{ url string }

// do returns the status and the body of an answer.
func (c *client) do(method, path, body string) string {
	req, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Content-Type", "application/fhir+json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(fmt.Sprint(res.StatusCode, " ", string(answer)))
}

// serve puts the routes behind an audit log and a sign-in.
func serve(guard *access.Guard, p *registry) (*client, func(), error) {
	mux := guard.Mux()
	rule := func(action string) access.Rule {
		return access.Rule{Resource: "Patient", Action: action, Purpose: access.FixedPurpose(safeguard.Operations), Masked: action == "read"}
	}
	search := rule("search")
	search.Query = &access.Query{FHIR: true}
	mux.HandleFunc("GET /patients", search, p.search)
	mux.HandleFunc("GET /patients/{id}", rule("read"), p.read)
	mux.HandleFunc("PUT /patients/{id}", rule("update"), p.update)
	if err := guard.VerifyRoutes(mux); err != nil {
		return nil, nil, err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: secret})
	if err != nil {
		return nil, nil, err
	}
	recorder, err := audit.New(nowhere{}, keys, nil)
	if err != nil {
		return nil, nil, err
	}
	server := httptest.NewServer(recorder.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(safeguard.WithPrincipal(r.Context(), safeguard.Principal{ID: "dora", Kind: safeguard.Person})))
	})))
	return &client{server.URL}, func() {
		server.Close()
		_ = recorder.Close(context.Background())
	}, nil
}
