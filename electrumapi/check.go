package electrumapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"spaza/secret"
)

// What a field must be like to be sent is written at it, in its tag "send":
//
//	need         must not be empty
//	max=N        at most N characters
//	len=N        exactly N characters, where there are any
//	form=NAME    one of the forms below, where there is anything
//
// What a tag cannot say is said by a method check of the struct.

// forms are the shapes of fields.
var forms = map[string]*regexp.Regexp{
	"uuid":   regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
	"digits": regexp.MustCompile(`^[0-9]+$`),
	"alnum":  regexp.MustCompile(`^[0-9A-Za-z]+$`),
	"upper":  regexp.MustCompile(`^[0-9A-Z]+$`),
	"hex":    regexp.MustCompile(`^[0-9A-Fa-f]+$`),
	"word":   regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_]*$`), // a value of an enumeration, known or not
	"masked": regexp.MustCompile(`^[0-9]{6}[0-9*]{0,13}$`),
	"msisdn": regexp.MustCompile(`^\+?[1-9][0-9]{1,14}$`),
	// phone allows the way a number is dialled at home: PPU, PurchaseRequest only.
	"phone":  regexp.MustCompile(`^(\+?[1-9][0-9]{1,14}|0[0-9]{9})$`),
	"postal": regexp.MustCompile(`^[A-Za-z0-9 -]+$`),
	"track2": regexp.MustCompile(`^[a-zA-Z0-9=]{34}$`),
}

// checker is a struct with rules beyond its tags.
type checker interface{ check() error }

// check checks what is to be sent. Its errors are ErrInvalid and name the field,
// never the value.
func check(part any) error { return checkValue("", reflect.Indirect(reflect.ValueOf(part))) }

func checkValue(path string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return checkValue(path, v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if err := checkValue(path+"["+strconv.Itoa(i)+"]", v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, name := range v.MapKeys() {
			if err := checkValue(path, v.MapIndex(name)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		return checkStruct(path, v)
	}
	return nil
}

func checkStruct(path string, v reflect.Value) error {
	switch v.Interface().(type) {
	case secret.Text, time.Time:
		return nil
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || (name == "" && !field.Anonymous):
			continue
		case field.Anonymous:
			if err := checkValue(path, v.Field(i)); err != nil {
				return err
			}
			continue
		}
		at := strings.TrimPrefix(path+"."+name, ".")
		if err := checkField(at, field.Tag.Get("send"), v.Field(i)); err != nil {
			return err
		}
		if err := checkValue(at, v.Field(i)); err != nil {
			return err
		}
	}
	if c, ok := v.Interface().(checker); ok {
		if err := c.check(); err != nil {
			return fmt.Errorf("%w (in %s)", err, cmp.Or(path, "request"))
		}
	}
	return nil
}

// checkField applies the tag of one field.
func checkField(at, rules string, v reflect.Value) error {
	text := plain(v)
	if d, ok := v.Interface().(Decimal); ok && d != "" && !json.Valid([]byte(d)) {
		return fmt.Errorf("%w: %s is not a number", ErrInvalid, at)
	}
	if rules == "" && utf8.ValidString(text) {
		return nil
	}
	empty := blank(v)
	for _, rule := range strings.Split(rules, ",") {
		word, argument, _ := strings.Cut(rule, "=")
		n, _ := strconv.Atoi(argument)
		switch {
		case word == "need" && empty:
			return fmt.Errorf("%w: %s is missing", ErrInvalid, at)
		case empty:
		case !utf8.ValidString(text):
			return fmt.Errorf("%w: %s is not UTF-8", ErrInvalid, at)
		case word == "max" && utf8.RuneCountInString(text) > n:
			return fmt.Errorf("%w: %s is longer than %d characters", ErrInvalid, at, n)
		case word == "len" && utf8.RuneCountInString(text) != n:
			return fmt.Errorf("%w: %s must have %d characters", ErrInvalid, at, n)
		case word == "form" && !forms[argument].MatchString(text):
			return fmt.Errorf("%w: %s does not have the form that the document wants (%s)", ErrInvalid, at, argument)
		}
	}
	return nil
}

// plain is the text of a field that is one.
func plain(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case secret.Text:
		return x.Reveal()
	case json.RawMessage:
		return ""
	}
	if v.Kind() == reflect.String {
		return v.String()
	}
	return ""
}

// needed is an error for a field that is missing, nil for the empty name.
func needed(field string) error {
	if field == "" {
		return nil
	}
	return fmt.Errorf("%w: %s is missing", ErrInvalid, field)
}
