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

// A notice is a record of something that is no access. It is durable when
// Record returns.
func ExampleRecorder_Record() {
	log := audittest.NewLog()
	keys, _ := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: []byte("thirty-two random bytes, kept!!!")})
	recorder, err := audit.New(log, keys, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer recorder.Close(context.Background())

	officer := safeguard.Principal{ID: "u-3", Kind: safeguard.Person}
	_, err = recorder.Record(safeguard.WithPrincipal(context.Background(), officer), audit.Notice{
		Type: audit.TypeReviewCompleted, Subject: "2026-10", Data: []byte(`{"flagged":4,"findings":0}`),
	})
	event, _ := audit.ParseEvent(log.Records()[0])
	fmt.Println(err, event.Type, event.AuthID, event.HIPAAControl)
	fmt.Printf("%s\n", event.Data)
	// Output:
	// <nil> io.github.safeguard-sdk.audit.review.completed.v1 u-3 164.308(a)(1)(ii)(D),164.312(b)
	// {"principal":{"id":"u-3","kind":"person"},"flagged":4,"findings":0}
}

// In Strict the log knows of a change before the handler makes it, and if it
// cannot know, the change is not made.
func ExampleRecorder_In() {
	log := audittest.NewLog()
	keys, _ := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: []byte("thirty-two random bytes, kept!!!")})
	recorder, err := audit.New(log, keys, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer recorder.Close(context.Background())

	changes := 0
	h := recorder.In(audit.Strict).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		changes++
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", "/chart", nil))
	log.Fail(errors.New("disk is full"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("PUT", "/chart", nil))
	fmt.Println(changes, w.Code)
	// Output:
	// 1 503
}
