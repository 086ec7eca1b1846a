package gcpkms_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"hash/crc32"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/kms/apiv1/kmspb"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	ring      = "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/"
	keyName   = ring + "kek"
	otherName = ring + "other"
	secret    = "ya29.secret-of-the-account"
)

// damage changes an answer on its way.
type damage struct {
	encrypt func(*kmspb.EncryptResponse)
	decrypt func(*kmspb.DecryptResponse)
}

// fake serves Encrypt and Decrypt of google.cloud.kms.v1 over gRPC: checksums,
// sizes, key names and, with real AES-GCM, what Cloud KMS authenticates. It
// has one version of each key and no IAM.
type fake struct {
	kmspb.UnimplementedKeyManagementServiceServer

	addr   string
	keys   map[string]cipher.AEAD
	calls  atomic.Int64
	down   atomic.Uint32 // the code to answer with
	damage atomic.Pointer[damage]

	mu   sync.Mutex
	hung chan struct{}
}

func newFake(t *testing.T) *fake {
	f := &fake{keys: make(map[string]cipher.AEAD)}
	for _, name := range []string{keyName, otherName} {
		material := make([]byte, 32)
		rand.Read(material)
		block, err := aes.NewCipher(material)
		require.NoError(t, err)
		f.keys[name], err = cipher.NewGCMWithRandomNonce(block)
		require.NoError(t, err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f.addr = listener.Addr().String()
	server := grpc.NewServer()
	kmspb.RegisterKeyManagementServiceServer(server, f)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-done)
	})
	return f
}

func (f *fake) options() []option.ClientOption {
	return []option.ClientOption{
		option.WithEndpoint(f.addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}
}

func (f *fake) hang() func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	hung := make(chan struct{})
	f.hung = hung
	return func() { close(hung) }
}

func (f *fake) outage() func() {
	f.down.Store(uint32(codes.Unavailable))
	return func() { f.down.Store(0) }
}

// arrive is the start of every request.
func (f *fake) arrive(ctx context.Context, name string) (cipher.AEAD, error) {
	f.calls.Add(1)
	f.mu.Lock()
	hung := f.hung
	f.mu.Unlock()
	if hung != nil {
		select {
		case <-hung:
		case <-ctx.Done():
		}
	}
	if code := f.down.Load(); code != 0 {
		return nil, status.Error(codes.Code(code), "principal "+secret)
	}
	aead := f.keys[name]
	if aead == nil {
		return nil, status.Error(codes.NotFound, name)
	}
	return aead, nil
}

func (f *fake) Encrypt(ctx context.Context, in *kmspb.EncryptRequest) (*kmspb.EncryptResponse, error) {
	aead, err := f.arrive(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if len(in.Plaintext) == 0 || len(in.Plaintext) > 64<<10 || len(in.AdditionalAuthenticatedData) > 64<<10 ||
		!intact(in.Plaintext, in.PlaintextCrc32C) || !intact(in.AdditionalAuthenticatedData, in.AdditionalAuthenticatedDataCrc32C) {
		return nil, status.Error(codes.InvalidArgument, "size or checksum")
	}
	sealed := aead.Seal([]byte{0x0a}, nil, in.Plaintext, in.AdditionalAuthenticatedData)
	out := &kmspb.EncryptResponse{
		Name: in.Name + "/cryptoKeyVersions/1", Ciphertext: sealed, CiphertextCrc32C: wrapperspb.Int64(checksum(sealed)),
		VerifiedPlaintextCrc32C: true, VerifiedAdditionalAuthenticatedDataCrc32C: true,
	}
	if d := f.damage.Load(); d != nil && d.encrypt != nil {
		d.encrypt(out)
	}
	return out, nil
}

func (f *fake) Decrypt(ctx context.Context, in *kmspb.DecryptRequest) (*kmspb.DecryptResponse, error) {
	aead, err := f.arrive(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if !intact(in.Ciphertext, in.CiphertextCrc32C) || !intact(in.AdditionalAuthenticatedData, in.AdditionalAuthenticatedDataCrc32C) {
		return nil, status.Error(codes.InvalidArgument, "checksum")
	}
	sealed, ok := strings.CutPrefix(string(in.Ciphertext), "\x0a")
	plaintext, err := aead.Open(nil, nil, []byte(sealed), in.AdditionalAuthenticatedData)
	if err != nil || !ok {
		return nil, status.Error(codes.InvalidArgument, "Decryption failed: the ciphertext is invalid.")
	}
	out := &kmspb.DecryptResponse{Plaintext: plaintext, PlaintextCrc32C: wrapperspb.Int64(checksum(plaintext)), UsedPrimary: true}
	if d := f.damage.Load(); d != nil && d.decrypt != nil {
		d.decrypt(out)
	}
	return out, nil
}

func intact(b []byte, sum *wrapperspb.Int64Value) bool {
	return sum != nil && sum.Value == checksum(b)
}

func checksum(b []byte) int64 {
	return int64(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}
