package crypto

import "context"

// A KEK is a key-encryption key: it wraps keysets and never sees a field. Any
// AEAD with a context of Tink (tink.AEADWithContext), and so any key
// management service that Tink has a driver for, is one.
//
// The associated data names the tenant and what is wrapped; an implementation
// must authenticate it, must fail if it differs, must honour ctx, must be
// safe for concurrent use and must not keep or log the plaintext.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type KEK interface {
	EncryptWithContext(ctx context.Context, plaintext, associatedData []byte) ([]byte, error)
	DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) ([]byte, error)
}

// A Located is a KEK that says where it lives. One that does not is reported
// as unknown.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.402(2).
type Located interface {
	KeyLocation() Location
}

// A Location says where a key-encryption key is kept, seen from the data that
// it protects. HHS's guidance on unsecured PHI (74 FR 19006) says that
// decryption tools should be stored on a device or at a location separate
// from the data. It is what the KEK says of itself; nothing checks it.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.402(2).
type Location uint8

// The locations. The zero value is unknown.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.402(2).
const (
	// LocationUnknown is a KEK that does not say.
	LocationUnknown Location = iota
	// LocationSameHost is a KEK on the host that holds or serves the data.
	LocationSameHost
	// LocationSeparate is a KEK on another device or at another location, such
	// as a key management service.
	LocationSeparate
)

// String returns "unknown", "same host" or "separate".
func (l Location) String() string {
	switch l {
	case LocationSameHost:
		return "same host"
	case LocationSeparate:
		return "separate"
	}
	return "unknown"
}

// Statement returns the sentence that reports and evidence documents carry
// about key separation.
func (l Location) Statement() string {
	switch l {
	case LocationSameHost:
		return "The key-encryption key is on the data's own host: this does not meet the key separation of HHS guidance 74 FR 19006."
	case LocationSeparate:
		return "The key-encryption key says that it is kept apart from the data, as HHS guidance 74 FR 19006 asks."
	}
	return "Where the key-encryption key is kept is unknown: key separation (HHS guidance 74 FR 19006) is not shown."
}
