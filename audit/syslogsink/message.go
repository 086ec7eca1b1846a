package syslogsink

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard/audit"
)

// Priorities: facility 10 (security and authorization), severity 5 (notice) or
// 4 (warning), as ITI-20 uses them.
const (
	notice  = "<85>"
	warning = "<84>"
)

// warnings are the types of records that somebody should look at.
var warnings = []string{
	audit.TypeDenied, audit.TypeUnauthenticated, audit.TypeBreakGlassInvoked, audit.TypeReidentified, audit.TypeClockStepped,
	audit.TypeLogRecovered, audit.TypeLogUnsigned, audit.TypeLogDegraded, audit.TypeReviewOverdue, audit.TypeAlert,
}

// bom marks the message as UTF-8 (RFC 5424, section 6.4).
const bom = "\ufeff"

// frame renders a record as one message in its frame: the length in decimal, a
// space, and the message (RFC 5425, section 4.3).
func (o *Options) frame(record []byte) ([]byte, error) {
	e, good := open(record)
	if !good {
		return nil, ErrRecord
	}
	body := record
	if bytes.ContainsAny(record, "\r\n") {
		var b bytes.Buffer
		if json.Compact(&b, record) != nil {
			return nil, ErrRecord
		}
		body = b.Bytes()
	}
	header := o.header(e)
	size := len(header) + len(bom) + len(body)
	if size > o.MaxMessage {
		return nil, ErrTooLarge
	}
	out := strconv.AppendInt(make([]byte, 0, size+8), int64(size), 10)
	out = append(out, ' ')
	out = append(out, header...)
	out = append(out, bom...)
	return append(out, body...), nil
}

// header renders everything before the message proper (RFC 5424, section 6).
func (o *Options) header(e envelope) string {
	priority := notice
	if slices.Contains(warnings, e.kind) {
		priority = warning
	}
	var b strings.Builder
	b.WriteString(priority + "1 " + e.timestamp() + " " + o.Hostname + " " + o.AppName + " " + o.ProcID + " " + o.MsgID)
	b.WriteString(" [cloudevent@" + strconv.FormatUint(uint64(o.EnterpriseNumber), 10))
	for _, p := range [...]struct{ name, value string }{{"id", e.id}, {"source", e.source}, {"type", e.kind}} {
		if p.value != "" {
			b.WriteString(" " + p.name + `="` + escaper.Replace(p.value) + `"`)
		}
	}
	b.WriteString("] ")
	return b.String()
}

// escaper escapes a value of structured data (RFC 5424, section 6.3.3).
var escaper = strings.NewReplacer(`"`, `\"`, `\`, `\\`, `]`, `\]`)
