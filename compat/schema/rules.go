package schema

import (
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilversion "k8s.io/apimachinery/pkg/util/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	"gkops.dev/gkops/compat"
	"gkops.dev/gkops/compat/knowledge"
)

// An API server takes in a new rule only what the minor before its own knows too, so that it can be rolled back. Rules that are
// stored already it takes with all that it has itself. Which minor brought what is the table of k8s.io/apiserver,
// pkg/cel/environment.

// environmentOf is what the API servers of a minor compile new rules with.
func environmentOf(minor knowledge.Minor) *environment.EnvSet {
	return environment.MustBaseEnvSet(utilversion.MajorMinor(1, uint(minor-1)))
}

// Varying gives a quick look at the text of rules, as YAML: false when every one of the minors takes them, or none does. The look is
// safe for concurrent use.
func (Schemas) Varying(minors knowledge.Minors) func(rules []byte, fractions bool) bool {
	words := wordsSince(minors)
	return func(rules []byte, fractions bool) bool { return words.in(string(rules), fractions) }
}

// wordsSince are the words that the oldest of some minors does not take in a new rule.
func wordsSince(minors knowledge.Minors) words {
	env := environmentOf(minors.First())
	return newWords(env.NewExpressionsEnv(), env.StoredExpressionsEnv())
}

// mostRules is how many rules of one definition are compiled for several minors, at some milliseconds each. Real ones have a tenth of it.
const mostRules = 500

// Rules are the rules of a definition that API servers of only some of the minors take in a new definition, in their order, and how many
// were not looked at, as there are too many. It tells nothing of rules that none ever takes, and of definitions that cannot be used:
// Compile does.
func (Schemas) Rules(definition any, minors knowledge.Minors) (limits []compat.RuleLimit, left int) {
	crd, err := read(definition)
	if err != nil {
		return nil, 0
	}
	v := variation{minors: minors, words: wordsSince(minors)}
	for i := range crd.Spec.Versions {
		given, err := apiextensions.GetSchemaForVersion(crd, crd.Spec.Versions[i].Name)
		if err != nil || given == nil || given.OpenAPIV3Schema == nil {
			continue
		}
		root := field.NewPath("spec", "versions").Index(i).Child("schema", "openAPIV3Schema")
		shape, faults := shapeOf(given.OpenAPIV3Schema, root)
		if len(faults) > 0 {
			continue
		}
		v.fractions = hasFractions(shape)
		eachRule(shape, model.SchemaDeclType(shape, true), root, v.rule)
	}
	return v.limits, max(v.seen-mostRules, 0)
}

// eachRule visits the rules of a schema and of those below it. typ is what they see; it is nil where they see nothing.
func eachRule(s *structural.Structural, typ *apiservercel.DeclType, path *field.Path,
	visit func(*structural.Structural, *apiservercel.DeclType, int, *field.Path)) {
	eachNode(s, typ, path, func(s *structural.Structural, typ *apiservercel.DeclType, path *field.Path) {
		for i := range s.XValidations {
			visit(s, typ, i, path.Child("x-kubernetes-validations").Index(i))
		}
	})
}

// variation collects the rules that only some minors take.
type variation struct {
	minors    knowledge.Minors
	words     words
	fractions bool // the schema has numbers that need not be integers
	seen      int  // rules that may depend on the minor
	limits    []compat.RuleLimit
}

func hasFractions(s *structural.Structural) bool {
	if s.Type == "number" || s.Items != nil && hasFractions(s.Items) {
		return true
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Structural != nil && hasFractions(s.AdditionalProperties.Structural) {
		return true
	}
	for _, property := range s.Properties {
		if hasFractions(&property) {
			return true
		}
	}
	return false
}

// rule finds the first minor that takes a rule. All later ones do: what a library had stays in it.
func (v *variation) rule(s *structural.Structural, typ *apiservercel.DeclType, i int, path *field.Path) {
	rule := s.XValidations[i]
	if !v.words.in(rule.Rule, v.fractions) && !v.words.in(rule.MessageExpression, v.fractions) {
		return
	}
	if v.seen++; v.seen > mostRules {
		return
	}
	one := *s
	one.XValidations = apiextensionsv1.ValidationRules{rule}
	fault := func(minor knowledge.Minor) string {
		return compileRule(&one, typ, environmentOf(minor), cel.NewExpressionsEnvLoader())
	}
	refused, taken := v.minors.First(), v.minors.Last()
	why := fault(refused)
	if why == "" {
		return
	}
	limit := compat.RuleLimit{Path: segments(path.String()), Since: taken}
	if late := fault(taken); late != "" {
		if compileRule(&one, typ, environmentOf(taken), cel.StoredExpressionsEnvLoader()) != "" {
			return
		}
		why, limit.Since = late, 0
	}
	for limit.Since != 0 && limit.Since-refused > 1 {
		middle := refused + (limit.Since-refused)/2
		if late := fault(middle); late != "" {
			why, refused = late, middle
		} else {
			limit.Since = middle
		}
	}
	limit.Reason = reasonOf(why)
	v.limits = append(v.limits, limit)
}

// compileRule is why the only rule of a schema cannot be compiled, empty when it can.
func compileRule(s *structural.Structural, typ *apiservercel.DeclType, env *environment.EnvSet, loader cel.EnvLoader) string {
	results, err := cel.Compile(s, typ, celconfig.PerCallLimit, env, loader)
	switch {
	case err != nil:
		return err.Error()
	case results[0].Error != nil:
		return results[0].Error.Detail
	case results[0].MessageExpressionError != nil:
		return results[0].MessageExpressionError.Detail
	}
	return ""
}

// reasonOf is the first fault of a compilation, without its place in the text.
func reasonOf(detail string) string {
	line := detail
	for one := range strings.Lines(detail) {
		if _, fault, found := strings.Cut(one, "ERROR: <input>:"); found {
			_, line, _ = strings.Cut(fault, ": ")
			break
		}
	}
	return strings.TrimSuffix(strings.TrimSpace(line), " (in container '')")
}
