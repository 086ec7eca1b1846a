package custody

import (
	"bytes"
	"context"
	stdcrypto "crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Sample is a sealed value and its place, from a restored database: a cell, a
// whole row of crypto.Rows, or the header of a blob, its first
// crypto.BlobHeaderSize bytes. That the segments behind a header are there and
// whole, a drill does not say.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-11.
type Sample struct {
	Sealed []byte
	Ref    crypto.Ref
}

// A DrillRecord says what a drill found: evidence of the testing of a
// contingency plan. It holds no PHI. It says what was tried, and not that what
// was not tried would open.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(B), 164.308(a)(7)(ii)(D); NIST CSF 2.0 PR.DS-11.
type DrillRecord struct {
	Format string `json:"format"`
	// Bundle and SHA256 name the backup that was restored, made at Backup.
	Bundle string    `json:"bundle"`
	SHA256 string    `json:"sha256"`
	Backup time.Time `json:"backup"`
	// Started and Ended are when the samples were opened.
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	// By is the id of the Principal who ran it, Kind what it is; Host the name
	// of the machine as it gives it itself.
	By   string `json:"by"`
	Kind string `json:"kind"`
	Host string `json:"host"`
	// Opened is how many samples opened, of which Stale are sealed under a key
	// that is not the newest. Shredded are refused because their subject or
	// tenant was shredded, as the register says. Failed are all others: those that
	// did not open, and those that did although the register has them as
	// shredded.
	Opened   int `json:"opened"`
	Stale    int `json:"stale"`
	Shredded int `json:"shredded"`
	Failed   int `json:"failed"`
	// FailedKeys divides Failed by the tenant key ids that the samples carry: a
	// key that is missing has all its samples here, and one place that is wrong
	// has some of many keys. Under 0 are those that carry none, and those of
	// more ids than 256.
	FailedKeys map[uint32]int `json:"failed_keys,omitempty"`
	// Passed is true if something opened and nothing failed.
	Passed bool `json:"passed"`
}

const (
	drillFormat = "safeguard/drill/1"
	// maxDrill bounds a signed record that is read, in bytes.
	maxDrill = 64 << 10
	// maxFailedKeys bounds FailedKeys.
	maxFailedKeys = 256
)

// Drill opens samples with the restored keys of a backup and returns what came
// of it. Each value is opened inside the Sealer and dropped there
// (crypto.Sealer.Verify), so that a drill discloses nothing: it needs no audit
// Entry and leaves no note in one, which would say that patients were looked
// at. The signed record is its account. Samples come from a
// restored copy of the database, on a host that has nothing but the backup: the
// more tables, columns and ages they are of, the more the drill says.
//
// The register is that of what was shredded, as for [Restore]; without one, nil,
// nothing that is refused is right. One that is not of the backup is
// [ErrOtherRegister].
//
// The context must have a valid Principal. An error of the samples or of the
// context ends the drill; a value that does not open is counted.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.308(a)(7)(ii)(D), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
func Drill(ctx context.Context, bundle []byte, sealer *crypto.Sealer, register Register, samples iter.Seq2[Sample, error]) (DrillRecord, error) {
	h, err := Inspect(bundle)
	if err != nil {
		return DrillRecord{}, err
	}
	if err := h.knows(ctx, register); err != nil {
		return DrillRecord{}, fmt.Errorf("custody: drill: %w", err)
	}
	by, ok := safeguard.PrincipalFrom(ctx)
	if !ok {
		return DrillRecord{}, fmt.Errorf("custody: drill: %w", safeguard.ErrPrincipal)
	}
	host, err := os.Hostname()
	if err != nil {
		return DrillRecord{}, errors.New("custody: drill: the host does not say its name")
	}
	d := DrillRecord{
		Format: drillFormat, Bundle: h.ID, SHA256: Hash(bundle), Backup: h.Created,
		Started: now(), By: by.ID, Kind: by.Kind.String(), Host: host,
	}
	account := account{register, make(map[string]gone)}
	for sample, err := range samples {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return DrillRecord{}, fmt.Errorf("custody: drill: %w", err)
		}
		if err := d.try(ctx, sealer, account, sample); err != nil {
			return DrillRecord{}, err
		}
	}
	d.Ended, d.Passed = now(), d.Opened > 0 && d.Failed == 0
	return d, nil
}

