//go:build unix

package outage

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// child is a server of the test's own that can be killed and started again at
// the same address.
type child struct {
	t       *testing.T
	command func() *exec.Cmd
	ready   func(ctx context.Context) error
	log     logbook

	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// start runs it and waits until it answers.
func (c *child) start() {
	c.t.Helper()
	c.cmd, c.done = c.command(), make(chan struct{})
	c.cmd.Stdout, c.cmd.Stderr = &c.log, &c.log
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait() // how it ended is not asked
		close(done)
	}(c.cmd, c.done)
	var err error
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err = c.ready(ctx)
		cancel()
		if err == nil {
			return
		}
		select {
		case <-c.done:
			c.t.Fatalf("%s ended: %v\n%s", c.cmd.Path, err, c.log.tail(2000))
		case <-time.After(20 * time.Millisecond):
		}
	}
	c.t.Fatalf("%s does not answer: %v\n%s", c.cmd.Path, err, c.log.tail(2000))
}

// stop ends it with a signal and waits until it is gone.
func (c *child) stop(how syscall.Signal) {
	if c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Signal(syscall.SIGCONT)
	_ = c.cmd.Process.Signal(how)
	select {
	case <-c.done:
	case <-time.After(30 * time.Second): // what it started would outlive it
		_ = c.cmd.Process.Kill()
		<-c.done
	}
	c.cmd = nil
}

// signal sends one and does not wait.
func (c *child) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// freePort is a port of loopback that nobody listened on a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	_, port, err := net.SplitHostPort(freeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	return port
}

// installed says whether a program is on the PATH.
func installed(name string) error {
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("%s is %w", name, errNotInstalled)
	}
	return nil
}
