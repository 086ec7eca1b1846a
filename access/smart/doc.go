// Package smart reads the scopes of SMART App Launch, versions 1 and 2, and
// narrows decisions by them.
//
// A scope is what somebody delegated to an application: "this app may read
// and search my laboratory results". It gives nothing by itself. What it covers
// still needs a rule of the policy, and what the policy allows still needs a
// scope: the application gets the smaller of the two. [Parse] reads the scope
// parameter of a token, [Scopes.Scope] makes it something to narrow by, and
// access.WithScope puts that into the context of a request, before anything is
// decided. [ParseContext] reads which patient the application was launched for.
//
// It keeps to STU 2.2 of the implementation guide ("Scopes and Launch
// Context"), and where that leaves a choice takes the one that grants less:
//
//   - a resource scope that is not in the grammar is an error, not ignored, so
//     that ".read" is never taken for ".rd" and ".dus" never for anything;
//   - scopes with search modifiers, chained parameters or _filter, which the
//     guide calls experimental, are errors;
//   - a parameter that cannot be evaluated here makes its scope cover nothing;
//   - batch, transaction and operations such as $everything are covered by
//     nothing: each of their parts is to be decided by itself;
//   - patient/ covers what is about the patient of the launch and nobody else,
//     and to read what is about nobody, such as an Organization; [Scope.Holds]
//     says where that is less than the patient compartment of FHIR;
//   - system/ counts for services alone, and for them nothing else does.
//
// Whether a token is genuine is not found out here; package access/oidc does
// that.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
package smart
