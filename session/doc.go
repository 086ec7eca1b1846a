// Package session signs people and services in, and signs them out again by
// itself: after a time without activity, at an absolute limit, or when
// somebody ends the session. It implements the automatic logoff of the HIPAA
// Security Rule, which asks to "terminate an electronic session after a
// predetermined time of inactivity" and leaves the time to you; addressable
// does not mean optional.
//
// Use [New] with a [Store] (package memstore keeps sessions in memory).
// [Manager.Start] is the only source of tokens; call it once a sign-in has
// succeeded, then [Manager.SetCookie]. Wrap the routes that need a session in
// [Manager.Handler], polling and event routes in [Manager.Passive], and leave
// the sign-in page outside. [Manager.Check] serves other transports.
//
// The promise: a session ends at the limit or up to one touch granularity
// before it, never after; by the monotonic or by the wall clock, whichever
// says so first. What has ended stays ended, whatever slower requests still do. An
// unknown token, a store that fails or does not answer in time is a denial.
// Tokens carry 256 random bits, only their SHA-256 is stored, and they never
// print.
//
// The defaults, 15 minutes idle and 12 hours absolute, meet what NIST SP
// 800-63B-4 recommends or requires at AAL2 and AAL3. Longer limits need a
// written [Options.Deviation].
//
// It does not authenticate anybody, throttle sign-ins, encrypt the transport
// or lock a workstation's screen. A stolen token works until its session
// ends. A handler that is already running is not interrupted, but behind
// audit.Handler it gets nothing out: the session is asked again before every
// output that is recorded, and otherwise when the last answer is older than
// 250 ms, so that a stream goes on for no longer than that.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-03, PR.AA-05.
package session
