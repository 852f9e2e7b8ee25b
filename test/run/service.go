//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"syscall"
	"time"
)

// errNotInstalled is returned by what starts a service that this machine does
// not have.
var errNotInstalled = errors.New("not installed")

const (
	// startTimeout is how long a service may take until it answers.
	startTimeout = 30 * time.Second
	// startTries is how often another port is tried: a free port can be taken
	// by somebody else before the service binds it.
	startTries = 3
)

// service is a store that was started for this run.
type service interface {
	name() string // with its version, for the report
	url() string
	// clients is how many connections tests have made.
	clients() (int, error)
	stop()
}

// freePort is a TCP port of loopback that nobody listened on a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // returns at once
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// child is a process of ours with a group of its own, so that the terminal's
// interrupt does not reach it before the tests have stopped.
type child struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// startChild starts cmd and waits until ready says nil.
func startChild(ctx context.Context, cmd *exec.Cmd, ready func() error) (*child, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	c := &child{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is not asked: the tests tell
		close(c.done)
	}()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready()
		if err == nil {
			return c, nil
		}
		select {
		case <-c.done:
			return nil, fmt.Errorf("start %s: it ended: %w", cmd.Path, err)
		case <-ctx.Done():
			c.stop(syscall.SIGTERM)
			return nil, fmt.Errorf("start %s: %w", cmd.Path, errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}

// stop asks the process to end, and ends it when it does not.
func (c *child) stop(s syscall.Signal) {
	_ = c.cmd.Process.Signal(s) // it may have ended by itself
	select {
	case <-c.done:
	case <-time.After(patience):
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
		<-c.done
	}
}
