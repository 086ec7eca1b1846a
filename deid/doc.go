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
// # The phi tag
//
// A tag is one word and its options, without spaces: `phi:"zip,limited"`. The
// word says what a field is, by the paragraph of 164.514(b)(2)(i) that lists
// it, and so what becomes of it in a copy that [Struct] makes:
//
//	word        §   may  in the copy
//	name        A   I    zero
//	geo         B   AI   zero
//	street      B   I    zero
//	city        B   LAI  zero
//	county      B   LAI  zero
//	zip         B   LAI  three digits or "000", of a string
//	state       B   LAI  itself if it is one, of a string
//	date        C   LAI  the year
//	birthdate   C   LAI  the year
//	admission   C   LAI  the year
//	discharge   C   LAI  the year
//	death       C   LAI  the year
//	age         C   LAI  itself up to 89, then 90
//	phone       D   I    zero
//	fax         E   I    zero
//	email       F   I    zero
//	ssn         G   I    zero
//	mrn         H   I    zero, or a random code
//	healthplan  I   I    zero
//	account     J   I    zero
//	license     K   I    zero
//	vehicle     L   I    zero
//	device      M   I    zero
//	url         N   I    zero
//	ip          O   I    zero
//	biometric   P   -    zero
//	photo       Q   -    zero
//	other       R   LAI  zero, or a random code
//	text        -   -    zero: free text may hold any of these
//	clinical    -   A    itself: PHI, but no identifier
//	-           -   -    itself: no PHI, on purpose
//	(no tag)    -   -    zero; a struct with tags speaks for itself
//
// The column "may" says which options the word takes; others are errors. L is
// limited: a limited data set may keep it (164.514(e)(2)). A is adjacent: it
// identifies in combination only. I is index=NAME, the blind index of a sealed
// field. Every word but "-" takes group=NAME, the category by which it is
// disclosed. Struct does the same with and without options; an inventory of
// PHI lists them.
//
// Of other Go types than these a tagged field becomes zero, be it an int for a
// ZIP code, a []string or a sql.NullTime. A date is a time.Time, a string such
// as "1970-11-21" (but "21.11.1970" becomes ""), or an integer that is a year.
// An age is a number or a string of one; see [Struct] for those over 89. A
// random code, for which [Options] must have Codes, stands for a string or a
// safeguard.Patient. Pointers to these are followed, slices and arrays of dates
// as well. What stays as it is may have any type; interfaces, functions and
// channels in it become nil, a safeguard.Patient and unexported fields zero.
//
// Controls: HIPAA 164.514(a), 164.514(b)(2)(i), 164.514(c), 164.502(d).
package deid
