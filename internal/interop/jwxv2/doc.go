// Package jwxv2 checks that tokens and key sets made by jwx v2 verify.
//
// Controls: none, it holds tests only.
package jwxv2
