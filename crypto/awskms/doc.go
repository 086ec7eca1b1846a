// Package awskms is a key-encryption key in AWS KMS, for package crypto/keyset:
// Tink's driver (tink-go-awskms) on the AWS SDK for Go v2.
//
//	kek, err := awskms.New(ctx, "arn:aws:kms:eu-central-1:111122223333:key/…", nil)
//	keys, err := keyset.Load(ctx, path, "clinic-a", kek)
//
// The promise: one request for a keyset, none for a field; what was encrypted
// for one tenant does not decrypt for another; every error says whether it is
// an outage ([Error.Temporary]); no error holds a plaintext or a credential.
//
// The associated data goes into KMS's encryption context, which KMS
// authenticates and CloudTrail records: as Tink writes it, in hexadecimal,
// under "associatedData", and the tenant that it starts with, as text, under
// "tenant". So CloudTrail says for which tenant a keyset was opened, and a key
// policy can give a role the keysets of one tenant alone. A tenant's name must
// not be PHI.
//
// The role that starts the service needs kms:Decrypt on that one key, and only
// who makes or rotates keysets needs kms:Encrypt. Neither needs
// kms:GenerateDataKey, kms:ReEncrypt* or any administration:
//
//	{
//	  "Effect": "Allow",
//	  "Action": "kms:Decrypt",
//	  "Resource": "arn:aws:kms:eu-central-1:111122223333:key/…",
//	  "Condition": {"StringEquals": {"kms:EncryptionContext:tenant": "clinic-a"}}
//	}
//
// In an outage, and when KMS throttles, keysets that are loaded go on to serve;
// a process that starts then does not get its keys, and fails. A key that is
// disabled, or scheduled for deletion, refuses the same way, and is no
// outage; a deleted one takes all data under its keysets with it.
//
// KMS encrypts at most 4,096 bytes: a keyset of about 35 keys. It does not
// hide from AWS that the keyset is opened, nor protect it from who may change
// the key's policy.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
package awskms
