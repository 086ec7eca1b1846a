package kekexec

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// MaxData is the longest plaintext and the longest associated data, in bytes.
// A ciphertext may be 4 KiB longer.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const MaxData = 1 << 20

const (
	maxCiphertext = MaxData + 4096
	// maxMessage bounds a message: two parts in base64, and names.
	maxMessage = 2*(maxCiphertext/3*4+4) + 1024
)

// The operations.
const (
	opEncrypt  = "encrypt"
	opDecrypt  = "decrypt"
	opLocation = "location"
)

// The errors that a program tells.
const (
	codeRefused     = "refused"
	codeUnavailable = "unavailable"
)

// A request is what the program reads.
type request struct {
	Op             string `json:"op"`
	Data           []byte `json:"data,omitempty"`
	AssociatedData []byte `json:"associatedData,omitempty"`
}

// An answer is what the program writes. Data that is nil is left out, and data
// that is empty is not.
type answer struct {
	Data     []byte `json:"data,omitzero"`
	Location string `json:"location,omitempty"`
	Error    string `json:"error,omitempty"`
}

var errMessage = errors.New("not one message of the protocol")

// parse reads one JSON object into v, strictly.
func parse(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if len(b) > maxMessage || d.Decode(v) != nil {
		return errMessage
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errMessage
	}
	return nil
}
