package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// The people of the story.
const (
	scheduler = "m.santos"
	clinician = "dr.lindqvist"
	steward   = "r.okafor"
	clerk     = "b.klein"
)

// A story runs the service and tells what happens.
type story struct {
	out    io.Writer
	dir    string
	values bool // print values, not just names of fields
	source fs.FS
	idle   time.Duration

	house  *house
	server *server
	id     string // the patient of the story
}

func (s *story) tell(ctx context.Context) (err error) {
	people := newPeople(map[string][]string{
		scheduler: {"scheduler"}, clinician: {"clinician"}, steward: {"data-steward"}, clerk: {},
	})
	if s.house, err = open(ctx, s.dir, people, s.idle); err != nil {
		return err
	}
	open := true
	defer func() {
		if open {
			err = errors.Join(err, s.house.close(ctx))
		}
	}()
	found, without, err := load(s.source)
	if err != nil {
		return err
	}
	if err := s.house.charts.put(ctx, found); err != nil {
		return err
	}
	s.id = found[0].id
	s.printf("Safeguard quickstart: %d patients loaded and sealed", len(found))
	if without > 0 {
		s.printf(" (%d files without a patient passed over)", without)
	}
	s.printf(".\n")
	if s.server, err = serve(s.house.handler); err != nil {
		return err
	}
	defer s.server.close()
	for _, step := range []func(context.Context) error{
		s.sealed, s.filtered, s.denied, s.treated, s.loggedOff, s.deidentified,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.server.close()
	if err := s.documents(ctx); err != nil {
		return err
	}
	open = false
	if err := s.house.close(ctx); err != nil {
		return err
	}
	if err := s.tampered(ctx); err != nil {
		return err
	}
	s.paths()
	return nil
}

func (s *story) printf(format string, args ...any) { fmt.Fprintf(s.out, format, args...) }

func (s *story) title(text string) { s.printf("\n== %s\n", text) }

func (s *story) sealed(context.Context) error {
	s.title("A chart as it lies on disk")
	_, sealed, err := s.house.charts.lying(s.id)
	if err != nil {
		return err
	}
	s.printf("   %x…\n", sealed[:min(40, len(sealed))])
	s.printf("   %d bytes of AES-256-GCM under this patient's own key, bound to its table, column and row.\n", len(sealed))
	s.printf("   The key-encryption key lies on this host too, beside the data. That does not meet key\n")
	s.printf("   separation (HHS guidance, 74 FR 19006): a real service keeps it in a key service.\n")
	return nil
}

// ask makes a request and prints who asks for what and what comes of it.
func (s *story) ask(who, token, path, purpose string) (answer, error) {
	a, err := s.server.get(path, token, purpose)
	if err != nil {
		return a, err
	}
	s.printf("   %s asks for %s, purpose %s: %d\n", who, strings.Replace(path, s.id, "{id}", 1), orNone(purpose), a.status)
	return a, nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (s *story) filtered(context.Context) error {
	s.title("A scheduler sees what a scheduler needs")
	token, err := s.server.signIn(s.house.people, scheduler)
	if err != nil {
		return err
	}
	a, err := s.ask("The scheduler", token, "/Patient/"+s.id, string(safeguard.Operations))
	if err != nil {
		return err
	}
	if err := a.want(200); err != nil {
		return err
	}
	return s.show(a.body)
}

func (s *story) denied(context.Context) error {
	s.title("What is refused, each with its record in the ledger")
	token, err := s.server.signIn(s.house.people, scheduler)
	if err != nil {
		return err
	}
	idler, err := s.server.signIn(s.house.people, clerk)
	if err != nil {
		return err
	}
	path, chart := "/Patient/"+s.id, "/Patient/"+s.id+"/chart"
	for _, c := range []struct {
		who, token, path string
		purpose          safeguard.Purpose
		want             int
	}{
		{"The scheduler", token, chart, safeguard.Operations, 403},
		{"The scheduler", token, path, "", 403},
		{"A clerk without a role", idler, path, safeguard.Payment, 403},
		{"Somebody who has not signed in", "", path, safeguard.Treatment, 401},
	} {
		a, err := s.ask(c.who, c.token, c.path, string(c.purpose))
		if err != nil {
			return err
		}
		if err := a.want(c.want); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) treated(context.Context) error {
	s.title("A clinician reads the chart")
	token, err := s.server.signIn(s.house.people, clinician)
	if err != nil {
		return err
	}
	a, err := s.ask("The clinician", token, "/Patient/"+s.id+"/chart", string(safeguard.Treatment))
	if err != nil {
		return err
	}
	if err := a.want(200); err != nil {
		return err
	}
	return s.show(a.body)
}

func (s *story) loggedOff(ctx context.Context) error {
	s.title("Automatic logoff")
	token, err := s.server.signIn(s.house.people, clinician)
	if err != nil {
		return err
	}
	s.printf("   The clinician signs in and walks away for %v (the default limit is 15 minutes).\n", s.idle)
	select {
	case <-time.After(s.idle):
	case <-ctx.Done():
		return ctx.Err()
	}
	a, err := s.ask("Whoever sits down there", token, "/Patient/"+s.id+"/chart", string(safeguard.Treatment))
	if err != nil {
		return err
	}
	return a.want(401)
}

func (s *story) deidentified(context.Context) error {
	s.title("A Safe Harbor copy")
	token, err := s.server.signIn(s.house.people, steward)
	if err != nil {
		return err
	}
	a, err := s.ask("The data steward", token, "/Patient/"+s.id+"/deidentified", string(safeguard.Operations))
	if err != nil {
		return err
	}
	if err := a.want(200); err != nil {
		return err
	}
	var report bytes.Buffer
	if err := s.house.report.Load().WriteMarkdown(&report); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(s.dir, "deidentification.md"), report.Bytes()); err != nil {
		return err
	}
	s.printf("   It is de-identified only once the organisation attests that it has no actual knowledge\n")
	s.printf("   of who this is (164.514(b)(2)(ii)); no program can say that.\n")
	return s.show(a.body)
}

// maxLines bounds what is shown of an answer.
const maxLines = 24

// show prints the beginning of an answer, or only what it is made of.
func (s *story) show(body []byte) error {
	if !s.values {
		return s.outline(body)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, compact(body), "   ", "  "); err != nil {
		return errors.New("quickstart: an answer is not JSON")
	}
	lines := strings.Split(pretty.String(), "\n")
	for _, line := range lines[:min(maxLines, len(lines))] {
		s.printf("   %s\n", strings.TrimPrefix(line, "   "))
	}
	if rest := len(lines) - maxLines; rest > 0 {
		s.printf("   … and %d lines more\n", rest)
	}
	return nil
}

// compact takes the entries out of a Bundle, which say more in less space.
func compact(body []byte) []byte {
	var b bundle
	if json.Unmarshal(body, &b) != nil || b.ResourceType != "Bundle" {
		return body
	}
	var resources []json.RawMessage
	for _, e := range b.Entry {
		resources = append(resources, e.Resource)
	}
	out, err := json.Marshal(resources)
	if err != nil {
		return body
	}
	return out
}

// outline prints the types of the resources and the names of their fields.
func (s *story) outline(body []byte) error {
	var one json.RawMessage = body
	resources := []json.RawMessage{one}
	var b bundle
	if json.Unmarshal(body, &b) == nil && b.ResourceType == "Bundle" {
		resources = nil
		for _, e := range b.Entry {
			resources = append(resources, e.Resource)
		}
	}
	counts, fields := map[string]int{}, map[string]map[string]bool{}
	for _, r := range resources {
		var members map[string]json.RawMessage
		var kind string
		if json.Unmarshal(r, &members) != nil || json.Unmarshal(members["resourceType"], &kind) != nil {
			return errors.New("quickstart: an answer is not a resource")
		}
		counts[kind]++
		if fields[kind] == nil {
			fields[kind] = map[string]bool{}
		}
		for name := range members {
			fields[kind][name] = true
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		s.printf("   %d %s with %s\n", counts[kind], kind, strings.Join(slices.Sorted(maps.Keys(fields[kind])), ", "))
	}
	return nil
}

func (s *story) paths() {
	s.title("What it leaves behind")
	for _, p := range [][2]string{
		{"coverage document", "coverage.html"}, {"the same in Markdown", "coverage.md"},
		{"report of the copy", "deidentification.md"},
		{"ledger", "ledger"}, {"sealed charts", "charts"}, {"keys", "keys"},
	} {
		s.printf("   %-21s %s\n", p[0], filepath.Join(s.dir, p[1]))
	}
}
