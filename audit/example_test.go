package audit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
)

// The answer leaves once its record is durable, and not at all if it cannot be.
func ExampleRecorder_Handler() {
	log := audittest.NewLog() // a service has a ledger here
	keys, _ := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: []byte("thirty-two random bytes, kept!!!")})
	recorder, err := audit.New(log, keys, &audit.Options{Source: "urn:clinic:charts"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer recorder.Close(context.Background())

	chart := recorder.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entry := audit.EntryFrom(r.Context())
		entry.SetPrincipal(safeguard.Principal{ID: "u-17", Kind: safeguard.Person})
		entry.AddPatient(safeguard.NewPatient("MRN-55512345"))
		fmt.Fprint(w, "blood pressure 120/80")
	}))

	w := httptest.NewRecorder()
	chart.ServeHTTP(w, httptest.NewRequest("GET", "/chart", nil))
	fmt.Println(w.Code, w.Body)

	log.Fail(errors.New("disk is full"))
	w = httptest.NewRecorder()
	chart.ServeHTTP(w, httptest.NewRequest("GET", "/chart", nil))
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 blood pressure 120/80
	// 503 {"type":"about:blank","title":"Service Unavailable","status":503,"code":"audit.not-durable"}
}
