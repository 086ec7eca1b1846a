// Package fhir shows access records as FHIR R4 AuditEvents in the profiles of
// IHE Basic Audit Log Patterns (BALP) 1.1.4, for repositories and viewers that
// speak FHIR.
//
// Use [New] and [Projector.Project] with a record and, if there is one, the
// record of how the request ended; then [WriteNDJSON] or [WriteBundle]. The log
// itself stays as it is: an AuditEvent is a view that is made on demand, with
// ids that stay the same each time, so that sending it twice stores it once.
//
// Create, Read, Update, Delete and Query are profiled, each with and without a
// patient, and disclosures at their source and at their recipient. A record
// about several patients gives one AuditEvent for each, as the profiles want.
// Refusals, failures, exports and prints have no BALP profile: they become
// plain AuditEvents, with their outcome, that claim none.
//
// Broken glass has no profile either. [audit.TypeBreakGlassInvoked] becomes a
// security alert (DICOM 110113) that an emergency override has started (110127),
// [audit.TypeBreakGlassEnded] one that it has stopped (110138) before its time,
// and [audit.TypeBreakGlassReviewed] one with a code of this package. Their
// purpose is BTG; ETREAT and ERTREAT, which open no grant, stand in the records
// of accesses as they are.
//
// What is left out is left out on purpose. Patients are tokens in the log. A
// [Resolver] may turn them into references; whoever has its answers holds PHI
// and must be authorised and recorded by the program (package audit/query does
// both). Without it a token stands as an identifier under [PatientTokens]. BALP
// asks for the raw search request; that would be PHI, so the query holds the
// pattern of the route and no value. A network address is a token as well.
//
// It is a form of the account and proves nothing: proofs are those of package
// audit/ledger. It sends nothing, and checks no record's signature.
//
// Controls: HIPAA 164.312(b), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
package fhir
