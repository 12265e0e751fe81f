package helm

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Masterminds/sprig/v3"
	"golang.org/x/crypto/bcrypt"
)

// tape gives a chart what it makes up: what is on it already, else something new, which it keeps. Keys are readable and stay the
// same while the chart asks for the same things in the same file: "templates/secret.yaml randAlphaNum(16) #1".
type tape struct {
	sprig map[string]any
	known map[string]string // from earlier renders
	used  map[string]string // asked for in this one
	fresh int               // of used, those that were not known
	now   time.Time
	file  string         // the template that runs
	count map[string]int // of each key without its number
	limit *budget
}

func newTape(known map[string]string, now time.Time, limit *budget) *tape {
	return &tape{limit: limit, sprig: sprig.TxtFuncMap(), known: known, used: map[string]string{}, count: map[string]int{}, now: now.UTC().Truncate(time.Second)}
}

// enterFunction is what every template calls first.
const enterFunction = "gkopsEnter"

// enter says which template runs from now on. Numbers start again in each.
func (t *tape) enter(file string) string {
	t.file = file
	return ""
}

// take gives what is on the tape for a key, or makes it. An entry that does not fit its arguments any more is made anew.
func (t *tape) take(what string, fits func(string) bool, make func() (string, error)) (string, error) {
	key := t.file + " " + what
	t.count[key]++
	key += " #" + strconv.Itoa(t.count[key])
	return t.keep(key, fits, make)
}

func (t *tape) keep(key string, fits func(string) bool, make func() (string, error)) (string, error) {
	if value, known := t.known[key]; known && (fits == nil || fits(value)) {
		t.used[key] = value
		return value, nil
	}
	value, err := make()
	if err != nil {
		return "", err
	}
	t.fresh++
	t.used[key] = value
	return value, nil
}

// time is the one time that all templates of the release see.
func (t *tape) time() time.Time {
	text, err := t.keep("now", func(text string) bool { _, err := time.Parse(time.RFC3339, text); return err == nil }, func() (string, error) {
		return t.now.Format(time.RFC3339), nil
	})
	if err != nil {
		return t.now
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t.now
	}
	return at.UTC()
}

// random are the functions whose every answer is another one. Their arguments are no secrets, except those of secretArguments.
func random() []string {
	return []string{
		"randAlphaNum", "randAlpha", "randAscii", "randNumeric", "randBytes", "randInt", "uuidv4",
		"genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey",
	}
}

// functions are those of Helm's functions that must not be as they are.
func (t *tape) functions() map[string]any {
	all := map[string]any{"now": t.time}
	for _, name := range random() {
		all[name] = t.recorded(name)
	}
	for name, fits := range map[string]func(args []reflect.Value, answer string) bool{
		"htpasswd": t.fitsPassword, "bcrypt": t.fitsPassword, "encryptAES": t.decrypts,
	} {
		all[name] = t.salted(name, fits)
	}
	maps.Copy(all, t.dates())
	maps.Copy(all, t.orders())
	maps.Copy(all, t.bounds())
	maps.Copy(all, t.limit.functions(t.sprig))
	all[enterFunction] = t.enter
	return all
}

// recorded is a random function over the tape.
func (t *tape) recorded(name string) any {
	original := reflect.ValueOf(t.sprig[name])
	return reflect.MakeFunc(original.Type(), func(args []reflect.Value) []reflect.Value {
		if len(args) == 1 && args[0].Kind() == reflect.Int && args[0].Int() > maxText {
			panic(fmt.Sprintf("%s: more than %d bytes", name, maxText)) // the template engine makes an error of it
		}
		for _, arg := range args {
			if err := t.limit.spend(size(arg.Interface())); err != nil {
				panic(err.Error())
			}
		}
		return t.call(original, args, name+"("+argumentsOf(args)+")", nil)
	}).Interface()
}

// salted is a function whose answer differs by a random salt. Its arguments are secrets: none of them is in the key, and an answer from
// the tape is checked instead.
func (t *tape) salted(name string, fits func([]reflect.Value, string) bool) any {
	original := reflect.ValueOf(t.sprig[name])
	return reflect.MakeFunc(original.Type(), func(args []reflect.Value) []reflect.Value {
		return t.call(original, args, name+"()", func(answer string) bool { return fits(args, answer) })
	}).Interface()
}

