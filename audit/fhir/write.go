package fhir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// A BundleType says what a Bundle is for. The zero value is Collection.
//
// Controls: none, it is a part of a format.
type BundleType uint8

// The types of Bundles: a collection, or a transaction in which each AuditEvent
// is put at its own id, so that a server which gets it twice keeps it once. A
// server must allow clients to choose ids for that.
//
// Controls: none, a part of a format.
const (
	Collection BundleType = iota
	Transaction
)

// WriteNDJSON writes one AuditEvent a line. It holds one at a time in memory
// and stops at the first error, of events or of w, which it returns.
//
// Controls: HIPAA 164.312(b), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
func WriteNDJSON(w io.Writer, events iter.Seq2[AuditEvent, error]) error {
	for e, err := range events {
		if err != nil {
			return fmt.Errorf("fhir: write: %w", err)
		}
		line, err := encode(e)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("fhir: write: %w", err)
		}
	}
	return nil
}

// WriteBundle writes one Bundle. It holds one AuditEvent at a time in memory.
// After an error what was written is no JSON: a part never passes for the
// whole.
//
// Controls: HIPAA 164.312(b), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
func WriteBundle(w io.Writer, t BundleType, events iter.Seq2[AuditEvent, error]) error {
	name := map[BundleType]string{Collection: "collection", Transaction: "transaction"}[t]
	if name == "" {
		return errors.New("fhir: write: no such type of Bundle")
	}
	opened := false
	for e, err := range events {
		if err != nil {
			return fmt.Errorf("fhir: write: %w", err)
		}
		entry, err := bundled(t, e)
		if err != nil {
			return err
		}
		start := ",\n"
		if !opened {
			start = `{"resourceType":"Bundle","type":"` + name + `","entry":[` + "\n"
		}
		opened = true
		if _, err := w.Write(append([]byte(start), entry...)); err != nil {
			return fmt.Errorf("fhir: write: %w", err)
		}
	}
	end := "\n]}\n"
	if !opened {
		// An empty array is not allowed in FHIR.
		end = `{"resourceType":"Bundle","type":"` + name + `"}` + "\n"
	}
	if _, err := io.WriteString(w, end); err != nil {
		return fmt.Errorf("fhir: write: %w", err)
	}
	return nil
}

// bundled returns one entry of a Bundle.
func bundled(t BundleType, e AuditEvent) ([]byte, error) {
	type request struct {
		Method string `json:"method"`
		URL    string `json:"url"`
	}
	entry := struct {
		FullURL  string     `json:"fullUrl"`
		Resource AuditEvent `json:"resource"`
		Request  *request   `json:"request,omitempty"`
	}{FullURL: "urn:uuid:" + e.ID, Resource: e}
	if t == Transaction {
		entry.Request = &request{"PUT", "AuditEvent/" + e.ID}
	}
	return encode(entry)
}

// encode returns JSON on one line, with < and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, errors.New("fhir: write: a value has no JSON")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
