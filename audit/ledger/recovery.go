package ledger

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// Recovered is the CloudEvents type of the record by which a ledger says what
// [Open] had to repair. Its data has reason, segment, offset, bytes, entry
// (the index at which the ledger goes on) and sha256 (of dropped bytes). After
// a crash in the middle of a recovery it can appear twice, with one id.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
const Recovered = "io.github.safeguard-sdk.audit.ledger.recovered.v1"

// maxPending bounds the file of pending notes, in bytes.
const maxPending = 1 << 20

// A recovery is the data of a record of type Recovered.
type recovery struct {
	Reason  string `json:"reason"`
	Segment string `json:"segment"`
	Offset  int64  `json:"offset"`
	Bytes   int64  `json:"bytes"`
	Entry   uint64 `json:"entry"`
	SHA256  string `json:"sha256,omitempty"`
}

// takeNotes returns the records that tell of this recovery and of earlier ones
// that a crash cut short, after it made them durable in a file of their own.
func (l *Ledger) takeNotes(e *exam) ([][]byte, error) {
	notes, err := readPending(l.fsys)
	if err != nil {
		return nil, err
	}
	found, err := l.findings(e)
	if err != nil || len(found) == 0 {
		return notes, err
	}
	for _, f := range found {
		note, err := f.event(l.options.Origin)
		if err != nil {
			return nil, err
		}
		notes = append(notes, note)
	}
	return notes, writeAtomic(l.fsys, pendingName, append(bytes.Join(notes, []byte("\n")), '\n'))
}

// findings says what must be repaired.
func (l *Ledger) findings(e *exam) ([]recovery, error) {
	var found []recovery
	if e.extra() > 0 {
		sum, err := digest(l.fsys, e.last.name, e.last.offset, e.extra())
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

// event is the record of a recovery.
func (r recovery) event(source string) ([]byte, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return audit.Event{ID: rand.Text(), Source: source, Type: Recovered, Time: time.Now(), Data: data}.Append(nil)
}

// readPending reads notes that wait to be recorded.
func readPending(fsys fileSystem) ([][]byte, error) {
	data, err := readSmall(fsys, pendingName, maxPending)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	for _, line := range lines {
		if len(data) > maxPending || len(line) > minRecordSize || !json.Valid(line) {
			return nil, &DamageError{Segment: pendingName, Reason: "the note of a recovery is not readable"}
		}
	}
	return lines, nil
}
