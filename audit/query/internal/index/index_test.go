package index

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	secret  = bytes.Repeat([]byte{7}, 32)
	last    = sha256.Sum256([]byte("last"))
	segment = Segment{Ledger: "clinic", Name: "00000000000000001000.seg", First: 1000, End: 1000 + records, Bytes: 1 << 20}
)

const records = 2000

// key is that of the n-th patient.
func key(n int) Key {
	var scratch []byte
	return KeyOf(&scratch, 'p', fmt.Append(nil, "p1.", n))
}

// build returns an index of records: record i has the keys i%97, i%7 and its own.
func build() *Builder {
	var b Builder
	for i := range records {
		if !b.Add(Row{int64(i * 800), int64(i) * 1e9}, []Key{key(i % 97), key(i % 7), key(100_000 + i)}) {
			panic("no room")
		}
	}
	return &b
}

func encoded() []byte { return build().Encode(secret, segment, last) }

func open(file []byte) (*File, error) {
	return Open(bytes.NewReader(file), int64(len(file)), secret, segment)
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestFileSaysWhatTheBuilderSays(t *testing.T) {
	b := build()
	f, err := open(encoded())
	require.NoError(t, err)
	for _, n := range []int{0, 1, 6, 7, 50, 96, 97, 98, 99_999, 100_000, 100_777, 101_999, 102_000} {
		got, err := f.Find(key(n))
		require.NoError(t, err)
		want, _ := b.Find(key(n))
		require.Equal(t, want, got, n)
	}
	for i := range uint32(records) {
		row, err := f.Row(i)
		require.NoError(t, err)
		want, _ := b.Row(i)
		require.Equal(t, want, row)
	}
	_, err = f.Row(records)
	require.ErrorIs(t, err, ErrIndex)
	earliest, latest := f.Span()
	require.Equal(t, [2]int64{0, (records - 1) * 1e9}, [2]int64{earliest, latest})
	sum, position := f.Last()
	require.Equal(t, last, sum)
	require.Equal(t, uint32(records-1), position)
	require.NoError(t, f.Check())
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestFilterLetsFewPass(t *testing.T) {
	f, err := open(encoded())
	require.NoError(t, err)
	const n = 20_000
	passed := 0
	for i := range n {
		may, err := f.May(key(1_000_000 + i))
		require.NoError(t, err)
		if may {
			passed++
		}
	}
	t.Logf("%.2f %% of unknown keys pass", 100*float64(passed)/n)
	require.Less(t, passed, n/50, "the keys are the same in every run, and so is this")
}

// Built twice, it is the same, whatever order the keys of a record come in.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestBuiltTwiceItIsTheSame(t *testing.T) {
	var b Builder
	for i := range records {
		require.True(t, b.Add(Row{int64(i * 800), int64(i) * 1e9}, []Key{key(100_000 + i), key(i % 7), key(i % 97), key(i % 7)}))
	}
	require.Equal(t, encoded(), b.Encode(secret, segment, last))
	require.Equal(t, encoded(), encoded())
}

// everything asks all there is; it returns the first error.
func everything(f *File) error {
	for i := range records {
		for _, n := range []int{i % 97, 100_000 + i} {
			if _, err := f.Find(key(n)); err != nil {
				return err
			}
		}
		if _, err := f.Row(uint32(i)); err != nil {
			return err
		}
	}
	return nil
}

// Every page that is changed is noticed where it is read, and no other answer
// than the true one comes out of a file that somebody edited.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestEditedFileIsNotBelieved(t *testing.T) {
	good := encoded()
	random := rand.New(rand.NewPCG(1, 2))
	for page := range len(good) / pageSize {
		bad := bytes.Clone(good)
		bad[page*pageSize+random.IntN(pageSize)] ^= 1 << random.IntN(8)
		f, err := open(bad)
		if err == nil && page < len(good)/pageSize {
			require.ErrorIs(t, f.Check(), ErrIndex, page)
			err = everything(f)
		}
		require.ErrorIs(t, err, ErrIndex, page)
	}
	swapped := bytes.Clone(good)
	copy(swapped[pageSize:], good[2*pageSize:3*pageSize])
	copy(swapped[2*pageSize:], good[pageSize:2*pageSize])
	f, err := open(swapped)
	require.NoError(t, err)
	require.ErrorIs(t, everything(f), ErrIndex, "two pages exchanged")
	for _, cut := range []int{0, 1, pageSize - 1, pageSize, len(good) - pageSize, len(good) - 1} {
		_, err := open(good[:cut])
		require.ErrorIs(t, err, ErrIndex, cut)
	}
	_, err = open(append(bytes.Clone(good), good[:pageSize]...))
	require.ErrorIs(t, err, ErrIndex, "a page more")
}

// An index of another segment, ledger or secret is not believed, though all is
// sound in it.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestForeignFileIsNotBelieved(t *testing.T) {
	file := encoded()
	others := map[string]func(*Segment){
		"ledger": func(s *Segment) { s.Ledger = "other" },
		"name":   func(s *Segment) { s.Name = "00000000000000001001.seg" },
		"first":  func(s *Segment) { s.First, s.End = s.First+1, s.End+1 },
		"end":    func(s *Segment) { s.End++ },
		"bytes":  func(s *Segment) { s.Bytes++ },
	}
	for what, change := range others {
		s := segment
		change(&s)
		_, err := Open(bytes.NewReader(file), int64(len(file)), secret, s)
		require.ErrorIs(t, err, ErrIndex, what)
	}
	_, err := Open(bytes.NewReader(file), int64(len(file)), bytes.Repeat([]byte{8}, 32), segment)
	require.ErrorIs(t, err, ErrIndex)
	require.Nil(t, build().Encode(secret, Segment{End: 7}, last), "not all of the segment")
}

// A holder of the secret may still write nonsense: the reader stays in bounds.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func FuzzOpen(f *testing.F) {
	good := encoded()
	var payload []byte
	for at := 0; at < len(good); at += pageSize {
		payload = append(payload, good[at:at+payloadSize]...)
	}
	f.Add(payload)
	f.Add(payload[:headerSize])
	f.Add([]byte(magic))
	huge := bytes.Clone(payload)
	binary.LittleEndian.PutUint32(huge[12:], 1<<31)
	f.Add(huge)
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) == 0 || len(payload) > 1<<20 {
			return
		}
		file, err := open(paged(payload, newSealer(secret, segment)))
		if err != nil {
			return
		}
		for n := range 200 {
			list, err := file.Find(key(n))
			if err == nil && len(list) > records {
				t.Fatal("more positions than records")
			}
			if _, err := file.Row(uint32(n)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	f, err := open(encoded())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.valid = false
		if _, err := f.Find(key(50)); err != nil {
			b.Fatal(err)
		}
	}
}
