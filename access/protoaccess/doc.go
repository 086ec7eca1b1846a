// Package protoaccess projects protobuf messages through a decision of package
// access: what the decision does not show is taken out.
//
// A [Projector] works on a message ([Projector.Project] takes out fields in
// place) or on its encoding ([Projector.ProjectWire] copies what may be seen,
// and never builds the message, which is the fast way for what comes from a
// store). Both keep an allow-list: a field that no rule names, one that is not
// in the descriptor, and one that was added to the message yesterday are left
// out.
//
// A rule names a field by its path of JSON names, "birthDate" or "name.family"
// (Options.ProtoNames takes the names of the .proto file instead). A path that
// is allowed includes what is below it, but for the places where FHIR repeats
// or hides data; as access.Decision.Permits does, which is asked about each
// field once for a decision and a type of message, this goes by the name alone:
// text, div, display, extension, modifierExtension, contained, resourceType, and
// an identifier below the resource's own.
// A message with a modifierExtension that is not shown is left out whole.
//
// Some of protobuf is shown only if a rule lists the field itself, and then as
// it is: google.protobuf.Any, Struct, Value and ListValue, in which a
// descriptor does not say what there is. A map is shown if it is allowed whole,
// and what its values repeat or hide is taken out of them. Groups and
// extensions are never shown.
//
// Security labels in a message decide by which rules all of it is seen: the
// messages of every field called "security" that have the fields "system" and
// "code", strings or messages with the string "value", as meta.security of FHIR
// has. They count wherever they stand, also where nothing is shown, so that a
// list of patients is seen by the labels of all of them. One that cannot be read
// is above every ceiling. Labels of another form, and those in a group, an Any or
// a Struct, are not found: they are for the program to say in access.Request.Labels.
//
// A decision under a scope that looks into resources, as SMART scopes of one
// patient or one category do (access.Decision.LooksInside), projects no message.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
package protoaccess
