package audit

// A Mode says when the account of a request becomes durable.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Mode uint8

// The modes. In every one of them no byte that accounts for a patient's data
// leaves before its record is durable.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
const (
	// BeforeResponse makes the record durable before the first byte of the
	// answer. It is the default.
	BeforeResponse Mode = iota
	// Strict also makes an intent durable before the handler runs, for
	// handlers that change things; if that fails the handler does not run.
	// Intents of nobody obey [Options.Unauthenticated]: beyond it the handler
	// runs without one, and the intent is made durable once somebody is
	// identified. If that fails every commit is refused, so what changes
	// things behind a sign-in still calls [Entry.Commit] before it does.
	Strict
	// Async lets an answer leave while its record is on the way, for routes
	// without PHI. The queue is bounded and nothing in it is dropped: a request
	// that finds it full waits for the log. An Entry that touches PHI, names a
	// patient, or is a disclosure or an emergency access is committed as in
	// BeforeResponse.
	Async
)
