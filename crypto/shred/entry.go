package shred

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// An entry is one line of the account, in canonical JSON. Prev is the SHA-256
// of the entry before it, so that no entry can be changed without all that
// follow. Exactly one of the parts is set.
type entry struct {
	Number      uint64            `json:"number"`
	Prev        string            `json:"prev,omitempty"`
	At          time.Time         `json:"at"`
	Request     *requestEntry     `json:"request,omitempty"`
	Approval    *approvalEntry    `json:"approval,omitempty"`
	Intent      *intentEntry      `json:"intent,omitempty"`
	Export      *exportEntry      `json:"export,omitempty"`
	Names       *namesEntry       `json:"names,omitempty"`
	Hold        *holdEntry        `json:"hold,omitempty"`
	Cancel      *cancelEntry      `json:"cancel,omitempty"`
	Certificate *certificateEntry `json:"certificate,omitempty"`
}

// A requestEntry is an Order as it is kept: the patient is a name.
type requestEntry struct {
	ID        string    `json:"id"`
	Kind      Kind      `json:"kind"`
	Tenant    string    `json:"tenant"`
	Subject   string    `json:"subject,omitempty"`
	Token     string    `json:"token,omitempty"`
	Case      string    `json:"case,omitempty"`
	TenantKey uint32    `json:"tenant_key,omitempty"`
	Reason    string    `json:"reason"`
	NoExport  string    `json:"no_export,omitempty"`
	By        Person    `json:"by"`
	Expires   time.Time `json:"expires"`
}

type approvalEntry struct {
	ID string `json:"id"`
	By Person `json:"by"`
}

// An intentEntry says which keys are about to be destroyed. It is written
// before they are, because nothing can tell afterwards. With it the destruction
// has begun. Of a tenant it says no more than that.
type intentEntry struct {
	ID    string         `json:"id"`
	Found string         `json:"found"`
	Keys  []DestroyedKey `json:"keys,omitempty"`
	// TenantKeys are all that the tenant had, ascending, since any of them may
	// have wrapped the keys once; empty if they were not known.
	TenantKeys []uint32 `json:"tenant_keys,omitempty"`
}

// tenantKeys returns the tenant keys that may have wrapped the keys.
func (i *intentEntry) tenantKeys() []uint32 {
	ids := append(tenantKeys(i.Keys), i.TenantKeys...)
	slices.Sort(ids)
	return slices.Compact(ids)
}

type cancelEntry struct {
	ID string `json:"id"`
	By Person `json:"by"`
}

type exportEntry struct {
	ID     string `json:"id"`
	Export Export `json:"export"`
}

// A namesEntry lists names of a tenant's store that are about to be destroyed.
type namesEntry struct {
	ID    string   `json:"id"`
	Names []string `json:"names"`
}

type holdEntry struct {
	Tenant  string `json:"tenant"`
	Subject string `json:"subject"`
	Case    string `json:"case"`
	By      Person `json:"by"`
}

type certificateEntry struct {
	ID          string      `json:"id"`
	Certificate Certificate `json:"certificate"`
}

func (e *entry) encode() ([]byte, error) { return json.Marshal(e) }

// parseEntry accepts what encode writes and nothing else.
func parseEntry(b []byte) (*entry, error) {
	e := new(entry)
	if len(b) > MaxEntry || strict(b, e) != nil {
		return nil, badRegister("entry is malformed")
	}
	if e.parts() != 1 || !isTime(e.At) || e.Number == 0 || (e.Number == 1) != (e.Prev == "") {
		return nil, badRegister("entry is incomplete")
	}
	if !e.valid() {
		return nil, badRegister("entry makes no sense")
	}
	return e, nil
}

func (e *entry) parts() int {
	n := 0
	for _, there := range [...]bool{
		e.Request != nil, e.Approval != nil, e.Intent != nil, e.Export != nil,
		e.Names != nil, e.Hold != nil, e.Cancel != nil, e.Certificate != nil,
	} {
		if there {
			n++
		}
	}
	return n
}

func (e *entry) valid() bool {
	switch {
	case e.Request != nil:
		return e.Request.valid()
	case e.Approval != nil:
		return isID(e.Approval.ID) && isTime(e.Approval.By.At)
	case e.Intent != nil:
		return isID(e.Intent.ID) && slices.IsSorted(e.Intent.TenantKeys) && (e.Intent.Found == foundKeys) == (len(e.Intent.Keys) > 0)
	case e.Export != nil:
		return isID(e.Export.ID) && e.Export.Export.valid()
	case e.Names != nil:
		return isID(e.Names.ID) && validNames(e.Names.Names)
	case e.Hold != nil:
		h := e.Hold
		return isTenant(h.Tenant) && isHex(h.Subject, 64) && isCase(h.Case) && h.By.valid(h.Tenant)
	}
	if e.Cancel != nil {
		return isID(e.Cancel.ID) && isTime(e.Cancel.By.At)
	}
	_, err := parseStatement(e.Certificate.Certificate.Statement)
	return err == nil && isID(e.Certificate.ID)
}

func (r *requestEntry) valid() bool {
	want, ok := r.Kind.parts()
	return ok && isID(r.ID) && isTenant(r.Tenant) && isCode(r.Reason) && r.By.valid(r.Tenant) && isTime(r.Expires) &&
		want.patient == isHex(r.Subject, 64) && want.hold == isCase(r.Case) && want.key == (r.TenantKey != 0) &&
		(r.NoExport == "" || r.Kind == DestroyTenant && isCode(r.NoExport))
}

// chunk is how many names one entry lists.
const chunk = 10_000

func validNames(names []string) bool {
	for _, name := range names {
		if !only(name, 64, "abcdefghijklmnopqrstuvwxyz0123456789") {
			return false
		}
	}
	return len(names) > 0 && len(names) <= chunk
}

func isID(s string) bool { return len(s) == 26 && only(s, 26, "abcdefghijklmnopqrstuvwxyz234567") }

func hashOf(entry []byte) string {
	sum := sha256.Sum256(entry)
	return hex.EncodeToString(sum[:])
}
