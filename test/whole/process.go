package whole

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

// Process is a spaza that can be started, killed and started again with the same
// settings. Its methods may be called by several goroutines, but only one at a
// time starts or ends it.
type Process struct {
	Binary string
	Args   []string
	Env    map[string]string // beside PATH and HOME, its whole environment
	URL    string            // where it listens
	Log    io.Writer         // takes both its outputs

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how it ended
}

// ErrEnded is returned when the process ended while it was waited for.
var ErrEnded = errors.New("the process has ended")

// Start runs it and does not wait until it is ready.
func (p *Process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return errors.New("start process: it runs already")
	}
	cmd := exec.Command(p.Binary, p.Args...) //nolint:noctx // it is ended by Kill or Stop
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for k, v := range p.Env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Stdout, cmd.Stderr = p.Log, p.Log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start process: %w", err)
	}
	done := make(chan struct{})
	p.cmd, p.done, p.err = cmd, done, nil
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(done)
	}()
	return nil
}

// Ready waits until a path of it answers 200.
func (p *Process) Ready(ctx context.Context, path string) error {
	p.mu.Lock()
	done := p.done
	p.mu.Unlock()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+path, http.NoBody)
		if err != nil {
			return fmt.Errorf("wait for process: %w", err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-done:
			return fmt.Errorf("wait for process: %w: %w", ErrEnded, p.ended())
		case <-ctx.Done():
			return fmt.Errorf("wait for process: %w", ctx.Err())
		}
	}
}

// Kill is kill -9; it returns when the process is gone.
func (p *Process) Kill() {
	p.mu.Lock()
	cmd, done := p.cmd, p.done
	p.cmd = nil
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Kill()
	<-done
}

// Stop asks the process to end, and returns how it did.
func (p *Process) Stop(within time.Duration) error {
	p.mu.Lock()
	cmd, done := p.cmd, p.done
	p.mu.Unlock()
	if cmd == nil {
		return nil
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("stop process: %w", err)
	}
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-done:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.cmd = nil
		return p.err
	case <-late.C:
		return fmt.Errorf("stop process: still there after %s", within)
	}
}

func (p *Process) ended() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// FreeAddr is an address of this machine on which nobody listens. It lies below
// the ports that systems give to connections by themselves, of which one could
// take it before it is bound. No other caller gets it while this process lives,
// also when the process for which it is has been killed and is not back yet: what
// holds it is the port of the same number for datagrams.
func FreeAddr() (string, error) {
	var failed error
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(15000+rand.IntN(15000)))
		held, err := net.ListenPacket("udp", addr) //nolint:noctx // loopback, at once
		if err != nil {
			failed = err
			continue
		}
		l, err := net.Listen("tcp", addr) //nolint:noctx // loopback, at once
		if err != nil {
			failed = errors.Join(err, held.Close())
			continue
		}
		go hold(held)
		return addr, l.Close()
	}
	return "", fmt.Errorf("find free address: %w", failed)
}

// hold keeps a port until this process ends.
func hold(held net.PacketConn) {
	for {
		if _, _, err := held.ReadFrom(make([]byte, 1)); errors.Is(err, net.ErrClosed) {
			return
		}
	}
}
