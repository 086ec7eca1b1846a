// Package access decides which fields of which resource a caller may see, for
// which purpose, and lets nothing else out: the minimum necessary of 45 CFR
// 164.502(b) and 164.514(d)(2) as a decision and a projection.
//
// A [Policy] is strict JSON: roles, resources, actions and purposes, categories
// of fields, and what else a rule may ask for; [ParsePolicy] describes it. A
// [Guard] decides over it, gate by gate, as [Guard.Decide] describes. Choose by
// what you have:
//
//   - an HTTP service: [Guard.Mux]. Every route has a [Rule];
//     [Guard.VerifyRoutes] fails at start for one that has not. Handlers
//     answer with [WriteJSON], [WriteEach] for a list, [WriteLabelled], [NewStream]
//     and [Error], or a status alone; a raw write on a PHI route, and no answer,
//     become a bare 500.
//   - a live service that adopts a policy: [Observe], route by route. A policy
//     that changes: [Guard.Reload] and [Watch].
//   - somebody who leaves: access/workforce, which ends what is under way by
//     [Guard.Cut].
//   - a job, a queue or another transport: [Guard.Decide], then
//     [Decision.Project]; [Decision.ProjectStruct] for Go values with phi tags,
//     [Decision.ProjectNDJSON] for an export, [Decision.ProjectMasked] to show
//     where something is hidden.
//   - callers who search, sort or filter: [Query] in the Rule, or
//     [Decision.CheckQuery]. A route takes no parameter that is not declared
//     there, for who is found tells what is hidden.
//   - callers who write: [MergeJSON], or [Decision.Merge] and
//     [Decision.CheckWrite]. Without it, the copy that comes back erases what was
//     left out of it.
//   - users that come and go, and must be trained: a [SubjectSource], which
//     package access/workforce has. Fixed roles of a small service:
//     [Assignments].
//   - access by who treats whom: [Relationships], behind [CacheRelationships].
//   - bearer tokens: package access/oidc, whose scopes narrow by [WithScope].
//   - sensitive data: [Labels] and [Consents]. Whether one is on shift, or the
//     answer of another engine: [Condition]. Emergencies: [EmergencySource].
//   - a policy to be reviewed: its own tests, lint, matrix and differences, which
//     the command safeguard shows; [Policy.Unmatched] finds misspelt fields.
//   - an old record to be explained: [Policy.Replay].
//   - signing in: package session. Recording: package audit.
//
// The promise: what [Decision.Project] returns holds only fields that an
// allow rule of the caller's roles lists for this action and purpose, less
// what a deny rule takes away. A new field of the data stays hidden until
// somebody allows it. Deny overrides, the order of rules never matters,
// scopes, conditions and active roles only ever narrow, and any error is a
// denial.
//
// It is an allow-list of names. It does not look into values: an identifier
// typed into an allowed comment leaves with it. It does not check that a
// resource belongs to the patient of the request, believes what the program's
// hooks and the labels in the data say, and does not see what a handler
// sends elsewhere. Treatment is no exemption for internal uses:
// 164.502(b)(2)(i) exempts disclosures to and requests by a provider, not
// uses, so clinicians have rules too. Nothing here makes anyone compliant:
// who needs what is the organisation's finding.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
package access
