package test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestADoorRefusesWhatItCanNotUse(t *testing.T) {
	t.Parallel()
	service := startService(t, nil, map[string]string{"SPAZA_USSD_KEY": "a-long-enough-key-for-this"})
	good := "sessionId=s1&phoneNumber=%2B27821234567&networkCode=65501&serviceCode=%2A120%2A384%23&text="
	for name, c := range map[string]struct {
		key, body string
		status    int
	}{
		"no key":            {"", good, 401},
		"wrong key":         {"guess", good, 401},
		"empty":             {"a-long-enough-key-for-this", "", 200},
		"no number":         {"a-long-enough-key-for-this", "sessionId=s1&text=", 200},
		"not UTF-8":         {"a-long-enough-key-for-this", good + "%ff%fe", 200},
		"contradictory":     {"a-long-enough-key-for-this", good + "&text=1&text=2", 200},
		"ten megabytes":     {"a-long-enough-key-for-this", good + strings.Repeat("1", 10<<20), 413},
		"broken percentage": {"a-long-enough-key-for-this", good + "%zz", 200},
	} {
		resp, err := http.Post(service.url+"/ussd/africastalking?key="+c.key, "application/x-www-form-urlencoded", strings.NewReader(c.body))
		if err != nil {
			if c.status == 413 { // the server may hang up before it has read it all
				continue
			}
			t.Fatalf("%s: %v", name, err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != c.status || !bytes.HasPrefix(body, []byte("END ")) {
			t.Errorf("%s: status %d, %q", name, resp.StatusCode, body)
		}
	}
	service.url = strings.Replace(service.url, "http://", "http://x:a-long-enough-key-for-this@", 1)
	p := newPhone(t, service)
	p.dial()
	p.sees("CON Spaza.")
}

// spaza runs a command of the binary to its end.
func spaza(t *testing.T, env []string, args ...string) (out string, err error) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	cmd.Dir = t.TempDir()
	b, err := cmd.CombinedOutput()
	return string(b), err
}

func TestProductionRefusesWhatIsOpenOrEmbedded(t *testing.T) {
	t.Parallel()
	out, err := spaza(t, []string{"SPAZA_ENV=production", "SPAZA_REDIS_URI=redis://typo"}, "serve")
	if err == nil {
		t.Fatal("it started")
	}
	for _, name := range []string{
		"SPAZA_REDIS_URL", "SPAZA_DATABASE_URL", "SPAZA_SECRET_KEY", "SPAZA_FLASH_BASE_URL", "SPAZA_FLASH_API_KEY",
		"SPAZA_FLASH_ACCOUNT_NUMBER", "SPAZA_USSD_KEY", "SPAZA_SMS_API_URL", "SPAZA_HELP_NUMBER", "SPAZA_REDIS_URI",
	} {
		if !strings.Contains(out, name) {
			t.Errorf("%s is not named:\n%s", name, out)
		}
	}
}

func TestConfigCheckHidesSecrets(t *testing.T) {
	t.Parallel()
	out, err := spaza(t, []string{
		"SPAZA_USSD_KEY=canary-one-canary-one", "SPAZA_REDIS_URL=redis://:canary-two@localhost:6379", "SPAZA_DATABASE_URL=postgres://u:canary-three@localhost/x",
		"SPAZA_FLASH_BASE_URL=https://flash.example", "SPAZA_FLASH_API_KEY=canary-four", "SPAZA_FLASH_ACCOUNT_NUMBER=1", "SPAZA_LISTEN=nonsense", "SPAZA_REPLY_BUDGET=soon",
	}, "config", "check")
	if err == nil || !strings.Contains(out, "SPAZA_LISTEN") || !strings.Contains(out, "soon") {
		t.Errorf("both faults are not named: %v\n%s", err, out)
	}
	if strings.Contains(out, "canary") {
		t.Errorf("a secret is printed:\n%s", out)
	}
}
