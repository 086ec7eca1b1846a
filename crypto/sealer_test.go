package crypto_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

var subjects = map[string]crypto.Subject{"subject": patient(1), "no subject": crypto.NoSubject()}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRoundTrip(t *testing.T) {
	s := newFixture(t, nil)
	overhead := map[string]int{"subject": 37, "no subject": 33}
	for name, subject := range subjects {
		for _, n := range []int{0, 1, 15, 16, 17, 64, 4096, 64 << 10, 1 << 20} {
			plaintext, ref := pattern(n), refOf(subject)
			sealed, err := s.AppendSeal(t.Context(), []byte("head"), plaintext, ref)
			require.NoError(t, err)
			require.Equal(t, "head", string(sealed[:4]))
			require.Len(t, sealed[4:], n+overhead[name])
			got, err := s.AppendOpen(t.Context(), []byte("head"), sealed[4:], ref)
			require.NoError(t, err)
			require.Equal(t, append([]byte("head"), plaintext...), got)
		}
	}
}

// The stored format is fixed for seven years: its layout is asserted here
// byte by byte, and by the golden files.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestLayout(t *testing.T) {
	s := newFixture(t, nil)
	require.Equal(t, []byte{0x01, 0, 0, 0, 1}, seal(t, s.Sealer, refOf(crypto.NoSubject()), "x")[:5])
	require.Equal(t, []byte{0x53, 0, 0, 0, 1, 0, 0, 0, 1}, seal(t, s.Sealer, refOf(patient(1)), "x")[:9])
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSameValueSealsDifferently(t *testing.T) {
	s := newFixture(t, nil)
	for _, subject := range subjects {
		ref := refOf(subject)
		require.NotEqual(t, seal(t, s.Sealer, ref, "same"), seal(t, s.Sealer, ref, "same"))
	}
}

// The ciphers of the standard library panic when buffers overlap in part.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestOverlappingBuffers(t *testing.T) {
	s := newFixture(t, nil)
	for name, subject := range subjects {
		for shift := range 48 {
			ref, plaintext := refOf(subject), pattern(100)
			buf := make([]byte, 100, 400)
			copy(buf, plaintext)
			sealed, err := s.AppendSeal(t.Context(), buf[:shift], buf, ref)
			require.NoError(t, err, name)
			require.Equal(t, plaintext[:shift], sealed[:shift])

			copy(buf[:400][50:], sealed[shift:])
			in := buf[:400][50 : 50+len(sealed)-shift]
			got, err := s.AppendOpen(t.Context(), buf[:400][:30+shift][30:], in, ref)
			require.NoError(t, err, name)
			require.Equal(t, plaintext, got[shift:])
		}
	}
}

// Every single altered bit, every cut and every lengthening is one error.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestAltered(t *testing.T) {
	s := newFixture(t, nil)
	for name, subject := range subjects {
		ref := refOf(subject)
		sealed := seal(t, s.Sealer, ref, "123-45-6789")
		refuse := func(b []byte) {
			t.Helper()
			got, err := s.AppendOpen(t.Context(), nil, b, ref)
			require.Equal(t, crypto.ErrOpen, err, name)
			require.Nil(t, got)
		}
		for i := range len(sealed) * 8 {
			sealed[i/8] ^= 1 << (i % 8)
			refuse(sealed)
			sealed[i/8] ^= 1 << (i % 8)
		}
		for n := range len(sealed) {
			refuse(sealed[:n])
		}
		refuse(append(sealed, 0))
		refuse(nil)
	}
}

// keyless fails the test when it is asked for a key.
type keyless struct{ t *testing.T }

func (k keyless) Keyset(context.Context, string) (*crypto.Keyset, error) {
	k.t.Error("a key was asked for")
	return nil, crypto.ErrTenant
}

