package ledger

import (
	"bytes"
	"time"
)

// lastRecorded returns the latest time of commit in the records of a checked
// body, zero if none of them has one.
func lastRecorded(body []byte) (last time.Time) {
	for len(body) > 0 {
		end := frameEnd(body)
		if at := recordedTime(body[frameHeaderSize:end]); at.After(last) {
			last = at
		}
		body = body[end:]
	}
	return last
}

// recordedTime reads what audit.Stamp has written into a record.
func recordedTime(record []byte) time.Time {
	const (
		head   = `{"specversion":"1.0","sequence":"`
		middle = `","recordedtime":"`
		digits = 20
		length = len("0001-01-01T00:00:00.000000000Z")
		timeAt = len(head) + digits + len(middle)
	)
	if len(record) < timeAt+length || !bytes.HasPrefix(record, []byte(head)) ||
		!bytes.HasPrefix(record[len(head)+digits:], []byte(middle)) {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, string(record[timeAt:timeAt+length]))
	if err != nil {
		return time.Time{}
	}
	return at
}
