package ledger

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
)

// bundleMagic is the first line of a bundle. Every other line is a word, a
// space and a value; binary values are base64 (RFC 4648, section 4):
//
//	checkpoint <signed note>
//	known <signed note>          if there is one
//	consistency <hash>           for each hash
//	entry <index>                for each record, in order:
//	record <bytes>
//	hash <hash>                  for each hash, from the leaf up
//	end <number of entries>
const bundleMagic = "io.github.safeguard-sdk.audit.bundle.v1"

// WriteTo writes the bundle as one text file. It implements io.WriterTo.
func (b Bundle) WriteTo(w io.Writer) (int64, error) {
	out := &lineWriter{w: bufio.NewWriter(w)}
	out.text(bundleMagic)
	out.binary("checkpoint", b.Checkpoint)
	if len(b.Known) > 0 {
		out.binary("known", b.Known)
	}
	for _, h := range b.Consistency {
		out.binary("consistency", h[:])
	}
	for _, p := range b.Entries {
		out.text("entry " + strconv.FormatUint(p.Index, 10))
		out.binary("record", p.Record)
		for _, h := range p.Hashes {
			out.binary("hash", h[:])
		}
	}
	out.text("end " + strconv.Itoa(len(b.Entries)))
	if err := out.w.Flush(); err != nil {
		return out.n, fmt.Errorf("ledger: bundle: %w", err)
	}
	return out.n, nil
}

// A lineWriter counts; its errors show in Flush.
type lineWriter struct {
	w *bufio.Writer
	n int64
}

func (o *lineWriter) text(line string) {
	o.n += int64(len(line) + 1)
	o.w.WriteString(line)
	o.w.WriteByte('\n')
}

func (o *lineWriter) binary(word string, p []byte) {
	o.text(word + " " + base64.StdEncoding.EncodeToString(p))
}

var errBundleText = errors.New("ledger: bundle: not a bundle in its one spelling")

// maxBundleLine bounds a line, in bytes.
const maxBundleLine = 16 + (max(maxRecord, maxNote)+2)/3*4

// ReadBundle reads what [Bundle.WriteTo] wrote, up to its last line and within
// the limits of [Reader.Bundle]. It checks the form only: call Verify.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func ReadBundle(from io.Reader) (Bundle, error) {
	s := bufio.NewScanner(io.LimitReader(from, maxBundleSize*3))
	s.Split(wholeLines)
	s.Buffer(nil, maxBundleLine+1)
	p := bundleParser{}
	for s.Scan() {
		if !p.line(s.Text()) {
			return Bundle{}, errBundleText
		}
	}
	if err := s.Err(); errors.Is(err, bufio.ErrTooLong) {
		return Bundle{}, errBundleText
	} else if err != nil {
		return Bundle{}, fmt.Errorf("ledger: bundle: %w", err)
	}
	if !p.ended {
		return Bundle{}, errBundleText
	}
	return p.b, nil
}

// wholeLines is a bufio.SplitFunc of lines that all end with one newline.
func wholeLines(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), []byte{0}, nil // no line of a bundle
	}
	return 0, nil, nil
}

// A bundleParser takes lines in their one order.
type bundleParser struct {
	b       Bundle
	started bool
	wants   string // "record" behind an entry
	size    int
	ended   bool
}

// line takes in one line and reports whether it is one of a bundle.
func (p *bundleParser) line(line string) bool {
	if p.ended {
		return false
	}
	if !p.started {
		p.started = line == bundleMagic
		return p.started
	}
	word, value, found := strings.Cut(line, " ")
	if !found || (p.wants != "" && word != p.wants) {
		return false
	}
	p.wants = ""
	switch word {
	case "checkpoint", "known":
		return p.note(word, value)
	case "consistency":
		return len(p.b.Known) > 0 && len(p.b.Entries) == 0 && addHash(&p.b.Consistency, value)
	case "entry":
		return p.entry(value)
	case "record":
		return p.record(value)
	case "hash":
		n := len(p.b.Entries)
		return n > 0 && addHash(&p.b.Entries[n-1].Hashes, value)
	case "end":
		p.ended = len(p.b.Checkpoint) > 0 && value == strconv.Itoa(len(p.b.Entries))
		return p.ended
	}
	return false
}

// note takes in a signed note, in its place.
func (p *bundleParser) note(word, value string) bool {
	raw, ok := binaryText(value)
	if !ok || len(raw) == 0 || len(raw) > maxNote || len(p.b.Entries) > 0 || len(p.b.Known) > 0 {
		return false
	}
	if first := len(p.b.Checkpoint) == 0; first != (word == "checkpoint") {
		return false
	}
	if word == "checkpoint" {
		p.b.Checkpoint = raw
	} else {
		p.b.Known = raw
	}
	return true
}

func (p *bundleParser) entry(value string) bool {
	index, err := strconv.ParseUint(value, 10, 63)
	n := len(p.b.Entries)
	if err != nil || strconv.FormatUint(index, 10) != value || len(p.b.Checkpoint) == 0 || n == maxBundleEntries {
		return false
	}
	if n > 0 && index <= p.b.Entries[n-1].Index {
		return false
	}
	p.b.Entries = append(p.b.Entries, Proof{Index: index})
	p.wants = "record"
	return true
}

func (p *bundleParser) record(value string) bool {
	n := len(p.b.Entries)
	if n == 0 || p.b.Entries[n-1].Record != nil {
		return false
	}
	raw, ok := binaryText(value)
	if !ok || len(raw) == 0 || len(raw) > maxRecord {
		return false
	}
	p.b.Entries[n-1].Record = raw
	p.size += len(raw)
	return p.size <= maxBundleSize
}

func addHash(list *[]hash, value string) bool {
	h, ok := hashText(value)
	if !ok || len(*list) == merkle.MaxProof {
		return false
	}
	*list = append(*list, h)
	return true
}

// binaryText reads base64 in its one spelling.
func binaryText(value string) ([]byte, bool) {
	if strings.ContainsAny(value, "\r\n") { // which the decoder passes over
		return nil, false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(value)
	return raw, err == nil
}