// The error names the part, and nothing of what is in the Ref.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRefIsRefusedBeforeAnyKeyWork(t *testing.T) {
	s, err := crypto.New(keyless{t}, cryptotest.NewSubjects(), nil)
	require.NoError(t, err)
	long := string(make([]byte, 1025))
	for name, c := range map[string]struct {
		change func(*crypto.Ref)
		want   string
	}{
		"zero":         {func(r *crypto.Ref) { *r = crypto.Ref{} }, "Tenant is not set"},
		"no tenant":    {func(r *crypto.Ref) { r.Tenant = "" }, "Tenant is not set"},
		"no table":     {func(r *crypto.Ref) { r.Table = "" }, "Table is not set"},
		"no column":    {func(r *crypto.Ref) { r.Column = "" }, "Column is not set"},
		"no row":       {func(r *crypto.Ref) { r.Row = "" }, "Row is not set"},
		"long row":     {func(r *crypto.Ref) { r.Row = long }, "Row is longer than 1024 bytes"},
		"zero subject": {func(r *crypto.Ref) { r.Subject = crypto.Subject{} }, "Subject is not set; use SubjectOf or NoSubject"},
		"zero patient": {func(r *crypto.Ref) { r.Subject = crypto.SubjectOf(safeguard.Patient{}) }, "Subject is not set; use SubjectOf or NoSubject"},
		"long patient": {func(r *crypto.Ref) { r.Subject = crypto.SubjectOf(safeguard.NewPatient(long)) }, "Subject is longer than 1024 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			ref := refOf(patient(1))
			c.change(&ref)
			want := crypto.ErrRef.Error() + ": " + c.want
			_, err := s.AppendSeal(t.Context(), nil, []byte("x"), ref)
			require.ErrorIs(t, err, crypto.ErrRef)
			require.EqualError(t, err, want)
			_, err = s.AppendOpen(t.Context(), nil, make([]byte, 60), ref)
			require.ErrorIs(t, err, crypto.ErrRef)
			require.EqualError(t, err, want)
		})
	}
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestNewRefusesBadOptions(t *testing.T) {
	keys, err := cryptotest.NewKeys(tenantA)
	require.NoError(t, err)
	for name, o := range map[string]crypto.Options{
		"negative ttl":   {SubjectTTL: -1},
		"short ttl":      {SubjectTTL: time.Second - 1},
		"long ttl":       {SubjectTTL: time.Hour + 1},
		"negative cache": {SubjectCache: -1},
		"large cache":    {SubjectCache: 1_000_001},
		"limit":          {SealLimit: crypto.MaxSeals + 1},
	} {
		_, err := crypto.New(keys, nil, &o)
		require.Error(t, err, name)
	}
	_, err = crypto.New(nil, nil, nil)
	require.Error(t, err)
}

// What is not set up denies, and does not panic.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestUnknownStateIsADenial(t *testing.T) {
	s := newFixture(t, nil)
	ref := refOf(crypto.NoSubject())
	ref.Tenant = "unknown"
	_, err := s.AppendSeal(t.Context(), nil, nil, ref)
	require.ErrorIs(t, err, crypto.ErrTenant)

	storeless, err := crypto.New(s.keys, nil, nil)
	require.NoError(t, err)
	_, err = storeless.AppendSeal(t.Context(), nil, nil, refOf(patient(1)))
	require.ErrorContains(t, err, "no store")

	var zero crypto.Sealer
	for _, subject := range subjects {
		_, err = zero.AppendSeal(t.Context(), nil, nil, refOf(subject))
		require.Error(t, err)
		_, err = zero.AppendOpen(t.Context(), nil, make([]byte, 60), refOf(subject))
		require.Error(t, err)
		_, err = zero.AppendRewrap(t.Context(), nil, make([]byte, 60), refOf(subject))
		require.Error(t, err)
	}
	_, err = s.AppendSeal(t.Context(), nil, make([]byte, crypto.MaxPlaintext+1), refOf(patient(1)))
	require.ErrorContains(t, err, "16 MiB")
	_, err = crypto.NewKeyset(1, new(crypto.Key))
	require.Error(t, err)
	_, err = crypto.NewKey(1, make([]byte, 16))
	require.Error(t, err)
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestReport(t *testing.T) {
	s := newFixture(t, nil)
	ref := refOf(patient(1))
	sealed := seal(t, s.Sealer, ref, "value")
	_, err := s.AppendOpen(t.Context(), nil, sealed, ref)
	require.NoError(t, err)
	_, err = s.AppendOpen(t.Context(), nil, sealed, refOf(patient(2)))
	require.Error(t, err)

	got, err := s.Report(t.Context())
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.Contains(t, got[2].Settings, "module.validation")
	require.Equal(t, map[string]uint64{
		"opened": 1, "refused": 1, "compared": 0, "subject.created": 1, "subject.versions": 1, "subject.ready": 1,
		"budget.leases": 1, "budget.half": 0, "budget.exhausted": 0, "budget.rotations": 0,
	}, got[0].Counters)
	require.Equal(t, "all processes of the store", got[0].Settings["seal.limit.scope"])
	require.Equal(t, "permitted", got[0].Settings["open.unaudited"])
	require.Equal(t, "unknown", got[1].Settings["kek.location"], "keys that do not report")
	require.Contains(t, got[1].Statement, "74 FR 19006")
}

// The audit refuses notes on an Entry that has ended; what it cannot note
// must not open.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-01.
func TestRefusedNoteRefusesTheValue(t *testing.T) {
	s := newFixture(t, nil)
	ctx, entry, _ := auditEntry(t)
	ref := refOf(patient(1))
	sealed := seal(t, s.Sealer, ref, "value")
	_, err := s.AppendOpen(ctx, nil, sealed, ref)
	require.NoError(t, err)
	entry.End(audit.Completed, 200, 0)
	ref.Column = "other"
	sealed = seal(t, s.Sealer, ref, "value")
	dst := make([]byte, 0, 64)
	got, err := s.AppendOpen(ctx, dst, sealed, ref)
	require.ErrorIs(t, err, audit.ErrEnded)
	require.Nil(t, got)
	require.Equal(t, make([]byte, 5), dst[:5], "no plaintext stays in the buffer")
	require.False(t, errors.Is(err, crypto.ErrOpen))
}
