package migrate

import "slices"

// A Phase is how far a migration is. The zero Phase is none.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Phase string

// The phases, in their order.
//
//	           reads      writes     who still may write the plaintext alone
//	planned    plaintext  plaintext  everybody
//	dualwrite  plaintext  both       everybody; the sealed value becomes NULL
//	backfilled plaintext  both       everybody; the sealed value becomes NULL
//	compared   plaintext  both       nobody: the database refuses
//	cutover    sealed     both       nobody: the database refuses
//	dropped    sealed     sealed     the column is gone
//
// NULL alone may always be written, since it is NULL in both. A change of a row's
// key, name, tenant or subject counts as a write of the plaintext.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
const (
	Planned    Phase = "planned"
	DualWrite  Phase = "dualwrite"
	Backfilled Phase = "backfilled"
	Compared   Phase = "compared"
	CutOver    Phase = "cutover"
	Dropped    Phase = "dropped"
)

// dual are the phases in which both columns are written, and from which a
// migration can be rolled back.
var dual = [...]Phase{DualWrite, Backfilled, Compared, CutOver}

func (p Phase) writesPlain() bool  { return p != Dropped }
func (p Phase) writesSealed() bool { return p != Planned }
func (p Phase) readsSealed() bool  { return p == CutOver || p == Dropped }

func (p Phase) known() bool {
	return p == Planned || p == Dropped || slices.Contains(dual[:], p)
}
