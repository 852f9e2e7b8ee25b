package browser

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const patience = 2 * time.Minute

// What TestMain finds or starts, once for all tests.
var (
	serviceURL string
	browserCtx context.Context
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		path := findChromium()
		if path == "" {
			fmt.Fprintln(os.Stderr, "SKIPPED: no Chromium; set CHROMIUM to its path to run the browser tests")
			return 0
		}
		dir, err := os.MkdirTemp("", "spaza-browser-")
		if err != nil {
			fmt.Fprintln(os.Stderr, "make a directory:", err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()

		serviceURL = strings.TrimSuffix(os.Getenv("SPAZA_BROWSER_URL"), "/")
		if serviceURL == "" {
			url, stop, err := startService(dir)
			if err != nil {
				fmt.Fprintln(os.Stderr, "start the service:", err)
				return 1
			}
			defer stop()
			serviceURL = url
		}
		alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path),
			chromedp.NoSandbox, // containers have no user namespaces
			chromedp.DisableGPU,
			chromedp.UserDataDir(filepath.Join(dir, "profile")),
			chromedp.Flag("disable-quic", true),
			chromedp.Flag("disable-component-update", true),
		)...)
		defer stopAlloc()
		ctx, closeBrowser := chromedp.NewContext(alloc)
		defer closeBrowser()
		if err := chromedp.Do(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "start the browser:", err)
			return 1
		}
		browserCtx = ctx
		return m.Run()
	}())
}

func findChromium() string {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path // where it is wrong, starting it fails and says so
	}
	for _, name := range []string{"/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// startService builds the binary and runs it on its defaults, but for how long
// screens wait, with its data under dir.
func startService(dir string) (url string, stop func(), err error) {
	binary := filepath.Join(dir, "spaza")
	build := exec.Command("go", "build", "-o", binary, "./cmd/spaza")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	addr, err := freeAddr()
	if err != nil {
		return "", nil, fmt.Errorf("find a free port: %w", err)
	}
	var log bytes.Buffer
	service := exec.Command(binary, "serve")
	service.Stdout, service.Stderr = &log, &log
	service.Env = append(ambient(), "SPAZA_LISTEN="+addr, "SPAZA_DATA_DIR="+filepath.Join(dir, "data"), "SPAZA_ADMIN_LISTEN=",
		"SPAZA_REPLY_BUDGET=6s") // no screen gives up on a machine that is busy with a browser
	if err := service.Start(); err != nil {
		return "", nil, fmt.Errorf("run: %w", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- service.Wait() }()
	stop = func() {
		_ = service.Process.Signal(os.Interrupt)
		select {
		case <-exited:
		case <-time.After(patience):
			_ = service.Process.Kill()
			<-exited
		}
	}

	url = "http://" + addr
	every := time.NewTicker(50 * time.Millisecond)
	defer every.Stop()
	late := time.After(patience)
	for {
		select {
		case err := <-exited:
			return "", nil, fmt.Errorf("the service ended (%w):\n%s", err, log.String())
		case <-late:
			stop()
			return "", nil, fmt.Errorf("the service does not answer:\n%s", log.String())
		case <-every.C:
			resp, err := http.Get(url + "/readyz")
			if err != nil {
				continue
			}
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return url, stop, nil
			}
		}
	}
}

// ambient is the environment without any setting of the service.
func ambient() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "SPAZA_") {
			env = append(env, kv)
		}
	}
	return env
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
