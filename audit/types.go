package audit

import (
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// prefix and suffix frame the types of this project's records.
const (
	prefix = "io.github.safeguard-sdk.audit."
	suffix = ".v1"
)

// The types of access records; their data is an [Access]. Which one a record
// gets follows from what was noted in it: a refusal makes it [TypeDenied],
// fields, sealed columns or patients one of phi.*, after the action that
// [Entry.SetAction] noted (an action without a type of its own is
// [TypeRead]), and nothing of the kind [TypeAllowed].
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
const (
	TypeCreated   = prefix + "phi.created" + suffix
	TypeRead      = prefix + "phi.read" + suffix
	TypeUpdated   = prefix + "phi.updated" + suffix
	TypeDeleted   = prefix + "phi.deleted" + suffix
	TypeSearched  = prefix + "phi.searched" + suffix
	TypeExported  = prefix + "phi.exported" + suffix
	TypeDisclosed = prefix + "phi.disclosed" + suffix
	TypeReceived  = prefix + "phi.received" + suffix
	TypePrinted   = prefix + "phi.printed" + suffix
	// TypeAllowed is an access of somebody to something that is no PHI.
	TypeAllowed = prefix + "access.allowed" + suffix
	// TypeDenied is an access that was refused. It lists what had been opened
	// by then.
	TypeDenied = prefix + "access.denied" + suffix
	// TypeIntent says, in mode [Strict], that a handler is about to run.
	TypeIntent = prefix + "access.intended" + suffix
)

// The types of the other records of requests and of the service itself. The
// data of TypeEnded is an [Ended], of TypeUnauthenticated an
// [Unauthenticated], of TypeObservation an [Observed] and of TypeClockStepped
// a [ClockStep].
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
const (
	// TypeEnded says how an access ended.
	TypeEnded = prefix + "access.ended" + suffix
	// TypeUnauthenticated counts requests of nobody that were not recorded one by one.
	TypeUnauthenticated = prefix + "unauthenticated" + suffix
	// TypeObservation is what components reported of themselves.
	TypeObservation = prefix + "observation" + suffix
	// TypeClockStepped says that the wall clock jumped.
	TypeClockStepped = prefix + "clock.stepped" + suffix
)

// The types of notices ([Recorder.Record]) about emergency access, sessions,
// de-identification, keys, consent and agents.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
const (
	TypeBreakGlassInvoked  = prefix + "breakglass.invoked" + suffix
	TypeBreakGlassUsed     = prefix + "breakglass.used" + suffix
	TypeBreakGlassEnded    = prefix + "breakglass.ended" + suffix
	TypeBreakGlassReviewed = prefix + "breakglass.reviewed" + suffix

	TypeSessionStarted  = prefix + "session.started" + suffix
	TypeSessionEnded    = prefix + "session.ended" + suffix
	TypeSessionTimedOut = prefix + "session.timedout" + suffix

	TypeDeidRun      = prefix + "deid.run" + suffix
	TypeReidentified = prefix + "deid.reidentified" + suffix

	TypeKeyCreated   = prefix + "crypto.key.created" + suffix
	TypeKeyRotated   = prefix + "crypto.key.rotated" + suffix
	TypeKeyDestroyed = prefix + "crypto.key.destroyed" + suffix

	TypeConsentGranted = prefix + "consent.granted" + suffix
	TypeConsentRevoked = prefix + "consent.revoked" + suffix

	TypeToolCalled = prefix + "agent.toolcalled" + suffix
)

// The types of records about the log itself and about its review.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
const (
	TypeLogOpened     = prefix + "log.opened" + suffix
	TypeLogCheckpoint = prefix + "log.checkpoint" + suffix
	// TypeLogRecovered says what a log repaired when it was opened.
	TypeLogRecovered = prefix + "log.recovered" + suffix
	// TypeLogUnsigned says which records no checkpoint covered when a log was
	// opened.
	TypeLogUnsigned  = prefix + "log.unsigned" + suffix
	TypeLogPruned    = prefix + "log.pruned" + suffix
	TypeHoldSet      = prefix + "log.hold.set" + suffix
	TypeHoldReleased = prefix + "log.hold.released" + suffix
	TypeLogQueried   = prefix + "log.queried" + suffix
	TypeLogExported  = prefix + "log.exported" + suffix
	TypeLogDegraded  = prefix + "log.degraded" + suffix

	TypeReviewDue       = prefix + "review.due" + suffix
	TypeReviewCompleted = prefix + "review.completed" + suffix
	TypeReviewOverdue   = prefix + "review.overdue" + suffix

	TypeAlert = prefix + "alert.raised" + suffix
)

// IsAccess reports whether records of the given type are access records, whose
// data is an [Access].
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func IsAccess(kind string) bool {
	switch kind {
	case TypeCreated, TypeRead, TypeUpdated, TypeDeleted, TypeSearched, TypeExported, TypeDisclosed,
		TypeReceived, TypePrinted, TypeAllowed, TypeDenied, TypeIntent:
		return true
	}
	return false
}

// ofALog reports whether a log alone writes records of the given type, of
// itself: what says that records are gone must not be anybody's word.
func ofALog(kind string) bool {
	return kind == TypeLogRecovered || kind == TypeLogUnsigned || kind == TypeLogPruned
}

// accessed returns the type of an access to PHI by its action.
func accessed(action string) string {
	switch action {
	case "create":
		return TypeCreated
	case "update", "patch":
		return TypeUpdated
	case "delete":
		return TypeDeleted
	case "search", "query", "list":
		return TypeSearched
	case "export":
		return TypeExported
	case "print":
		return TypePrinted
	case "receive", "import":
		return TypeReceived
	}
	return TypeRead
}

// serves names the provisions that records of a type serve, and their CSF 2.0
// counterparts: what stands in the attributes hipaacontrol and nistcsf.
func serves(kind string) (hipaa, csf string) {
	name := strings.TrimPrefix(kind, prefix)
	switch group, _, _ := strings.Cut(name, "."); group {
	case "breakglass":
		return "164.312(a)(2)(ii),164.312(b)", "PR.PS-04"
	case "session":
		return "164.312(a)(2)(iii),164.312(b)", "PR.AA-05,PR.PS-04"
	case "deid":
		return "164.514(b),164.312(b)", "PR.PS-04"
	case "crypto":
		return "164.312(a)(2)(iv),164.312(b)", "PR.DS-01,PR.PS-04"
	case "observation":
		return "164.308(a)(8),164.312(b)", "PR.PS-04"
	case "unauthenticated":
		return "164.308(a)(5)(ii)(C),164.312(b)", "PR.PS-04"
	case "review", "alert":
		return "164.308(a)(1)(ii)(D),164.312(b)", "PR.PS-04"
	}
	switch kind {
	case TypeDisclosed:
		return "164.312(b),164.528(a)", "PR.PS-04"
	case TypeDenied:
		return "164.312(a)(1),164.312(b)", "PR.AA-05,PR.PS-04"
	case TypeLogPruned, TypeHoldSet, TypeHoldReleased:
		return "164.316(b)(2)(i),164.312(b)", "PR.PS-04"
	case TypeLogCheckpoint, TypeLogRecovered, TypeLogUnsigned:
		return "164.312(c)(1),164.312(b)", "PR.DS-01,PR.PS-04"
	}
	return string(safeguard.AuditControls), "PR.PS-04"
}
