// Package oscal writes the rule, its NIST maps, what code says of itself, gap
// assessments and remediation plans in NIST's Open Security Controls Assessment
// Language, OSCAL 1.2.2, as JSON.
//
// Which function writes which model:
//
//   - the rule as a catalog, also CSF 1.1: [Catalog], [CSF11Catalog]
//   - the crosswalk as a mapping-collection: [Mappings]
//   - which code serves what, a component-definition: [Components]
//   - what was found, assessment-results: [Results]
//   - what will be done, a plan-of-action-and-milestones: [PlanOfAction]
//   - do all references of a set of documents resolve: [Check]
//
// The promise: the same input gives the same bytes. Identifiers are UUIDs of
// version 5, made of the given scope and of what they name, so they stay the
// same from one issue of a document to the next; the document's own changes
// with its content, as OSCAL has it. A pair is written as intersects-with, the
// weakest relationship that there is, and says where it comes from; derived
// pairs are left out unless asked for. A component-definition claims no
// implementation status: that is the organisation's word.
//
// What it does not do: a JSON schema cannot see dangling references and open
// word lists, so [Check] looks at those that these documents use; it is not
// NIST's full set of constraints. It writes no system security plan, profile
// or assessment plan. Of OSCAL written by others it reads only what Check
// needs.
//
// It reads no clock and does no input or output of its own. Texts are written
// as given: put no PHI into them. Everything is safe for concurrent use.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
package oscal
