// Package cedar checks decisions against cedar-go on a generated translation.
//
// Controls: none, it holds tests only.
package cedar
