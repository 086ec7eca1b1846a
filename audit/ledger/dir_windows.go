package ledger

// syncDirectory does nothing: Windows has no call for it, NTFS journals names.
func syncDirectory(string) error { return nil }
