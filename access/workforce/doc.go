// Package workforce knows who may act: accounts, grants and their review,
// terminations, and broken glass. A [Registry] tells it to an access.Guard, as
// its role source and emergency source.
//
// # Which one to use
//
//   - Somebody leaves: [Registry.Terminate]. It returns when nothing of the
//     account can leave any process any more, and says how that is known.
//   - A device was lost, or a password: [Registry.Distrust]. What was given out
//     is void; the account may sign in again.
//   - Somebody is away, or under investigation: [Registry.Suspend].
//   - Somebody needs a role: [Registry.Request], and [Registry.Approve] by
//     another. Who still needs what they have: [Registry.OpenCampaign].
//   - The record of a patient is needed now and no rule gives it:
//     [Registry.BreakGlass].
//   - The HR system knows who is there: [Registry.Reconcile], or package
//     access/scim.
//
// A service whose roles never change needs none of it: access.Assignments.
//
// # How it holds
//
// Everything that happens is a fact, which is appended to a [state.State] and
// never changed. Each process folds the facts into a table in memory, which
// decisions read without a lock, and holds a lease that it renews each third of
// its length. The rules:
//
//   - A process decides only under a lease, by facts that it read after it had
//     asked for that lease. Its own end of the lease is counted from before it
//     asked, by the monotonic and the wall clock, whichever is first. After
//     that every question is an error, and so a denial.
//   - A termination therefore finds every process that may not know of it among
//     the replicas of the State, and waits until each has acknowledged, after
//     its Cutters and Revokers, or its lease is over by the State's clock.
//   - What gives more is recorded in the audit log first, and not done if that
//     fails. What takes away is done first, and tried for ten seconds whatever
//     becomes of the context: a client that hangs up takes nothing back.
//   - A fact that is not understood denies everybody: it may be a termination.
//     Upgrade every process before using what is new. So does a State that was
//     set back behind what a process has read: start the processes anew.
//
// The time-to-deny is measured and reported ([Registry.Report]). The rule sets
// no time for 164.308(a)(3)(ii)(C), which is addressable: to be met, or what is
// done instead to be documented.
//
// # Set-up
//
// Make the Registry, then the Guard over it, which makes itself and its policy
// known to the Registry, start [Registry.Run], and serve once [Registry.Ready]
// has returned. At the end shut the server down first and cancel Run then.
//
// # Over HTTP
//
// Who may break the glass, grant or terminate is for the Guard to say, so each is
// an action of the policy on a resource of the program's, "Glass" and "break" for
// instance, with a rule for it: "fields": [] if the answer says nothing. The
// purpose of breaking the glass is not BTG, which is denied until there is a
// grant: take ETREAT there and BTG for the record itself. A
// principal without a time of sign-in, from a token without "auth_time" for
// instance, breaks no glass unless [EmergencyRules] has a StepUp. Whoever ends
// their own account gets a refusal for an answer, and it is done all the same.
// examples/emergency and examples/termination are such services.
//
// # What it does not protect against
//
// It does not decide who may call it: guard the routes. It cannot take back
// what has left, nor end sessions of other services than those that a Revoker
// reaches. Whoever can write facts into the State can grant anything. Clocks
// of machines may differ in speed by less than one percent, and the clock of the
// State must not be set forward while processes hold leases: those would seem to
// be over. What a process that was suspended has in flight ends within a
// twentieth of the lease after it is resumed.
//
// Controls: HIPAA 164.308(a)(3)(ii)(A), 164.308(a)(3)(ii)(B), 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C), 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
package workforce
