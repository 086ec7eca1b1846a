package awskms

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// withTenant is a client that adds the tenant of the associated data to the
// encryption context, which Tink's driver fills with hexadecimal alone.
type withTenant struct {
	*kms.Client
}

// The names in the encryption context.
const (
	nameAssociatedData = "associatedData" // Tink's
	nameTenant         = "tenant"
)

// Encrypt is kms.Client's.
func (c withTenant) Encrypt(ctx context.Context, in *kms.EncryptInput, opts ...func(*kms.Options)) (*kms.EncryptOutput, error) {
	addTenant(in.EncryptionContext)
	return c.Client.Encrypt(ctx, in, opts...)
}

// Decrypt is kms.Client's.
func (c withTenant) Decrypt(ctx context.Context, in *kms.DecryptInput, opts ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	addTenant(in.EncryptionContext)
	return c.Client.Decrypt(ctx, in, opts...)
}

// addTenant adds the tenant, if the associated data names one. It is bound
// twice then, so that a mistake here can make nothing open that should not.
func addTenant(encryptionContext map[string]string) {
	ad, err := hex.DecodeString(encryptionContext[nameAssociatedData])
	if err != nil {
		return
	}
	if tenant := tenantOf(ad); tenant != "" {
		encryptionContext[nameTenant] = tenant
	}
}

// tenantOf returns the tenant of associated data in the form of package
// crypto's: version, purpose, length of the tenant in two bytes, tenant. It
// returns "" for anything else, and for a tenant that is no text, which KMS
// would not take. What it returns for given data can never change: KMS
// would then refuse what it encrypted. So it does not ask for a version.
func tenantOf(ad []byte) string {
	if len(ad) < 4 {
		return ""
	}
	n, rest := int(binary.BigEndian.Uint16(ad[2:])), ad[4:]
	if n > len(rest) || !utf8.Valid(rest[:n]) {
		return ""
	}
	return string(rest[:n])
}
