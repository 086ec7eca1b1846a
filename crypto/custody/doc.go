// Package custody backs up the keys of a service in split custody, restores
// them on a clean host, and records the drill that shows it.
//
// Which to use:
//
//   - [Backup] makes a bundle of all keysets, and of the wrapped keys of
//     subjects, under a random key of its own, of which each custodian gets a
//     [Share]. Print [Share.Text], hand it over, keep the bundle offline.
//   - [Inspect] reads what a bundle says of itself without any share.
//   - [ParseShare] reads what a custodian types, and [Restore] writes the keys
//     under another key-encryption key. Neither the old one nor its service is
//     needed. Rotate every keyset then: what was sealed since the backup is not
//     in its counts.
//   - [Drill] opens samples of a restored database and returns the record,
//     which [SignDrill] signs.
//
// Give [Backup] the [Register] of what was shredded, and [Restore] and [Drill] the
// same one as it is then: they refuse another, an older copy and an empty one.
//
// The promise: no key is written in the clear; fewer shares than the threshold
// tell nothing of any key; an altered bundle does not open, and a share that is
// altered, foreign or there twice is named; nothing that is in the target is
// overwritten; what was shredded stays shredded, by a [Register] that is asked
// before anything is written, and again before a tenant can open anything.
//
// It does not protect against custodians who meet, against who reads the memory
// of the process while it backs up or restores, and cannot know that a share
// was kept. Shares do not detect a custodian who hands in another's: the
// fingerprints in the bundle do. Shamir's scheme is not a service that FIPS
// 140-3 approves; what it splits is a random key, and all else is AES-256-GCM,
// HKDF-SHA256 and SHA-256.
//
// The rule asks for retrievable exact copies (164.308(a)(7)(ii)(A)), procedures
// to restore (B) and their testing (D, addressable). A backup alone is none of
// the last two.
//
// # Format of a bundle
//
//	"safeguard backup 1\n" | n (4, big-endian) | header (n) | nonce (12) | ciphertext | tag (16)
//
// The header is JSON ([Header]). All in front of the nonce is associated data.
// The plaintext is JSON: tenants, each with its keyset file as package keyset
// has it, and records with their names. From the backup's key, HKDF-SHA256 with
// the bundle's id in its text form as salt makes the key of the ciphertext
// (info "safeguard/backup/1/content") and the one that keyset files are under
// (info "safeguard/backup/1/keysets"): nonce, ciphertext and tag in the place
// of a key-encryption key's.
//
// # Format of a share
//
//	version (1) | bundle id (10) | number (1) | threshold (1) | total (1) | value (32) | checksum (4)
//
// The checksum is the first bytes of the SHA-256 of what is in front. The
// values are Shamir's over GF(2^8) modulo x^8+x^4+x^3+x+1, byte by byte, with
// the number as x. The text is Crockford's base32: five numbered lines of 16
// symbols, each with the check symbol of its value modulo 37, begun with the
// line's number. The fingerprint is the first 8 bytes of the SHA-256 of
// "safeguard/backup/1/share" and the share.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(B), 164.308(a)(7)(ii)(D); NIST CSF 2.0 PR.DS-11.
package custody
