package evidence

import (
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

func (p *Policy) shown() string {
	if p.Status == Entered {
		return "adopted"
	}
	return "DRAFT"
}

func (p *Policy) document(pack *Pack) []byte {
	d := pack.Format.page()
	title := p.Title
	if p.Status != Entered {
		title = "DRAFT: " + title
	}
	d.Heading(1, title)
	d.Fact("Organisation", pack.Organisation)
	d.Fact("Service", strings.TrimSpace(pack.Service+" "+pack.Version))
	d.Fact("Made", string(pack.Made))
	p.writeState(d)
	d.Heading(2, "What the rule asks")
	p.writeClauses(d, true)
	d.Heading(2, "Good practice beyond the rule")
	p.writeClauses(d, false)
	if len(p.Settings) > 0 {
		d.Heading(2, "Settings of the service, as it reports them")
		d.Table("Setting", "Value")
		for _, s := range p.Settings {
			value := s.Value
			if value == "" {
				value = "not reported"
			}
			d.Row(s.Name, value)
		}
	}
	p.writeQuestions(d)
	d.Heading(2, "Read this first")
	for _, n := range notices() {
		d.Item(n)
	}
	return d.Bytes()
}

func (p *Policy) writeState(d page) {
	d.Fact("Digest of this text (SHA-256)", p.Digest)
	if a := p.Adoption; a != nil {
		d.Fact("Adopted by", a.Approver+", "+a.Role)
		d.Fact("Adopted on", string(a.Approved))
		d.Fact("In effect from", string(a.Effective))
		d.Fact("Keep", p.Retention.String())
		return
	}
	d.Paragraph("DRAFT. It is no policy until a named approver answers the questions below and adopts this text, by its digest, with an effective date. A draft is no evidence of anything.")
	if p.Note != "" {
		d.Paragraph(p.Note)
	}
}

func (p *Policy) writeClauses(d page, ruled bool) {
	none, addressable := true, false
	for _, c := range p.Clauses {
		if (len(c.Controls) > 0) != ruled {
			continue
		}
		none = false
		text := c.Text
		if ruled {
			text += " (" + citations(c.Controls) + ")"
			addressable = addressable || slices.ContainsFunc(c.Controls, isAddressable)
		}
		d.Item(text)
	}
	if none {
		d.Paragraph("Nothing here.")
	}
	if addressable {
		d.Paragraph("Addressable is not optional: implement the specification if it is reasonable and appropriate; if not, document why, and implement an equivalent measure if that is (164.306(d)(3)).")
	}
}

func isAddressable(id safeguard.Control) bool {
	r, ok := crosswalk.Get(id)
	return ok && r.Designation == crosswalk.Addressable
}

// citations names the provisions, and which of them are addressable.
func citations(ids []safeguard.Control) string {
	var out []string
	for _, id := range slices.Sorted(slices.Values(ids)) {
		citation := string(id)
		if isAddressable(id) {
			citation += " (" + crosswalk.Addressable.String() + ")"
		}
		out = append(out, citation)
	}
	return strings.Join(out, ", ")
}

func (p *Policy) writeQuestions(d page) {
	if p.Status != Entered {
		d.Heading(2, "What a person must still decide")
		d.Table("Key", "Question")
		for _, q := range p.Questions {
			d.Row(q.Key, q.Text)
		}
		return
	}
	d.Heading(2, "What was decided")
	d.Table("Question", "Decision of the approver")
	for _, q := range p.Questions {
		d.Row(q.Text, q.Answer)
	}
}
