// Package phitag reads the struct tag by which a Go type says, once, what
// each of its fields is:
//
//	type Patient struct {
//		MRN   string    `phi:"mrn,index=mrn"`
//		Born  time.Time `phi:"birthdate,group=demographics"`
//		Zip   string    `phi:"zip,limited"`
//		A1c   float64   `phi:"clinical,group=labs"`
//		Note  string    `phi:"text"`
//		Shard int       `phi:"-"`
//	}
//
// The grammar is `phi:"<kind>[,adjacent][,limited][,group=<name>][,index=<name>]"`
// without spaces; options may stand in any order, each at most once. Kinds
// are those of the Safe Harbor list, 45 CFR 164.514(b)(2)(i)(A) to (R), with
// the parts of an address and the sorts of date told apart, and three more:
// "text" is free text that may hold any identifier, "clinical" is no
// identifier but still PHI, "-" is no PHI at all, on purpose.
//
// The options: adjacent marks what identifies only in combination; limited
// marks what a limited data set (164.514(e)) may keep; group is the
// disclosure category by which access is decided; index names the blind index
// through which a sealed field is searched. Contradictions, repetitions and
// unknown words are errors that name the type and field, never a value.
//
// Use [Parse] for one tag and a [Cache] for the fields of a type, through
// embedded and nested structs, pointers, slices, arrays and maps. A struct
// with one tag anywhere below it bears PHI, and each of its unmarked fields
// counts as PHI, so that a field added later fails closed. A tag is a
// declaration: the package does not look at values and cannot tell whether
// it is true.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.514(e), 164.502(b)(1).
package phitag
