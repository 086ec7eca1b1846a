package awskms_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/awskms"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/kmstest"
)

func newKEK(t *testing.T, f *fake, arn string) *awskms.KEK {
	t.Helper()
	k, err := awskms.New(t.Context(), arn, &awskms.Options{Config: f.config()})
	require.NoError(t, err)
	return k
}

// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestConformance(t *testing.T) {
	kmstest.Run(t, func(t *testing.T) kmstest.Fixture {
		f := newFake(t)
		return kmstest.Fixture{
			KEK: newKEK(t, f, keyARN), Other: newKEK(t, f, otherARN),
			Min: 1, Max: awskms.MaxPlaintext, Secrets: []string{secretKey},
			Calls: func() int { return int(f.calls.Load()) }, Hang: f.hang, Outage: f.outage,
		}
	})
}

// A keyset is made and loaded with one call each way, and KMS sees the tenant.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestKeyset(t *testing.T) {
	f := newFake(t)
	kek, path := newKEK(t, f, keyARN), filepath.Join(t.TempDir(), "keyset")
	_, err := keyset.Create(t.Context(), path, "clinic-a", kek)
	require.NoError(t, err)
	require.EqualValues(t, 2, f.calls.Load(), "one to encrypt, one to see that it decrypts")
	keys, err := keyset.Load(t.Context(), path, "clinic-a", kek)
	require.NoError(t, err)
	require.EqualValues(t, 3, f.calls.Load())
	s, err := crypto.New(keys, nil, nil)
	require.NoError(t, err)
	ref := crypto.Ref{Tenant: "clinic-a", Table: "t", Column: "c", Row: "1", Subject: crypto.NoSubject()}
	for range 10 {
		_, err = s.AppendSeal(t.Context(), nil, []byte("value"), ref)
		require.NoError(t, err)
	}
	require.EqualValues(t, 3, f.calls.Load(), "a field calls nothing")
	for _, seen := range f.log {
		require.Equal(t, "clinic-a", seen["tenant"])
	}
}

// The encryption context is fixed: what KMS encrypted opens under no other.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestEncryptionContext(t *testing.T) {
	whole := []byte("\x01\x04\x00\x08clinic-a\x00\x00\x00\x00\x69\x21\x00\x00")
	for name, test := range map[string]struct {
		ad   []byte
		want map[string]string
	}{
		"a tenant":      {whole, map[string]string{"tenant": "clinic-a", "associatedData": hex.EncodeToString(whole)}},
		"none":          {nil, nil},
		"short":         {[]byte{1, 4, 0}, map[string]string{"associatedData": "010400"}},
		"no tenant":     {[]byte{1, 4, 0, 0}, map[string]string{"associatedData": "01040000"}},
		"cut":           {[]byte{1, 4, 0, 2, 'a'}, map[string]string{"associatedData": "0104000261"}},
		"format 2":      {[]byte{2, 4, 0, 1, 'a', 9}, map[string]string{"associatedData": "020400016109", "tenant": "a"}},
		"another form":  {[]byte("some text"), map[string]string{"associatedData": hex.EncodeToString([]byte("some text"))}},
		"not text":      {[]byte{1, 4, 0, 1, 0xff}, map[string]string{"associatedData": "01040001ff"}},
		"other purpose": {[]byte{1, 9, 0, 1, 'a'}, map[string]string{"associatedData": "0109000161", "tenant": "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			_, err := newKEK(t, f, keyARN).EncryptWithContext(t.Context(), []byte("keyset"), test.ad)
			require.NoError(t, err)
			require.Equal(t, []map[string]string{test.want}, f.log)
		})
	}
}

// The policy in the package's documentation holds tenants apart.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestPolicyByTenant(t *testing.T) {
	f := newFake(t)
	kek, dir := newKEK(t, f, keyARN), t.TempDir()
	for _, tenant := range []string{"clinic-a", "clinic-b"} {
		_, err := keyset.Create(t.Context(), filepath.Join(dir, tenant), tenant, kek)
		require.NoError(t, err)
	}
	policy := func(target string, context map[string]string) bool {
		return target == "TrentService.Decrypt" && context["tenant"] == "clinic-a"
	}
	f.policy.Store(&policy)
	_, err := keyset.Load(t.Context(), filepath.Join(dir, "clinic-a"), "clinic-a", kek)
	require.NoError(t, err)
	_, err = keyset.Load(t.Context(), filepath.Join(dir, "clinic-b"), "clinic-b", kek)
	require.ErrorIs(t, err, keyset.ErrUnwrap)
	require.ErrorContains(t, err, "AccessDeniedException")
	_, err = kek.EncryptWithContext(t.Context(), []byte("keyset"), nil)
	require.ErrorContains(t, err, "AccessDeniedException")
}

