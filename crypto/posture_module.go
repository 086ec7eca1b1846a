package crypto

import (
	"crypto/fips140"
	"fmt"
	"runtime"
	"runtime/debug"
)

// A Validation says how far NIST's Cryptographic Module Validation Program
// (CMVP) had come with a version of Go's module, when this release of the
// package was made. The program's list is what counts.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Validation string

// The states of validation.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	// NotValidated is a version that nobody submitted, as the one that comes
	// with every Go release and changes with it.
	NotValidated Validation = "not validated"
	// InProcess is a version that was submitted and has no certificate.
	InProcess Validation = "in process"
	// Validated is a version with a certificate.
	Validated Validation = "validated"
)

// moduleTableDate is the day to which the table of versions is known.
const moduleTableDate = "2026-11-21"

// moduleVersions are the frozen versions that the go command can build with,
// by what the module says of itself and what the build says.
func moduleVersions() []Module {
	return []Module{
		{Version: "v1.0.0", Build: "v1.0.0-c2097c7c", Validation: Validated, Certificate: "CMVP #5247"},
		{Version: "v1.26.0", Build: "v1.26.0", Validation: InProcess},
	}
}

// A Module is the Go Cryptographic Module of the running program.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Module struct {
	// Go is the version of the toolchain.
	Go string `json:"go"`
	// Version is what the module says: a frozen version, or "latest" for the
	// sources of the Go release.
	Version string `json:"version"`
	// Build is the setting GOFIPS140 of the build, or "off".
	Build string `json:"build"`
	// Enabled is whether the module runs in FIPS 140-3 mode, which includes
	// that its integrity was checked at the start.
	Enabled bool `json:"enabled"`
	// Enforced is whether it refuses what is not approved (fips140=only, which
	// Go offers for tests).
	Enforced bool `json:"enforced"`
	// Validation and Certificate are of Version, as known on AsOf.
	Validation  Validation `json:"validation"`
	Certificate string     `json:"certificate,omitempty"`
	AsOf        string     `json:"asOf"`
}

func thisModule() Module {
	m := Module{Go: runtime.Version(), Version: fips140.Version(), Build: buildSetting()}
	m.Enabled, m.Enforced = fips140.Enabled(), fips140.Enforced()
	m.Validation, m.AsOf = NotValidated, moduleTableDate
	for _, known := range moduleVersions() {
		if known.Version == m.Version && known.Build == m.Build {
			m.Validation, m.Certificate = known.Validation, known.Certificate
		}
	}
	return m
}

// buildSetting returns GOFIPS140 of the build; the go command leaves "off" out.
func buildSetting() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "GOFIPS140" {
			return s.Value
		}
	}
	return "off"
}

// Statement says in one sentence what may be claimed of the module, and no
// more.
func (m Module) Statement() string {
	switch {
	case m.Validation == Validated && m.Enabled:
		return fmt.Sprintf("The Go Cryptographic Module %s runs in FIPS 140-3 mode; on %s it held certificate %s. "+
			"Whether the certificate is active today, and covers this platform, is not checked here.", m.Version, m.AsOf, m.Certificate)
	case m.Validation == Validated:
		return fmt.Sprintf("The program was built with the Go Cryptographic Module %s, but FIPS 140-3 mode is off: "+
			"its certificate does not cover this run.", m.Version)
	case m.Validation == InProcess:
		return fmt.Sprintf("The program was built with the Go Cryptographic Module %s, which on %s had no certificate: "+
			"its validation was in process. FIPS 140-3 mode is %s.", m.Version, m.AsOf, onOff(m.Enabled))
	}
	return fmt.Sprintf("The cryptography is not a validated module: the build setting GOFIPS140 is %s. FIPS 140-3 mode is %s.",
		m.Build, onOff(m.Enabled))
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
