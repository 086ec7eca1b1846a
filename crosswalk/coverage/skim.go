package coverage

import "bytes"

// skim returns src without the bodies of its top-level functions, line for
// line, or src itself if there are none to leave out. Bodies are most of a
// source file, and parsing them is most of the time that [Read] takes; nothing
// in them counts but a comment that looks like a control line.
//
// A body is left out only where nothing can be lost by it: it begins after a
// line that starts with "func" and ends with a brace, ends before a line that
// is a closing brace, has only indented lines, and holds neither the word
// "control" nor anything that could begin or end a string or a comment of
// several lines. What gofmt has formatted mostly is like that. In everything
// else the worst that comes of it is a syntax error, and then the file is
// parsed as it is.
func skim(src []byte) []byte {
	var out []byte
	for at := 0; at < len(src); {
		line := nextLine(src[at:])
		at += len(line)
		if opens(line) {
			if n := body(src[at:]); n > 0 {
				if out == nil {
					out = bytes.Clone(src)
				}
				blank(out[at : at+n])
				at += n
			}
		}
	}
	if out == nil {
		return src
	}
	return out
}

// nextLine returns the first line with its newline.
func nextLine(src []byte) []byte {
	if i := bytes.IndexByte(src, '\n'); i >= 0 {
		return src[:i+1]
	}
	return src
}

// opens reports whether a line begins a function and its body.
func opens(line []byte) bool {
	return bytes.HasPrefix(line, []byte("func")) && bytes.HasSuffix(bytes.TrimRight(line, " \t\r\n"), []byte("{"))
}

// body returns the length of the lines up to the closing brace, and 0 if they
// have to be parsed.
func body(src []byte) int {
	n := 0
	for n < len(src) {
		line := nextLine(src[n:])
		switch line[0] {
		case '\t', ' ', '\n', '\r':
			n += len(line)
			continue
		case '}':
			if len(bytes.TrimRight(line, " \t\r\n")) == 1 && !mattersIn(src[:n]) {
				return n
			}
		}
		return 0
	}
	return 0
}

// mattersIn reports whether a body could hold a control line, or the begin or
// end of something that reaches beyond it.
func mattersIn(body []byte) bool {
	for _, s := range []string{"`", "/*", "*/"} {
		if bytes.Contains(body, []byte(s)) {
			return true
		}
	}
	return detachedWord(body)
}

// detachedWord reports whether "ontrol", in any case, is in the text.
func detachedWord(text []byte) bool {
	for {
		i := bytes.IndexAny(text, "oO")
		if i < 0 || len(text)-i < len("ontrol") {
			return false
		}
		if bytes.EqualFold(text[i:i+len("ontrol")], []byte("ontrol")) {
			return true
		}
		text = text[i+1:]
	}
}

// blank leaves the newlines.
func blank(b []byte) {
	for i := range b {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
}
