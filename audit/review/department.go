package review

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// A Department is the rule "department": somebody touches a record of a
// department where they never did before, and no relationship explains it. The
// department stands in the record as a flag with a prefix, such as
// "dept-icu". The first accesses of an account teach and are not flagged; each
// department is flagged once for an account.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
type Department struct {
	prefix string
	learn  uint32
	actors tables[places]
}

// places is where an account has been. Codes stand as they are: there are few,
// and they are no PHI.
type places struct {
	Accesses uint32   `json:"accesses"`
	Seen     []string `json:"seen,omitempty"`
}

// maxPlaces bounds the departments of one account. Who has been in so many is
// not flagged for one more.
const maxPlaces = 64

// DepartmentOptions are the settings of a [Department]. The zero value, or nil,
// is a prefix of "dept-", 50 accesses to learn from and 20,000 accounts.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type DepartmentOptions struct {
	Prefix    string
	Learn     int
	MaxActors int
}

// NewDepartment returns a Department. It returns [ErrOptions].
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
func NewDepartment(opts *DepartmentOptions) (*Department, error) {
	o := DepartmentOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Learn < 0 || o.MaxActors < 0 || o.MaxActors > 1<<24 || o.Prefix != "" && !code(o.Prefix) {
		return nil, fmt.Errorf("%w: department: negative, or a prefix that is no code", ErrOptions)
	}
	if o.Prefix == "" {
		o.Prefix = "dept-"
	}
	if o.Learn == 0 {
		o.Learn = 50
	}
	if o.MaxActors == 0 {
		o.MaxActors = 20_000
	}
	return &Department{o.Prefix, uint32(o.Learn), newTables[places](o.MaxActors)}, nil
}

// Name implements [Rule].
func (*Department) Name() string { return "department" }

// Observe implements [Rule].
func (r *Department) Observe(ctx context.Context, f *Fact, raise func(Alert)) {
	if !f.IsAccess || f.Actor.ID == "" || len(f.Patients) == 0 {
		return
	}
	for _, flag := range f.Access.Flags {
		if strings.HasPrefix(flag, r.prefix) {
			r.visit(ctx, f, flag, raise)
		}
	}
}

func (r *Department) visit(ctx context.Context, f *Fact, place string, raise func(Alert)) {
	p := r.actors.get(f.Actor)
	p.Accesses = min(p.Accesses+1, 1<<31)
	for _, seen := range p.Seen {
		if seen == place {
			return
		}
	}
	if len(p.Seen) == maxPlaces || len(place) > 32 {
		return
	}
	p.Seen = append(p.Seen, place)
	if p.Accesses <= r.learn || len(f.Unexplained(ctx)) == 0 {
		return
	}
	raise(alertOf(f, "never-seen", place))
}

// Save implements [Stateful].
func (r *Department) Save() ([]byte, error) {
	return json.Marshal(saveTables(r.actors, func(p *places) places { return *p }))
}

// Restore implements [Stateful].
func (r *Department) Restore(state []byte) error {
	var list []saved[places]
	if err := strict(state, &list); err != nil {
		return err
	}
	return restoreTables(r.actors, list, func(p places) (places, bool) {
		for _, s := range p.Seen {
			if !strings.HasPrefix(s, r.prefix) || len(s) > 32 {
				return p, false
			}
		}
		return p, len(p.Seen) <= maxPlaces
	})
}
