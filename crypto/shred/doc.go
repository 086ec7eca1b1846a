// Package shred destroys the keys of one patient, or of a whole tenant, so
// that nothing that was sealed under them opens again, and gives a signed
// certificate of it.
//
// Which to use:
//
//   - destroy a patient's data: [Shredder.Request] by one person, then
//     [Shredder.Approve] by another, with an [Order] of kind [DestroyPatient].
//   - a contract ends: the same with [DestroyTenant], which exports first, or records
//     why it does not (164.504(e)(2)(ii)(J)).
//   - litigation: [Shredder.Hold] by one person; two persons end it, with
//     [ReleaseHold].
//   - a tenant key is gone everywhere, so that old backups are mute:
//     [EndEpoch].
//   - an order was a mistake: [Shredder.Cancel], until it begins.
//   - a crash came in between, and once a day: [Shredder.Resume].
//   - a backup of the store of keys, of the keysets or of the database was
//     restored: [Shredder.Apply] and then Resume, before anything opens.
//   - the register: [NewDirLog] once, [OpenDirLog] ever after.
//   - check a certificate, without a network and without this library:
//     [Verify].
//
// The promise: no key is destroyed before two persons, both authorised, have
// asked for it and both steps are durable in the [Register]; never while a hold
// is open that was placed before the destruction began; and nothing says
// "destroyed" before it is. After a certificate no process opens a value of the
// patient once [Options.Bound] has passed, because no [crypto.Sealer] keeps a
// ready key longer than that.
//
// What it does not do. A backup of the store of keys that was made before still
// holds the key, wrapped: who has the backup and the tenant keys that the
// certificate names can open what was sealed. To mute such backups too, wrap
// the living anew ([crypto.Sealer.RewrapSubjects]), destroy the old tenant key
// with all its copies, and certify that with [EndEpoch]; [Register.Outstanding]
// lists what waits for it. Applying a register is a procedure, not a lock: who
// restores and leaves it out opens what the backup opens. A process that goes on
// with a tenant's keyset from memory may still write a record after the
// certificate; the next Resume destroys it. Plaintext that was copied elsewhere,
// values of NoSubject of a living tenant and the memory of a running process
// within the bound are beyond it. It cannot tell two persons from one with two accounts. Who can write to
// the register's directory, or calls the store past this package, can do what
// they like: compare [Register.Head] with what the audit trail recorded.
//
// The Security Rule asks for policies on final disposition
// (164.310(d)(2)(i)); it does not speak of keys. NIST SP 800-88 calls this
// cryptographic erase, and asks that every copy of the key be gone: see above.
// Laws on retention may forbid it.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
package shred
