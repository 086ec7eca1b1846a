//go:build !linux

package main

func serveOnAFullDisk(string) {}
