package migrate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// A Finding is what was found out about one place.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Finding string

// The findings.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
const (
	// Holds: plaintext is there.
	Holds Finding = "holds plaintext"
	// MayHold: the place is there and could hold plaintext.
	MayHold Finding = "may hold plaintext"
	// Empty: the database knows of none there.
	Empty Finding = "nothing found"
	// Unseen: the database, or its user, cannot see the place. It counts as one
	// that may hold plaintext.
	Unseen Finding = "cannot be seen from here"
)

// A Place is somewhere that plaintext of the column may remain: what was seen
// there and what to do.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Place struct {
	Place    string  `json:"place"`
	Finding  Finding `json:"finding"`
	Observed string  `json:"observed"`
	Action   string  `json:"action"`
}

// Remains says where plaintext of the column remains after it is sealed, as far
// as the database can tell. It holds no values. It is what an organisation's own
// disposal works from, and no proof that none is anywhere else.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Remains struct {
	ID       string              `json:"id"`
	Table    string              `json:"table"`
	Column   string              `json:"column"`
	Phase    Phase               `json:"phase"`
	At       time.Time           `json:"at"`
	Controls []safeguard.Control `json:"controls"`
	Places   []Place             `json:"places"`
}

// String returns the report as lines of text.
func (r Remains) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "where plaintext of %s.%s remains, in phase %s, %s\n", r.Table, r.Column, r.Phase, r.At.UTC().Format(time.RFC3339))
	for _, p := range r.Places {
		fmt.Fprintf(&b, "  %s: %s\n    observed  %s\n    do        %s\n", p.Place, p.Finding, p.Observed, p.Action)
	}
	return b.String()
}

// Remains looks, in any phase. A place that the database's user may not see is
// listed as [Unseen], so that a report never leaves one out; give it the role
// pg_monitor to see all.
func (m *Migration) Remains(ctx context.Context) (Remains, error) {
	s, err := m.status(ctx, m.db, "")
	if err != nil {
		return Remains{}, failed("remains", err)
	}
	r := Remains{ID: m.spec.ID, Table: m.spec.Table.Table, Column: m.spec.Plain, Phase: s.Phase, At: time.Now(),
		Controls: []safeguard.Control{safeguard.EncryptionAndDecryption, safeguard.MediaDisposal}}
	for _, p := range places {
		if err := ctx.Err(); err != nil {
			return r, failed("remains", err)
		}
		r.Places = append(r.Places, m.look(ctx, p, s))
	}
	r.Places = append(r.Places, beyond[:]...)
	return r, nil
}

// A place is how one is looked at: a query of one row, which says whether
// plaintext is there (true), may be (null), or is not (false), and what was
// seen. Its arguments are the table, the columns, the file of the table when the
// column was dropped, and when the table was rewritten after that.
type place struct {
	name, query, action string
}

func (m *Migration) look(ctx context.Context, p place, s state) Place {
	out := Place{Place: p.name, Finding: Unseen, Action: p.action}
	var found *bool
	query := "WITH the(rel, plain, sealed, filenode, rewritten) AS (SELECT to_regclass($1), $2::text, $3::text, $4::bigint, $5::timestamptz) " + p.query
	err := m.db.QueryRowContext(ctx, query, m.table, m.spec.Plain, m.spec.Table.Columns[0].Column,
		s.filenode, s.rewritten).Scan(&found, &out.Observed)
	switch {
	case err != nil:
		out.Observed = detail(err)
	case found == nil:
		out.Finding = MayHold
	case *found:
		out.Finding = Holds
	default:
		out.Finding = Empty
	}
	return out
}

// dependents describes what goes with the plaintext column, or hinders that.
func (m *Migration) dependents(ctx context.Context, q queryer) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT count(*) FROM pg_depend d
		JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
		WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass($1) AND a.attname = $2
			AND NOT (d.classid = 'pg_attrdef'::regclass AND EXISTS
				(SELECT 1 FROM pg_attrdef f WHERE f.oid = d.objid AND f.adrelid = a.attrelid AND f.adnum = a.attnum))
			AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS
				(SELECT 1 FROM pg_constraint c WHERE c.oid = d.objid AND c.contype = 'n'))`,
		m.table, m.spec.Plain).Scan(&n)
	return n, err
}
