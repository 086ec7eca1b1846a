package risk

import (
	"io"

	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// reportJSON is the form of [Report.WriteJSON].
type reportJSON struct {
	Rule       string       `json:"rule"`
	Method     string       `json:"method"`
	Notices    []string     `json:"notices"`
	On         Date         `json:"on"`
	Register   *Register    `json:"register"`
	Ranked     []rankJSON   `json:"ranked"`
	OpenPoints []Issue      `json:"open_points"`
	Deadlines  []Deadline   `json:"deadlines"`
	Changes    []Change     `json:"changes,omitempty"`
	Sources    []sourceJSON `json:"sources"`
}

// sourceJSON is a table that the report rests on.
type sourceJSON struct {
	Table       string `json:"table"`
	Publication string `json:"publication"`
	Date        string `json:"date,omitempty"`
	Rows        int    `json:"rows"`
	SHA256      string `json:"sha256,omitempty"`
}

func sourcesJSON() []sourceJSON {
	var all []sourceJSON
	for _, s := range crosswalk.Sources() {
		all = append(all, sourceJSON{s.Table, s.Publication, s.Date, s.Rows, s.SHA256})
	}
	return all
}

type rankJSON struct {
	ID       string    `json:"id"`
	Inherent levelJSON `json:"inherent"`
	Current  levelJSON `json:"current"`
	Residual levelJSON `json:"residual"`
	Exposure *Exposure `json:"exposure,omitempty"`
}

type levelJSON struct {
	Likelihood string `json:"likelihood"`
	Impact     string `json:"impact"`
	Risk       string `json:"risk"`
}

func levelsJSON(r Rating) levelJSON {
	return levelJSON{r.Likelihood().String(), r.Impact.String(), r.Risk().String()}
}

// WriteJSON writes the report for a program: the register itself, and what
// follows from it. Its error contract is that of [Report.WriteMarkdown].
func (p *Report) WriteJSON(w io.Writer) error {
	if err := p.check(); err != nil {
		return err
	}
	r := p.Register
	out := reportJSON{
		Rule: crosswalk.RuleVersion, Method: method,
		Notices: []string{notJudged, notRated, crosswalk.Caution, crosswalk.ProposedRule + ".", ExposureNotice, DiscretionNotice, PenaltyVersion + "."},
		On:      p.on(), Register: r, Ranked: []rankJSON{},
		OpenPoints: append([]Issue{}, r.Open()...), Deadlines: append([]Deadline{}, r.Deadlines(p.on())...),
		Sources: sourcesJSON(),
	}
	for _, k := range r.Ranked() {
		line := rankJSON{ID: k.ID, Inherent: levelsJSON(k.Inherent), Current: levelsJSON(k.Current), Residual: levelsJSON(k.Residual)}
		if len(k.Violations) > 0 {
			e, err := Expose(k.Violations)
			if err != nil {
				return err
			}
			line.Exposure = &e
		}
		out.Ranked = append(out.Ranked, line)
	}
	if p.Preceding != nil {
		out.Changes = Compare(p.Preceding, r)
	}
	b, err := indent(out)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}
