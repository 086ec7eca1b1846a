package evidence

// An Entry is what a named person states or hands over for one or several
// requests: a document that lies elsewhere, or that there is none. A pack
// shows it as the person's word.
//
// Controls: HIPAA 164.316(b)(1), 164.316(b)(2)(i).
type Entry struct {
	// Requests are the numbers of the requests that it is for.
	Requests []int `json:"requests"`
	// Document names a document with its version and, in hexadecimal, the
	// SHA-256 of its bytes, so that the pack is tied to the very file.
	Document string `json:"document,omitempty"`
	Version  string `json:"version,omitempty"`
	SHA256   string `json:"sha256,omitempty"`
	// Statement is plain text, for instance why there is no such document.
	Statement string `json:"statement,omitempty"`
	// None states that there is nothing of the kind; Statement then says why in
	// 12 letters or more, and Document stays empty. It counts as no answer of
	// substance.
	None bool `json:"none,omitempty"`
	// By is the person, Role the person's office.
	By   string `json:"by"`
	Role string `json:"role,omitempty"`
	// Stated is the day of the statement.
	Stated Date `json:"stated"`
	// Created is when the document was made, LastInEffect the last day on
	// which it was in effect, empty while it is.
	Created      Date `json:"created,omitempty"`
	LastInEffect Date `json:"lastInEffect,omitempty"`
}

// minStatement is how many letters and digits say something.
const minStatement = 12

func (e *Entry) validate(in *Input, path string) error {
	if err := e.validateRequests(path); err != nil {
		return err
	}
	if err := printable(path, e.Document, e.Version, e.Statement, e.By, e.Role); err != nil {
		return err
	}
	if blank(e.By) {
		return refuse(path+".by", "nobody states it")
	}
	if _, err := e.Stated.Time(); err != nil {
		return refuse(path+".stated", "no day of the calendar")
	}
	if e.Stated > in.Made || e.Created > in.Made || e.LastInEffect > in.Made {
		return refuse(path, "a date after the pack is made")
	}
	if e.None {
		if letters(e.Statement) < minStatement || e.Document != "" || e.SHA256 != "" {
			return refuse(path, "\"none\" wants a statement of %d letters or more and no document", minStatement)
		}
		return nil
	}
	return e.validateDocument(path)
}

func (e *Entry) validateRequests(path string) error {
	if len(e.Requests) == 0 {
		return refuse(path+".requests", "names no request")
	}
	seen := map[int]bool{}
	for _, n := range e.Requests {
		if n < 1 || n > requests || seen[n] {
			return refuse(path+".requests", "request %d: numbers go from 1 to %d, each once", n, requests)
		}
		seen[n] = true
	}
	return nil
}

func (e *Entry) validateDocument(path string) error {
	if blank(e.Document) || e.Created == "" || !isSHA256(e.SHA256) {
		return refuse(path, "a document wants a name, the day of its creation and its SHA-256 in lower-case hexadecimal")
	}
	if _, err := e.Retention(); err != nil {
		return refuse(path, "created and lastInEffect are days of the calendar")
	}
	return nil
}

// Retention returns how long the document, or the statement, has to be kept.
func (e *Entry) Retention() (Retention, error) {
	if e.None {
		return Keep(e.Stated, "", false)
	}
	return Keep(e.Created, e.LastInEffect, e.LastInEffect == "")
}

func isSHA256(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}
