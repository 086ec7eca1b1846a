// Package gcpkms is a key-encryption key in Google Cloud KMS, for package
// crypto/keyset: Tink's driver (tink-go-gcpkms) over gRPC.
//
//	kek, err := gcpkms.New(ctx, "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k", nil)
//	defer kek.Close()
//	keys, err := keyset.Load(ctx, path, "clinic-a", kek)
//
// The promise: one request for a keyset, none for a field; what was encrypted
// for one tenant does not decrypt for another; what is sent and what comes
// back is checked with CRC32C; every error says whether it is an outage
// ([Error.Temporary]); no error holds a plaintext or a credential.
//
// The associated data, in which the tenant is, goes to Cloud KMS as
// additional authenticated data. Cloud KMS authenticates it and shows it
// neither to IAM conditions nor in audit logs: where a role must get the
// keysets of one tenant alone, give each tenant a CryptoKey.
//
// The service account that starts the service needs
// roles/cloudkms.cryptoKeyDecrypter on that one CryptoKey, and only who makes or
// rotates keysets needs roles/cloudkms.cryptoKeyEncrypter: never a role on
// the key ring or the project, and no owner of the project in the service's
// place. Data Access audit logs of Cloud KMS are off until they are switched
// on.
//
// In an outage keysets that are loaded go on to serve; a process that starts
// then does not get its keys, and fails. A key version that is disabled, or
// scheduled for destruction, refuses the same way, and is no outage; a
// destroyed one takes all data under its keysets with it.
//
// It does not hide from Google that the keyset is opened, nor protect it from
// who may change the key's policy.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
package gcpkms
