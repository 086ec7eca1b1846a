// Package kekexec lets another program hold the key-encryption key: a driver
// of a key management service, or the tool of a hardware module, whose code
// and credentials then stay out of the program that keeps the data.
//
// Which to use:
//
//   - a program that needs a KEK and must not link a driver: New.
//   - a driver that becomes such a program: Serve, in a main of a few lines.
//   - a service that may link its driver: that, without this package. A
//     process is started for each call.
//
// The promise: the program gets its input on standard input and in nothing
// else, neither in its arguments nor in its environment; it is ended at a
// time limit and with the context, with all processes of its group, which is
// its own; nothing that it says gets into an error. So it has no terminal to
// ask somebody at.
//
// It does not protect against the program, which sees keysets in the clear,
// nor against who can replace it or look into its memory. Install it where
// only its owner can write.
//
// # Protocol
//
// The program is started for one request, which is one JSON object on its
// standard input, up to the end:
//
//	{"op": "encrypt", "data": "BASE64", "associatedData": "BASE64"}
//
// op is "encrypt", "decrypt" or "location"; data is the plaintext or the
// ciphertext. Fields of it that are empty may be left out. It answers with one
// JSON object on standard output:
//
//	{"data": "BASE64"}
//	{"location": "separate"}
//	{"error": "refused"}
//	{"error": "unavailable"}
//
// data may be empty after a decryption, and is never left out. location is
// where the key lives, "separate" or "same host". The error "unavailable" says
// that the call may succeed later; every other is a refusal. What it has to tell
// people goes to standard error. Its exit code says nothing if it has answered;
// a program that ends without an answer counts as not available.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
package kekexec
