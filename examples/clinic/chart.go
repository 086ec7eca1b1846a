package main

import (
	"slices"
	"strings"
	"time"
)

// A chart is what the clinic knows of a patient, in the JSON of the API. The
// policy names its fields as "Patient." and the key.
type chart struct {
	ID          string    `json:"id,omitempty"`
	Unit        string    `json:"unit,omitempty"`
	Name        string    `json:"name,omitempty"`
	BirthDate   string    `json:"birthDate,omitempty"`
	MRN         string    `json:"mrn,omitempty"`
	Phone       string    `json:"phone,omitempty"`
	Address     *address  `json:"address,omitempty"`
	Coverage    *coverage `json:"coverage,omitempty"`
	Problems    []problem `json:"problems,omitempty"`
	Medications []string  `json:"medications,omitempty"`
	Notes       []note    `json:"notes,omitempty"`
}

type address struct {
	Line       string `json:"line"`
	City       string `json:"city"`
	State      string `json:"state"`
	PostalCode string `json:"postalCode"`
}

type coverage struct {
	Payer    string `json:"payer"`
	MemberID string `json:"memberId"`
}

// A problem is an ICD-10-CM code and what it means for the patient.
type problem struct {
	Code        string `json:"code"`
	Description string `json:"description,omitempty"`
}

// A note is only ever added, never changed.
type note struct {
	Author  string    `json:"author"`
	Written time.Time `json:"written"`
	Body    string    `json:"body"`
}

// fields are the paths that a decision lets out. What is not among them is
// not even opened.
type fields []string

// has reports whether anything at or below the column's path may be seen.
func (f fields) has(column string) bool {
	path := "Patient." + column
	return slices.ContainsFunc(f, func(allowed string) bool {
		return allowed == path || allowed == "Patient.*" || strings.HasPrefix(allowed, path+".")
	})
}
