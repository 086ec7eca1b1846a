package main

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/query"
)

// maxTokenFile is how many tokens a file has at most.
const maxTokenFile = 1_000_000

// parseTokens reads tokens, one a line.
func parseTokens(b []byte) ([]string, error) {
	var all []string
	for line := range strings.Lines(string(b)) {
		token := strings.TrimSpace(line)
		if token == "" {
			continue
		}
		if len(token) > 256 || strings.ContainsAny(token, " \t") || len(all) == maxTokenFile {
			return nil, errors.New("must be tokens, one a line, at most a million")
		}
		all = append(all, token)
	}
	if len(all) == 0 {
		return nil, errors.New("has no token")
	}
	return all, nil
}

// extent says how much of a ledger an answer covers.
type extent struct {
	Size       uint64   `json:"size"`
	Floor      uint64   `json:"floor"`
	Signed     uint64   `json:"signed"`
	Distrusted []string `json:"distrusted,omitempty"`
}

func extents(all []query.Extent) (out []extent) {
	for _, x := range all {
		out = append(out, extent{x.Size, x.Floor, x.Signed, x.Distrusted})
	}
	return out
}

func (x extent) String() string {
	s := fmt.Sprintf("%d records, signed up to %d", x.Size, x.Signed)
	if x.Floor > 0 {
		s += fmt.Sprintf(", the first %d pruned and in no answer", x.Floor)
	}
	if len(x.Distrusted) > 0 {
		s += fmt.Sprintf(", %d index files not believed", len(x.Distrusted))
	}
	return s
}

// hit is a record of an answer, as it is written.
type hit struct {
	Index    uint64       `json:"index"`
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Time     time.Time    `json:"time,omitzero"`
	Recorded time.Time    `json:"recorded,omitzero"`
	Signed   bool         `json:"signed"`
	Exposed  bool         `json:"exposed"`
	Access   audit.Access `json:"access"`
	Others   int          `json:"others,omitempty"`
	Ended    *audit.Ended `json:"ended,omitempty"`
}

// answers writes the pages of an answer.
type answers struct {
	*env
	json             bool
	hits, unreadable int
	unsigned         int
}

func (w *answers) page(a *query.Answer) error {
	out := bufio.NewWriter(w.out)
	page := &env{out: out}
	for i := range a.Hits {
		h := &a.Hits[i]
		if w.json {
			if err := page.jsonLine(hit{h.Index, h.ID, h.Type, h.Time, h.Recorded, h.Signed, h.Exposed(), h.Access, h.Others, h.Ended}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintln(out, hitLine(h))
	}
	w.hits += len(a.Hits)
	w.unreadable += a.Unreadable
	w.unsigned += a.Unsigned()
	for _, name := range a.Unread {
		w.note("%s cannot be read and may belong to the answer", name)
	}
	return out.Flush()
}

// end writes the last line. Without it an answer is not whole.
func (w *answers) end(ledgers []query.Extent) error {
	covered := extents(ledgers)
	var err error
	if w.json {
		err = w.jsonLine(struct {
			End        bool     `json:"end"`
			Hits       int      `json:"hits"`
			Unsigned   int      `json:"unsigned"`
			Unreadable int      `json:"unreadable"`
			Ledgers    []extent `json:"ledgers"`
		}{true, w.hits, w.unsigned, w.unreadable, covered})
	} else {
		_, err = fmt.Fprintf(w.out, "end: %d found, %d of them not signed yet; the ledger has %s\n", w.hits, w.unsigned, covered[0])
	}
	if err == nil && w.unreadable > 0 {
		err = findings("%d records cannot be read and may belong to the answer", w.unreadable)
	}
	return err
}

// hitLine writes a record in one line. Whatever a record holds is quoted if it
// could be taken for something else.
func hitLine(h *query.Hit) string {
	who := "nobody"
	if p := h.Access.Principal; p != nil {
		who = quoted(p.ID)
		if p.OnBehalfOf != "" {
			who += " for " + quoted(p.OnBehalfOf)
		}
	}
	kind := strings.TrimSuffix(strings.TrimPrefix(h.Type, "io.github.safeguard-sdk.audit."), ".v1")
	parts := []string{h.Time.UTC().Format(time.RFC3339), strconv.FormatUint(h.Index, 10), who, quoted(kind)}
	for _, s := range []string{h.Access.Action, h.Access.Resource, string(h.Access.Purpose)} {
		if s != "" {
			parts = append(parts, quoted(s))
		}
	}
	if len(h.Access.Fields) > 0 {
		parts = append(parts, "fields="+quoted(strings.Join(h.Access.Fields, ",")))
	}
	if len(h.Access.Opened) > 0 {
		parts = append(parts, "opened="+quoted(strings.Join(h.Access.Opened, ",")))
	}
	if len(h.Access.Denied) > 0 {
		parts = append(parts, "denied="+quoted(strings.Join(h.Access.Denied, ",")))
	}
	if h.Access.BreakGlass {
		parts = append(parts, "break-glass")
	}
	switch {
	case h.Ended == nil && audit.IsAccess(h.Type):
		parts = append(parts, "end-not-recorded")
	case h.Ended != nil:
		parts = append(parts, quoted(string(h.Ended.Outcome)))
	}
	if !h.Signed {
		parts = append(parts, "unsigned")
	}
	return strings.Join(parts, " ")
}

// quoted returns a word as it is, and everything else quoted.
func quoted(s string) string {
	if s == "" || len(s) != len(strconv.QuoteToASCII(s))-2 || strings.Contains(s, " ") {
		return strconv.QuoteToASCII(s)
	}
	return s
}

// affectedAnswer says whom something concerns.
type affectedAnswer struct {
	Record     string   `json:"record"`
	Tokens     []string `json:"tokens"`
	Records    int      `json:"records,omitempty"`
	Denied     int      `json:"denied,omitempty"`
	Unreadable int      `json:"unreadable,omitempty"`
	Unread     []string `json:"unread,omitempty"`
	Ledgers    []extent `json:"ledgers,omitempty"`
	Patients   []string `json:"patients,omitempty"`
	Unresolved []string `json:"unresolved,omitempty"`
}

// resolve adds the patients, in clear.
func (a *affectedAnswer) resolve(found *query.Individuals) {
	for _, p := range found.Patients {
		a.Patients = append(a.Patients, p.Reveal())
	}
	a.Unresolved = found.Unresolved
}

// write writes the answer, the count of which goes to standard error if it is a
// list of patients.
func (a *affectedAnswer) write(e *env, asJSON, resolved bool) error {
	out := bufio.NewWriter(e.out)
	switch {
	case asJSON:
		if err := (&env{out: out}).jsonLine(a); err != nil {
			return err
		}
	case resolved:
		for _, p := range a.Patients {
			fmt.Fprintln(out, p)
		}
		e.note("%d individuals behind %d tokens", len(a.Patients), len(a.Tokens))
	default:
		for _, t := range a.Tokens {
			fmt.Fprintln(out, t)
		}
		e.note("%d tokens in %d records, %d more records denied before anything was opened", len(a.Tokens), a.Records, a.Denied)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if a.Unreadable > 0 || len(a.Unresolved) > 0 {
		return findings("somebody may be missing: %d tokens without a patient, %d records that cannot be read", len(a.Unresolved), a.Unreadable)
	}
	return nil
}
