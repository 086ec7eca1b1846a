// Package audit keeps the account of every access to patient data: who acted,
// on whose record, for which purpose, what was decided, which fields and sealed
// columns were touched, and how it ended.
//
// Its promise: through a handler that [Recorder.Handler] wraps, no byte leaves
// before the account of it is durable in the [Log]. If the log is full, slow,
// broken or gone, the answer is a 503 and nothing of the handler's. An answer
// can be held back, a change cannot: a handler that changes data calls
// [Entry.Commit] before it does (access.Mux does it for every method but GET,
// HEAD and OPTIONS).
//
// Use [New] with a Log and with [Tokens]; package audit/ledger has the
// embedded log, which also proves that nothing was changed, and [TokenKeys]
// makes the tokens that stand for patients and addresses, so that the log
// itself holds no PHI. Put [Recorder.Handler] outermost: session, access and
// crypto find the [Entry] in the context and note in it what they do. A program
// with its own sign-in notes the same with the methods of Entry; a job uses
// [Recorder.Begin], [Entry.Commit] and [Entry.End]. What is no access goes
// through [Recorder.Record]. [Recorder.Watch] makes the log also say how the
// service was set up. [Recorder.In] gives routes that change things the mode
// [Strict], and routes without PHI the mode [Async].
//
// Records are CloudEvents 1.0 in JSON, one line each: see [Event]. A [Sink]
// takes them elsewhere.
//
// What it does not do: it cannot see what a handler reads without telling it,
// it does not review the log (164.308(a)(1)(ii)(D) asks a person to), and it
// does not protect the log from whoever holds the machine and its keys. The rule asks for audit controls
// (164.312(b)) and says nothing of tamper evidence or of how long a log is
// kept; the six years are those of required documentation (164.316(b)(2)(i))
// and of the accounting of disclosures (164.528).
//
// The package imports the standard library only.
//
// Controls: HIPAA 164.312(b), 164.528(a); NIST CSF 2.0 PR.PS-04.
package audit
