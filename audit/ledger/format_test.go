package ledger

import (
	"bytes"
	"encoding/base64"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden ledger anew")

const golden = "testdata/v2"

// A ledger that an earlier build wrote is read for seven years. Its second
// segment and its recovery record are part of it.
//
// Controls: HIPAA 164.312(c)(1), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestGoldenLedger(t *testing.T) {
	const records = 40
	if *update {
		writeGolden(t, records)
	}
	key, err := os.ReadFile(filepath.Join(golden, "verifier-key"))
	require.NoError(t, err)
	v, err := Verify(t.Context(), golden, strings.TrimSpace(string(key)), nil)
	require.NoError(t, err)
	require.True(t, v.OK, v.String())
	require.Equal(t, 2, v.Segments)
	require.EqualValues(t, records+1, v.Size)
	require.EqualValues(t, records+1, v.Checkpoint.Size)

	dir := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.CopyFS(dir, os.DirFS(golden)))
	l, err := Open(dir, testKey(1), nil)
	require.NoError(t, err)
	got, own := contents(t, l)
	require.Len(t, got, records)
	require.Equal(t, []string{Recovered}, own)
	for i, r := range got {
		require.Equal(t, record(i), r)
	}
	require.NoError(t, l.Append(t.Context(), record(records)), "and it can be gone on with")
	require.NoError(t, l.Close(t.Context()))
}

func writeGolden(t *testing.T, records int) {
	t.Helper()
	require.NoError(t, os.RemoveAll(golden))
	l, err := Open(golden, testKey(1), quiet())
	require.NoError(t, err)
	appendRange(t, l, 0, 5)
	require.NoError(t, l.Close(t.Context()))
	f, err := os.OpenFile(filepath.Join(golden, segmentName(0)), os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = f.WriteString("an interrupted write")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	l, err = Open(golden, testKey(1), quiet())
	require.NoError(t, err)
	appendRange(t, l, 5, records)
	require.NoError(t, l.Close(t.Context()))
	require.NoError(t, os.WriteFile(filepath.Join(golden, "verifier-key"), []byte(l.VerifierKey()+"\n"), 0o600))
}

// Whatever bytes follow, the reader returns only whole, checked batches, ends,
// and never reads beyond the file.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func FuzzSegment(f *testing.F) {
	m, _ := closedLedger(f, 5)
	whole := m.names[segmentName(0)].data
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add(whole[:40])
	f.Add(append(bytes.Clone(whole), 0, 0, 0, 0, 0, 0, 0, 0))
	f.Add([]byte{})
	broken := bytes.Clone(whole)
	broken[120] ^= 4
	f.Add(broken)
	f.Fuzz(func(t *testing.T, data []byte) {
		m := newMemFS()
		m.put(segmentName(0), data)
		r, err := openSegment(m, segmentName(0))
		if err != nil {
			require.ErrorIs(t, err, ErrDamaged)
			return
		}
		rebuilt := r.header.encode()
		for {
			h, body, err := r.batch()
			if err == io.EOF {
				require.Equal(t, data[:len(rebuilt)], rebuilt)
				require.Zero(t, lastByte(data[len(rebuilt):]), "everything was read")
				return
			}
			if err != nil {
				require.ErrorIs(t, err, ErrDamaged)
				require.Equal(t, data[:len(rebuilt)], rebuilt)
				_, err = r.followed()
				require.NoError(t, err)
				return
			}
			head := make([]byte, batchHeaderSize)
			h.put(head, r.header.marker)
			rebuilt = append(append(rebuilt, head...), body...)
		}
	})
}

// A checkpoint has one spelling: what is accepted is what would be written.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func FuzzParseCheckpoint(f *testing.F) {
	s, err := newCheckpointSigner("clinic.example/charts", testKey(1))
	require.NoError(f, err)
	c, err := s.checkpoint(7, hash{1})
	require.NoError(f, err)
	f.Add(c.Note)
	f.Add(bytes.ToUpper(c.Note))
	f.Add(bytes.Replace(c.Note, []byte("7"), []byte("07"), 1))
	f.Add([]byte("a\n1\nb\n\n— c d\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ParseCheckpoint(data, s.vk)
		if err != nil {
			require.Equal(t, Checkpoint{}, got)
			return
		}
		require.True(t, bytes.HasPrefix(data, []byte(got.text())))
	})
}

// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestParseCheckpoint(t *testing.T) {
	s, err := newCheckpointSigner("clinic.example/charts", testKey(1))
	require.NoError(t, err)
	c, err := s.checkpoint(7, hash{1})
	require.NoError(t, err)
	got, err := ParseCheckpoint(c.Note, s.vk)
	require.NoError(t, err)
	require.Equal(t, c, got)

	_, err = ParseCheckpoint(c.Note, vkeyOf(t, 2))
	require.ErrorIs(t, err, ErrWrongKey)
	_, err = ParseCheckpoint(c.Note, "nonsense")
	require.ErrorContains(t, err, "verifier key")
	_, err = ParseCheckpoint(make([]byte, maxNote+1), s.vk)
	require.ErrorIs(t, err, ErrDamaged)
	_, err = ParseCheckpoint(bytes.Replace(c.Note, []byte("\n7\n"), []byte("\n8\n"), 1), s.vk)
	require.ErrorIs(t, err, ErrDamaged)

	for _, text := range []string{
		"", "a\n1\n", "a\n1\n!!\n", "a\n+1\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n",
		"a\n01\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n",
		"a\n1\n" + base64.StdEncoding.EncodeToString(make([]byte, 31)) + "\n",
		"\n1\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n",
		"a\n1\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\nmore\n",
		"a\n18446744073709551615\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n",
	} {
		_, err := merkle.ParseText(text)
		require.Error(t, err, "%q", text)
	}
}

// A signature whose base64 has loose bits is the same signature in another
// spelling, and refused.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestLooseBitsOfTheSignature(t *testing.T) {
	s, err := newCheckpointSigner("clinic.example/charts", testKey(1))
	require.NoError(t, err)
	c, err := s.checkpoint(7, hash{1})
	require.NoError(t, err)
	at := bytes.LastIndexByte(c.Note, '=') - 1
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(alphabet, c.Note[at])
	require.Zero(t, last&3)
	loose := bytes.Clone(c.Note)
	loose[at] = alphabet[last+1]
	_, err = ParseCheckpoint(loose, s.vk)
	require.ErrorIs(t, err, ErrDamaged)
}
