package disclosure

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// People puts accounts into words for a patient: a name if the organisation
// tells it, a role, a department. An error that unwraps to [ErrUnknown] shows
// "a member of the workforce".
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type People interface {
	Person(ctx context.Context, tenant, actor string) (Person, error)
}

// A Person is how an account is shown to patients.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Person struct {
	// Name may be empty; the role is shown then.
	Name, Role, Department string
}

// Words puts codes of the program into words for a patient: resources, fields
// and relationships ("care-team"). It returns "" for one that it does not know,
// which is then shown as it is.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Words interface {
	Word(ctx context.Context, kind, code string) string
}

// An AccessReport tells a patient who accessed their record. No federal rule
// asks for it: the access report that was proposed in 2011 (76 FR 31426) was
// not adopted. It follows 164.528 in the period and honours the same
// suspensions.
//
// Controls: HIPAA 164.312(b), 164.528(a); NIST CSF 2.0 PR.PS-04.
type AccessReport struct {
	Organisation string
	From, To     time.Time
	// Accesses are by day; what one account did to one kind of data, in one way
	// and for one reason, on one day, is one line.
	Accesses []Accessed
	// Record is the id of the record of this reading, Size how many records the
	// log had.
	Record string
	Size   uint64
}

// An Accessed is one line of an [AccessReport].
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Accessed struct {
	// First and Last are when, in the organisation's time zone; Times how often.
	First, Last time.Time
	Times       int
	// Who is in words; For is the person on whose behalf a program acted.
	Who, For string
	// Did says what was done, What the kind of data, Why the purpose and the
	// relationship.
	Did, What, Why string
	// Emergency says that it was an emergency override, Denied that nothing was
	// shown.
	Emergency, Denied bool
	// Indexes are the records.
	Indexes []uint64
}

// Access answers who accessed the record of q.Patient. Errors are those of
// Accounting.
func (r *Reporter) Access(ctx context.Context, q Question) (*AccessReport, error) {
	p, err := r.admit(ctx, askAccess, q)
	if err != nil {
		return nil, err
	}
	s, err := r.gather(ctx, q, p)
	if err != nil {
		return nil, err
	}
	out := &AccessReport{Organisation: r.opts.Organisation, From: p.from, To: p.last(), Size: s.size}
	if out.Accesses, err = r.lines(ctx, q.Tenant, s.found); err != nil {
		return nil, err
	}
	what := answer{Question: askAccess, From: p.from.Format(time.DateOnly), To: p.last().Format(time.DateOnly), Records: len(s.found), Size: s.size}
	if out.Record, err = r.note(ctx, askAccess, q, what); err != nil {
		return nil, err
	}
	return out, nil
}

// line is what makes accesses one line.
type line struct {
	day, who, behalf, did, what, why string
	emergency, denied                bool
}

func (r *Reporter) lines(ctx context.Context, tenant string, list []found) ([]Accessed, error) {
	slices.SortStableFunc(list, func(a, b found) int { return a.at.Compare(b.at) })
	var out []Accessed
	where := map[line]int{}
	counted := map[string]int{} // the line of a request, whose later parts add to it
	for _, f := range list {
		if f.kind == audit.TypeIntent {
			continue // its outcome has a record of its own
		}
		l, err := r.line(ctx, tenant, f)
		if err != nil {
			return nil, err
		}
		i, ok := where[l]
		if !ok {
			i = len(out)
			where[l] = i
			out = append(out, Accessed{
				First: f.at.In(r.opts.Zone), Who: l.who, For: l.behalf, Did: l.did, What: l.what, Why: l.why,
				Emergency: l.emergency, Denied: l.denied,
			})
		}
		a := &out[i]
		a.Last = f.at.In(r.opts.Zone)
		a.Indexes = append(a.Indexes, f.index)
		if n, again := counted[f.access.Entry]; !again || n != i {
			counted[f.access.Entry] = i
			a.Times++
		}
	}
	return out, nil
}

func (r *Reporter) line(ctx context.Context, tenant string, f found) (line, error) {
	a := f.access
	l := line{
		day: f.at.In(r.opts.Zone).Format(time.DateOnly), did: deeds(f.kind), emergency: a.BreakGlass,
		denied: f.kind == audit.TypeDenied, what: r.word(ctx, "resource", a.Resource),
	}
	why := []string{purposes(string(a.Purpose))}
	if a.Explained != "" {
		why = append(why, r.word(ctx, "relationship", a.Explained))
	}
	l.why = strings.Join(slices.DeleteFunc(why, func(s string) bool { return s == "" }), ", ")
	if d := a.Disclosure; d != nil && f.kind == audit.TypeDisclosed {
		name, err := r.register.Recipient(ctx, tenant, d.Recipient)
		if err != nil && !isUnknown(err) {
			return l, fmt.Errorf("disclosure: register: %w", err)
		}
		if err == nil && name.Name != "" {
			l.did = "disclosed to " + name.Name
		}
	}
	if a.Principal == nil {
		l.who = "somebody who had not signed in"
		return l, nil
	}
	var err error
	if l.who, err = r.person(ctx, tenant, a.Principal.ID, a.Principal.Kind); err != nil {
		return l, err
	}
	if a.Principal.OnBehalfOf != "" {
		l.behalf, err = r.person(ctx, tenant, a.Principal.OnBehalfOf, "person")
	}
	return l, err
}

func (r *Reporter) word(ctx context.Context, kind, code string) string {
	if r.opts.Words == nil || code == "" {
		return code
	}
	if w := r.opts.Words.Word(ctx, kind, code); w != "" {
		return w
	}
	return code
}

func (r *Reporter) person(ctx context.Context, tenant, id, kind string) (string, error) {
	if r.opts.People == nil {
		return id, nil
	}
	p, err := r.opts.People.Person(ctx, tenant, id)
	if err != nil && !isUnknown(err) {
		return "", fmt.Errorf("disclosure: people: %w", err)
	}
	words := slices.DeleteFunc([]string{p.Name, p.Role, p.Department}, func(s string) bool { return s == "" })
	if err == nil && len(words) > 0 {
		return strings.Join(words, ", "), nil
	}
	if kind == "service" {
		return "a program of the organisation", nil
	}
	return "a member of the workforce", nil
}
