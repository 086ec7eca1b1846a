// Package policygen makes random access policies and requests over small
// alphabets, so that rules, roles and requests often meet. Tests compare with
// it what package access decides with what a plain reading of the documentation
// and other engines do. The same seeds make the same cases.
//
// Controls: none, it is for tests.
package policygen
