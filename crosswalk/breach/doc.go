// Package breach keeps the file of an incident with protected health
// information, and says what the Breach Notification Rule (45 CFR 164.400 to
// 164.414) asks next: was the information unsecured at that date, is a breach
// to be presumed, who is to be notified by which day, what is still unproved.
//
// Which function answers which question:
//
//   - read the file of an incident: [Parse]
//   - the whole answer, as of a day: [File.Report], then WriteMarkdown
//   - only the clocks: [Deadlines]
//   - only whether sealed data counts as secured: [Holding.Protection]
//
// The promise: everything that is unknown or without evidence counts against
// the entity. PHI is unsecured until evidence that covers the incident's dates
// shows encryption, keys apart and keys not breached, or destruction; an
// impermissible use or disclosure is presumed to be a breach until all four
// factors are assessed and support a low probability of compromise (164.402).
// Dates are calendar days; days that do not exist are refused.
//
// What it does not do: it does not weigh the factors, judge the evidence or
// notify anybody. The limit of 60 days is an outer one; the duty is to act
// without unreasonable delay. Weekends and holidays do not move it. Law of the
// states, contracts (often shorter) and other federal rules are not here. It
// imports no clock: the caller says which day it is. It is no legal advice.
//
// A file names individuals by references of the entity's own and is
// sensitive. Everything is safe for concurrent use while nobody changes the
// values.
//
// Controls: HIPAA 164.402(2), 164.404(a)(1), 164.408(b), 164.414(b).
package breach
