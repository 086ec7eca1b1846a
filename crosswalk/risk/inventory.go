package risk

import (
	"cmp"
	"slices"
)

// An AssetKind says what an asset is.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.AM-01, ID.AM-02.
type AssetKind string

// The kinds of asset. A vendor is an organisation that holds ePHI for the
// register's, a model an AI model that sees it.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.AM-01, ID.AM-02.
const (
	Application AssetKind = "application"
	DataStore   AssetKind = "data store"
	Backup      AssetKind = "backup"
	Device      AssetKind = "device"
	Network     AssetKind = "network"
	Facility    AssetKind = "facility"
	Vendor      AssetKind = "vendor"
	Model       AssetKind = "model"
)

// An Asset is something that creates, receives, maintains or transmits ePHI,
// or protects what does.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.AM-01, ID.AM-02.
type Asset struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Kind     AssetKind `json:"kind"`
	Owner    string    `json:"owner,omitempty"`
	Location string    `json:"location,omitempty"`
	// WithoutEPHI says that the asset holds no ePHI, and why. Left empty, the
	// asset counts as holding it.
	WithoutEPHI string `json:"without_ephi,omitempty"`
	// Agreement refers to the business associate agreement of a vendor.
	Agreement string `json:"agreement,omitempty"`
	// Fields are what it holds, for instance from the phi tags of a module.
	Fields []Field `json:"fields,omitempty"`
}

// EPHI reports whether the asset counts as holding ePHI.
func (a Asset) EPHI() bool { return a.WithoutEPHI == "" }

// A Field is one field of a Go type, as its phi tag declares it.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A).
type Field struct {
	// Type is the Go type with its import path, and Path the field in it, for
	// instance "Visits[].At".
	Type string `json:"type"`
	Path string `json:"path"`
	// Kind is the kind of the tag, for instance "mrn", or "unmarked".
	Kind  string `json:"kind"`
	Group string `json:"group,omitempty"`
	// Adjacent and Limited are options of the tag.
	Adjacent bool `json:"adjacent,omitempty"`
	Limited  bool `json:"limited,omitempty"`
	// Sealed says that the program seals the field at rest, as somebody or
	// some tool has established.
	Sealed bool `json:"sealed,omitempty"`
}

func compareFields(a, b Field) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Path, b.Path))
}

// CompareFields says how an inventory differs from what a scan has found: the
// fields that the inventory lacks or has with another tag, as found, and those
// that are gone. Sealed is not compared, because no tag says it. Both results
// are sorted and belong to the caller. Either is a reason to review the risk
// analysis (164.308(a)(8), 164.316(b)(2)(iii)).
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(8), 164.316(b)(2)(iii); NIST CSF 2.0 ID.RA-07.
func CompareFields(inventory, found []Field) (missing, gone []Field) {
	known, scanned := map[Field]bool{}, map[[2]string]bool{}
	for _, f := range inventory {
		known[f.tagged()] = true
	}
	for _, f := range found {
		scanned[f.name()] = true
		if !known[f.tagged()] {
			missing = append(missing, f)
		}
	}
	for _, f := range inventory {
		if !scanned[f.name()] {
			gone = append(gone, f)
		}
	}
	slices.SortFunc(missing, compareFields)
	slices.SortFunc(gone, compareFields)
	return missing, gone
}

func (f Field) name() [2]string { return [2]string{f.Type, f.Path} }

// tagged returns what the tag says of the field.
func (f Field) tagged() Field {
	f.Sealed = false
	return f
}

// A Flow is a way that ePHI takes from one asset to another, or across the
// border of the scope.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.312(e)(1); NIST CSF 2.0 ID.AM-03.
type Flow struct {
	ID string `json:"id"`
	// From and To are asset ids. External names the other end where one of
	// them is empty because it is nobody's asset here.
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	External string `json:"external,omitempty"`
	// Data says in words what flows, without any.
	Data string `json:"data"`
	// Protection says how it is protected on the way.
	Protection string `json:"protection,omitempty"`
}
