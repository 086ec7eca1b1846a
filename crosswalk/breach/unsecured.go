package breach

import "slices"

// Guidance is where the Secretary says what makes PHI secured (164.402,
// "unsecured protected health information").
//
// Controls: HIPAA 164.402(2).
const Guidance = "HHS guidance under section 13402(h)(2) of Public Law 111-5, 74 FR 19006 (2009-04-27), reissued with 74 FR 42740 (2009-08-24)"

// A Holding is one set of data that was reached: what it held, and in which
// form it was at that time.
//
// Controls: HIPAA 164.402(2).
type Holding struct {
	// Name says what and where, for instance "backup volume of the chart
	// database". Kinds are the types of PHI in it (164.404(c)(1)(B)).
	Name  string   `json:"name"`
	Kinds []string `json:"kinds,omitempty"`
	// Form is the form of the data at the time of the incident.
	Form Form `json:"form,omitempty"`
	// Process names the encryption process, or the way of destruction.
	Process string `json:"process,omitempty"`
	// Consistent is whether the process is consistent with the publications
	// that the guidance names: NIST SP 800-111 at rest; SP 800-52, 800-77 or
	// 800-113, or another one that is FIPS 140-2 validated, in motion; SP
	// 800-88 for electronic media.
	Consistent Answer `json:"consistent,omitempty"`
	// KeysApart is whether key and process were on another device or at another
	// place than the data, and KeyPlace where.
	KeysApart Answer `json:"keysApart,omitempty"`
	KeyPlace  string `json:"keyPlace,omitempty"`
	// KeysBreached is whether key or process were breached too.
	KeysBreached Answer `json:"keysBreached,omitempty"`
	// Opened is whether the data was reached in clear, for instance through
	// a signed-in session, a running system that decrypts, or an export.
	Opened   Answer     `json:"opened,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// A Form is the form of data. The zero value is unknown, which is unsecured.
//
// Controls: HIPAA 164.402(2).
type Form string

// The forms. Shredded is for paper, film and other hard copy; Sanitized for
// electronic media that were cleared, purged or destroyed. Redacted hard copy
// is not destroyed and not secured.
//
// Controls: HIPAA 164.402(2).
const (
	InClear   Form = "in clear"
	Encrypted Form = "encrypted"
	Shredded  Form = "shredded"
	Sanitized Form = "sanitized"
	Redacted  Form = "redacted"
)

// A Claim is what evidence about a holding supports.
//
// Controls: HIPAA 164.402(2), 164.414(b).
type Claim string

// The claims: that the data was encrypted, that keys lay apart, that they were
// not breached, that nothing was reached in clear, that media were destroyed.
//
// Controls: HIPAA 164.402(2), 164.414(b).
const (
	ClaimEncrypted   Claim = "encrypted"
	ClaimKeysApart   Claim = "keys apart"
	ClaimKeysIntact  Claim = "keys intact"
	ClaimNotOpened   Claim = "not opened"
	ClaimDestruction Claim = "destroyed"
)

// A Protection is the answer for one holding.
//
// Controls: HIPAA 164.402(2), 164.414(b).
type Protection struct {
	Holding string   `json:"holding"`
	Kinds   []string `json:"kinds,omitempty"`
	// Secured is true only if every point is shown by evidence for the whole
	// time of the incident.
	Secured bool `json:"secured"`
	// Reasons say what is shown, or everything that is missing.
	Reasons []string `json:"reasons"`
}

// Protection says whether the holding was secured throughout the given days,
// as the [Guidance] has it. Everything unknown, and every claim without
// evidence that covers those days, is a reason why it was not. It does not
// judge whether the evidence is true.
//
// Controls: HIPAA 164.402(2), 164.414(b).
func (h *Holding) Protection(at Period) Protection {
	var missing []string
	switch h.Form {
	case Encrypted:
		missing = h.encryption(at)
	case Shredded, Sanitized:
		missing = h.destruction(at)
	case Redacted:
		missing = []string{"redaction is excluded as a means of destruction"}
	case InClear:
		missing = []string{"the data was in clear"}
	default:
		missing = []string{"the form of the data is not known"}
	}
	if at.First.IsZero() {
		missing = append(missing, "the time of the incident is not known, so nothing can be shown for it")
	}
	if len(missing) > 0 {
		return Protection{Holding: h.Name, Kinds: h.Kinds, Reasons: missing}
	}
	shown := "encrypted, keys apart and not breached, nothing reached in clear; evidence covers "
	if h.Form != Encrypted {
		shown = "destroyed before the incident; evidence covers "
	}
	return Protection{Holding: h.Name, Kinds: h.Kinds, Secured: true, Reasons: []string{shown + at.String()}}
}

func (h *Holding) encryption(at Period) []string {
	var missing []string
	want := func(ok bool, reason string) {
		if !ok {
			missing = append(missing, reason)
		}
	}
	want(!blank(h.Process), "the encryption process is not named")
	want(h.Consistent == Yes, "it is not shown that the process is consistent with the publications that the guidance names")
	want(h.KeysApart == Yes, "it is not shown that keys were kept apart from the data")
	want(!blank(h.KeyPlace), "where the keys were is not named")
	want(h.KeysBreached == No, "it is not shown that keys were not breached")
	want(h.Opened == No, "it is not shown that the data was not reached in clear")
	for _, c := range []Claim{ClaimEncrypted, ClaimKeysApart, ClaimKeysIntact, ClaimNotOpened} {
		want(h.shows(c, at), "no evidence for these days that proves: "+string(c))
	}
	return missing
}

// destruction wants the media destroyed before the incident began.
func (h *Holding) destruction(at Period) []string {
	var missing []string
	if blank(h.Process) {
		missing = append(missing, "the way of destruction is not named")
	}
	if h.Form == Sanitized && h.Consistent != Yes {
		missing = append(missing, "it is not shown that the sanitization is consistent with NIST SP 800-88")
	}
	if !h.shows(ClaimDestruction, at) {
		missing = append(missing, "no evidence for these days that proves: "+string(ClaimDestruction))
	}
	return missing
}

func (h *Holding) shows(c Claim, at Period) bool {
	return slices.ContainsFunc(h.Evidence, func(e Evidence) bool {
		return slices.Contains(e.Proves, c) && e.Covers.Covers(at)
	})
}
