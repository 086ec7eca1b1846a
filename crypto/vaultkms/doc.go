// Package vaultkms is a key-encryption key in HashiCorp Vault's transit secrets
// engine (or OpenBao's), for package crypto/keyset. It speaks the HTTP API with
// net/http alone: Vault's own client brings many modules, and Tink's driver
// over it takes no context.
//
//	kek, err := vaultkms.New("https://vault.internal:8200", "safeguard", vaultkms.TokenFile("/run/vault/token"), nil)
//	keys, err := keyset.Load(ctx, path, "clinic-a", kek)
//
// The promise: one request for a keyset, none for a field; what was encrypted
// for one tenant does not decrypt for another; the token goes to the one
// address over TLS and follows no redirect; every error says whether it is
// an outage ([Error.Temporary]); no error holds a plaintext or a token.
//
// The associated data, in which the tenant is, goes to Vault as
// associated_data. Vault before 1.13 takes that and ignores it without a word,
// so its SHA-256 is encrypted with the plaintext and compared as well: what
// Vault's own command decrypts starts with those 32 bytes. Vault's audit log has
// neither in the clear; where a role must get the keysets of one tenant alone,
// give each tenant a key.
//
// The key must be of type aes256-gcm96, not derived and not exportable. The
// policy of who starts the service, and, with the second path, of who makes or
// rotates keysets:
//
//	path "transit/decrypt/safeguard" { capabilities = ["update"] }
//	path "transit/encrypt/safeguard" { capabilities = ["update"] }
//
// Not "create": with it Vault makes a key that is not there, and a wrong name is
// a new key instead of an error.
//
// The version of the key is in the ciphertext ("vault:v1:…"). After
// transit/keys/…/rotate old keysets still decrypt, until min_decryption_version
// is raised or the version is trimmed: write the keysets anew before that.
//
// In an outage, and while Vault is sealed, keysets that are loaded go on to
// serve; a process that starts then does not get its keys, and fails. A
// deleted key takes all data under its keysets with it.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05, PR.DS-02.
package vaultkms
