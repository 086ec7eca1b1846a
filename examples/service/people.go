package main

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// staff are the ids of people by the SHA-256 of their random bearer token.
type staff map[[sha256.Size]byte]string

// hire gives somebody a token.
func (s staff) hire(id string) (token string) {
	token = rand.Text()
	s[sha256.Sum256([]byte(token))] = id
	return token
}

// authenticate says whose token a request has.
func (s staff) authenticate(r *http.Request) (id string, ok bool) {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return "", false
	}
	id, ok = s[sha256.Sum256([]byte(token))]
	return id, ok
}

// appointments are the data of the service, by id.
type appointments map[string]appointment

// appointment is a document and whom it is about, which its path does not say.
type appointment struct {
	patient  safeguard.Patient
	document []byte
}

func demo() appointments {
	return appointments{"7": {
		patient:  safeguard.NewPatient("MRN-0007"),
		document: []byte(`{"start": "2026-03-02T09:00:00Z", "room": "4", "reason": "chest pain"}`),
	}}
}
