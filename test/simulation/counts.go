package main

import (
	"fmt"
	"reflect"
	"strings"
)

// add adds the counts of another run.
func (c *counts) add(o counts) {
	to, from := reflect.ValueOf(c).Elem(), reflect.ValueOf(o)
	for i := range to.NumField() {
		to.Field(i).SetInt(to.Field(i).Int() + from.Field(i).Int())
	}
}

// String is the counts in one line.
func (c counts) String() string {
	v := reflect.ValueOf(c)
	var parts []string
	for i := range v.NumField() {
		parts = append(parts, fmt.Sprintf("%s %d", strings.ToLower(v.Type().Field(i).Name), v.Field(i).Int()))
	}
	return strings.Join(parts, ", ")
}

// endsOf are the states of a move as it is counted.
func endsOf(move string) (from, to string) {
	from, rest, _ := strings.Cut(move, " > ")
	to, _, _ = strings.Cut(rest, ": ")
	return from, to
}
