package keep

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// stampLayout is how a log writes recordedtime.
const stampLayout = "2006-01-02T15:04:05.000000000Z"

// The fixed start of a record, before and behind the sequence's 20 digits.
const (
	headSequence = `{"specversion":"1.0","sequence":"`
	headRecorded = `","recordedtime":"`
	stampAt      = len(headSequence) + 20 + len(headRecorded)
)

// recordedAt reads when the log took a record, where the log itself wrote it.
func recordedAt(record []byte) (time.Time, bool) {
	if len(record) < stampAt+len(stampLayout)+1 || string(record[:len(headSequence)]) != headSequence ||
		string(record[stampAt-len(headRecorded):stampAt]) != headRecorded || record[stampAt+len(stampLayout)] != '"' {
		return time.Time{}, false
	}
	t, err := time.Parse(stampLayout, string(record[stampAt:stampAt+len(stampLayout)]))
	return t, err == nil && t.Year() > 1
}

// A header is what keep needs of any record.
type header struct {
	ID           string          `json:"id"`
	Type         string          `json:"type"`
	Time         time.Time       `json:"time"`
	RecordedTime time.Time       `json:"recordedtime"`
	ExpiryTime   time.Time       `json:"expirytime"`
	Data         json.RawMessage `json:"data"`
}

// created is the later of when it happened and when it was recorded, false if
// the record does not say.
func (h header) created(record []byte) (time.Time, bool) {
	t := h.Time
	if h.RecordedTime.After(t) {
		t = h.RecordedTime
	}
	if stamped, ok := recordedAt(record); ok && stamped.After(t) {
		t = stamped
	}
	return t, t.Year() > 1
}

// timeOf is when a record was recorded, or else when it says it happened.
func timeOf(record []byte) (time.Time, bool) {
	if t, ok := recordedAt(record); ok {
		return t, true
	}
	var h header
	if json.Unmarshal(record, &h) != nil {
		return time.Time{}, false
	}
	return h.created(record)
}

// mentions reports whether any string anywhere in a record is one of the
// words, by itself or behind the last slash. A record that is not JSON may
// mention anything.
func mentions(record []byte, words map[string]bool) bool {
	if !json.Valid(record) {
		return true
	}
	d := json.NewDecoder(bytes.NewReader(record))
	for {
		token, err := d.Token()
		if err != nil {
			return false // the end
		}
		s, ok := token.(string)
		if ok && (words[s] || words[s[strings.LastIndexByte(s, '/')+1:]]) {
			return true
		}
	}
}
