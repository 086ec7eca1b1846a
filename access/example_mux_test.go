package access_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// exampleGuard is a Guard of one scheduler. A service has an audit.Handler
// outside of its Mux instead of UnsafeWithoutEntry.
func exampleGuard() *access.Guard {
	policy, err := access.ParsePolicy([]byte(clinicPolicy))
	if err != nil {
		panic(err)
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"sam": {"scheduler"}}, UnsafeWithoutEntry: true})
	if err != nil {
		panic(err)
	}
	return guard
}

// asSam asks h for a path as Sam does.
func asSam(h http.Handler, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	w := httptest.NewRecorder()
	sam := safeguard.Principal{ID: "sam", Kind: safeguard.Person}
	h.ServeHTTP(w, r.WithContext(safeguard.WithPrincipal(r.Context(), sam)))
	return w
}

// A search answers with one patient a line. Each is projected, and recorded
// before it leaves.
func ExampleNewStream() {
	guard := exampleGuard()
	mux := guard.Mux()
	rule := access.Rule{Resource: "Patient", Action: "search", Purpose: access.FixedPurpose(safeguard.Operations), Query: &access.Query{}}
	mux.HandleFunc("GET /patients", rule, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+ndjson")
		stream, err := access.NewStream(w, r)
		if err != nil {
			return
		}
		for _, patient := range []string{`{"id":"1","ssn":"999-00-1111"}`, `{"id":"2","ssn":"999-00-2222"}`} {
			if stream.Send([]byte(patient)) != nil {
				return
			}
		}
	})
	if err := guard.VerifyRoutes(mux); err != nil {
		panic(err)
	}
	fmt.Print(asSam(mux, "/patients").Body)
	// Output:
	// {"id":"1"}
	// {"id":"2"}
}

// A route takes the parameters that its rule declares, each with what it looks
// at: whoever may not see a number may not sort by it either.
func ExampleQuery() {
	guard := exampleGuard()
	rule := access.Rule{Resource: "Patient", Action: "search", Purpose: access.FixedPurpose(safeguard.Operations)}
	none := func(w http.ResponseWriter, r *http.Request) { _ = access.WriteJSON(w, r, http.StatusOK, []byte(`[]`)) }
	mux := guard.Mux()
	mux.HandleFunc("GET /patients", rule, none)
	fmt.Println(guard.VerifyRoutes(mux))

	rule.Query = &access.Query{Parameters: access.SearchParameters{
		"Patient.number": {Paths: []string{"id"}},
		"Patient.sort":   {NamesPaths: true},
		"Patient.page":   {NoData: true},
	}}
	mux = guard.Mux()
	mux.HandleFunc("GET /patients", rule, none)
	if err := guard.VerifyRoutes(mux); err != nil {
		panic(err)
	}
	for _, path := range []string{"/patients?number=7&sort=-id&page=2", "/patients?sort=ssn", "/patients?ssn=999-00-1111"} {
		fmt.Println(asSam(mux, path).Code)
	}
	// Output:
	// access: routes: not fit to serve: "GET /patients": rule: "search" needs a Query, that says what its parameters look at
	// 200
	// 403
	// 403
}

// Who is terminated is cut off from what is under way. Package
// access/workforce does both steps, in every process of a service.
func ExampleGuard_Cut() {
	guard := exampleGuard()
	sam := safeguard.Principal{ID: "sam", Kind: safeguard.Person}
	job, release := guard.Track(safeguard.WithPrincipal(context.Background(), sam))
	defer release()

	// First the account is closed in what Options.Roles asks, then:
	if err := guard.Cut(context.Background(), sam.Tenant, sam.ID); err != nil {
		panic(err)
	}
	fmt.Println(context.Cause(job))
	// Output:
	// access: terminated while under way
}

// A route on trial tells what its policy would do. An Observe without an end is
// refused.
func ExampleObserve() {
	guard := exampleGuard()
	mux := guard.Mux()
	mux.HandleFunc("GET /patients/{id}", access.Rule{
		Resource: "Patient", Action: "read", Patient: access.PathPatient("id"), Purpose: access.FixedPurpose(safeguard.Operations),
		Observe: &access.Observe{Because: "the new policy is tried"},
	}, func(http.ResponseWriter, *http.Request) {})
	fmt.Println(guard.VerifyRoutes(mux))

	mux = guard.Mux()
	mux.HandleFunc("GET /patients/{id}", access.Rule{
		Resource: "Patient", Action: "read", Patient: access.PathPatient("id"), Purpose: access.FixedPurpose(safeguard.Operations),
		Observe: &access.Observe{Until: time.Now().AddDate(0, 0, 14), Because: "the new policy is tried"},
	}, func(http.ResponseWriter, *http.Request) {})
	fmt.Println(guard.VerifyRoutes(mux))
	observations, _ := guard.Report(context.Background())
	fmt.Println(observations[2].Statement)
	// Output:
	// access: routes: not fit to serve: "GET /patients/{id}": rule: Observe has no Until
	// <nil>
	// NOT ENFORCED: on the routes listed here the policy is observed, and what it would deny is served.
}

// A route says which purposes it serves; the header of a request chooses among
// them, and the grant of a caller can narrow them further.
func ExamplePurposeChoice() {
	guard := exampleGuard()
	mux := guard.Mux()
	mux.HandleFunc("GET /patients/{id}", access.Rule{
		Resource: "Patient", Action: "read", Patient: access.PathPatient("id"),
		Purpose: access.PurposeChoice(safeguard.Operations),
	}, func(w http.ResponseWriter, r *http.Request) {
		_ = access.WriteJSON(w, r, http.StatusOK, []byte(`{"id":"1","ssn":"999-00-1111"}`))
	})
	if err := guard.VerifyRoutes(mux); err != nil {
		panic(err)
	}
	fmt.Println(asSam(mux, "/patients/1").Body)
	treating := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(access.WithPurposes(r.Context(), safeguard.Treatment)))
	})
	fmt.Println(asSam(treating, "/patients/1").Code)
	// Output:
	// {"id":"1"}
	// 403
}

// A new policy is compared, tested and linted before it decides.
func ExampleGuard_Reload() {
	guard := exampleGuard()
	policy, err := access.ParsePolicy([]byte(strings.Replace(clinicPolicy, `"Patient.id", "Patient.name", `, `"Patient.id", `, 1)))
	if err != nil {
		panic(err)
	}
	change, err := guard.Reload(policy)
	fmt.Println(change.Applied, err, change.Difference.Widened())
	for _, cell := range change.Difference.Cells {
		fmt.Println(cell.Role, cell.Action, cell.Resource, "loses", cell.Lost)
	}
	// Output:
	// true <nil> false
	// scheduler read Patient loses [Patient.name]
	// scheduler search Patient loses [Patient.name]
}
