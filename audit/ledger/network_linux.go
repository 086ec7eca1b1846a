package ledger

import (
	"fmt"
	"os"
	"syscall"
)

// refuseNetwork refuses file systems of other machines and of user space: what
// a sync or a lock means there is not ours to know. Magic numbers: statfs(2).
func refuseNetwork(dir *os.File) error {
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(dir.Fd()), &st); err != nil {
		return fmt.Errorf("fstatfs: %w", err)
	}
	if name := networkName(uint32(st.Type)); name != "" {
		return fmt.Errorf("the directory is on a %s file system, which cannot promise durability", name)
	}
	return nil
}

// networkName names a file system that is refused.
func networkName(magic uint32) string {
	switch magic {
	case 0x6969:
		return "NFS"
	case 0x517B, 0xFE534D42, 0xFF534D42:
		return "SMB"
	case 0x5346414F, 0x6B414653:
		return "AFS"
	case 0x00C36400:
		return "Ceph"
	case 0x01021997:
		return "9P"
	case 0x65735546:
		return "FUSE"
	case 0x0BD00BD0:
		return "Lustre"
	case 0x47504653:
		return "GPFS"
	}
	return ""
}
