//go:build linux

package outage

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNoFileMayGrow lets every write past the first part of a file fail, which
// needs no rights: the limit of the process on the size of its files. The signal
// that comes with it is blocked, as there is none where a disk is full.
func TestNoFileMayGrow(t *testing.T) {
	t.Parallel()
	notShort(t)
	programs(t, "limits", errors.Join(installed("prlimit"), exec.Command("env", "--block-signal=XFSZ", "true").Run()))
	s := openShop(t, settings{as: []string{"env", "--block-signal=XFSZ"}})
	limit := func(bytes string) {
		t.Helper()
		// The soft limit only, so that it can be lifted again.
		if out, err := exec.Command("prlimit", "--pid", s.pid(), "--fsize="+bytes+":").CombinedOutput(); err != nil {
			t.Fatalf("prlimit: %v: %s", err, out)
		}
	}
	proof(t, s, func(_ int, c *crowd) {
		limit("32768")
		fails(s, "sqlite: ")
		time.Sleep(3 * time.Second) // customers see that the shop is closed
		limit("unlimited")
		c.sells(time.Minute) // in the same process
		c.middle()

		limit("32768")
		fails(s, "sqlite: ")
		time.Sleep(time.Second)
		s.kill()
		s.restart() // the limit was the process's own
	})
}

// fails waits until the log has another line with these words: the outage is
// felt.
func fails(s *shop, words string) {
	s.t.Helper()
	n := strings.Count(s.log.String(), words)
	eventually(s.t, 30*time.Second, "the log says "+words, func() bool { return strings.Count(s.log.String(), words) > n })
}

// TestTheDiskIsFull fills a small file system to its last byte.
func TestTheDiskIsFull(t *testing.T) {
	t.Parallel()
	notShort(t)
	dir := t.TempDir()
	if err := syscall.Mount("spaza", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("NOT PROVEN, a full disk: no file system can be mounted here (%v); see TestNoFileMayGrow", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	s := openShop(t, settings{data: data})
	proof(t, s, func(_ int, c *crowd) {
		fill(t, ballast)
		fails(s, "sqlite: ")
		time.Sleep(3 * time.Second) // customers see that the shop is closed
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		c.sells(time.Minute) // in the same process
		c.middle()

		// A process that is started while there is no room may refuse to, but not
		// harm anything.
		fill(t, ballast)
		fails(s, "sqlite: ")
		s.kill()
		if err := s.service.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		s.service.Kill()
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		s.restart()
	})
}

// fill writes a file until there is no room for one byte more.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for chunk := make([]byte, 1<<16); len(chunk) > 0; {
		if _, err := f.Write(chunk); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(fmt.Errorf("fill disk: %w", err))
			}
			chunk = chunk[:len(chunk)/2]
		}
	}
}
