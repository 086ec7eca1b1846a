package bench

import (
	"bytes"
	"context"
	"testing"

	"github.com/bincyber/go-sqlcrypter/providers/aesgcm"
	wrapping "github.com/hashicorp/go-kms-wrapping/v2"
	kmsaead "github.com/hashicorp/go-kms-wrapping/v2/aead"
	"github.com/minio/sio"
	"github.com/tink-crypto/tink-go/v2/aead"
	tink "github.com/tink-crypto/tink-go/v2/keyset"
	"gocloud.dev/secrets/localsecrets"
)

// tinkAEAD is AES-256-GCM of tink-go v2.
func tinkAEAD(b *testing.B) impl {
	handle, err := tink.NewHandle(aead.AES256GCMKeyTemplate())
	primitive, err2 := aead.New(must(b, handle, err))
	must(b, primitive, err2)
	aad := make([]byte, shortAAD)
	return impl{"tink", shortAAD,
		func(plaintext []byte) ([]byte, error) { return primitive.Encrypt(plaintext, aad) },
		func(sealed []byte) ([]byte, error) { return primitive.Decrypt(sealed, aad) },
	}
}

// kmsWrapping is the AES-256-GCM wrapper of HashiCorp's go-kms-wrapping v2,
// which boundary and vault use.
func kmsWrapping(b *testing.B) impl {
	ctx, w, aad := context.Background(), kmsaead.NewWrapper(), make([]byte, shortAAD)
	if err := w.SetAesGcmKeyBytes(make([]byte, 32)); err != nil {
		b.Fatal(err)
	}
	return impl{"go-kms-wrapping", shortAAD,
		func(plaintext []byte) ([]byte, error) {
			blob, err := w.Encrypt(ctx, plaintext, wrapping.WithAad(aad))
			if err != nil {
				return nil, err
			}
			return blob.Ciphertext, nil
		},
		func(sealed []byte) ([]byte, error) {
			return w.Decrypt(ctx, &wrapping.BlobInfo{Ciphertext: sealed}, wrapping.WithAad(aad))
		},
	}
}

// goCloud is localsecrets of gocloud.dev (NaCl secretbox), which binds nothing.
func goCloud(b *testing.B) impl {
	ctx, keeper := context.Background(), localsecrets.NewKeeper([32]byte{1})
	b.Cleanup(func() { keeper.Close() })
	return impl{"gocloud-localsecrets", 0,
		func(plaintext []byte) ([]byte, error) { return keeper.Encrypt(ctx, plaintext) },
		func(sealed []byte) ([]byte, error) { return keeper.Decrypt(ctx, sealed) },
	}
}

// sqlCrypter is AES-256-GCM of go-sqlcrypter, which binds nothing.
func sqlCrypter(b *testing.B) impl {
	c, err := aesgcm.New(bytes.Repeat([]byte{1}, 32), nil)
	must(b, c, err)
	run := func(in []byte, f func(w *bytes.Buffer, r *bytes.Reader) error) ([]byte, error) {
		var w bytes.Buffer
		err := f(&w, bytes.NewReader(in))
		return w.Bytes(), err
	}
	return impl{"go-sqlcrypter", 0,
		func(plaintext []byte) ([]byte, error) {
			return run(plaintext, func(w *bytes.Buffer, r *bytes.Reader) error { return c.Encrypt(w, r) })
		},
		func(sealed []byte) ([]byte, error) {
			return run(sealed, func(w *bytes.Buffer, r *bytes.Reader) error { return c.Decrypt(w, r) })
		},
	}
}

// sioStream is minio/sio (DARE 2.0), a format for streams, which binds
// nothing. Its key must be fresh for every stream; here it is not.
func sioStream(b *testing.B) impl {
	config := sio.Config{MinVersion: sio.Version20, CipherSuites: []byte{sio.AES_256_GCM}, Key: make([]byte, 32)}
	var out bytes.Buffer
	run := func(in []byte, f func(w *bytes.Buffer, r *bytes.Reader) (int64, error)) ([]byte, error) {
		out.Reset()
		_, err := f(&out, bytes.NewReader(in))
		return out.Bytes(), err
	}
	return impl{"minio-sio", 0,
		func(plaintext []byte) ([]byte, error) {
			return run(plaintext, func(w *bytes.Buffer, r *bytes.Reader) (int64, error) { return sio.Encrypt(w, r, config) })
		},
		func(sealed []byte) ([]byte, error) {
			return run(sealed, func(w *bytes.Buffer, r *bytes.Reader) (int64, error) { return sio.Decrypt(w, r, config) })
		},
	}
}
