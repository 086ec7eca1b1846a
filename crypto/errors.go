package crypto

import "errors"

// Errors that callers branch on. No error text of this package holds a
// plaintext, a key, a patient or what a [Ref] holds.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
var (
	// ErrRef reports a Ref that is no place, or not one for the call. What is
	// returned unwraps to it and names the part that is missing or too long,
	// never what is in it. It is returned before any key is touched.
	ErrRef = errors.New("crypto: ref: not usable")
	// ErrOpen reports a value that does not open: altered, cut, sealed in
	// another place, under another key, or not sealed at all. It does not say
	// which, so that it tells nothing to who alters values.
	ErrOpen = errors.New("crypto: open: not sealed for this place, or altered")
	// ErrUnaudited reports an opening with no [audit.Entry] in the context. It is
	// returned before any key is touched.
	ErrUnaudited = errors.New("crypto: open: no audit entry in the context")
	// ErrNull reports the opening of a Sealed that holds nothing.
	ErrNull = errors.New("crypto: open: no value")
	// ErrLimit reports a key that has sealed as often as it may.
	ErrLimit = errors.New("crypto: seal: key has reached its limit of messages")
	// ErrCount reports a key whose count of messages in the store is missing,
	// destroyed or altered. It seals no more; rotate.
	ErrCount = errors.New("crypto: seal: count of the key is missing or altered")
	// ErrTenant reports a tenant without a keyset.
	ErrTenant = errors.New("crypto: keys: no keyset for the tenant")
	// ErrShredded reports a subject whose key has been destroyed for good.
	ErrShredded = errors.New("crypto: subject key: destroyed")
	// ErrNotFound is what a SubjectKeys store returns where nothing is, and
	// nothing was destroyed.
	ErrNotFound = errors.New("crypto: subject key: not found")
	// ErrNotListed reports a store that does not implement [SubjectLister].
	ErrNotListed = errors.New("crypto: subject key: the store lists no names")
	// ErrConflict is what a SubjectKeys store returns where something else is
	// than the caller expected.
	ErrConflict = errors.New("crypto: subject key: changed meanwhile")
)
