// Package oidc says who calls by OpenID Connect and SMART on FHIR tokens, and
// what their tokens let them do.
//
// Use [New] with a [Trust]: whose tokens, made for whom, signed how, lasting how
// long, by which keys. There is no default for any of these, and nothing is taken
// from a token that could be said here. Then choose:
//
//   - people who work at a screen: [NewExchange]. Their token buys a server
//     session, which ends after a time without activity as automatic logoff asks,
//     and with the token at the latest. This is the one to take if in doubt.
//   - programs that bring a token with each request: [Verifier.Handler]. With
//     [Options.Origin] the token may be bound to the caller's key (DPoP).
//   - another service of yours that calls on somebody's behalf: [NewForwarder]
//     there, [NewReceiver] here.
//   - other transports: [Verifier.Verify], then [Token.Context].
//
// The promise: a token counts if this issuer made it for this service with a key
// that is trusted now, it is an access token that has begun and not expired, it
// names one person or service, and that account's tokens of its time still
// count. A token that was verified before is asked all of that again but for its
// signature. Everything else is a denial, and so is not being able to tell. Its
// scopes and purposes narrow what access decides, and never widen it.
//
// Keys are fetched at most once in [Options.MinRefresh], however many tokens name
// unknown keys; while the issuer does not answer the last good keys count, up to
// [Options.MaxStale]. [Verifier.Distrust] takes a key away at once, and
// [Options.Epochs], which a Registry of access/workforce is, an account's tokens;
// examples/oidc shows how they are wired. [Verifier.VerifyRoutes] says at the start
// which routes no token can reach, for want of [Options.Actions].
//
// A token that is refreshed, exchanged or forwarded is no fresh sign-in: when a
// person signed in says the claim "auth_time" alone. Let the issuer write it into
// access tokens if people are to break the glass, or give the Registry a step-up
// of its own; without either they cannot.
//
// It does not sign anybody in, does not keep refresh tokens, reads no encrypted
// or opaque tokens, takes no token of somebody who acts as another ("act"), and
// does not throttle. A bearer token that was stolen works until it expires or is
// revoked: keep lifetimes short, or bind it. It believes the issuer: who can make
// it sign is whoever they like. Replays of proofs and of forwarded identities are
// noticed within one process only.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i), 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-03, PR.AA-05.
package oidc
