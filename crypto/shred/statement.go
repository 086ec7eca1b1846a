package shred

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// format is the first thing in every statement, so that a signature on one is
// a signature on nothing else.
const format = "safeguard-shred-certificate/1"

// A Statement is what a [Certificate] says. It holds no PHI: the patient is the
// name in the store of subject keys, a keyed hash. Times are UTC, in whole
// seconds, by the clock of the process that wrote it.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Statement struct {
	Format string `json:"format"`
	// Kind, Tenant, Reason and NoExport are the order's.
	Kind     Kind   `json:"kind"`
	Tenant   string `json:"tenant"`
	Reason   string `json:"reason"`
	NoExport string `json:"no_export,omitempty"`
	// Order is the id of the order.
	Order string `json:"order"`
	// Subject is the patient's name in the store.
	Subject string `json:"subject,omitempty"`
	// Token is the patient's token in the audit trail, if it was asked for.
	Token string `json:"token,omitempty"`
	// Case is the hold that was released.
	Case string `json:"case,omitempty"`
	// Requested and Approved are the two persons.
	Requested Person `json:"requested"`
	Approved  Person `json:"approved"`
	// Done is when everything that the certificate says had been done.
	Done time.Time `json:"done"`
	// Forgotten is when the last process had to have forgotten the keys: Done
	// and Options.Bound. Zero for ReleaseHold and EndEpoch.
	Forgotten time.Time `json:"forgotten,omitzero"`
	// Found says what the store had of a patient: "keys", "nothing", or
	// "destroyed" if somebody had destroyed the keys before this order.
	Found string `json:"found,omitempty"`
	// Keys are the versions of the patient's key that were destroyed.
	Keys []DestroyedKey `json:"keys,omitempty"`
	// TenantKeys are ids of tenant keys: for DestroyPatient all that may open
	// wrapped copies of the patient's key in backups, as far as they were known, for DestroyTenant those that were
	// destroyed, for EndEpoch the one.
	TenantKeys []uint32 `json:"tenant_keys,omitempty"`
	// Erased counts the tokens of blind indexes that were deleted, by the name
	// of the eraser. After a crash it counts what was left for the run that
	// finished.
	Erased map[string]int64 `json:"erased,omitempty"`
	// Subjects is how many names of a tenant's store were destroyed.
	Subjects int64 `json:"subjects,omitempty"`
	// Export is what was handed over before a tenant was destroyed.
	Export *Export `json:"export,omitempty"`
	// Checked is how many records were looked at for EndEpoch: none was wrapped
	// under the key.
	Checked int64 `json:"checked,omitempty"`
	// Limits says in words what the certificate does not say.
	Limits string `json:"limits"`
	// Signer is the SHA-256 of the signer's public key (PKIX, DER), in hex.
	Signer string `json:"signer"`

	// bound is how long processes may go on with a tenant's keyset.
	bound time.Duration
}

// A DestroyedKey is one version of a subject's key.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type DestroyedKey struct {
	Version uint32    `json:"version"`
	Created time.Time `json:"created"`
	// Born is the tenant key that values sealed with the version carry.
	Born uint32 `json:"born"`
	// Wrapper is the tenant key that wrapped the version when it was destroyed.
	Wrapper uint32 `json:"wrapper"`
}

// What Statement.Found says.
const (
	foundKeys      = "keys"
	foundNothing   = "nothing"
	foundDestroyed = "destroyed"
)

// limits returns what a certificate of a kind does not say.
func limits(k Kind) string {
	switch k {
	case DestroyPatient:
		return "Backups of the store of keys that were made before hold the key, wrapped. " +
			"Who has one of them and the tenant key that wrapped it then can open what was sealed, until that tenant key and all its copies are destroyed. " +
			"It is one of tenant_keys, or another that was the tenant's primary since the oldest version was created. " +
			"Data of the patient that was not sealed under this key is not part of this statement."
	case DestroyTenant:
		return "Backups of the store of keys and of the keyset that were made before hold the keys, wrapped. " +
			"Who has both, and the key-encryption key, can open what was sealed, until one of them is destroyed in every copy. " +
			"The digest of the export is the exporter's word. Data of the tenant that was not sealed is not part of this statement."
	case ReleaseHold:
		return "Only this case is released. Another hold on the same patient stays."
	case EndEpoch:
		return "The two persons state that the tenant key and all its copies are destroyed: in keysets, in their backups, and under every key-encryption key. " +
			"The software saw only that no record of the store was wrapped under it; it cannot see backups."
	}
	return ""
}

// canonical returns the one encoding of s.
func (s *Statement) canonical() ([]byte, error) { return json.Marshal(s) }

// parseStatement accepts what canonical writes and nothing else.
func parseStatement(b []byte) (*Statement, error) {
	s := new(Statement)
	if err := strict(b, s); err != nil {
		return nil, badCertificate("malformed")
	}
	if fault := s.fault(); fault != "" {
		return nil, badCertificate(fault)
	}
	return s, nil
}

