package fleet

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

const subjectPrefix = "member/"

// An entry is the data of a log.checkpoint record of a fleet.
type entry struct {
	Member string `json:"member"`
	Key    string `json:"key"`
	Origin string `json:"origin"`
	Size   uint64 `json:"size"`
	Root   string `json:"root"`
	Note   string `json:"note"`
}

// An alert is the data of an alert.raised record of a fleet.
type alert struct {
	Member string `json:"member"`
	State  State  `json:"state"`
	Old    string `json:"old"`
	New    string `json:"new"`
}

// A held checkpoint is the last one of a member that the log has.
type held struct {
	ledger.Checkpoint
	key   string
	at    time.Time
	index uint64
}

// A memory is what the log says.
type memory struct {
	last   map[string]held
	alerts map[string]bool // by alertKey
}

func alertKey(member string, newNote []byte) string { return member + "\n" + string(newNote) }

// remember reads the log. A record of a checkpoint that cannot be read, or that
// goes back, is an error: nobody but a fleet writes them, and none writes that.
func remember(records iter.Seq2[ledger.Record, error]) (*memory, error) {
	m := &memory{last: map[string]held{}, alerts: map[string]bool{}}
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(r.Data, []byte(subjectPrefix)) {
			continue
		}
		if err := m.take(r); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *memory) take(r ledger.Record) error {
	e, err := audit.ParseEvent(r.Data)
	if err != nil || !strings.HasPrefix(e.Subject, subjectPrefix) {
		return nil // not ours
	}
	switch e.Type {
	case audit.TypeLogCheckpoint:
		return m.checkpoint(r.Index, e)
	case audit.TypeAlert:
		var a alert
		if json.Unmarshal(e.Data, &a) == nil {
			m.alerts[alertKey(a.Member, []byte(a.New))] = true
		}
	}
	return nil
}

func (m *memory) checkpoint(index uint64, e audit.Event) error {
	var c entry
	if err := json.Unmarshal(e.Data, &c); err != nil || e.Subject != subjectPrefix+c.Member {
		return fmt.Errorf("record %d: not readable as a member's checkpoint", index)
	}
	opened, err := ledger.ParseCheckpoint([]byte(c.Note), c.Key)
	if err != nil {
		return fmt.Errorf("record %d: checkpoint of %s: %w", index, c.Member, err)
	}
	last, known := m.last[c.Member]
	if known && (last.key != c.Key || opened.Size < last.Size || opened.Size == last.Size && opened.Root != last.Root) {
		return fmt.Errorf("record %d: checkpoint of %s: it does not follow the one before", index, c.Member)
	}
	at := e.Time
	if !e.RecordedTime.IsZero() {
		at = e.RecordedTime
	}
	m.last[c.Member] = held{opened, c.Key, at, index}
	return nil
}

// render makes the record of a member's checkpoint. Its id is the same for the
// same checkpoint.
func render(source string, member Member, c ledger.Checkpoint, now time.Time) ([]byte, error) {
	root := hex.EncodeToString(c.Root[:])
	data, err := json.Marshal(entry{member.Name, member.VerifierKey, c.Origin, c.Size, root, string(c.Note)})
	if err != nil {
		return nil, err
	}
	return audit.Event{ID: fmt.Sprintf("%s-%d-%s", member.Name, c.Size, root[:16]), Source: source, Type: audit.TypeLogCheckpoint,
		Subject: subjectPrefix + member.Name, Time: now, Data: data}.Append(nil)
}

// renderAlert makes the record of a fork or a rollback, with both notes.
func renderAlert(source string, f Finding, now time.Time) ([]byte, error) {
	data, err := json.Marshal(alert{f.Member, f.State, string(f.Old), string(f.New)})
	if err != nil {
		return nil, err
	}
	return audit.Event{ID: fmt.Sprintf("%s-alert-%d", f.Member, now.UnixNano()), Source: source, Type: audit.TypeAlert,
		Subject: subjectPrefix + f.Member, Time: now, Data: data}.Append(nil)
}
