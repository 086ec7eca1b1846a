package evidence

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// The types of records that are understood. They are those of package audit
// and its ledger, which this package does not import.
const (
	typePHI             = "io.github.safeguard-sdk.audit.phi."
	typeAllowed         = "io.github.safeguard-sdk.audit.access.allowed.v1"
	typeDenied          = "io.github.safeguard-sdk.audit.access.denied.v1"
	typeEnded           = "io.github.safeguard-sdk.audit.access.ended.v1"
	typeUnauthenticated = "io.github.safeguard-sdk.audit.unauthenticated.v1"
	typeObservation     = "io.github.safeguard-sdk.audit.observation.v1"
	typeRecovered       = "io.github.safeguard-sdk.audit.log.recovered.v1"
)

// event is a CloudEvent, as far as it is needed. Patients are not read.
type event struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        string          `json:"type"`
	Time        time.Time       `json:"time"`
	Data        json.RawMessage `json:"data"`
}

type access struct {
	Entry     string            `json:"entry"`
	Part      int               `json:"part"`
	Principal *actor            `json:"principal"`
	Method    string            `json:"method"`
	Route     string            `json:"route"`
	Purpose   safeguard.Purpose `json:"purpose"`
	Decision  *decision         `json:"decision"`
	Denied    []string          `json:"denied"`
	Opened    []string          `json:"opened"`
}

type actor struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Tenant  string `json:"tenant"`
	Method  string `json:"method"`
	Session string `json:"session"`
}

type decision struct {
	Allowed bool   `json:"allowed"`
	Code    string `json:"code"`
	Policy  string `json:"policy"`
}

type ended struct {
	Entry   string `json:"entry"`
	Outcome string `json:"outcome"`
}

type unauthenticated struct {
	Counts map[string]uint64 `json:"counts"`
}

type observed struct {
	Occasion  string              `json:"occasion"`
	Component string              `json:"component"`
	Controls  []safeguard.Control `json:"controls"`
	Statement string              `json:"statement"`
	Settings  map[string]string   `json:"settings"`
	Counters  map[string]uint64   `json:"counters"`
	Since     time.Time           `json:"since"`
	Failed    bool                `json:"failed"`
	// Unenforced names what the component does not enforce.
	Unenforced []string `json:"unenforced"`
}

// decode reads one record. ok is false for what is no CloudEvent with a type
// and a time.
func decode(record []byte) (e event, ok bool) {
	err := json.Unmarshal(record, &e)
	return e, err == nil && e.SpecVersion == "1.0" && e.Type != "" && !e.Time.IsZero()
}

// isAccess reports whether records of a type are the account of an access.
func isAccess(kind string) bool {
	return strings.HasPrefix(kind, typePHI) || kind == typeAllowed || kind == typeDenied
}

// refused returns why a request or a part of it was refused, empty if it was
// not.
func (a *access) refused() []string {
	codes := a.Denied
	if a.Decision != nil && !a.Decision.Allowed && len(codes) == 0 {
		codes = []string{a.Decision.Code}
	}
	return codes
}
