package access

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// lineBuffer is what is read at a time, and by how much the buffer of a line
// that is longer grows at least.
const lineBuffer = 64 << 10

// Counts say what became of the lines of an NDJSON stream.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
type Counts struct {
	// Written is the number of resources that were written, each a line.
	Written int
	// Withheld is the number of those that were left out: of a type that
	// the caller may not see, labelled above the ceiling, outside of the
	// scope, or changed in their meaning by what is hidden.
	Withheld int
}

// ProjectNDJSON reads one JSON object a line from src, as a FHIR bulk export
// writes them, and writes to dst what the decision lets the caller see of each,
// also a line each. A line is projected as by [Decision.Project], by the rules
// about its own resourceType if it has one; what may not be seen at all leaves
// no line behind. Blank lines are skipped.
//
// At the first line that is malformed or longer than 16 MiB it ends with an
// error that unwraps to [ErrProjection], and has written nothing of that line;
// the lines before it are out, so a reader must not take a stream that ended
// in an error for a whole one. Errors of src and dst are returned as they are.
// It holds one line at a time, in a buffer of 64 KiB that grows with the line
// up to that bound, and does not allocate for each line.
//
// It does not record anything, and the decision is not asked for again between
// lines: on a route, a stream does both.
func (d Decision) ProjectNDJSON(dst io.Writer, src io.Reader) (Counts, error) {
	var counts Counts
	if d.verdict == nil || d.verdict.code != codeAllowed {
		return counts, fmt.Errorf("%w: the decision does not allow it", ErrProjection)
	}
	lines := lineReader{src: bufio.NewReaderSize(src, lineBuffer)}
	var out []byte
	for {
		line, err := lines.next()
		if err != nil {
			return counts, ended(err)
		}
		if line = bytes.Trim(line, " \t\r\n"); len(line) == 0 {
			continue
		}
		kept := false
		if out, kept, err = d.projectLine(out[:0], line); err != nil {
			return counts, err
		}
		if !kept {
			counts.Withheld++
			continue
		}
		out = append(out, '\n')
		if _, err := dst.Write(out); err != nil {
			return counts, err
		}
		counts.Written++
	}
}

// ended returns nil for the end of a stream.
func ended(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// projectLine projects one resource of whatever type.
func (d *Decision) projectLine(dst, line []byte) (out []byte, kept bool, err error) {
	p, err := d.begin(dst, line)
	if err != nil {
		return dst, false, err
	}
	kept = p.line()
	if out, err = p.end(); err != nil {
		return dst, false, err
	}
	return out, kept, nil
}

// line projects the one resource that the document is, by its own type.
func (p *projection) line() bool {
	if p.peek() != '{' {
		return p.fail("not an object")
	}
	kept := false
	switch name := p.resourceType(); {
	case p.err != nil:
		return false
	case name == nil || string(name) == p.decision.Resource:
		kept = p.resource(p.decision.Resource, nil)
	default:
		kept = p.resource("", name)
	}
	if p.err == nil && (p.peek() != 0 || p.pos != len(p.src)) {
		p.fail("malformed JSON")
	}
	return kept
}

// lineReader reads lines of bounded length.
type lineReader struct {
	src  *bufio.Reader
	long []byte // a line that is longer than the buffer of src
}

// next returns a line, valid until the next call, and io.EOF behind the last.
func (r *lineReader) next() ([]byte, error) {
	r.long = r.long[:0]
	for {
		part, err := r.src.ReadSlice('\n')
		switch {
		case err == nil && len(r.long) == 0:
			return part, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull) && err != io.EOF:
			return nil, err
		case len(r.long)+len(part) > maxDocument:
			return nil, fmt.Errorf("%w: a line is too long", ErrProjection)
		}
		r.long = append(r.long, part...)
		switch {
		case err == nil:
			return r.long, nil
		case err == io.EOF && len(r.long) == 0:
			return nil, io.EOF
		case err == io.EOF:
			return r.long, nil
		}
	}
}
