// Package deid makes copies of records with the identifiers of Safe Harbor,
// 45 CFR 164.514(b)(2)(i)(A) to (R), removed, and writes down what it did.
//
// Use [Engine.FHIR] for FHIR R4 JSON and [Struct] for Go values with phi
// tags. Both work by structure: a map or a tag says what each element is, and
// what neither knows is removed and counted. Codes, measurements, years,
// states and ZIP prefixes of more than 20,000 people by the 2020 census stay;
// ages over 89 become one category, and lower ones go where a year beside them
// tells an age over 89 by now; ids and references become random codes
// ([Codes]). Free text is left out, not searched: what could be anything is
// not guessed at.
//
// The promise: no value leaves from a place that the maps, the tags or the
// options do not name, and the report never holds one. Malformed input is
// refused whole.
//
// What it does not do. It does not make information de-identified: Safe
// Harbor also asks that the covered entity has no actual knowledge that what
// is left could identify somebody (164.514(b)(2)(ii)), which a person must
// attest to ([Report.Attest]); until then a report says
// "Safe-Harbor-transformed". It offers no hash, keyed hash or date shift: a
// code derived from the data is none that 164.514(c) allows. What is
// pseudonymised with codes that somebody can resolve is not anonymous to
// whoever holds the table. It cannot tell a false tag, or a name that a sender
// typed as the designation of a public code, unless the same document states
// that name elsewhere. It does not measure the risk that years, ZIP prefixes
// and rare diagnoses leave, and it is neither a limited data set (164.514(e))
// nor an expert determination (164.514(b)(1)).
//
// Controls: HIPAA 164.514(a), 164.514(b)(2)(i), 164.514(c), 164.502(d).
package deid