// What the service answers is told apart, retried within bounds and shown
// without its message.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestErrors(t *testing.T) {
	for _, test := range []struct {
		status    int
		code      string
		shown     string
		temporary bool
		calls     int64
	}{
		{400, "AccessDeniedException", "AccessDeniedException", false, 1},
		{400, "NotFoundException", "NotFoundException", false, 1},
		{400, "DisabledException", "DisabledException", false, 1},
		{400, "KMSInvalidStateException", "KMSInvalidStateException", false, 1},
		{400, "InvalidCiphertextException", "InvalidCiphertextException", false, 1},
		{400, "ThrottlingException", "ThrottlingException", true, 3},
		{500, "KMSInternalException", "KMSInternalException", true, 3},
		{503, "DependencyTimeoutException", "DependencyTimeoutException", true, 3},
		{502, "", "", true, 3},
		{400, "token " + secretKey, "unknown code", false, 1},
	} {
		t.Run(test.code, func(t *testing.T) {
			f := newFake(t)
			answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, test.status, test.code) })
			f.answer.Store(&answer)
			out, err := newKEK(t, f, keyARN).DecryptWithContext(t.Context(), []byte("sealed"), nil)
			require.Nil(t, out)
			var e *awskms.Error
			require.ErrorAs(t, err, &e)
			require.Contains(t, e.Code, test.shown)
			require.Equal(t, test.temporary, e.Temporary())
			require.Equal(t, "req-1", e.RequestID)
			require.Equal(t, test.calls, f.calls.Load())
			require.NotContains(t, err.Error(), secretKey)
			require.NotContains(t, err.Error(), "arn:")
		})
	}
}

// An answer without what was asked for is an error.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestEmptyAnswer(t *testing.T) {
	f := newFake(t)
	for _, body := range []string{"{}", `{"Plaintext":"","CiphertextBlob":""}`, "", "<html>"} {
		answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		f.answer.Store(&answer)
		out, err := newKEK(t, f, keyARN).DecryptWithContext(t.Context(), []byte("sealed"), nil)
		require.Error(t, err, body)
		require.Nil(t, out)
		_, err = newKEK(t, f, keyARN).EncryptWithContext(t.Context(), []byte("keyset"), nil)
		require.Error(t, err, body)
	}
}

// Nobody listens; the certificate is another's; the credentials are wrong;
// there are none; the service never answers.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
func TestUnreachable(t *testing.T) {
	f := newFake(t)
	try := func(change func(*awskms.Options)) *awskms.Error {
		opts := &awskms.Options{Config: f.config()}
		change(opts)
		k, err := awskms.New(t.Context(), keyARN, opts)
		require.NoError(t, err)
		_, err = k.EncryptWithContext(t.Context(), []byte("keyset"), nil)
		var e *awskms.Error
		require.ErrorAs(t, err, &e)
		require.NotContains(t, err.Error(), secretKey)
		return e
	}
	e := try(func(o *awskms.Options) { o.Config.BaseEndpoint = aws.String("https://127.0.0.1:1") })
	var dial *net.OpError
	require.ErrorAs(t, e, &dial)
	require.True(t, e.Temporary())

	e = try(func(o *awskms.Options) { o.Config.HTTPClient = &http.Client{} })
	require.ErrorContains(t, e, "certificate")
	require.EqualValues(t, 0, f.calls.Load(), "nothing was sent")

	e = try(func(o *awskms.Options) {
		o.Config.Credentials = credentials.NewStaticCredentialsProvider(accessKey, strings.ToLower(secretKey), "")
	})
	require.Equal(t, "InvalidSignatureException", e.Code)
	require.False(t, e.Temporary())

	e = try(func(o *awskms.Options) {
		o.Config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("no role")
		})
	})
	require.ErrorContains(t, e, "credentials")

	defer f.hang()()
	e = try(func(o *awskms.Options) { o.Timeout = 20 * time.Millisecond })
	require.ErrorIs(t, e, context.DeadlineExceeded)
	require.True(t, e.Temporary())
}

// Controls: HIPAA 164.312(a)(2)(iv), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
func TestNewRefuses(t *testing.T) {
	for _, arn := range []string{
		"", "1234abcd-12ab-34cd-56ef-1234567890ab", "alias/kek",
		"arn:aws:kms:eu-central-1:111122223333:alias/kek", "arn:aws:s3:eu-central-1:111122223333:key/a", keyARN + "\n", "aws-kms://" + keyARN,
	} {
		_, err := awskms.New(t.Context(), arn, nil)
		require.ErrorContains(t, err, "not the ARN", arn)
	}
	for _, d := range []time.Duration{-1, time.Minute + 1} {
		_, err := awskms.New(t.Context(), keyARN, &awskms.Options{Timeout: d})
		require.ErrorContains(t, err, "Timeout")
	}
	plain := &aws.Config{BaseEndpoint: aws.String("HTTP://127.0.0.1:1")}
	_, err := awskms.New(t.Context(), keyARN, &awskms.Options{Config: plain})
	require.ErrorContains(t, err, "TLS")
	_, err = awskms.New(t.Context(), keyARN, &awskms.Options{Config: plain, InsecureHTTP: true})
	require.NoError(t, err)
	_, err = new(awskms.KEK).DecryptWithContext(t.Context(), []byte("sealed"), nil)
	require.ErrorContains(t, err, "not initialised")
}

// Without options the SDK's own configuration is taken, in the key's region.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestDefaults(t *testing.T) {
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	k, err := awskms.New(t.Context(), keyARN, nil)
	require.NoError(t, err)
	require.Equal(t, crypto.LocationSeparate, k.KeyLocation())
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	_, err = awskms.New(t.Context(), keyARN, nil)
	require.ErrorContains(t, err, "TLS", "an endpoint from the environment too")
}
