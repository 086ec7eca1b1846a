package coverage

import (
	"slices"
	"strings"
	"unicode"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// A Tag is the content of one control line. The zero value is no tag.
//
// Controls: HIPAA 164.316(b)(1).
type Tag struct {
	// HIPAA are the provisions that the code serves, in the order of the line.
	HIPAA []safeguard.Control `json:"hipaa,omitempty"`
	// CSF20 are the NIST CSF 2.0 subcategories, each paired (derived) with at
	// least one of HIPAA.
	CSF20 []string `json:"csf20,omitempty"`
	// None is the reason of a line that says "none"; HIPAA and CSF20 are then
	// empty.
	None string `json:"none,omitempty"`
}

// IsZero reports whether t is no tag.
func (t Tag) IsZero() bool { return len(t.HIPAA) == 0 && len(t.CSF20) == 0 && t.None == "" }

// Equal reports whether t and o say the same in the same order.
func (t Tag) Equal(o Tag) bool {
	return slices.Equal(t.HIPAA, o.HIPAA) && slices.Equal(t.CSF20, o.CSF20) && t.None == o.None
}

// Serves reports whether t names the provision.
func (t Tag) Serves(id safeguard.Control) bool { return slices.Contains(t.HIPAA, id) }

const (
	prefix     = "Controls: "
	hipaaWord  = "HIPAA "
	csfWord    = "NIST CSF 2.0 "
	noneWord   = "none"
	maxTagLine = 2048
)

// ParseTag reads one control line, given without the comment marker that is
// shown here. It accepts exactly
//
//	// Controls: HIPAA <id>, <id>; NIST CSF 2.0 <id>, <id>.
//	// Controls: HIPAA <id>.
//	// Controls: none, <reason in words>.
//
// with single spaces, ids in the spelling of their publication and none
// twice, and at most 2048 bytes. Everything else is a [*TagError].
//
// Controls: HIPAA 164.316(b)(1).
func ParseTag(line string) (Tag, error) {
	body, ok := strings.CutPrefix(line, prefix)
	if !ok {
		return Tag{}, malformed(`a control line begins with "Controls: "`)
	}
	if len(line) > maxTagLine {
		return Tag{}, malformed("the line is too long")
	}
	body, ok = strings.CutSuffix(body, ".")
	if !ok {
		return Tag{}, malformed("the line must end with a full stop, and be one line")
	}
	if body == noneWord || strings.HasPrefix(body, noneWord+",") || strings.HasPrefix(body, noneWord+" ") {
		return parseNone(body)
	}
	return parseIDs(body)
}

func parseNone(body string) (Tag, error) {
	reason, ok := strings.CutPrefix(body, noneWord+", ")
	if !ok || !isReason(reason) {
		return Tag{}, &TagError{Kind: NoReason, Text: `"none" needs a comma, a space and a reason in words`}
	}
	return Tag{None: reason}, nil
}

// isReason reports whether s could be a reason: it begins with a letter, has
// at least three, ends in no space, and is no placeholder.
func isReason(s string) bool {
	letters := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
		} else if letters == 0 {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "todo", "tbd", "fixme", "none", "reason", "xxx":
		return false
	}
	return letters >= 3 && s == strings.TrimSpace(s) && !strings.ContainsAny(s, "\n\r")
}

func parseIDs(body string) (Tag, error) {
	hipaa, csf, both := strings.Cut(body, "; ")
	list, ok := strings.CutPrefix(hipaa, hipaaWord)
	if !ok {
		return Tag{}, malformed(`after "Controls: " comes "HIPAA " or "none, "`)
	}
	var t Tag
	for id := range strings.SplitSeq(list, ", ") {
		if err := t.addHIPAA(id); err != nil {
			return Tag{}, err
		}
	}
	if !both {
		return t, nil
	}
	if list, ok = strings.CutPrefix(csf, csfWord); !ok {
		return Tag{}, malformed(`after "; " comes "NIST CSF 2.0 "`)
	}
	for id := range strings.SplitSeq(list, ", ") {
		if err := t.addCSF(id); err != nil {
			return Tag{}, err
		}
	}
	return t, nil
}

func (t *Tag) addHIPAA(s string) error {
	id, err := crosswalk.ParseID(s)
	if err != nil {
		return &TagError{Kind: UnknownID, Text: strings.TrimPrefix(err.Error(), "crosswalk: id: "), Err: err}
	}
	if t.Serves(id) {
		return malformed(s + " is named twice")
	}
	t.HIPAA = append(t.HIPAA, id)
	return nil
}

func (t *Tag) addCSF(id string) error {
	if _, ok := crosswalk.GetSubcategory(crosswalk.CSF20, id); !ok {
		return &TagError{Kind: UnknownCSF, Text: show(id) + " is not a NIST CSF 2.0 subcategory" + hintCSF(id)}
	}
	if slices.Contains(t.CSF20, id) {
		return malformed(id + " is named twice")
	}
	if !slices.ContainsFunc(t.HIPAA, func(c safeguard.Control) bool { return crosswalk.Paired(crosswalk.CSF20, c, id) }) {
		return &TagError{Kind: UnpairedCSF, Text: id + " is not paired with a HIPAA id of the line"}
	}
	t.CSF20 = append(t.CSF20, id)
	return nil
}

// hintCSF names the id that was probably meant: where one of edition 1.1 went,
// the most common mistake, or the one that differs in case and padding only.
func hintCSF(id string) string {
	if d, ok := crosswalk.DispositionOf(id); ok {
		return "; in edition 2.0 the 1.1 id went to " + strings.Join(d.To(), ", ")
	}
	category, number, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(id)), "-")
	if number = strings.TrimLeft(number, "0"); len(number) < 2 {
		number = "0" + number
	}
	if s, ok := crosswalk.GetSubcategory(crosswalk.CSF20, category+"-"+number); ok {
		return "; did you mean " + s.ID + "?"
	}
	return ""
}

// String returns the control line, and "" for the zero Tag.
func (t Tag) String() string {
	switch {
	case t.IsZero():
		return ""
	case t.None != "":
		return prefix + noneWord + ", " + t.None + "."
	}
	ids := make([]string, len(t.HIPAA))
	for i, id := range t.HIPAA {
		ids[i] = string(id)
	}
	s := prefix + hipaaWord + strings.Join(ids, ", ")
	if len(t.CSF20) > 0 {
		s += "; " + csfWord + strings.Join(t.CSF20, ", ")
	}
	return s + "."
}
