// Package keep decides how long the records of a ledger stay, and proves that
// a copy of it is the same.
//
//   - A [Keeper] plans which whole segments may go ([Keeper.Plan]), has a second
//     person approve exactly that plan, and prunes ([Keeper.Prune]). The hashes
//     stay, so every later proof holds, and the pruning is itself a record.
//   - [Keeper.SetHold] and [Keeper.ReleaseHold] keep records beyond their time:
//     of some patients, some users, a period, a case. The log is the register:
//     holds are read from it each time.
//   - [Export], [ExportTar], [Restore] and [Drill] copy a ledger, bring it back
//     and prove that every record is equal.
//
// A record is kept six years by default: through the day of the sixth year
// after the later of when it happened and when it was recorded, in every time
// zone, or until its expirytime, if that is later. What has no time, what is
// not signed, and the segment that is written to are kept. If the log cannot be
// read and verified to its end, nothing is pruned.
//
// The clock is not trusted alone. A gap between two records counts as a week at
// most, so one step of the clock does not age a log; Options.Witnessed caps the
// time by a witness's; and one pruning takes a year of records at most. Whoever
// rules clock and log for years, or the disk, can still destroy records:
// anchors show that, they do not prevent it.
//
// The rule demands that documentation be kept six years from its creation or
// when it last was in effect, 164.316(b)(2)(i); 164.528 looks back six years. It
// does not say that raw logs are such documentation: how long they are kept is
// the organisation's decision.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
package keep