func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// try opens a sample and counts it. A register that fails is an error, since
// it says nothing of the keys.
func (d *DrillRecord) try(ctx context.Context, sealer *crypto.Sealer, a account, s Sample) error {
	shredded, err := a.shredded(ctx, sealer, s.Ref)
	if err != nil {
		return err
	}
	err = sealer.Verify(ctx, s.Sealed, s.Ref)
	switch {
	case shredded && refusal(err):
		d.Shredded++
	case shredded || err != nil:
		d.failed(s)
	default:
		d.opened(ctx, sealer, s)
	}
	return nil
}

// failed counts a sample that failed, under its key.
func (d *DrillRecord) failed(s Sample) {
	d.Failed++
	id, _ := crypto.KeyID(s.Sealed)
	if _, known := d.FailedKeys[id]; !known && len(d.FailedKeys) == maxFailedKeys {
		id = 0
	}
	if d.FailedKeys == nil {
		d.FailedKeys = make(map[uint32]int)
	}
	d.FailedKeys[id]++
}

// opened counts a sample that opened.
func (d *DrillRecord) opened(ctx context.Context, sealer *crypto.Sealer, s Sample) {
	d.Opened++
	current, err := sealer.Current(ctx, s.Ref.Tenant)
	if id, ok := crypto.KeyID(s.Sealed); err == nil && ok && id != current {
		d.Stale++
	}
}

// A signedDrill is a DrillRecord with a signature of its exact bytes.
type signedDrill struct {
	Record    json.RawMessage `json:"record"`
	Signature []byte          `json:"signature"`
}

// SignDrill returns the JSON form of a record, signed: one object of the
// record, whose compact bytes are what is signed, and the signature, Ed25519's
// or, of their SHA-256, ECDSA's on P-256. The key should not be one that the
// host of the drill made itself.
//
// Controls: HIPAA 164.308(a)(7)(ii)(D), 164.312(c)(2); NIST CSF 2.0 PR.DS-11.
func SignDrill(d DrillRecord, signer stdcrypto.Signer) ([]byte, error) {
	if signer == nil {
		return nil, errors.New("custody: drill: no signer")
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, errors.New("custody: drill: record")
	}
	var signature []byte
	switch key := signer.Public().(type) {
	case ed25519.PublicKey:
		signature, err = signer.Sign(rand.Reader, text, stdcrypto.Hash(0))
	case *ecdsa.PublicKey:
		if !isP256(key) {
			return nil, errSigner
		}
		sum := sha256.Sum256(text)
		signature, err = signer.Sign(rand.Reader, sum[:], stdcrypto.SHA256)
	default:
		return nil, errSigner
	}
	if err != nil {
		return nil, fmt.Errorf("custody: drill: sign: %w", err)
	}
	return json.Marshal(signedDrill{text, signature})
}

var (
	errSigner = errors.New("custody: drill: the key must be Ed25519 or ECDSA on P-256")
	errDrill  = errors.New("custody: drill: not a record that this key signed")
)

// VerifyDrill returns what a signed record says if key signed it. It needs no
// network. key is the signer's, from where the verifier keeps it. It proves who
// signed, not that what they signed is true.
//
// Controls: HIPAA 164.308(a)(7)(ii)(D), 164.312(c)(2); NIST CSF 2.0 PR.DS-11.
func VerifyDrill(signed []byte, key stdcrypto.PublicKey) (DrillRecord, error) {
	var s signedDrill
	var d DrillRecord
	if len(signed) > maxDrill || strict(signed, &s) != nil {
		return d, errDrill
	}
	ok := false
	switch key := key.(type) {
	case ed25519.PublicKey:
		ok = len(key) == ed25519.PublicKeySize && ed25519.Verify(key, s.Record, s.Signature)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(s.Record)
		ok = isP256(key) && ecdsa.VerifyASN1(key, sum[:], s.Signature)
	}
	if !ok || strict(s.Record, &d) != nil || d.Format != drillFormat {
		return DrillRecord{}, errDrill
	}
	// There is one form of a record.
	if again, err := json.Marshal(d); err != nil || !bytes.Equal(again, s.Record) {
		return DrillRecord{}, errDrill
	}
	return d, nil
}

func isP256(key *ecdsa.PublicKey) bool { return key != nil && key.Curve == elliptic.P256() }
