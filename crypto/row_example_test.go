package crypto_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// exampleSealer is a Sealer for the examples, which keep no account of what
// they open. A service does.
func exampleSealer() *crypto.Sealer {
	keys, err := cryptotest.NewKeys("clinic-a") // in a service: package keyset
	if err != nil {
		panic(err)
	}
	s, err := crypto.New(keys, cryptotest.NewSubjects(), &crypto.Options{UnsafeUnaudited: true})
	if err != nil {
		panic(err)
	}
	return s
}

// A row is sealed in groups, and opened as far as the caller may see it.
func ExampleRows() {
	type record struct {
		ID     int64     `phi:"-"`
		Name   string    `json:"name" phi:"name"`
		Born   time.Time `json:"born" phi:"birthdate"`
		HIV    bool      `json:"hiv" phi:"clinical,group=sensitive"`
		Remark string    `json:"remark" phi:"text,group=sensitive"`
	}
	ctx, sealer := context.Background(), exampleSealer()
	rows, err := crypto.NewRows[record](sealer, nil)
	if err != nil {
		panic(err)
	}
	place := crypto.Ref{
		Tenant: "clinic-a", Table: "records", Column: "sealed", Row: "5f0c",
		Subject: crypto.SubjectOf(safeguard.NewPatient("Patient/ada")),
	}
	ada := record{7, "Ada", time.Date(1815, 12, 10, 0, 0, 0, 0, time.UTC), true, "call first"}
	sealed, err := rows.Seal(ctx, &ada, place)
	if err != nil {
		panic(err)
	}
	fmt.Println("in a log:", sealed)

	seen := record{ID: 7}
	mask := crypto.Fields{"name", "born"} // in a service: the access decision
	report, err := rows.Open(ctx, &seen, place, mask, sealed)
	fmt.Println(seen.Name, seen.Born.Year(), seen.HIV, err)
	fmt.Println("withheld:", report.Withheld)

	seen.Name = "Ada Lovelace"
	sealed, err = rows.Update(ctx, sealed, &seen, place, mask)
	fmt.Println("updated:", err)

	var all record
	_, err = rows.Open(ctx, &all, place, crypto.UnsafeAllFields{}, sealed)
	fmt.Println(all.Name, all.HIV, all.Remark, err)
	// Output:
	// in a log: [sealed row]
	// Ada 1815 false <nil>
	// withheld: [hiv remark]
	// updated: <nil>
	// Ada Lovelace true call first <nil>
}

// An attachment is sealed as a stream, and served in ranges without being
// decrypted whole.
func ExampleSealer_SealBlob() {
	ctx, sealer := context.Background(), exampleSealer()
	place := crypto.Ref{
		Tenant: "clinic-a", Table: "attachments", Column: "content", Row: "77aa",
		Subject: crypto.SubjectOf(safeguard.NewPatient("Patient/ada")),
	}
	var stored bytes.Buffer // in a service: a file or an object
	w, err := sealer.SealBlob(ctx, &stored, place)
	if err != nil {
		panic(err)
	}
	if _, err := io.WriteString(w, "a long attachment of a patient"); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil { // it counts from here
		panic(err)
	}

	b, err := sealer.OpenBlob(ctx, bytes.NewReader(stored.Bytes()), int64(stored.Len()), place)
	if err != nil {
		panic(err)
	}
	defer b.Close()
	request := httptest.NewRequest("GET", "/", nil)
	request.Header.Set("Range", "bytes=7-16")
	response := httptest.NewRecorder()
	http.ServeContent(response, request, "", time.Time{}, b)
	fmt.Println(response.Code, response.Body)

	_, err = sealer.OpenBlob(ctx, bytes.NewReader(stored.Bytes()), int64(stored.Len())-1, place)
	fmt.Println(err)
	// Output:
	// 206 attachment
	// crypto: open: not sealed for this place, or altered
}
