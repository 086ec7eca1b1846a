package deid

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// Options are the settings of an [Engine]. The zero value of each is the
// strict choice.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.514(c).
type Options struct {
	// AsOf is the date by which ages are reckoned. Zero, the default, is the
	// time of each call. A date in the past makes people look younger than
	// they are: use one only to repeat an earlier run. New refuses a year
	// outside 1900 to 2200.
	AsOf time.Time
	// Codes is the table of random codes. Nil, the default, is a new table for
	// each call, dropped after it, so that two calls cannot be joined. With a
	// table, records that are transformed in several calls can be joined, and
	// [Struct] gives codes to record numbers instead of removing them.
	Codes *Codes
	// CodeSystems are URIs of further code systems whose codes and
	// designations are clinical and hold no identifier, for instance a
	// laboratory's own catalogue. Default none: codings of systems that are
	// not publicly known are removed.
	CodeSystems []string
	// DropDisplays removes the designations of codes too and leaves the codes.
	// By default the designation of a code of a public system stays unless it
	// holds a name, number or place of the record or looks like an identifier.
	DropDisplays bool
	// UnsafeKeepProviderNames keeps the names of Practitioner, Location and,
	// if of type "prov" or "dept", Organization resources that do not share a
	// word with a name of the record. Safe Harbor lists identifiers of the
	// individual, relatives, employers and household members; names of
	// providers are not on the list, but together with dates and places they
	// may let a recipient find the individual, which is for the covered
	// entity to judge.
	UnsafeKeepProviderNames bool
	// MaxBytes bounds one input, in bytes. Default 64 MiB; New refuses a
	// negative value and more than 1 GiB. On top of the input and the output a
	// call takes 32 bytes of memory for each value in it, of which it refuses
	// more than 4,194,304, and up to 1,200 for each resource and reference,
	// which for an input that is made for it is 40 times its size: set a lower
	// bound where strangers choose the input.
	MaxBytes int
}

// An Engine transforms records by one policy. It is immutable, but for the
// table of codes in its options, and safe for concurrent use. The zero value
// refuses everything.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.514(a), 164.502(d).
type Engine struct {
	opts        Options
	systems     map[string]bool
	atlas       *atlas
	fingerprint string
	types       *phitag.Cache
}

const (
	defaultMaxBytes = 64 << 20
	maxMaxBytes     = 1 << 30
)

// New returns an Engine. Nil options are the strict defaults. It returns an
// error for an option out of range.
//
// Controls: HIPAA 164.514(b)(2)(i).
func New(opts *Options) (*Engine, error) {
	e := &Engine{types: new(phitag.Cache), systems: map[string]bool{}}
	if opts != nil {
		e.opts = *opts
	}
	if e.opts.MaxBytes < 0 || e.opts.MaxBytes > maxMaxBytes {
		return nil, fmt.Errorf("deid: options: MaxBytes out of range")
	}
	if e.opts.MaxBytes == 0 {
		e.opts.MaxBytes = defaultMaxBytes
	}
	if y := e.opts.AsOf.Year(); !e.opts.AsOf.IsZero() && (y < 1900 || y > 2200) {
		return nil, fmt.Errorf("deid: options: AsOf out of range")
	}
	e.opts.CodeSystems = slices.Clone(e.opts.CodeSystems)
	slices.Sort(e.opts.CodeSystems)
	for _, s := range e.opts.CodeSystems {
		if s == "" || strings.ContainsAny(s, " \"\\") || !strings.Contains(s, ":") {
			return nil, fmt.Errorf("deid: options: CodeSystems: not a URI")
		}
		e.systems[s] = true
	}
	var err error
	if e.atlas, err = readAtlas(); err != nil {
		return nil, err
	}
	e.fingerprint = e.policy()
	return e, nil
}

// policy returns a fingerprint of everything that decides what stays. The
// reference date is not part of it; a report states it apart.
func (e *Engine) policy() string {
	h := sha256.New()
	for _, part := range []string{
		fhirMaps, domainElements, extensions, resourceTypes, ageCodes, birthCodes, codeWords, unitWords, states,
		zipTable, zipRestricted, zipAbsent, countries, countries3, currencies, languages, mimeTypes, baseProfiles, coreProfiles,
		foldings, monthNames, topDomains, yearsOld, ageWords, bornWords, particles,
	} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	fmt.Fprintf(h, "%q %t %t %t", e.opts.CodeSystems, e.opts.DropDisplays, e.opts.UnsafeKeepProviderNames, e.opts.Codes != nil)
	return "sha256:" + hex.EncodeToString(h.Sum(nil)[:16])
}

// Policy returns the fingerprint of the policy: the maps, tables and options
// that decide what stays, but not the code that carries them out. Engines of
// one version with the same options have the same fingerprint.
func (e *Engine) Policy() string { return e.fingerprint }

// codes returns the table for one call.
func (e *Engine) codes() *Codes {
	if e.opts.Codes != nil {
		return e.opts.Codes
	}
	return new(Codes)
}
