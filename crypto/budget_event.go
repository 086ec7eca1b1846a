package crypto

// A BudgetEvent says how far a key has used the messages that it may seal. It
// names no patient.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type BudgetEvent struct {
	Tenant string
	// KeyID is the tenant key, or the one under which the Subject's key was
	// made.
	KeyID uint32
	// Subject is true of a key of a Subject, which gets a new version by
	// itself.
	Subject bool
	// Leased is how many messages have been handed out to processes, of Limit.
	Leased, Limit uint64
	// Exhausted says that the key seals no more. Otherwise it has passed half.
	Exhausted bool
	// RotateErr is what a [Rotator] answered, if it was asked and failed.
	RotateErr error
}
