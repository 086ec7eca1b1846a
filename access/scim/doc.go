// Package scim receives the deprovisioning of accounts by SCIM 2.0 (RFC 7643,
// RFC 7644): what an identity provider sends when somebody leaves.
//
// It is built for one direction. "active": false in a PATCH or a PUT, and a
// DELETE, terminate the account, and are answered only after the termination
// has returned: 200 or 204 then says that nobody acts for the account any more.
// If it cannot be confirmed in time the answer is 503, and the provider tries
// again; terminating twice is harmless. A client that hangs up stops nothing.
// Nothing widens: creating and reactivating are refused (403), unless the
// program passes an [Opener]; groups and roles are refused always, since who
// may do what is granted by two persons, not by a directory.
//
// Choose:
//
//   - accounts in package access/workforce: [Workforce], then [New].
//   - accounts of the program's own: implement [Directory].
//   - the provider's bearer token: [Bearer]; mutual TLS or OAuth tokens:
//     implement [Authenticator].
//   - a provider that cannot speak SCIM, or to find what it forgot to send:
//     Registry.Reconcile of package access/workforce.
//
// Mount the [Handler] with http.StripPrefix under "/scim/v2", inside
// audit.Recorder's Handler, and serve it by TLS 1.2 or later (RFC 7644, section
// 7.2), not through access.Mux: its caller is a service and its data no PHI.
// At the provider match accounts by userName. An account is looked up by one of
// its names; all of them are listed if the Directory is a [Lister].
//
// It keeps no attribute but the account's state: names, addresses and phone
// numbers of the workforce are read, bounded and dropped. It deviates from RFC
// 7644 in that a deleted account remains readable as inactive: an account that
// ever had access is never forgotten. It does not protect against a provider
// that never sends, and it does not limit how often somebody tries a token;
// 256 random bits need no limit.
//
// It needs no library but the standard one.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-05.
package scim