// strict decodes b, and refuses it unless encoding the result gives b again:
// no unknown, doubled or reordered names, no other spelling of anything.
func strict[T any](b []byte, v *T) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	again, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, b) {
		return ErrOrder
	}
	return nil
}

// fault says what is wrong with s, "" if nothing is.
func (s *Statement) fault() string {
	want, ok := s.Kind.parts()
	switch {
	case s.Format != format:
		return "another format"
	case !ok || !isTenant(s.Tenant) || !isCode(s.Reason) || !isID(s.Order):
		return "no order"
	case want.patient != isHex(s.Subject, 64) || want.hold != isCase(s.Case):
		return "no subject or case"
	case !s.Requested.valid(s.Tenant) || !s.Approved.valid(s.Tenant) || s.Requested.same(&s.Approved):
		return "not two persons"
	case !isTime(s.Done) || s.Approved.At.Before(s.Requested.At) || s.Done.Before(s.Approved.At):
		return "times"
	case s.Limits != limits(s.Kind) || !isHex(s.Signer, 64):
		return "no limits or signer"
	}
	return s.kindFault()
}

func (s *Statement) kindFault() string {
	destroys := s.Kind == DestroyPatient || s.Kind == DestroyTenant
	bound := s.Forgotten.Sub(s.Done)
	switch {
	case destroys && (!isTime(s.Forgotten) || bound <= 0), !destroys && !s.Forgotten.IsZero():
		return "bound"
	case (s.Kind == DestroyPatient) != slices.Contains([]string{foundKeys, foundNothing, foundDestroyed}, s.Found),
		(s.Found == foundKeys) != (len(s.Keys) > 0):
		return "keys"
	case s.Kind == EndEpoch && (len(s.TenantKeys) != 1 || s.TenantKeys[0] == 0):
		return "tenant key"
	case s.Kind == DestroyTenant && (s.Export != nil) == (s.NoExport != ""),
		s.Kind != DestroyTenant && (s.Export != nil || s.NoExport != ""),
		s.Export != nil && !s.Export.valid():
		return "export"
	}
	for name, n := range s.Erased {
		if !isCase(name) || n < 0 {
			return "erased"
		}
	}
	return ""
}

// Text returns the statement as a report in words.
func (s *Statement) Text() string {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "%-12s %v\n", name+":", value) }
	fmt.Fprintf(&b, "%s\n\n", title(s.Kind))
	line("order", s.Order)
	line("tenant", s.Tenant)
	if s.Subject != "" {
		line("subject", s.Subject)
	}
	if s.Token != "" {
		line("audit token", s.Token)
	}
	if s.Case != "" {
		line("case", s.Case)
	}
	line("reason", s.Reason)
	line("requested", s.Requested.text())
	line("approved", s.Approved.text())
	line("done", s.Done.Format(time.RFC3339))
	if !s.Forgotten.IsZero() {
		line("forgotten", "by every process at "+s.Forgotten.Format(time.RFC3339))
	}
	s.outcome(line)
	fmt.Fprintf(&b, "\n%s\n", s.Limits)
	return b.String()
}

func (s *Statement) outcome(line func(name string, value any)) {
	if s.Found != "" {
		line("found", s.Found)
	}
	for _, k := range s.Keys {
		line("destroyed", fmt.Sprintf("version %d of %s, made under tenant key %d, wrapped under %d",
			k.Version, k.Created.Format(time.RFC3339), k.Born, k.Wrapper))
	}
	if len(s.TenantKeys) > 0 {
		line("tenant keys", strings.Trim(fmt.Sprint(s.TenantKeys), "[]"))
	}
	if s.Kind == DestroyTenant {
		line("names", fmt.Sprintf("%d destroyed in the store", s.Subjects))
	}
	if s.Export != nil {
		line("exported", fmt.Sprintf("%d records, SHA-256 %s", s.Export.Records, s.Export.Digest))
	}
	if s.NoExport != "" {
		line("not exported", s.NoExport)
	}
	if s.Kind == EndEpoch {
		line("checked", fmt.Sprintf("%d records, none wrapped under the key", s.Checked))
	}
	for _, name := range sortedKeys(s.Erased) {
		line("erased", fmt.Sprintf("%d tokens of %s", s.Erased[name], name))
	}
}

func (p *Person) text() string {
	return fmt.Sprintf("%s at %s", p.ID, p.At.Format(time.RFC3339))
}

func title(k Kind) string {
	switch k {
	case DestroyPatient:
		return "Certificate: the keys of a patient are destroyed"
	case DestroyTenant:
		return "Certificate: the keys of a tenant are destroyed"
	case ReleaseHold:
		return "Certificate: a legal hold is released"
	}
	return "Certificate: a tenant key is destroyed in every copy, as two persons state"
}
