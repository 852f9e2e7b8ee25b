//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// patience is how long a child that was told to stop may take.
const patience = 10 * time.Second

// moduleRoot is the directory of the module's go.mod.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if file == "" || file == os.DevNull {
		return "", errors.New("find the module: not inside one")
	}
	return filepath.Dir(file), nil
}

// goTest runs go test with args in dir and streams what it says to out. When
// ctx ends, it and all its children are told to stop.
func goTest(ctx context.Context, dir string, env, args []string, out io.Writer) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test"}, args...)...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdout, cmd.Stderr = out, out
	// A group of its own: the terminal's interrupt reaches us alone, and we
	// hand it on.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = patience
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go test: %w", err)
	}
	return nil
}

// failures collects the names of the tests that go test says failed.
type failures struct {
	partial strings.Builder // the head of a line that has not ended
	tests   []string
}

var failLine = regexp.MustCompile(`^\s*--- FAIL: (\S+)`)

// Write takes the next piece of go test's output.
func (f *failures) Write(p []byte) (int, error) {
	f.partial.Write(p)
	text := f.partial.String()
	end := strings.LastIndexByte(text, '\n')
	if end < 0 {
		return len(p), nil
	}
	for line := range strings.Lines(text[:end+1]) {
		if m := failLine.FindStringSubmatch(line); m != nil {
			f.tests = append(f.tests, m[1])
		}
	}
	f.partial.Reset()
	f.partial.WriteString(text[end+1:])
	return len(p), nil
}

// leaves are the failed tests without those that failed only because of a
// subtest.
func (f *failures) leaves() []string {
	var leaves []string
	for _, t := range f.tests {
		parent := false
		for _, other := range f.tests {
			parent = parent || strings.HasPrefix(other, t+"/")
		}
		if !parent {
			leaves = append(leaves, t)
		}
	}
	return leaves
}
