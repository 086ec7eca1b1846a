package ledger

import "os"

// syncNames does nothing: Windows has no call for it, NTFS journals names.
func syncNames(*os.File) error { return nil }

// refuseShared cannot tell: Windows has access lists instead of modes.
func refuseShared(*os.File) error { return nil }
