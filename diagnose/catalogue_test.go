package diagnose

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestKinds reads the rules as they are written: every cause that a rule can
// name must be listed, whatever evidence it takes to name it.
func TestKinds(t *testing.T) {
	kinds := map[string]Kind{}
	for _, k := range Kinds() {
		kinds[k.ID] = k
		if k.Severity == SeverityUnknown || k.Layer < 0 || k.Layer > 5 {
			t.Errorf("%s: severity %v, layer %d", k.ID, k.Severity, k.Layer)
		}
	}
	files, err := filepath.Glob("rule_*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("rules: %d files, %v", len(files), err)
	}
	rules, nameable := 0, map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if id, isIdent := typeName(lit, ok); !isIdent || id != "rule" {
				return true
			}
			rules++
			id := literal(field(lit, "id"), file)
			if _, ok := kinds[id]; !ok {
				t.Errorf("%s: the rule %s is in no list", name, id)
			}
			named := causesIn(field(lit, "causes"), file)
			for _, c := range kinds[id].Causes {
				nameable[id+" "+c] = nameable[id+" "+c] || slices.Contains(named, c)
			}
			for _, c := range named {
				if !slices.Contains(kinds[id].Causes, c) {
					t.Errorf("%s can name the cause %s, which is not listed: add it to named", id, c)
				}
			}
			return true
		})
	}
	for pair, ok := range nameable {
		if !ok {
			t.Errorf("no rule can name %s", pair)
		}
	}
	if rules < 40 {
		t.Errorf("only %d rules were read", rules)
	}
}

func typeName(lit *ast.CompositeLit, ok bool) (string, bool) {
	if !ok {
		return "", false
	}
	id, ok := lit.Type.(*ast.Ident)
	if !ok {
		return "", false
	}
	return id.Name, true
}

// field returns the value of a field in a literal, nil if it is not set.
func field(lit *ast.CompositeLit, name string) ast.Expr {
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == name {
				return kv.Value
			}
		}
	}
	return nil
}

// literal returns a string, written out or as a constant of the file.
func literal(e ast.Expr, file *ast.File) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.Ident:
		if o := file.Scope.Lookup(e.Name); o != nil {
			if v, ok := o.Decl.(*ast.ValueSpec); ok && len(v.Values) == 1 {
				return literal(v.Values[0], file)
			}
		}
	}
	return ""
}

// causesIn collects the ids of all causes in a function, written there or
// declared by name in the same file.
func causesIn(e ast.Expr, file *ast.File) []string {
	var body ast.Node = e
	if id, ok := e.(*ast.Ident); ok {
		if o := file.Scope.Lookup(id.Name); o != nil {
			body, _ = o.Decl.(ast.Node)
		}
	}
	var ids []string
	if body == nil || e == nil {
		return nil
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if lit, ok := n.(*ast.CompositeLit); ok {
			if id := field(lit, "ID"); id != nil {
				ids = append(ids, literal(id, file))
			}
		}
		return true
	})
	return ids
}

// TestFixesOf: a command for nobody in particular shows where a name belongs.
func TestFixesOf(t *testing.T) {
	for _, k := range Kinds() {
		for _, c := range k.Causes {
			fixes := FixesOf(c)
			if len(fixes) != len(book[c]) {
				t.Errorf("%s: %d fixes of %d", c, len(fixes), len(book[c]))
			}
			for _, f := range fixes {
				for _, line := range slices.Concat(f.Commands, f.Undo) {
					if strings.Contains(line, "invalid") || strings.Contains(line, "{TUN}") || strings.Contains(line, "''") {
						t.Errorf("%s: %s", f.ID, line)
					}
				}
			}
		}
	}
}