// call asks the tape, and the original when the tape has no answer.
func (t *tape) call(original reflect.Value, args []reflect.Value, what string, fits func(string) bool) []reflect.Value {
	kind := original.Type()
	text, err := t.take(what, fits, func() (string, error) {
		if err := t.limit.toil(effort(what)); err != nil {
			return "", err
		}
		var out []reflect.Value
		if kind.IsVariadic() {
			out = original.CallSlice(args)
		} else {
			out = original.Call(args)
		}
		if last := out[len(out)-1]; len(out) > 1 && !last.IsNil() {
			return "", last.Interface().(error)
		}
		return textOf(out[0]), nil
	})
	answer := valueOf(kind.Out(0), text)
	if kind.NumOut() == 1 {
		return []reflect.Value{answer}
	}
	failure := reflect.Zero(kind.Out(1))
	if err != nil {
		failure = reflect.ValueOf(&err).Elem()
	}
	return []reflect.Value{answer, failure}
}

// effort is the work of making something up: a key takes as long as thousands of turns.
func effort(what string) int {
	for _, slow := range []string{"gen", "htpasswd", "bcrypt"} {
		if strings.HasPrefix(what, slow) {
			return maxWork / 100
		}
	}
	return 10
}

// argumentsOf is a number as it is, and everything else by the digest of its text. Of a certificate with its key, the key counts for
// nothing.
func argumentsOf(args []reflect.Value) string {
	if len(args) == 0 {
		return ""
	}
	if len(args) == 1 && args[0].Kind() == reflect.Int {
		return strconv.FormatInt(args[0].Int(), 10)
	}
	sum := sha256.New()
	for _, arg := range args {
		if certificate := arg; arg.Kind() == reflect.Struct && certificate.FieldByName("Cert").IsValid() {
			fmt.Fprintf(sum, "%s\n", certificate.FieldByName("Cert").String())
			continue
		}
		fmt.Fprintf(sum, "%v\n", arg.Interface())
	}
	return hex.EncodeToString(sum.Sum(nil)[:4])
}

// textOf is an answer as the tape keeps it: text, a number, or a certificate and its key one after the other.
func textOf(answer reflect.Value) string {
	switch answer.Kind() {
	case reflect.String:
		return answer.String()
	case reflect.Struct:
		return answer.FieldByName("Cert").String() + answer.FieldByName("Key").String()
	}
	return fmt.Sprint(answer.Interface())
}

// valueOf is the reverse of textOf.
func valueOf(kind reflect.Type, text string) reflect.Value {
	value := reflect.New(kind).Elem()
	switch kind.Kind() {
	case reflect.String:
		value.SetString(text)
	case reflect.Int:
		n, _ := strconv.Atoi(text) //nolint:errcheck // a tape that somebody edited gives 0
		value.SetInt(int64(n))
	case reflect.Struct:
		const begin = "-----BEGIN "
		if second := strings.LastIndex(text, begin); second > 0 {
			value.FieldByName("Cert").SetString(text[:second])
			value.FieldByName("Key").SetString(text[second:])
		}
	}
	return value
}

// fitsPassword reports whether a hash is that of the last text among the arguments of htpasswd or bcrypt.
func (t *tape) fitsPassword(args []reflect.Value, hash string) bool {
	if len(args) > 1 { // htpasswd: user, password
		user, rest, found := strings.Cut(hash, ":")
		if !found || user != args[0].String() {
			return false
		}
		return fitsHash(rest, args[1].String())
	}
	return fitsHash(hash, args[0].String())
}

func fitsHash(hash, password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
}

// decrypts reports whether a text is what encryptAES makes of its arguments, key and text.
func (t *tape) decrypts(args []reflect.Value, secret string) bool {
	decrypt, ok := t.sprig["decryptAES"].(func(string, string) (string, error))
	if !ok || len(args) != 2 {
		return false
	}
	plain, err := decrypt(args[0].String(), secret)
	return err == nil && plain == args[1].String()
}

// orders are functions whose answer Go leaves in any order.
func (t *tape) orders() map[string]any {
	return map[string]any{
		"keys": func(dicts ...map[string]any) []string {
			var all []string
			for _, dict := range dicts {
				all = append(all, slices.Sorted(maps.Keys(dict))...)
			}
			if all == nil {
				all = []string{}
			}
			return all
		},
		"values": func(dict map[string]any) []any {
			all := []any{}
			for _, key := range slices.Sorted(maps.Keys(dict)) {
				all = append(all, dict[key])
			}
			return all
		},
		"shuffle": shuffle,
	}
}

// shuffle brings the letters of a text in an order that only the text decides: nobody who does not know it knows the order.
func shuffle(text string) string {
	letters := []rune(text)
	sum := sha256.Sum256([]byte(text))
	for i := len(letters) - 1; i > 0; i-- {
		sum = sha256.Sum256(sum[:])
		j := int(sum[0])<<16 | int(sum[1])<<8 | int(sum[2])
		letters[i], letters[j%(i+1)] = letters[j%(i+1)], letters[i]
	}
	return string(letters)
}
