package ledger

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// The CloudEvents types of the records that a ledger writes by itself, about
// what [Open] found.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
const (
	// Recovered says what was repaired. Its data has reason, segment, offset,
	// bytes, entry (the index at which the ledger goes on) and sha256 (of
	// dropped bytes). After a crash in the middle of a recovery more than one
	// record can tell of it.
	Recovered = audit.TypeLogRecovered
	// Unsigned says that records before it were not covered by a checkpoint, as
	// after a crash. Nothing but checksums speaks for them: who could write the
	// files could change them, or add them. Its data has entry (the index of
	// the first) and records (how many). Where the ledger was closed in order,
	// such a record is an alarm.
	Unsigned = audit.TypeLogUnsigned
)

// A recovery is the data of a record of type Recovered.
type recovery struct {
	Reason  string `json:"reason"`
	Segment string `json:"segment"`
	Offset  int64  `json:"offset"`
	Bytes   int64  `json:"bytes"`
	Entry   uint64 `json:"entry"`
	SHA256  string `json:"sha256,omitempty"`
}

// An unsigned is the data of a record of type Unsigned.
type unsigned struct {
	Entry   uint64 `json:"entry"`
	Records uint64 `json:"records"`
}

// findings returns the records that tell of what the exam found.
func (l *Ledger) findings(e *exam) ([][]byte, error) {
	repaired, err := repairs(e)
	if err != nil {
		return nil, err
	}
	var notes [][]byte
	for _, r := range repaired {
		note, err := l.note(Recovered, r)
		if err != nil {
			return nil, err
		}
		notes = append(notes, note)
	}
	l.counters.recoveries.Add(uint64(len(notes)))
	n := e.tree.size - e.signed.Size
	if n == 0 {
		return notes, nil
	}
	l.counters.found.Add(n)
	note, err := l.note(Unsigned, unsigned{e.signed.Size, n})
	return append(notes, note), err
}

// repairs says what must be repaired.
func repairs(e *exam) ([]recovery, error) {
	var found []recovery
	if e.extra() > 0 {
		sum, err := digest(e.fsys, e.last.name, e.last.offset, e.extra())
		if err != nil {
			return nil, err
		}
		found = append(found, recovery{"an unfinished batch at the end was dropped: " + e.stop.Reason,
			e.last.name, e.last.offset, e.extra(), e.tree.size, sum})
	}
	if e.indexDamaged() {
		found = append(found, recovery{Reason: "the leaf index was not that of the records and was made again",
			Segment: leavesName, Entry: e.tree.size})
	}
	return found, nil
}

// digest hashes a part of a file.
func digest(fsys fileSystem, name string, offset, size int64) (string, error) {
	f, err := fsys.Open(name, false)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, offset, size)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// note is a record of the ledger's own.
func (l *Ledger) note(kind string, data any) ([]byte, error) {
	p, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return audit.Event{ID: rand.Text(), Source: l.options.Origin, Type: kind, Time: time.Now(), Data: p}.Append(nil)
}

// tell appends notes, right behind the last whole batch and so over the bytes
// that are to be dropped. Only when the account is durable is the rest repaired:
// a recovery that is cut short leaves what the next one will find.
func (l *Ledger) tell(notes [][]byte) error {
	if len(notes) == 0 {
		return nil
	}
	g := newGroup(nil)
	g.add(notes)
	if err := l.put(g); err != nil {
		return err
	}
	l.size.Add(uint64(g.count))
	l.grow(g.body())
	return nil
}
